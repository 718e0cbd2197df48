/** What happens while a bundle is made: the record of it fails, its name is taken, somebody in it is erased. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { utf8 } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { PersonId } from '../../domain/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/database.ts';
import { NOUNS } from '../cloud.ts';
import { attach, forgetEvidence } from '../evidence/evidence.ts';
import { removePerson } from '../people/people.ts';
import { erasePerson, settle } from '../privacy/privacy.ts';
import { endAllOf } from '../signin/signin.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import { type Asked, makeExport, NOBODY_NAMED, noteGiven, readSelection, receiverFrom } from './export.ts';
import type { ExportOrder } from './make.ts';
import { bundleFolder, textOf, unpacked } from './test-bundle.ts';

const home = bundleFolder();
let stand: Stand;
let made = 0;

before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

/** An organisation in which nothing is left to be settled, so that everybody can be erased. */
async function settled(mark: string): Promise<Filled> {
  const filled = await filledTenant(stand.cloud, { root: newSigningKey(), mark });
  await stand.cloud.database.tenant(filled.tenant, async (tx) => {
    await sql`update parcels set state = 'collected', ended_at_ms = 1`.execute(tx);
    await sql`update alarms set ended_at_ms = 2`.execute(tx);
  });
  return filled;
}

function orderOf({ tenant }: Filled, asked: Asked, more: Partial<ExportOrder> = {}): ExportOrder {
  made += 1;
  return {
    ...{ tenant, selection: readSelection(asked), opened: ['tracking'], purpose: 'case 12', madeBy: null },
    ...{ by: null, receiver: NOBODY_NAMED, out: join(home, `${made}.tar`), ...more },
  };
}

async function recorded({ tenant }: Filled): Promise<number> {
  const { rows } = await stand.cloud.database.read(tenant, (tx) =>
    sql<{ n: number }>`select count(*)::int as n from records where kind = 'export.made'`.execute(tx),
  );
  return rows[0]?.n ?? -1;
}

const besideOf = ({ out }: ExportOrder) =>
  readdirSync(home).filter((name) => join(home, name) !== out && join(home, name).startsWith(out));

test('a bundle whose record fails at the last moment has no name, and nothing of it is left', async () => {
  const filled = await settled('Alder');
  let length = -1;
  const order = orderOf(filled, {});
  const note = async () => {
    length = statSync(order.out).size;
    throw new Error('the connection broke');
  };
  await assert.rejects(makeExport(stand.cloud, { ...order, note }), /the connection broke/);
  assert.equal(length, 0, 'before the record the name is taken, and nothing stands under it');
  assert.deepEqual([existsSync(order.out), besideOf(order), await recorded(filled)], [false, [], 0]);
});

test('a file that came meanwhile is not overwritten, and no bundle is recorded', async () => {
  const filled = await settled('Birch');
  const order = orderOf(filled, {});
  const looked = async () => writeFileSync(order.out, 'of somebody else');
  await assert.rejects(makeExport(stand.cloud, { ...order, looked }), /EEXIST/);
  assert.equal(readFileSync(order.out, 'utf8'), 'of somebody else');
  assert.deepEqual([besideOf(order), await recorded(filled)], [[], 0]);
});

test('what is made for the list has its name when it is noted, so that no file is listed that is not there', async () => {
  const filled = await settled('Cedar');
  let length = -1;
  const order = orderOf(filled, {}, { isNamedFirst: true });
  const note = async () => {
    length = statSync(order.out).size;
  };
  const { bytes } = await makeExport(stand.cloud, { ...order, note });
  assert.deepEqual([length, besideOf(order), await recorded(filled)], [bytes, [], 1]);
});

const erase = (tx: Tx, person: PersonId) => erasePerson(stand.cloud, tx, { person, by: null });

/** Once, behind the first page that was read. */
function once(run: () => Promise<void>): NonNullable<ExportOrder['looked']> {
  let isDone = false;
  return async () => {
    if (!isDone) await run();
    isDone = true;
  };
}

/** Until another transaction waits for a lock. */
async function untilSomebodyWaits(tx: Tx): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { rows } = await sql`select 1 from pg_locks where not granted`.execute(tx);
    if (rows.length > 0) return;
    await new Promise<void>((resolve) => systemClock.after(25, resolve));
  }
  assert.fail('nobody waits');
}

const showsMark = ({ out }: ExportOrder, mark: string) =>
  textOf(unpacked(out), 'opened.jsonl').includes(`"value":"${mark}"`);

