/**
 * A bundle of a log whose key was changed twice: it holds records from before, between and after. Who has the first key
 * in a policy follows to the last, in both verifiers; and each way in which a succession can be told otherwise is refused.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { NOUNS } from '../../src/cloud/cloud.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { makeExport, NOBODY_NAMED, readSelection } from '../../src/cloud/export/export.ts';
import { type Files, sourceOf, tampered, textOf, unpacked } from '../../src/cloud/export/test-bundle.ts';
import { createLog, drain } from '../../src/cloud/log/log.ts';
import { recordNextKey } from '../../src/cloud/log/rotate.ts';
import { record } from '../../src/cloud/log/test-log.ts';
import { insertCosignature } from '../../src/cloud/log/witness-store.ts';
import { createTenant } from '../../src/cloud/tenants/tenants.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { witnessing } from '../../src/cloud/witnessing.ts';
import { type Ed25519Key, newEd25519Key } from '../../src/crypto/ed25519.ts';
import { equalBytes } from '../../src/crypto/hash.ts';
import type { TenantId } from '../../src/domain/ids.ts';
import { type BundleKeys, canonical } from '../../src/ledger/export/format.ts';
import { verifyBundle } from '../../src/ledger/export/verify.ts';
import { openCheckpoint, signCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { parsePolicyFile } from '../../src/ledger/log/policy-file.ts';
import { cosignatureLine } from '../../src/ledger/log/signatures.ts';
import { rotationDraft, type SuccessionLink } from '../../src/ledger/log/succession.ts';
import { type LogKey, vkeyText } from '../../src/ledger/log/vkey.ts';
import { aloneOn } from './alone.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-succession-'));
const [second, third, stranger] = [newEd25519Key(), newEd25519Key(), newEd25519Key()];
let stand: Stand;
let tenant: TenantId;
let origin: string;
let files: Files;
/** Exported while the second key signs alone, before there was a third. */
let earlier: Files;

