/**
 * The verifier that stands alone, held against what our code makes, against published logs, and against edits of
 * both. It runs as a stranger runs it: in a process of its own, under the machine's Node where that is another one.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromHex } from '../../src/crypto/bytes.ts';
import { decodeBundle } from '../../src/ledger/log/bundle.ts';
import { encodeProof } from '../../src/ledger/log/proof-file.ts';
import { proveInclusion } from '../../src/ledger/log/prove.ts';
import { draws, MemoryTiles, RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { type Receipt, verifyReceipt } from '../../src/ledger/receipt.ts';
import { PROOF_TO_COME } from '../../src/ledger/receipt-log.ts';
import { findProgram } from '../../tools/peers.ts';
import { ROOT } from '../site.ts';
import {
  asked,
  b64,
  ENTRIES,
  id,
  keyText,
  policyOf,
  proofsOf,
  RECEIPT,
  receiptProven,
  root,
  stranger,
} from './made-receipt.ts';

const VERIFIER = join(ROOT, 'verify/verify.mjs');
const PAGE = readFileSync(join(ROOT, 'docs/reference/verify.md'), 'utf8');
const TAMPERED = 1500;
const home = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
after(() => rmSync(home, { recursive: true, force: true }));

/** What this process was preloaded with, a sabotage for one, the verifier is preloaded with as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);

/** The machine's own Node beside the pinned one, which are often of two versions. */
const NODES = [...new Set([process.execPath, findProgram(['node'], '/usr/local/bin:/usr/bin') ?? ''])].filter(
  (node) => node !== '',
);

type Case =
  | { kind: 'proof'; of: { proof: string; policy: string; entry: string } }
  | { kind: 'receipt'; of: { receipt: string; rootKeys: string[]; signatures: number; policy?: string } }
  | { kind: 'path'; of: unknown };

