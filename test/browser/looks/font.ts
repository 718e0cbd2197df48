/**
 * A font in which every character is one block and every machine draws the same: what a page looks like then depends
 * on the page and not on which fonts somebody has installed. It is made here, table by table (OpenType 1.9.1, "The
 * OpenType Font File"), because a font of others would be one more thing to keep.
 */
const UNITS_A_EM = 1000;
/** About as wide as the letters of an interface font; ascent and descent are those of most. */
const ADVANCE = 560;
const ASCENT = 800;
const DESCENT = -200;
const [BLOCK, SPACE] = [1, 2];
const BLOCK_BOX = { xMin: 40, yMin: 0, xMax: 520, yMax: 560 } as const;

const u16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, at * 2);
  return bytes;
};
const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4);
  return bytes;
};
const joined = (...parts: Buffer[]): Buffer => Buffer.concat(parts);

/** A simple glyph of one contour: four points on the curve, from the lower left corner upwards. */
function block(): Buffer {
  const { xMin, yMin, xMax, yMax } = BLOCK_BOX;
  const [width, height] = [xMax - xMin, yMax - yMin];
  const header = u16(1, xMin, yMin, xMax, yMax, 3, 0);
  const flags = Buffer.from([1, 1, 1, 1]);
  const glyph = joined(header, flags, u16(xMin, 0, width, 0), u16(yMin, height, 0, -height));
  return joined(glyph, Buffer.alloc((4 - (glyph.length % 4)) % 4));
}

/** Format 13, "many-to-one range mappings": blanks are blank, and all else is the block. */
function characters(): Buffer {
  const groups: [first: number, last: number, glyph: number][] = [
    [0x20, 0x20, SPACE],
    [0x21, 0x9f, BLOCK],
    [0xa0, 0xa0, SPACE],
    [0xa1, 0x1fff, BLOCK],
    [0x2000, 0x200a, SPACE],
    [0x200b, 0x202e, BLOCK],
    [0x202f, 0x202f, SPACE],
    [0x2030, 0x10ffff, BLOCK],
  ];
  const ranges = joined(...groups.map((group) => u32(...group)));
  const table = joined(u16(13, 0), u32(16 + ranges.length, 0, groups.length), ranges);
  return joined(u16(0, 1, 3, 10), u32(12), table);
}

function tables(): Record<string, Buffer> {
  const glyph = block();
  const { xMin, yMin, xMax, yMax } = BLOCK_BOX;
  const head = joined(
    ...[u32(0x00010000, 0x00010000, 0, 0x5f0f3cf5), u16(0x000b, UNITS_A_EM), u32(0, 0, 0, 0)],
    u16(xMin, yMin, xMax, yMax, 0, 8, 2, 0, 0),
  );
  const os2 = joined(
    u16(4, ADVANCE, 400, 5, 0, 650, 700, 0, 140, 650, 700, 0, 480, 50, 250, 0),
    ...[Buffer.alloc(10), u32(1, 0, 0, 0), Buffer.from('HOLD')],
    u16(0x40, 0x20, 0xffff, ASCENT, DESCENT, 0, ASCENT, -DESCENT),
    ...[u32(1, 0), u16(BLOCK_BOX.yMax, BLOCK_BOX.yMax, 0, 0x20, 1)],
  );
  return {
    'OS/2': os2,
    cmap: characters(),
    glyf: joined(glyph, glyph),
    head,
    hhea: joined(
      u32(0x00010000),
      u16(ASCENT, DESCENT, 0, ADVANCE, xMin, 40, xMax, 1, 0, 0, 0, 0, 0, 0, 0, 3),
    ),
    hmtx: u16(...[0, 1, 2].flatMap(() => [ADVANCE, xMin])),
    loca: u16(0, glyph.length / 2, glyph.length, glyph.length),
    maxp: joined(u32(0x00010000), u16(3, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)),
    name: u16(0, 0, 6),
    post: joined(u32(0x00030000, 0), u16(-100, 50), u32(1, 0, 0, 0, 0)),
  };
}

const sumOf = (bytes: Buffer): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return sum;
};
const padded = (bytes: Buffer): Buffer => joined(bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4));

/** hhea counts three advances, so that hmtx is written in full. */
export function blockFont(): Buffer {
  const all = Object.entries(tables()).sort(([a], [b]) => (a < b ? -1 : 1));
  const power = 2 ** Math.floor(Math.log2(all.length));
  const header = joined(
    u32(0x00010000),
    u16(all.length, power * 16, Math.log2(power), all.length * 16 - power * 16),
  );
  let offset = header.length + all.length * 16;
  const directory: Buffer[] = [];
  for (const [tag, bytes] of all) {
    const whole = padded(bytes);
    directory.push(joined(Buffer.from(tag), u32(sumOf(whole), offset, bytes.length)));
    offset += whole.length;
  }
  return joined(header, ...directory, ...all.map(([, bytes]) => padded(bytes)));
}
