/**
 * Columns of a statement that writes many rows: one array a column, for `unnest`. Row by row a statement has a
 * parameter a cell, which costs more than the rows; and COPY does not go through row security. The arrays go
 * over the wire in the binary form (PostgreSQL's array_send: dimensions, whether there are nulls, the type of
 * the elements, then each with its length), so nothing is quoted and no byte becomes two.
 */
const BYTEA = 17;
const INT8 = 20;
const TEXT = 25;

type Write = { bytes: number; at(target: Buffer, offset: number): void };

/** `bytea[]` */
export function bytesColumn(values: readonly (Uint8Array | null)[]): Buffer {
  return column(BYTEA, values, (value) => ({
    bytes: value.length,
    at: (target, offset) => target.set(value, offset),
  }));
}

/** `text[]`, and whatever text is cast to. */
export function textColumn(values: readonly (string | null)[]): Buffer {
  return column(TEXT, values, (value) => ({
    bytes: Buffer.byteLength(value),
    at: (target, offset) => void target.write(value, offset),
  }));
}

/** `bigint[]` */
export function integerColumn(values: readonly (number | null)[]): Buffer {
  return column(INT8, values, (value) => ({
    bytes: 8,
    at: (target, offset) => void target.writeBigInt64BE(BigInt(value), offset),
  }));
}

const HEAD_BYTES = 20;
const NULL_LENGTH = -1;

function column<Value>(
  type: number,
  values: readonly (Value | null)[],
  write: (value: Value) => Write,
): Buffer {
  const parts = values.map((value) => (value === null ? null : write(value)));
  const bytes = parts.reduce((sum, part) => sum + 4 + (part?.bytes ?? 0), HEAD_BYTES);
  const target = Buffer.alloc(bytes);
  target.writeInt32BE(1, 0);
  target.writeInt32BE(parts.includes(null) ? 1 : 0, 4);
  target.writeInt32BE(type, 8);
  target.writeInt32BE(values.length, 12);
  target.writeInt32BE(1, 16);
  let offset = HEAD_BYTES;
  for (const part of parts) {
    target.writeInt32BE(part === null ? NULL_LENGTH : part.bytes, offset);
    offset += 4;
    part?.at(target, offset);
    offset += part?.bytes ?? 0;
  }
  return target;
}