/** What the verifier says of each case, the same under every Node that is here. */
function verdictsOf(cases: readonly Case[]): boolean[] {
  const file = join(home, 'cases.json');
  writeFileSync(file, JSON.stringify(cases));
  const all = NODES.map((node) => {
    // The machine's own may be too old to be preloaded; both have to say the same anyway.
    const preloaded = node === process.execPath ? preloads : [];
    const ran = spawnSync(node, [...preloaded, join(import.meta.dirname, 'harness.mjs'), file], {
      encoding: 'utf8',
      maxBuffer: 64_000_000,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.equal(ran.status, 0, node);
    const said = JSON.parse(ran.stdout) as { node: string; verdicts: boolean[] };
    console.log(`  ${said.verdicts.length} cases under Node ${said.node}`);
    return said.verdicts;
  });
  for (const verdicts of all) assert.deepEqual(verdicts, all[0]);
  return all[0] ?? assert.fail();
}

const receiptCase = (receipt: unknown, change: Partial<typeof asked & { policy: string }> = {}): Case => ({
  kind: 'receipt',
  of: { receipt: JSON.stringify(receipt), ...asked, ...change },
});

test('a proof that our code makes verifies, when enough witnesses cosigned', async () => {
  const indices = [0, 1, 255, 256, 511, 599];
  const cases = async (have: number, k: number | string): Promise<Case[]> =>
    (await proofsOf(indices, have)).map((one) => ({ kind: 'proof', of: { ...one, policy: policyOf(k) } }));
  const good = [...(await cases(3, 'all')), ...(await cases(2, 2)), ...(await cases(1, 'any'))];
  const bad = [...(await cases(2, 'all')), ...(await cases(1, 2)), ...(await cases(0, 'any'))];
  assert.deepEqual(
    verdictsOf(good),
    good.map(() => true),
  );
  assert.deepEqual(
    verdictsOf(bad),
    bad.map(() => false),
  );
});

test('a receipt that our code makes verifies, and only under the root that signed', () => {
  const trust = { site: id('site'), rootKeys: asked.rootKeys, k: 2 };
  assert.ok(verifyReceipt(RECEIPT, trust).holds);
  const part = { ...RECEIPT, entries: RECEIPT.entries.slice(0, 1) };
  const cases = [
    receiptCase(RECEIPT),
    receiptCase(part),
    receiptCase(RECEIPT, { rootKeys: [keyText(root)], signatures: 1 }),
  ];
  assert.deepEqual(verdictsOf(cases), [true, true, true]);
  const wrong = [
    receiptCase(RECEIPT, { rootKeys: [keyText(stranger)], signatures: 1 }),
    receiptCase(RECEIPT, { rootKeys: [keyText(root), keyText(stranger)] }),
    receiptCase({ ...RECEIPT, roster: null }),
    receiptCase({ ...RECEIPT, entries: RECEIPT.entries.toReversed() }),
    receiptCase({ ...RECEIPT, entries: [] }),
    receiptCase({ ...RECEIPT, entries: RECEIPT.entries.slice(1, 2) }),
  ];
  assert.deepEqual(
    verdictsOf(wrong),
    wrong.map(() => false),
  );
});

test('a receipt’s proofs are judged by the policy, and each change in one is found', async () => {
  const whole = await receiptProven();
  const few = await receiptProven(1);
  const policy = policyOf('all');
  const version1 = {
    ...{ v: 1, parcel: RECEIPT.parcel, bank: RECEIPT.bank, roster: RECEIPT.roster, bankKey: RECEIPT.bankKey },
    entries: RECEIPT.entries.map(({ proof: _, ...entry }) => entry),
  };
  const changed = (change: (proof: string, at: number) => string | null): Receipt => ({
    ...whole,
    entries: whole.entries.map((one, at) => ({ ...one, proof: change(one.proof ?? '', at) })),
  });
  const last = (to: string | null) => changed((proof, at) => (at === 2 ? to : proof));
  const other = signerOf('log.example/b', RFC_SECRETS[0]);
  const good = [
    receiptCase(whole, { policy }),
    receiptCase(whole),
    receiptCase(few, { policy: policyOf('any') }),
    receiptCase(few),
    receiptCase(last(PROOF_TO_COME)),
    receiptCase(version1),
  ];
  const bad = [
    receiptCase(few, { policy: policyOf(2) }),
    receiptCase(last(PROOF_TO_COME), { policy }),
    receiptCase(last(null)),
    receiptCase(RECEIPT, { policy }),
    receiptCase(version1, { policy }),
    receiptCase({ ...whole, log: null }),
    receiptCase({ ...whole, log: vkeyText({ type: 'signature', ...other }) }),
    receiptCase({ ...whole, log: vkeyText({ type: 'signature', ...other }) }, { policy }),
    receiptCase({ ...whole, v: 1 }),
    receiptCase({ ...whole, v: 3 }),
    receiptCase(changed((_, at) => whole.entries[(at + 1) % 3]?.proof ?? '')),
    receiptCase(changed((proof) => proof.replace('index 60', 'index 50'))),
    receiptCase(changed((proof) => proof.replace('\n603\n', '\n604\n'))),
    receiptCase(changed((proof) => proof.replace(/\n(.)/, (_, letter) => `\n${letter === 'A' ? 'B' : 'A'}`))),
  ];
  assert.deepEqual(verdictsOf([...good, ...bad]), [...good.map(() => true), ...bad.map(() => false)]);
  const trust = { site: id('site'), rootKeys: asked.rootKeys, k: 2 };
  assert.ok(verifyReceipt(whole, trust).holds);
});

test('published logs and paths are judged as their makers say', async () => {
  const vectors = (name: string): unknown =>
    JSON.parse(readFileSync(join(ROOT, 'src/contract/vectors/tlog', name), 'utf8'));
  const { inclusion } = vectors('merkle.json') as { inclusion: { wantErr: boolean }[] };
  const paths = inclusion.map((of): Case => ({ kind: 'path', of }));
  assert.ok(paths.length > 90);
  assert.deepEqual(
    verdictsOf(paths),
    inclusion.map(({ wantErr }) => !wantErr),
  );
  type Log = {
    vkey: string;
    checkpoints: { size: number; checkpoint: string }[];
    objects: { path: string; hex: string }[];
  };
  const { vkey, checkpoints, objects } = vectors('tessera-log.json') as Log;
  const tiles = new MemoryTiles();
  tiles.write(objects.map(({ path, hex }) => ({ path, bytes: fromHex(hex) })));
  const entries = decodeBundle(tiles.objects.get('tile/entries/000.p/15') ?? new Uint8Array(0), 15);
  assert.ok(entries.ok);
  const proofs: Case[] = [];
  for (const { size, checkpoint } of checkpoints)
    for (const index of Array(size).keys()) {
      const rootOf = checkpoint.split('\n')[2] ?? '';
      const head = { size, root: new Uint8Array(Buffer.from(rootOf, 'base64')) };
      const proven = await proveInclusion(tiles, { index, head });
      assert.ok(proven.ok);
      const proof = encodeProof({ index, path: proven.value.path, checkpoint });
      const entry = b64(entries.value[index] ?? assert.fail());
      proofs.push({ kind: 'proof', of: { proof, entry, policy: `log ${vkey}\nquorum none\n` } });
    }
  assert.ok(proofs.length > 100);
  assert.deepEqual(
    verdictsOf(proofs),
    proofs.map(() => true),
  );
});

/** One character of a text is another, is gone, is doubled, or the text ends there. */
function edited(text: string, draw: (below: number) => number): string {
  const at = draw(text.length);
  const letters = 'ABCabc019+/=\n —{}"x';
  const letter = letters[draw(letters.length)] ?? '';
  const ways = [
    text.slice(0, at) + letter + text.slice(at + 1),
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + letter + text.slice(at),
    text.slice(0, at),
  ];
  const edit = ways[draw(ways.length)] ?? '';
  return edit === text ? edited(text, draw) : edit;
}

/** A receipt with one text in it edited, wherever it stands. */
function editedReceipt(whole: Receipt, draw: (below: number) => number): unknown {
  const copy = structuredClone(whole) as unknown as Record<string, unknown>;
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (holder: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(holder)) {
      if (typeof value === 'string') places.push({ holder, key });
      else if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
    }
  };
  visit(copy);
  const { holder, key } = places[draw(places.length)] ?? assert.fail();
  holder[key] = edited(String(holder[key]), draw);
  return copy;
}

test('no tampered proof and no tampered receipt verifies', async (t) => {
  const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const draw = draws(seed);
  const proofs = await proofsOf([0, 77, 599], 3);
  const receipt = await receiptProven();
  const cases = Array.from({ length: TAMPERED }, (_, run): Case => {
    if (run % 2 === 0) return receiptCase(editedReceipt(receipt, draw), { policy: policyOf('all') });
    const { proof, entry } = proofs[draw(proofs.length)] ?? assert.fail();
    return { kind: 'proof', of: { proof: edited(proof, draw), entry, policy: policyOf('all') } };
  });
  const verdicts = verdictsOf(cases);
  const held = cases.filter((_, at) => verdicts[at]);
  assert.deepEqual(held, [], `${held.length} of ${TAMPERED} were taken`);
});

test('the command explains its verdict, and says it by its status', async () => {
  const [one] = await proofsOf([599], 3);
  assert.ok(one);
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const [proof, policy] = [file('proof', one.proof), file('policy', policyOf(2))];
  const [entry, other] = [file('entry', ENTRIES[599] ?? ''), file('other', 'another entry')];
  const [receipt, key] = [
    file('receipt', JSON.stringify(RECEIPT)),
    file('key', JSON.stringify({ key: keyText(root) })),
  ];
  const run = (...args: string[]) => spawnSync(process.execPath, [VERIFIER, ...args], { encoding: 'utf8' });
  const good = run('proof', proof, '--policy', policy, '--entry', entry);
  assert.equal(good.status, 0, good.stderr);
  assert.equal(good.stdout.split('\n').filter((line) => line.startsWith('ok  ')).length, 6);
  assert.match(good.stdout, /\nverified\n$/);
  const bad = run('proof', proof, '--policy', policy, '--entry', other);
  assert.deepEqual([bad.status, bad.stdout.split('\n').at(-2)], [1, 'NOT verified']);
  assert.match(bad.stdout, /FAIL {2}the path does not lead/);
  assert.equal(run('receipt', receipt, '--root-key', key).status, 0);
  for (const args of [
    [],
    ['proof', proof],
    ['proof', proof, '--policy', policy],
    ['proof', join(home, 'none'), '--policy', policy, '--entry', entry],
    ['proof', proof, '--policy', entry, '--entry', entry],
    ['receipt', receipt, '--root-key', entry],
    ['receipt', receipt, '--root-key', key, '--signatures', '2'],
    ['receipt', receipt, '--root-key', key, '--root-key', key],
    ['receipt', receipt, '--root-key', key, '--lenient', 'yes'],
    ['receipt', receipt, '--root-key', key, '--policy', entry],
  ])
    assert.equal(run(...args).status, 2, args.join(' '));
});

test('the page gives the hash of the file, which is short and stands alone', () => {
  const text = readFileSync(VERIFIER, 'utf8');
  assert.ok(PAGE.includes(createHash('sha256').update(text).digest('hex')), 'docs/reference/verify.md');
  const lines = text.split('\n').slice(0, -1);
  assert.ok(lines.length <= 500 && lines.every(({ length }) => length <= 150), 'it is read by people');
  const imported = [...text.matchAll(/\bfrom '([^']+)'|\bimport\('/g)].map(([, from]) => from);
  assert.deepEqual(imported, ['node:crypto', 'node:fs', 'node:url']);
});
