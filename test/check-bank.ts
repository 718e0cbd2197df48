/**
 * Re-verifies a bank from its journal alone: every record parses, the chain holds, every session obeys the
 * rules, custody is never held twice, and the compartments are what the records say.
 */
import assert from 'node:assert/strict';
import { base64url } from '../src/crypto/bytes.ts';
import type { Agent } from '../src/edge/agent.ts';
import { type LedgerRecord, leafHash, NO_HASH, parseRecord } from '../src/ledger/record.ts';

const PULSES_MAX = 3;

export function checkBank(agent: Agent): LedgerRecord[] {
  const records = readChain(agent);
  checkReleases(records);
  checkCompartments(agent, records);
  return records;
}

function readChain(agent: Agent): LedgerRecord[] {
  let prev = NO_HASH;
  let lastMs = 0;
  return agent.journal.everyRecord().map((bytes, index) => {
    const parsed = parseRecord(bytes);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
    const { record } = parsed;
    assert.equal(record.seq, index + 1, 'no number is missing');
    assert.equal(record.prev, prev, `record ${record.seq} continues the chain`);
    assert.ok(record.time.atMs >= lastMs, 'the journal never runs backwards in time');
    prev = base64url(leafHash(bytes));
    lastMs = record.time.atMs;
    return record;
  });
}

/** No pulse without a decision, at most three a session, none after the session has ended. */
function checkReleases(records: readonly LedgerRecord[]): void {
  const sessionAt = new Map<number, { pulses: number }>();
  for (const record of records) {
    const n = record.compartment ?? 0;
    if (record.kind === 'session.opened') {
      assert.ok(!sessionAt.has(n), `door ${n} has one session at a time`);
      sessionAt.set(n, { pulses: 0 });
    }
    if (record.kind === 'release.decided' && record.decision?.allow === true) {
      const session = sessionAt.get(n);
      assert.ok(session, `release ${record.seq} stands in a session`);
      session.pulses++;
      assert.ok(session.pulses <= PULSES_MAX, `at most ${PULSES_MAX} pulses a session`);
      assert.equal(record.facts.pulse, session.pulses);
    }
    if (record.kind === 'release.answered') {
      const decided = records.find((candidate) => candidate.seq === record.cause);
      assert.equal(decided?.kind, 'release.decided', `answer ${record.seq} answers a decision`);
    }
    if (record.kind === 'session.ended') assert.ok(sessionAt.delete(n), 'only an open session ends');
  }
}

/** Folds custody out of the records and compares it with what the bank believes. */
function checkCompartments(agent: Agent, records: readonly LedgerRecord[]): void {
  const use = new Map<number, string>();
  for (const record of records) {
    const n = record.compartment ?? 0;
    const before = use.get(n) ?? 'empty';
    const moves: Partial<Record<string, { from: string[]; to: string }>> = {
      'parcel.accepted': { from: ['empty'], to: 'reserved' },
      'parcel.not-deposited': { from: ['reserved'], to: 'empty' },
      'parcel.deposited': { from: ['reserved'], to: 'occupied' },
      'parcel.collected': { from: ['occupied'], to: 'empty' },
      'parcel.held': { from: ['occupied', 'reserved'], to: 'held' },
      'parcel.removed': { from: ['occupied', 'held'], to: 'empty' },
      'compartment.freed': { from: ['held'], to: 'empty' },
    };
    const move = moves[record.kind];
    if (!move) continue;
    assert.ok(move.from.includes(before), `${record.kind} at door ${n} while it is ${before}`);
    use.set(n, move.to);
  }
  for (const compartment of Object.values(agent.state().compartment)) {
    assert.equal(
      compartment.use,
      use.get(compartment.n) ?? 'empty',
      `door ${compartment.n} is what its records say`,
    );
  }
}