before(async () => {
  stand = await openStand(NOUNS);
  tenant = await createTenant(stand.cloud);
  origin = await createLog(stand.cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  const first = stand.cloud.ledger.key;
  await grow(stand.cloud);
  await recordNextKey(holding(first, second), tenant, second.publicKey);
  await grow(holding(first, second));
  await grow(holding(second));
  earlier = await exported(holding(second), 'earlier');
  await recordNextKey(holding(second, third), tenant, third.publicKey);
  await grow(holding(second, third));
  await grow(holding(third));
  files = await exported(holding(third), 'whole');
});
after(async () => {
  await stand.close();
  rmSync(home, { recursive: true, force: true });
});

/** The cloud of a folder in which these keys lie. */
function holding(...keys: readonly Ed25519Key[]): Cloud {
  const { cloud } = stand;
  const keyOf = (publicKey: Uint8Array) => keys.find((key) => equalBytes(key.publicKey, publicKey));
  return { ...cloud, ledger: { ...cloud.ledger, keyOf } };
}

async function grow(cloud: Cloud): Promise<void> {
  await record(cloud, tenant, 3);
  await drain(cloud, tenant);
}

async function exported(cloud: Cloud, name: string): Promise<Files> {
  const out = join(home, `${name}.tar`);
  const order = { tenant, selection: readSelection({}), opened: [], receiver: NOBODY_NAMED, by: null };
  await makeExport(cloud, { ...order, purpose: 'a test', madeBy: null, out });
  return unpacked(out);
}

const keyOf = ({ publicKey }: Ed25519Key): LogKey => ({ type: 'signature', name: origin, publicKey });
const vkeyOf = (key: Ed25519Key) => vkeyText(keyOf(key));
const policyOf = (...keys: readonly Ed25519Key[]) =>
  `${keys.map((key) => `log ${vkeyOf(key)}\n`).join('')}quorum none\n`;

let made = 0;
/** What both verifiers say of one bundle: whether it holds, and their lines. */
function both(bytes: Uint8Array, policy: string | undefined) {
  made += 1;
  const path = join(home, `case-${made}.tar`);
  writeFileSync(path, bytes);
  const read = policy === undefined ? undefined : parsePolicyFile(policy);
  const ours = verifyBundle(sourceOf(bytes), {
    ...{ rootKeys: [], signatures: 1, policy: read?.ok ? read.policy : undefined },
  });
  const [alone = assert.fail('it answered')] = aloneOn(home, [
    { kind: 'bundle', of: { path, ...(policy !== undefined && { policy }) } },
  ]);
  return {
    holds: [ours.holds, alone.holds],
    says: [ours.lines.map(({ says }) => says), alone.says],
  };
}

const saidBy = (says: readonly string[][], pattern: RegExp) =>
  says.map((lines) => lines.filter((line) => pattern.test(line)).length);

type Log = BundleKeys['log'];
const withLog = (of: Files, change: (log: Log) => Log, edit: Record<string, (text: string) => string> = {}) =>
  tampered(of, {
    edit: {
      ...edit,
      'keys.json': (text) => {
        const keys = JSON.parse(text) as BundleKeys;
        return canonical({ ...keys, log: change(keys.log) });
      },
    },
  });
const withLinks = (change: (links: SuccessionLink[]) => SuccessionLink[]) =>
  withLog(files, (log) => ({ ...log, succession: change([...(log.succession ?? [])]) }));

test('who has any key of a log follows to its newest, over records from before and after, in both verifiers', () => {
  const whole = tampered(files, {});
  const cases: [string | undefined, number, number][] = [
    [policyOf(stand.cloud.ledger.key), 2, 0],
    [policyOf(second), 1, 0],
    [policyOf(third), 0, 0],
    [policyOf(stand.cloud.ledger.key, second, third), 2, 0],
    [undefined, 0, 1],
  ];
  for (const [policy, followed, unjudged] of cases) {
    const { holds, says } = both(whole, policy);
    assert.deepEqual(holds, [true, true], JSON.stringify(says));
    const follows = /^the log recorded that from \d+ entries on the key \S+ signs it$/;
    assert.deepEqual(saidBy(says, follows), [followed, followed]);
    if (policy === undefined)
      assert.deepEqual(saidBy(says, /^2 changes of the log’s key are not judged/), [unjudged, unjudged]);
  }
  assert.deepEqual(both(whole, policyOf(stranger)).holds, [false, false]);
});

test('a succession that leaves a key out, is in another order, or leads elsewhere is refused by both, whatever the reader has', () => {
  const [one, two] = (JSON.parse(textOf(files, 'keys.json')) as BundleKeys).log.succession ?? [];
  assert.ok(one && two);
  const cases: [string, Uint8Array][] = [
    ['wrong order', withLinks(([a, b]) => (a && b ? [b, a] : []))],
    ['the last is left out', withLinks(([a]) => (a ? [a] : []))],
    ['one stands twice', withLinks(([a, b]) => (a && b ? [a, a, b] : []))],
    ['another key', withLog(files, (log) => ({ ...log, vkey: vkeyOf(stranger) }))],
    ['a key of before', withLog(files, (log) => ({ ...log, vkey: vkeyOf(second) }))],
    ['no record', withLinks(([a]) => (a ? [a, { record: '{}', proof: two.proof }] : []))],
  ];
  for (const [name, bytes] of cases)
    for (const policy of [policyOf(stand.cloud.ledger.key), undefined])
      assert.deepEqual(both(bytes, policy).holds, [false, false], `${name}, ${policy ? 'a' : 'no'} policy`);
  // Who has the key that is left out needs no link, and who has an earlier one cannot follow.
  const gap = withLinks(([, b]) => (b ? [b] : []));
  assert.deepEqual(both(gap, policyOf(second)).holds, [true, true]);
  assert.deepEqual(both(gap, policyOf(stand.cloud.ledger.key)).holds, [false, false]);
});

/** A bundle whose checkpoint a stranger has signed, and whose keys say that this key followed. */
function usurped(signers: readonly Ed25519Key[]): Uint8Array {
  const note = textOf(earlier, 'checkpoint');
  const opened = openCheckpoint(note, { origin, logKeys: [keyOf(second)], witnesses: [] });
  assert.ok(opened.ok);
  const signed = signers.map((key) => ({ name: origin, ...key }));
  const [head, ...others] = signed;
  assert.ok(head);
  const { checkpoint } = opened.value;
  const usurpers = signCheckpoint(checkpoint, head, ...others);
  return withLog(
    earlier,
    (log) => {
      const [link] = log.succession ?? [];
      assert.ok(link);
      const text = JSON.parse(link.record) as { facts: object };
      const { facts } = rotationDraft({ before: keyOf(second), publicKey: stranger.publicKey });
      const proof = link.proof.slice(0, link.proof.indexOf('\n\n') + 2) + usurpers;
      return {
        ...{ origin, vkey: vkeyOf(stranger) },
        succession: [link, { record: canonical({ ...text, facts }), proof }],
      };
    },
    { checkpoint: () => usurpers },
  );
}

test('a next key that the log did not record is believed by nobody, whoever signed for it', () => {
  for (const signers of [[stranger], [second, stranger]])
    for (const policy of [policyOf(stand.cloud.ledger.key), policyOf(second)]) {
      const { holds, says } = both(usurped(signers), policy);
      assert.deepEqual(holds, [false, false], JSON.stringify(says));
    }
});

test('a link in whose tree only one of its two keys signed is refused by both', () => {
  const first = stand.cloud.ledger.key;
  const signedBy = (link: SuccessionLink, key: Ed25519Key): SuccessionLink => {
    const at = link.proof.indexOf('\n\n') + 2;
    const opened = openCheckpoint(link.proof.slice(at), { origin, logKeys: [keyOf(first)], witnesses: [] });
    assert.ok(opened.ok);
    const note = signCheckpoint(opened.value.checkpoint, { name: origin, ...key });
    return { ...link, proof: link.proof.slice(0, at) + note };
  };
  for (const key of [first, second]) {
    const bytes = withLinks(([a, b]) => (a && b ? [signedBy(a, key), b] : []));
    assert.deepEqual(both(bytes, policyOf(first)).holds, [false, false]);
  }
});

test('a key whose turn is over signs nothing for who has followed, nor does one whose turn has not come', () => {
  const { size, root } = (() => {
    const opened = openCheckpoint(textOf(files, 'checkpoint'), {
      ...{ origin, logKeys: [keyOf(third)], witnesses: [] },
    });
    assert.ok(opened.ok);
    return opened.value.checkpoint;
  })();
  const first = stand.cloud.ledger.key;
  for (const signers of [[first], [second], [first, second]]) {
    const [by, ...others] = signers.map((key) => ({ name: origin, ...key }));
    assert.ok(by);
    const bytes = tampered(files, {
      edit: { checkpoint: () => signCheckpoint({ origin, size, root }, by, ...others) },
    });
    assert.deepEqual(both(bytes, policyOf(first)).holds, [false, false]);
  }
});

test('who asks other witnesses by now still hands out links of both keys, of the tree that those of then agreed to', async () => {
  const [then, now] = [newEd25519Key(), newEd25519Key()];
  const superuser = new pg.Client({ connectionString: stand.superuserUrl() });
  await superuser.connect();
  const { rows } = await superuser.query<{ size: string; note: string }>(
    'select size, note from log_checkpoints where tenant_id = $1 and size > 0 order by size',
    [tenant],
  );
  await superuser.end();
  const at = (key: Ed25519Key) => ({ name: `witness.example/${key === then ? 'then' : 'now'}`, ...key });
  const vkeyOfWitness = (key: Ed25519Key) => vkeyText({ type: 'cosignature', ...at(key) });
  const cosign = async (key: Ed25519Key, { size, note }: { size: string; note: string }) => {
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const line = cosignatureLine({ text, signer: at(key), atS: 1 });
    await stand.cloud.database.tenant(tenant, (tx) =>
      insertCosignature(tx, {
        ...{ generation: 1, size: Number(size), vkey: vkeyOfWitness(key), line },
        ...{ at_s: 1, at_ms: 1 },
      }),
    );
  };
  const signatures = (note: string) => note.match(/^— /gm)?.length ?? 0;
  const ofBoth = rows.filter(({ note }) => signatures(note) === 2);
  const newest = rows.at(-1);
  assert.ok(ofBoth.length >= 2 && newest && signatures(newest.note) === 1);
  for (const row of ofBoth) await cosign(then, row);
  await cosign(now, newest);
  const cloud = holding(third);
  const asked = { name: 'now', vkey: vkeyOfWitness(now), url: 'http://127.0.0.1:9' };
  const witnessed = witnessing.parse({ witnesses: [asked], quorum: 1 });
  const others = await exported(
    { ...cloud, config: { ...cloud.config, witnessing: witnessed } },
    'other-witnesses',
  );
  for (const key of [stand.cloud.ledger.key, second]) {
    const { holds, says } = both(tampered(others, {}), policyOf(key));
    assert.deepEqual(holds, [true, true], JSON.stringify(says));
  }
  const { log } = JSON.parse(textOf(others, 'keys.json')) as BundleKeys;
  for (const { proof } of log.succession ?? []) assert.match(proof, /^— witness\.example\/then /m);
});