test('who is erased while a bundle is made is not in it: it is made anew, and the erasure had nothing to count', async () => {
  const filled = await settled('Dogwood');
  const { tenant, people } = filled;
  let erasure: unknown;
  const looked = once(async () => {
    erasure = await stand.cloud.database.tenant(tenant, (tx) => erase(tx, people.resident));
    await settle(stand.cloud, tenant);
  });
  const order = orderOf(filled, { bank: filled.bank }, { looked });
  await makeExport(stand.cloud, order);
  assert.partialDeepStrictEqual(erasure, { is: 'erased', exportsOut: 0 });
  assert.equal(showsMark(order, 'Dogwood'), false);
  assert.deepEqual([await recorded(filled), besideOf(order)], [1, []]);
});

test('an erasure that is not committed yet when a bundle is recorded is waited for, and the bundle made anew', async () => {
  const filled = await settled('Elm');
  const { tenant, people } = filled;
  let erasing: Promise<void> = Promise.resolve();
  const looked = once(
    () =>
      new Promise<void>((isErased) => {
        erasing = stand.cloud.database.tenant(tenant, async (tx) => {
          await erase(tx, people.resident);
          isErased();
          await untilSomebodyWaits(tx);
        });
      }),
  );
  const order = orderOf(filled, { bank: filled.bank }, { looked, isNamedFirst: true });
  await makeExport(stand.cloud, order);
  await erasing;
  assert.equal(showsMark(order, 'Elm'), false);
  assert.equal(await recorded(filled), 1);
});

test('an erasure waits for a bundle that is being recorded, and counts it', async () => {
  const filled = await settled('Fir');
  const { tenant, people } = filled;
  // Of who moved out already, and is signed in nowhere, nothing is recorded before it is counted.
  await stand.cloud.database.tenant(tenant, async (tx) => {
    await removePerson(stand.cloud, tx, people.resident, null);
    await endAllOf(stand.cloud, tx, people.resident);
  });
  let erasing: Promise<unknown> = Promise.resolve();
  const note = async (tx: Tx) => {
    erasing = stand.cloud.database.tenant(tenant, (other) => erase(other, people.resident));
    await untilSomebodyWaits(tx);
  };
  const order = orderOf(filled, { bank: filled.bank }, { note });
  await makeExport(stand.cloud, order);
  assert.equal(showsMark(order, 'Fir'), true);
  assert.partialDeepStrictEqual(await erasing, { is: 'erased', exportsOut: 1 });
});

test('evidence about two is in no bundle when the other one was erased meanwhile', async () => {
  const filled = await settled('Gorse');
  const { tenant, people, parcel } = filled;
  await attach(stand.cloud, tenant, {
    ...{ parcel, about: 'both', purpose: 'the dent', by: people.admin, bytes: utf8('Gorse: both of them') },
  });
  const looked = once(() =>
    stand.cloud.database.tenant(tenant, async (tx) => {
      // What an erasure does; this courier cannot be erased while a roster names them.
      await forgetEvidence(stand.cloud, tx, people.courier);
      await stand.cloud.keys.destroySubjects(tx, [people.courier]);
    }),
  );
  const given = { by: 'passphrase', passphrase: 'seven grey herons over Kiel' } as const;
  const receiver = await receiverFrom({ name: 'Court', onlyEvidence: true, given }, stand.cloud);
  const order = orderOf(filled, { parcel }, { opened: ['evidence'], receiver, looked });
  await makeExport(stand.cloud, order);
  const objects = [...unpacked(order.out).keys()].filter((name) => name.startsWith('evidence/'));
  assert.equal(objects.length, 1, 'of the two that were attached only the one about the recipient alone');
});

test('who is asked for and erased meanwhile leaves no bundle, made by command or not, and no record of one', async () => {
  const filled = await settled('Hazel');
  const { tenant, people } = filled;
  const looked = once(async () => {
    await stand.cloud.database.tenant(tenant, (tx) => erase(tx, people.resident));
  });
  const order = orderOf(filled, { person: people.resident }, { looked });
  const note: ExportOrder['note'] = (tx, noted) => noteGiven(stand.cloud, tx, { order, made: noted });
  await assert.rejects(makeExport(stand.cloud, { ...order, note }), /no record is what was asked for/);
  assert.deepEqual([existsSync(order.out), besideOf(order), await recorded(filled)], [false, [], 0]);
});
