/** How many bundles showed something of a person: an erasure cannot reach them, and says whom to inform. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { utf8 } from '../../crypto/bytes.ts';
import { testCertificate } from '../../crypto/cms/test-certificate.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { PersonId } from '../../domain/ids.ts';
import { NOUNS } from '../cloud.ts';
import { attach } from '../evidence/evidence.ts';
import {
  type Asked,
  type ExportReceiver,
  makeExport,
  readSelection,
  receiverFrom,
} from '../export/export.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import { exportsShowing } from './exports.ts';
import { erasePerson } from './privacy.ts';

const MINUTE_MS = 60_000;
const home = mkdtempSync(join(tmpdir(), 'hf-shown-'));
let stand: Stand;
let filled: Filled;
let receiver: ExportReceiver;
let made = 0;

before(async () => {
  stand = await openStand(NOUNS);
  const { certificate } = await testCertificate({ kind: 'p-256', fromMs: 0, toMs: 9_000_000_000_000 });
  const given = { by: 'certificate', certificate } as const;
  receiver = await receiverFrom({ name: 'District Court', onlyEvidence: true, given }, stand.cloud);
});
after(async () => {
  await stand?.close();
  rmSync(home, { recursive: true, force: true });
});

const inTenant: Stand['inTenant'] = (run) => stand.cloud.database.tenant(filled.tenant, run);
const showing = (person: PersonId) => inTenant((tx) => exportsShowing(stand.cloud, tx, person));
const minuteOf = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16)}Z`;

/** An organisation of its own, in which nothing stands before an erasure. */
async function fresh(mark: string): Promise<void> {
  filled = await filledTenant(stand.cloud, { root: newSigningKey(), mark });
  await inTenant(async (tx) => {
    await sql`update parcels set state = 'collected', ended_at_ms = 1`.execute(tx);
    await sql`update alarms set ended_at_ms = 2`.execute(tx);
  });
}

async function exported(opened: readonly CommittedField[], asked: Asked): Promise<void> {
  made += 1;
  await makeExport(stand.cloud, {
    ...{ tenant: filled.tenant, selection: readSelection(asked), opened, purpose: 'case 12', receiver },
    ...{ madeBy: null, by: null, out: join(home, `${made}.tar`) },
  });
}

type Span = { raisedAtMs: number; endedAtMs: number | null };
async function addAlarm({ raisedAtMs, endedAtMs }: Span): Promise<void> {
  await inTenant((tx) =>
    sql`insert into alarms (condition, bank_id, raised_at_ms, ended_at_ms)
      values ('power', ${filled.bank}, ${raisedAtMs}, ${endedAtMs})`.execute(tx),
  );
}

const timesOf = async (source: string, order: 'first' | 'last'): Promise<number> => {
  const { rows } = await inTenant((tx) =>
    sql<{ at: number }>`select at_ms as at from records where source = ${source}
      order by seq ${order === 'first' ? sql`asc` : sql`desc`} limit 1`.execute(tx),
  );
  return rows[0]?.at ?? assert.fail('it has records');
};

test('an export of an incident is counted for what it showed of the cloud’s own journal and of its bank, and for no older record', async () => {
  await fresh('Alder');
  const { resident } = filled.people;
  const nowMs = stand.cloud.clock.nowMs();
  // The bank of these tests writes at a time of its own, long before: nothing of it lies around this alarm.
  await addAlarm({ raisedAtMs: nowMs - MINUTE_MS, endedAtMs: nowMs });
  const incident = minuteOf(nowMs - MINUTE_MS);
  await exported(['tracking'], { bank: filled.bank, incident });
  assert.equal(await showing(resident), 0, 'their parcel came long before the alarm');
  await exported(['evidence'], { bank: filled.bank, incident });
  assert.equal(await showing(resident), 1, 'a photo was attached while it stood');
  const atMs = await timesOf(filled.bank, 'first');
  await addAlarm({ raisedAtMs: atMs, endedAtMs: atMs + MINUTE_MS });
  await exported(['tracking'], { bank: filled.bank, incident: minuteOf(atMs) });
  assert.equal(await showing(resident), 2, 'and their parcel while the other did');
  const erasure = await inTenant((tx) => erasePerson(stand.cloud, tx, { person: resident, by: null }));
  assert.deepEqual(erasure.is === 'erased' && erasure.exportsOut, 2);
});

test('an alarm of whose end nobody had heard stood for the export, whatever came to be known later', async () => {
  await fresh('Birch');
  const { resident } = filled.people;
  const nowMs = stand.cloud.clock.nowMs();
  const raisedAtMs = nowMs - 60 * MINUTE_MS;
  await addAlarm({ raisedAtMs, endedAtMs: null });
  await exported(['evidence'], { bank: filled.bank, incident: minuteOf(raisedAtMs) });
  // The bank was offline: the alarm had ended half an hour before the photo was attached.
  await inTenant((tx) =>
    sql`update alarms set ended_at_ms = ${raisedAtMs + 20 * MINUTE_MS} where ended_at_ms is null`.execute(tx),
  );
  assert.equal(await showing(resident), 1);
});

test('evidence about two persons is counted for both, also when the first of them is gone', async () => {
  await fresh('Cedar');
  const { resident, courier, admin } = filled.people;
  const { parcel } = filled;
  await attach(stand.cloud, filled.tenant, {
    ...{ parcel, about: 'both', purpose: 'it shows who brought it', by: admin, bytes: utf8('two faces') },
  });
  await exported(['tracking'], { parcel });
  assert.equal(await showing(courier), 0, 'no field of theirs was opened');
  await exported(['evidence'], { parcel });
  assert.equal(await showing(courier), 1);
  await inTenant((tx) => people.removePerson(stand.cloud, tx, courier, null));
  const erasure = await inTenant((tx) => erasePerson(stand.cloud, tx, { person: resident, by: null }));
  assert.deepEqual(erasure.is === 'erased' && erasure.exportsOut, 2);
  assert.equal(await showing(courier), 1, 'it had been handed out before');
});

test('an export of a time is counted for all that stood between its first and its last record', async () => {
  await fresh('Dogwood');
  const { resident } = filled.people;
  const [firstMs, lastMs] = [await timesOf(filled.bank, 'first'), await timesOf(filled.bank, 'last')];
  // A bank whose clock was set back when it recorded what tells of them: the first lies before what is asked for, the
  // other between its ends.
  const owner = new pg.Client({ connectionString: stand.superuserUrl() });
  await owner.connect();
  await owner.query('update records set at_ms = 1 where source = $1 and seq in (1, 4)', [filled.bank]);
  await owner.end();
  await exported(['tracking'], {
    bank: filled.bank,
    from: minuteOf(firstMs),
    to: minuteOf(lastMs + MINUTE_MS),
  });
  assert.equal(await showing(resident), 1);
});
