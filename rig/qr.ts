/** Reads a QR code out of a picture, as a phone's camera would; it is told nothing but the picture. */
import jsQrModule from 'jsqr';
import { PNG } from 'pngjs';

const PNG_DATA_URL = /^data:image\/png;base64,/;

/** A picture that claims more pixels is not unpacked: a small file can claim an enormous one. */
const PIXELS_MAX = 4_000_000;

/** The eight-byte signature and the first chunk's header, before width and height (PNG 3rd ed., 11.2.1). */
const WIDTH_OFFSET = 16;
const HEIGHT_OFFSET = 20;

// The package sets its own `default` on a CommonJS export, which its types see and Node does not unwrap.
const jsQr = jsQrModule.default;

/** What the first QR code among PNG pictures (as data URLs) says, or null where there is none. */
export function qrIn(images: readonly string[]): string | null {
  for (const image of images) {
    if (!PNG_DATA_URL.test(image)) continue;
    const said = qrInPng(Buffer.from(image.replace(PNG_DATA_URL, ''), 'base64'));
    if (said !== null) return said;
  }
  return null;
}

function qrInPng(file: Buffer): string | null {
  if (file.length < HEIGHT_OFFSET + 4) return null;
  if (file.readUInt32BE(WIDTH_OFFSET) * file.readUInt32BE(HEIGHT_OFFSET) > PIXELS_MAX) return null;
  const picture = unpacked(file);
  if (!picture) return null;
  const code = jsQr(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  return code && code.data !== '' ? code.data : null;
}

function unpacked(file: Buffer): PNG | null {
  try {
    return PNG.sync.read(file);
  } catch {
    // A broken picture is shown as a broken picture; it says nothing.
    return null;
  }
}
