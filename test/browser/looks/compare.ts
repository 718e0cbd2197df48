/** How a look differs from the one that is kept. Places may be off by a pixel of rounding, pictures by an edge's blur. */
import { PNG } from 'pngjs';

const PLACE_PIXELS = 1;
/** Of a channel's 255. Edges of the same shape are blurred a little otherwise by another build of Chromium. */
const CHANNEL = 40;
/** Of all pixels: a border of one control is more. */
const PART_MAX = 0.0005;
const TOLD_MAX = 12;

type Line = { what: string; place: number[]; drawn: string };

function lineOf(text: string): Line {
  const [what = '', place = '', drawn = ''] = text.split('\t');
  return { what, place: place.split(' ').map(Number), drawn };
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [lineOf(a), lineOf(b)];
  return (
    one.what === other.what &&
    one.drawn === other.drawn &&
    one.place.length === other.place.length &&
    one.place.every((value, at) => Math.abs(value - (other.place[at] ?? Number.NaN)) <= PLACE_PIXELS)
  );
}

/** What is kept and gone, and what is there and was not kept; in the order of the page. */
export function differences(kept: readonly string[], seen: readonly string[]): string[] {
  const left = [...seen];
  const gone: string[] = [];
  for (const line of kept) {
    const at = left.findIndex((one) => isSame(line, one));
    if (at < 0) gone.push(`- ${line}`);
    else left.splice(at, 1);
  }
  const all = [...gone, ...left.map((line) => `+ ${line}`)];
  const rest = all.length - TOLD_MAX;
  return rest > 0 ? [...all.slice(0, TOLD_MAX), `and ${rest} more`] : all;
}

export function pictureDifference(kept: Buffer, seen: Buffer): string | null {
  const [a, b] = [PNG.sync.read(kept), PNG.sync.read(seen)];
  if (a.width !== b.width || a.height !== b.height)
    return `the picture is ${b.width} × ${b.height} and was ${a.width} × ${a.height}`;
  let other = 0;
  for (let at = 0; at < a.data.length; at += 4)
    if (
      [0, 1, 2].some(
        (channel) => Math.abs((a.data[at + channel] ?? 0) - (b.data[at + channel] ?? 0)) > CHANNEL,
      )
    )
      other += 1;
  const part = other / (a.width * a.height);
  return part > PART_MAX ? `${other} pixels of the picture differ (${(part * 100).toFixed(2)} %)` : null;
}
