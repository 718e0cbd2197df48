/** What persons do about two banks that have the same door numbers; each step is one that honest staff take. */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { utf8 } from '../../crypto/bytes.ts';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { keepRefusal } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import { resolve } from '../reconciliation/reconciliation.ts';
import type { TestBank } from '../test-bank.ts';
import type { Stand } from '../test-stand.ts';
import { type Estate, take } from './test-audit.ts';

export const DOOR = 22;

/** Between what two persons do a while goes by: `later` lets it. */
export type Acting = { cloud: Cloud; estate: Estate; by: PersonId; later(): void };
const A_WHILE_MS = 60_000;

export async function acting({ cloud, step }: Stand, estate: Estate): Promise<Acting> {
  const email = `${systemRandom.bytes(8).join('')}@example.org`;
  const by = await cloud.database.tenant(estate.tenant, (tx) =>
    people.addAdmin(cloud, tx, { role: 'admin', name: 'Maria Keller', email, by: null }),
  );
  return { cloud, estate, by, later: () => step(A_WHILE_MS) };
}

function inTenant<T>({ cloud, estate, later }: Acting, run: (tx: Tx) => Promise<T>): Promise<T> {
  later();
  return cloud.database.tenant(estate.tenant, run);
}

/** Something that the intake would not take, in bytes that it has not had yet. */
export async function refuse(of: Acting, bank: TestBank, reason: Denial, missing = [0, 0]): Promise<void> {
  of.later();
  const [firstMissing = 0, lastMissing = 0] = missing;
  const payload = utf8(systemRandom.bytes(16).join());
  const { tenant } = of.estate;
  await keepRefusal(of.cloud, { tenant, bank: bank.bank, payload, reason, firstMissing, lastMissing });
}

type Named = { condition: string; isCared?: boolean };

async function named(tx: Tx, bank: TestBank, { condition, isCared = false }: Named) {
  const alarm = (await banks.alarms(tx))
    .map((one) => one.alarm)
    .find((one) => one.bank === bank.bank && one.condition === condition && (one.care !== null) === isCared);
  assert.ok(alarm, condition);
  return { bank: bank.bank, condition, compartment: alarm.compartment, raisedAtMs: alarm.raisedAtMs };
}

export const care = (of: Acting, bank: TestBank, condition: string) =>
  inTenant(of, async (tx) =>
    banks.careForAlarm(of.cloud, tx, { ...(await named(tx, bank, { condition })), by: of.by }),
  );

export const settle = (of: Acting, bank: TestBank, condition: string) =>
  inTenant(of, async (tx) => {
    const alarm = await named(tx, bank, { condition, isCared: true });
    await banks.endAlarm(of.cloud, tx, { ...alarm, by: of.by, reason: 'own-copy', note: 'the spare disk' });
  });

/** A record of a parcel that was never accepted: it does not fit, each time anew. */
export async function complain({ cloud, estate }: Acting, bank: TestBank): Promise<void> {
  bank.write({
    kind: 'parcel.collected',
    compartment: DOOR,
    facts: { basis: 'person', occupied: 'no' },
    fields: { parcel: idFrom('parcel', systemRandom.bytes(16)), person: estate.resident },
  });
  await take(cloud, estate, bank);
}

/** As the bank itself alarms where a sensor contradicts a word, and ends it when nobody doubts any more. */
export async function doubt({ cloud, estate }: Acting, bank: TestBank, kind: 'alarm.raised' | 'alarm.ended') {
  bank.write({ kind, compartment: DOOR, facts: { condition: 'discrepancy' } });
  await take(cloud, estate, bank);
}

/** Answers the number of the record that reports it. */
export async function report({ cloud, estate }: Acting, bank: TestBank): Promise<number> {
  const seq = bank.write({
    kind: 'discrepancy.reported',
    compartment: DOOR,
    facts: { what: 'not-received' },
    fields: { person: estate.resident, parcel: idFrom('parcel', systemRandom.bytes(16)) },
  });
  await take(cloud, estate, bank);
  return seq;
}

export const answer = (of: Acting, bank: TestBank, seq: number) =>
  inTenant(of, (tx) =>
    resolve(of.cloud, tx, { bank: bank.bank, seq, how: 'lost', note: 'looked everywhere', by: of.by }),
  );

/** As before an answer named its bank. */
export const answerOfBefore = (of: Acting, bank: TestBank, seq: number) =>
  inTenant(of, async (tx) => {
    const { cloud, by: person } = of;
    const atMs = cloud.clock.nowMs();
    const { rows } = await sql<{ parcel: string }>`update discrepancies
      set resolved_how = 'lost', resolved_at_ms = ${atMs} where bank_id = ${bank.bank} and seq = ${seq}
      returning parcel_id as parcel`.execute(tx);
    const fields = { person, note: 'looked everywhere', parcel: rows[0]?.parcel ?? assert.fail() };
    const facts = { what: 'not-received', how: 'lost' } as const;
    const owner = { person };
    await cloud.journal.record(tx, { kind: 'discrepancy.resolved', compartment: DOOR, facts, fields }, owner);
    await cloud.journal.record(
      tx,
      {
        kind: 'alarm.ended',
        compartment: DOOR,
        facts: { condition: 'discrepancy' },
        fields: { person },
      },
      owner,
    );
    await sql`update alarms set ended_at_ms = ${atMs} where bank_id = ${bank.bank} and compartment = ${DOOR}
      and condition = 'discrepancy' and ended_at_ms is null`.execute(tx);
  });

/** Something of every table that follows from what persons do. */
export async function personsOf(of: Acting): Promise<void> {
  for (const bank of of.estate.banks.slice(0, 2)) {
    await refuse(of, bank, 'batch-fork', [3, 4]);
    await care(of, bank, 'fork');
    await refuse(of, bank, 'batch-fork', [3, 5]);
    await settle(of, bank, 'fork');
    await refuse(of, bank, 'message-malformed');
    await complain(of, bank);
    await care(of, bank, 'discrepancy');
    await answer(of, bank, await report(of, bank));
    await complain(of, bank);
    await care(of, bank, 'discrepancy');
  }
}
