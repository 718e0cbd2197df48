/** A QR code (ISO/IEC 18004) as one path of squares, black on white in every palette for the scanners. */
import { create } from 'qrcode';

/** The quiet zone that the standard asks for, in modules. */
const QUIET = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const side = modules.size + 2 * QUIET;
  let path = '';
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      if (modules.get(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  return (
    <svg
      className="a-qr"
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect className="a-qr-paper" width={side} height={side} />
      <path className="a-qr-ink" d={path} />
    </svg>
  );
}
