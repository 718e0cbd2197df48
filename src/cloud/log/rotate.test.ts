/** A log gets another key, over a real database: who signs when, what a death in between leaves, and who follows. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { fromBase64url } from '../../crypto/bytes.ts';
import { type Ed25519Key, newEd25519Key } from '../../crypto/ed25519.ts';
import { equalBytes } from '../../crypto/hash.ts';
import type { TenantId } from '../../domain/ids.ts';
import { openCheckpoint } from '../../ledger/log/checkpoint.ts';
import { judgeShown } from '../../ledger/log/remembered.ts';
import { followSuccession, successionFile } from '../../ledger/log/succession.ts';
import { type LogKey, vkeyText } from '../../ledger/log/vkey.ts';
import { auditTenant } from '../audit/audit.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { answerAuditor, namedLog } from './auditors.ts';
import { createLog, drain, judgeLog, signedLog } from './log.ts';
import { recordNextKey, vkeyNow, wantsKeyBefore } from './rotate.ts';
import { successionFileOf } from './succession.ts';
import { Died, dying, record } from './test-log.ts';

const host = 'ledger.example.org';
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

/** The cloud of a folder in which these keys lie. */
function holding(...keys: readonly Ed25519Key[]): Cloud {
  const { cloud } = stand;
  const keyOf = (publicKey: Uint8Array) => keys.find((key) => equalBytes(key.publicKey, publicKey));
  return { ...cloud, ledger: { ...cloud.ledger, keyOf } };
}

async function grown(count = 3): Promise<{ tenant: TenantId; origin: string }> {
  const tenant = await createTenant(stand.cloud);
  const origin = await createLog(stand.cloud, { tenant, host, succeeds: false });
  await record(stand.cloud, tenant, count);
  await drain(stand.cloud, tenant);
  return { tenant, origin };
}

/** Of each checkpoint that was signed its size and which of `keys` signed it, in their order. */
async function signedBy(tenant: TenantId, origin: string, keys: readonly Ed25519Key[]) {
  const query = sql<{ size: number; note: string }>`select size, note from log_checkpoints order by size`;
  const { rows } = await stand.cloud.database.tenant(tenant, (tx) => query.execute(tx));
  return rows.map(({ size, note }) => {
    const by = keys.filter(({ publicKey }) => {
      const key = { type: 'signature', name: origin, publicKey } as const;
      return openCheckpoint(note, { origin, logKeys: [key], witnesses: [] }).ok;
    });
    return { size, by: by.map((key) => keys.indexOf(key)).join(' and ') };
  });
}

test('the first checkpoint over the record is signed by both keys, and so is each after it until the one before is gone', async () => {
  const { tenant, origin } = await grown();
  const [old, next] = [stand.cloud.ledger.key, newEd25519Key()];
  const both = holding(old, next);
  const before = await vkeyNow(both, tenant);
  assert.ok(await recordNextKey(both, tenant, next.publicKey));
  assert.ok(!(await recordNextKey(both, tenant, next.publicKey)), 'it is named once');
  assert.match(
    (await wantsKeyBefore(both, tenant, next.publicKey)) ?? '',
    /no checkpoint yet that both keys/,
  );
  assert.equal(await both.database.tenant(tenant, namedLog), before, 'a roster names what has signed');
  await record(both, tenant, 2);
  await drain(both, tenant);
  assert.equal(await wantsKeyBefore(both, tenant, next.publicKey), undefined);
  assert.match(
    (await wantsKeyBefore(both, tenant, newEd25519Key().publicKey)) ?? '',
    /does not name the new key/,
  );
  assert.notEqual(await vkeyNow(both, tenant), before);
  assert.equal(await both.database.tenant(tenant, namedLog), await vkeyNow(both, tenant));
  await record(both, tenant, 1);
  await drain(both, tenant);
  const alone = holding(next);
  await record(alone, tenant, 1);
  await drain(alone, tenant);
  const signed = await signedBy(tenant, origin, [old, next]);
  assert.deepEqual(
    signed.map(({ by }) => by),
    ['0', '0', '0 and 1', '0 and 1', '1'],
  );
  for (const cloud of [both, alone]) assert.equal(await judgeLog(cloud, tenant), undefined);
  const { findings } = await auditTenant(alone, tenant, { heads: [], progress: () => undefined });
  assert.deepEqual(findings.told, []);
  assert.match(
    (await judgeLog(stand.cloud, tenant)) ?? '',
    /the key in this cloud’s folder is not the log’s/,
  );
});

