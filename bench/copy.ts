/**
 * What taking records in cannot be faster than: COPY of the same rows, in its binary form, into a table with the
 * same columns and the same primary key, one commit a batch, over connections of the same pool. No other index,
 * no foreign key and no row security, through which COPY does not go.
 */
import type pg from 'pg';

export type CopyRow = {
  tenant: string;
  source: string;
  seq: number;
  kind: string;
  atMs: number;
  hash: Uint8Array;
  bytes: Uint8Array;
  last: number;
};

export const RAW_TABLE = `
create table raw_records (like records including defaults including constraints including identity, primary key (source, seq));
grant insert, select on raw_records to holdfast_app`;

const COLUMNS = 'tenant_id, source, seq, kind, at_ms, hash, bytes, batch_last';
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const CHUNK_BYTES = 65_536;

/** The whole text of one COPY. */
export function copyText(rows: readonly CopyRow[]): Buffer {
  const parts: Buffer[] = [SIGNATURE, Buffer.alloc(8)];
  const field = (value: Uint8Array) => parts.push(int(value.length, 4), Buffer.from(value));
  for (const row of rows) {
    parts.push(int(8, 2));
    field(Buffer.from(row.tenant));
    field(Buffer.from(row.source));
    field(int(row.seq, 8));
    field(Buffer.from(row.kind));
    field(int(row.atMs, 8));
    field(row.hash);
    field(row.bytes);
    field(int(row.last, 8));
  }
  parts.push(int(-1, 2));
  return Buffer.concat(parts);
}

function int(value: number, bytes: 2 | 4 | 8): Buffer {
  const target = Buffer.alloc(bytes);
  if (bytes === 8) target.writeBigInt64BE(BigInt(value));
  else target.writeIntBE(value, 0, bytes);
  return target;
}

type Wire = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sync(): void;
};

/** One COPY, in a transaction of its own. Resolves when it is committed. */
export function copyIn(
  client: pg.ClientBase,
  text: Buffer,
  table: 'raw_records' | 'records' = 'raw_records',
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed: Error | undefined;
    client.query({
      submit: (wire: Wire) => wire.query(`copy ${table} (${COLUMNS}) from stdin (format binary)`),
      handleCopyInResponse(wire: Wire) {
        for (let at = 0; at < text.length; at += CHUNK_BYTES)
          wire.sendCopyFromChunk(text.subarray(at, at + CHUNK_BYTES));
        wire.endCopyFrom();
      },
      handleError(error: Error) {
        failed = error;
        reject(error);
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => (failed ? undefined : resolve()),
    } as unknown as pg.Submittable);
  });
}
