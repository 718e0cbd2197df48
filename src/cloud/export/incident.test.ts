/** Exports of an incident: what a bank and the cloud recorded around an alarm, asked for by command and from a page. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PersonId } from '../../domain/ids.ts';
import { verifyBundle } from '../../ledger/export/verify.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { createLog } from '../log/log.ts';
import * as people from '../people/people.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Asked, makeExport, NOBODY_NAMED, readSelection } from './export.ts';
import { readPlainSelection } from './selection.ts';
import { bundleFolder, manifestOf, sourceOf, textOf, unpacked } from './test-bundle.ts';

const MINUTE_MS = 60_000;
const home = bundleFolder();
let stand: Stand;
let by: PersonId;
let bank: TestBank;
let raisedAtMs: number;
/** Their numbers in the bank’s journal. */
let [raised, ended] = [0, 0];
let made = 0;

async function heard(): Promise<void> {
  const { cloud, tenant } = stand;
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
}

/** A bank of these tests writes a record a second. */
async function quiet(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) bank.write({ kind: 'agent.stopped' });
  await heard();
}

async function alarm(kind: 'alarm.raised' | 'alarm.ended'): Promise<number> {
  const seq = bank.write({ kind, facts: { condition: 'power' } });
  await heard();
  return seq;
}

/** Half an hour before and behind; the alarm stands for two minutes, and somebody cares for it. */
before(async () => {
  stand = await openStand(NOUNS);
  const { cloud, tenant, site } = stand;
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  const admin = { role: 'admin', name: 'Maria Keller', email: 'maria@example.org', by: null } as const;
  by = await stand.inTenant((tx) => people.addAdmin(cloud, tx, admin));
  bank = await enrolledBank(cloud, tenant, site);
  for (const seconds of [900, 900]) await quiet(seconds);
  raised = await alarm('alarm.raised');
  const [standing] = await stand.inTenant((tx) => banks.alarms(tx));
  raisedAtMs = standing?.alarm.raisedAtMs ?? assert.fail('it stands');
  // The clock of the cloud, which else has nothing to do with that of such a bank.
  stand.step(raisedAtMs + MINUTE_MS - cloud.clock.nowMs());
  const named = { bank: bank.bank, condition: 'power', compartment: null, raisedAtMs, by };
  await stand.inTenant((tx) => banks.careForAlarm(cloud, tx, named));
  await quiet(119);
  ended = await alarm('alarm.ended');
  for (const seconds of [900, 900]) await quiet(seconds);
});
after(() => stand?.close());

async function exported(selection: ReturnType<typeof readSelection>) {
  made += 1;
  const out = join(home, `incident-${made}.tar`);
  const order = {
    tenant: stand.tenant,
    selection,
    opened: [],
    purpose: 'what happened',
    madeBy: null,
    by: null,
  };
  await makeExport(stand.cloud, { ...order, receiver: NOBODY_NAMED, out });
  return unpacked(out);
}

const minuteOf = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16)}Z`;
const asked = (of: Asked) => readSelection({ bank: bank.bank, incident: minuteOf(raisedAtMs), ...of });

test('an incident is what its bank and the cloud recorded, from before the alarm until after it was over', async () => {
  const files = await exported(asked({}));
  const { selection, sources } = manifestOf(files);
  assert.equal(selection.incidentMs, raisedAtMs - (raisedAtMs % MINUTE_MS));
  const own = sources.find(({ source }) => source === bank.bank) ?? assert.fail('the bank');
  // A quarter of an hour on either side, without the moment at its end; between them every record is there.
  assert.deepEqual([own.first, own.last, own.whole], [raised - 900, ended + 899, true]);
  assert.deepEqual(
    sources.map(({ source, whole }) => [source, whole]).sort(),
    [
      [bank.bank, true],
      [stand.tenant, true],
    ].sort(),
  );
  assert.match(textOf(files, 'records.jsonl'), /"alarm\.cared"/);
  assert.match(textOf(files, 'report.html'), /a quarter of an hour before an alarm of /);
});

test('what is handed out verifies, and a page that knows the very moment is given the same', async () => {
  const none = { compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
  const plain = readPlainSelection({ bank: bank.bank, ...none, incidentMs: raisedAtMs });
  const [one, other] = [await exported(asked({})), await exported(plain)];
  const ownOf = (files: typeof one) => manifestOf(files).sources.filter(({ source }) => source === bank.bank);
  assert.deepEqual(ownOf(one), ownOf(other));
  const bytes = new Uint8Array(readFileSync(join(home, `incident-${made}.tar`)));
  const trust = { rootKeys: [], signatures: 1, policy: undefined };
  const { lines, holds } = verifyBundle(sourceOf(bytes), trust);
  assert.ok(holds, lines.map((line) => line.says).join('\n'));
});

test('an incident is asked for with its bank and nothing else, and has to be one', async () => {
  const wrong: [Asked, RegExp][] = [
    [{ bank: undefined }, /with its bank/],
    [{ door: '3' }, /with its bank and nothing else/],
    [{ from: '2026-01-01' }, /with its bank and nothing else/],
    [{ incident: 'yesterday' }, /--incident takes a day or a time in UTC/],
  ];
  for (const [of, pattern] of wrong) assert.throws(() => asked(of), pattern);
  await assert.rejects(
    exported(asked({ incident: minuteOf(raisedAtMs - 5 * MINUTE_MS) })),
    /no alarm of this bank was raised within a minute from then/,
  );
});
