/** What happens while a bundle is made: the record of it fails, its name is taken, somebody in it is erased. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { newSigningKey } from '../../crypto/sign.ts';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import { type Asked, makeExport, NOBODY_NAMED, readSelection } from './export.ts';
import type { ExportOrder } from './make.ts';
import { bundleFolder } from './test-bundle.ts';

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
