/**
 * Columns of a statement that writes many rows: one array a column, for `unnest`. Row by row a statement has a
 * parameter a cell, which costs more than the rows; and COPY does not go through row security. The arrays go
 * over the wire in the binary form (PostgreSQL's array_send: dimensions, whether there are nulls, the type of
 * the elements, then each with its length), so nothing is quoted and no byte becomes two.
 */
const BYTEA = 17;
const INT8 = 20;
const TEXT = 25;

/** How many bytes a value takes, and how it is written. One object a column: a value may be one of many thousands. */
type Form<Value> = {
  type: number;
  length(value: Value): number;
  write(value: Value, target: Buffer, offset: number): void;
};

const BYTES: Form<Uint8Array> = {
  type: BYTEA,
  length: (value) => value.length,
  write: (value, target, offset) => target.set(value, offset),
};
const CHARACTERS: Form<string> = {
  type: TEXT,
  length: (value) => Buffer.byteLength(value),
  write: (value, target, offset) => void target.write(value, offset),
};
const INTEGERS: Form<number> = {
  type: INT8,
  length: () => 8,
  write(value, target, offset) {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number for a column`);
    target.writeInt32BE(Math.floor(value / 2 ** 32), offset);
    target.writeUInt32BE(value >>> 0, offset + 4);
  },
};

/** `bytea[]` */
export const bytesColumn = (values: readonly (Uint8Array | null)[]): Buffer => column(BYTES, values);
/** `text[]`, and whatever text is cast to. */
export const textColumn = (values: readonly (string | null)[]): Buffer => column(CHARACTERS, values);
/** `bigint[]` */
export const integerColumn = (values: readonly (number | null)[]): Buffer => column(INTEGERS, values);

const HEAD_BYTES = 20;
const NULL_LENGTH = -1;

function column<Value>(form: Form<Value>, values: readonly (Value | null)[]): Buffer {
  let bytes = HEAD_BYTES;
  let hasNulls = false;
  for (const value of values) {
    bytes += 4 + (value === null ? 0 : form.length(value));
    hasNulls ||= value === null;
  }
  const target = Buffer.alloc(bytes);
  target.writeInt32BE(1, 0);
  target.writeInt32BE(hasNulls ? 1 : 0, 4);
  target.writeInt32BE(form.type, 8);
  target.writeInt32BE(values.length, 12);
  target.writeInt32BE(1, 16);
  let offset = HEAD_BYTES;
  for (const value of values) {
    const length = value === null ? NULL_LENGTH : form.length(value);
    target.writeInt32BE(length, offset);
    offset += 4;
    if (value === null) continue;
    form.write(value, target, offset);
    offset += length;
  }
  return target;
}