test('without the new key nothing is signed over its record, and not the first checkpoint without the one before', async () => {
  const { tenant } = await grown();
  const next = newEd25519Key();
  await recordNextKey(stand.cloud, tenant, next.publicKey);
  await assert.rejects(drain(stand.cloud, tenant), /signed by another key/);
  await assert.rejects(drain(holding(next), tenant), /the key before is not in this cloud’s folder/);
  const both = holding(stand.cloud.ledger.key, next);
  await drain(both, tenant);
  assert.equal(await judgeLog(holding(next), tenant), undefined);
});

test('killed at every durable write of a rotation, in pairs, it goes on where it ended', async (t) => {
  const next = newEd25519Key();
  const whole = holding(stand.cloud.ledger.key, next);
  let tried = 0;
  for (const applied of [false, true])
    for (let at = 1, isOver = false; !isOver; at++) {
      const { tenant, origin } = await grown();
      const rotate = async (cloud: Cloud) => {
        await recordNextKey(cloud, tenant, next.publicKey);
        await drain(cloud, tenant);
      };
      const faulty = dying(whole, { at, applied });
      try {
        await rotate(faulty.cloud);
      } catch (error) {
        assert.ok(error instanceof Died, String(error));
      }
      isOver = faulty.writes() < at;
      tried += 1;
      await rotate(whole);
      const { rows } = await whole.database.tenant(tenant, (tx) =>
        sql`select seq from records where kind = 'log.key-rotated'`.execute(tx),
      );
      assert.equal(rows.length, 1, `${at}: the key is named once`);
      assert.equal(await judgeLog(whole, tenant), undefined);
      const signed = await signedBy(tenant, origin, [whole.ledger.key, next]);
      assert.equal(signed.at(-1)?.by, '0 and 1');
      assert.ok(signed.slice(0, -1).every(({ by }) => by === '0' || by === '0 and 1'));
    }
  t.diagnostic(`${tried} deaths`);
  assert.ok(tried > 8);
});

test('who trusts the first key follows by what the log hands out, and a stranger’s key leads nowhere', async () => {
  const { tenant, origin } = await grown();
  const [old, next, last] = [stand.cloud.ledger.key, newEd25519Key(), newEd25519Key()];
  for (const keys of [
    [old, next],
    [next, last],
  ]) {
    const cloud = holding(...keys);
    await recordNextKey(cloud, tenant, keys[1]?.publicKey ?? old.publicKey);
    await record(cloud, tenant, 2);
    await drain(cloud, tenant);
  }
  const alone = holding(last);
  await record(alone, tenant, 2);
  await drain(alone, tenant);
  const file = successionFile.parse(JSON.parse((await successionFileOf(alone, tenant)) ?? ''));
  assert.equal(file.links.length, 2);
  const first: LogKey = { type: 'signature', name: origin, publicKey: old.publicKey };
  const trust = { origin, logKeys: [first], witnesses: [] };
  const followed = followSuccession(file.links, trust);
  assert.ok(followed.ok);
  assert.equal(vkeyText(followed.value.at(-1)?.key ?? first), await vkeyNow(alone, tenant));
  const shown = await signedLog(alone, tenant);
  assert.ok(openCheckpoint(shown?.note ?? '', { ...trust, successors: followed.value }).ok);
  assert.ok(!openCheckpoint(shown?.note ?? '', trust).ok, 'who does not follow believes nothing of it');
  // A bank is answered the same, and judges by itself.
  const answer = await answerAuditor(alone, tenant, { origin, from: 0 });
  const verdict = judgeShown({
    ...{ key: first, remembered: undefined },
    shown: {
      note: answer.note,
      proof: answer.hashes.map(fromBase64url),
      succession: answer.succession ?? [],
    },
  });
  assert.equal(verdict.is, 'grown');
  const blind = judgeShown({
    ...{ key: first, remembered: undefined },
    shown: { note: answer.note, proof: answer.hashes.map(fromBase64url) },
  });
  assert.deepEqual(blind, { is: 'disputed', reason: 'unsigned', shown: null });
});
