/**
 * SQL of the answers that requests with an idempotency key got. Neither the key nor what was asked stands
 * here: the key as its SHA-256, the request as an HMAC under the tenant's key, the answer sealed under the key
 * of the person whom it is about.
 */

import { sql } from 'kysely';
import type { PersonId } from '../../domain/ids.ts';
import { type Tx, tables } from '../../platform/database.ts';
import { tenantTable } from '../migrate.ts';

export const migrations = [
  {
    id: '0078-repeats',
    sql: `
create table request_answers (
  tenant_id text not null default current_setting('holdfast.tenant', true),
  key_hash bytea not null,
  fingerprint bytea not null,
  -- Under whose key the answer is sealed: who destroys that key forgets the answer.
  person_id text not null references persons (person_id),
  -- Null when the request was answered without a body.
  answer bytea,
  answered_at_ms bigint not null,
  primary key (tenant_id, key_hash)
);
create index request_answers_by_age on request_answers (tenant_id, answered_at_ms);
${tenantTable('request_answers', 'select, insert, delete')}
`,
  },
];

export type KeptAnswer = {
  key_hash: Uint8Array;
  fingerprint: Uint8Array;
  person_id: PersonId;
  answer: Uint8Array | null;
  answered_at_ms: number;
};

const on = (tx: Tx) => tables<{ request_answers: KeptAnswer }>(tx);

/** False while another transaction, of any process, serves the same key. Given back when this one ends. */
export async function tryLock(tx: Tx, keyHash: Uint8Array): Promise<boolean> {
  const word = new DataView(keyHash.buffer, keyHash.byteOffset).getBigInt64(0);
  const { rows } = await sql<{
    got: boolean;
  }>`select pg_try_advisory_xact_lock(${String(word)}::bigint) as got`.execute(tx);
  return rows[0]?.got === true;
}

export async function findAnswer(tx: Tx, keyHash: Uint8Array): Promise<KeptAnswer | undefined> {
  return on(tx).selectFrom('request_answers').selectAll().where('key_hash', '=', keyHash).executeTakeFirst();
}

/** The primary key stands behind the lock: a second answer under one key breaks its transaction. */
export async function insertAnswer(tx: Tx, row: KeptAnswer): Promise<void> {
  await on(tx).insertInto('request_answers').values(row).execute();
}

export async function deleteAnswer(tx: Tx, keyHash: Uint8Array): Promise<void> {
  await on(tx).deleteFrom('request_answers').where('key_hash', '=', keyHash).execute();
}

export async function deleteOldAnswers(tx: Tx, beforeMs: number): Promise<void> {
  await on(tx).deleteFrom('request_answers').where('answered_at_ms', '<=', beforeMs).execute();
}

/** Answers that are about a person, or were given to them. */
export async function deleteAnswersOf(tx: Tx, person: PersonId): Promise<void> {
  await on(tx).deleteFrom('request_answers').where('person_id', '=', person).execute();
}
