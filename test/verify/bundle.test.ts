/**
 * Both verifiers of bundles, run as a receiver runs them, against bundles that are long and against archives that somebody
 * made to hurt who opens them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packed, sourceOf, tampered, unpacked } from '../../src/cloud/export/test-bundle.ts';
import { base64url, concat, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { newEd25519Key } from '../../src/crypto/ed25519.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { canonical } from '../../src/ledger/export/format.ts';
import { tarHeader } from '../../src/ledger/export/tar.ts';
import { verifyBundle } from '../../src/ledger/export/verify.ts';
import { parsePolicyFile } from '../../src/ledger/log/policy-file.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { findProgram } from '../../tools/peers.ts';
import { ROOT } from '../site.ts';
import { type AloneCase, aloneOn, preloads } from './alone.ts';
import { verifyInLittleMemory } from './long-bundle.ts';
import { type HostileCloud, LOG, type MadeBundle, makeBundle, POLICY } from './made-bundle.ts';

/** How many records the long bundle has; the long tier takes a million. */
const RECORDS = 100_000;

const home = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'));
after(() => rmSync(home, { recursive: true, force: true }));
const noPolicy = { rootKeys: [], signatures: 1, policy: undefined };
const alone = join(ROOT, 'verify/verify.mjs');
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
function run(program: readonly string[], node = process.execPath) {
  const ran = spawnSync(node, [...(node === process.execPath ? preloads : []), ...program], {
    encoding: 'utf8',
  });
  // Whoever sabotages a control looks for the word that it came about.
  for (const [line] of ran.stderr.matchAll(/^sabotaged: .*\n/gm)) process.stderr.write(line);
  return ran;
}
const holdfast = (...args: string[]) => run([join(ROOT, 'bin/holdfast.ts'), 'verify', ...args]);

const small = makeBundle(join(home, 'small.tar'), 1_500);
const files = unpacked(small.path);
const key = file('root.pub', JSON.stringify({ key: base64url(small.root.publicKey) }));
const other = file('other.pub', JSON.stringify({ key: base64url(newSigningKey().publicKey) }));
const policy = file('policy', POLICY);
const strict = file('strict', POLICY.replace('quorum none', 'quorum nobody'));

test('both commands explain their verdict, and say it by their status', () => {
  const asked = [small.path, '--root-key', key, '--policy', policy];
  for (const ran of [holdfast(...asked), run([alone, 'bundle', ...asked])]) {
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /1500 records lead, each at its place, to the root that the log signed/);
    assert.match(ran.stdout, /the site root’s roster, version 1/);
    assert.match(ran.stdout, /\nverified/);
  }
  const cases: [number, string[]][] = [
    [0, [small.path]],
    [1, [small.path, '--root-key', other]],
    [1, [file('cut.tar', readFileSync(small.path).subarray(0, 4_000))]],
    [1, [file('none.tar', '')]],
  ];
  for (const [status, args] of cases)
    for (const ran of [holdfast(...args), run([alone, 'bundle', ...args])])
      assert.equal(ran.status, status, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`);
  for (const args of [
    [],
    [join(home, 'nothing')],
    [small.path, '--policy', strict],
    [small.path, '--lenient', 'yes'],
  ])
    assert.equal(run([alone, 'bundle', ...args]).status, 2, args.join(' '));
});

test('without a policy both name whose word the log’s key is, and judge no cosignature', () => {
  for (const ran of [
    holdfast(small.path, '--root-key', key),
    run([alone, 'bundle', small.path, '--root-key', key]),
  ]) {
    assert.match(
      ran.stdout,
      /ok {2}.*signed a tree of 1500 entries, by the key that (this file|the bundle) names/,
    );
    assert.match(ran.stdout, /\n-- {2}.*cosignatures: not judged, for no --policy says whose count/);
    assert.match(ran.stdout, /\nverified, as far as the lines above say\n$/);
  }
});

test('a bundle that shows no record of its log proves nothing', () => {
  const root = fromUtf8(files.get('checkpoint') ?? new Uint8Array()).split('\n')[2];
  const nothing = tampered(files, {
    edit: { 'records.jsonl': () => '', 'heads.jsonl': () => '', 'tree.txt': () => `${root}\n` },
    manifest: (manifest) => Object.assign(manifest, { records: 0, sources: [] }),
  });
  const asked = [file('nothing.tar', nothing), '--root-key', key];
  for (const ran of [holdfast(...asked), run([alone, 'bundle', ...asked])]) {
    assert.equal(ran.status, 1, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /\nNOT verified\n$/);
  }
});

test('a stranger’s file writes nothing to the terminal but lines', () => {
  const named =
    '\u001b]0;x\u0007\u001b[2J\u001b[32mverified\nok  the site root’s roster names the key of this bank\nverified';
  const asked = [file('evil.json', JSON.stringify({ v: 2, parcel: 'x', [named]: 1 })), '--root-key', key];
  for (const ran of [holdfast(...asked), run([alone, 'receipt', ...asked])]) {
    assert.equal(ran.status, 1);
    assert.doesNotMatch(ran.stdout + ran.stderr, /\p{Cc}(?<!\n)/u);
  }
  assert.match(holdfast(...asked).stderr, /^holdfast: the receipt .*evil\.json is not right:$/m);
});

test('the lone verifier says the same under the machine’s own Node', () => {
  const own = findProgram(['node'], '/usr/local/bin:/usr/bin');
  if (own === undefined) return;
  const ran = run([alone, 'bundle', small.path, '--root-key', key], own);
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
});

test('what a cloud with its log’s key writes, changes or leaves out of a bank’s records is found', () => {
  const cases: [HostileCloud, RegExp][] = [
    [{ changes: 10 }, /record 11 of bank_\w+ names another record before it/],
    [{ changes: 40 }, /the records are not those of/],
    [{ omits: 10 }, /record 10 is missing|records are missing/],
    [{ forges: true }, /vouched by the cloud only/],
  ];
  const alones = cases.map(([cloud, line], at) => {
    const made = makeBundle(join(home, `cloud-${at}.tar`), 40, cloud);
    const rootKeys = [base64url(made.root.publicKey)];
    const { lines, holds } = verifyBundle(sourceOf(readFileSync(made.path)), {
      rootKeys,
      signatures: 1,
      policy: undefined,
    });
    assert.match(lines.at(-1)?.says ?? '', line);
    assert.equal(holds, false);
    return { kind: 'bundle', of: { path: made.path, rootKeys } } as const;
  });
  assert.deepEqual(heldBy(alones), [false, false, false, false]);
});

/** What both verifiers say to a reader who knows whose rosters count. */
function judged({ path, root }: MadeBundle) {
  const rootKeys = [base64url(root.publicKey)];
  const ours = verifyBundle(sourceOf(readFileSync(path)), { ...noPolicy, rootKeys });
  const [lone] = aloneOn(home, [{ kind: 'bundle', of: { path, rootKeys } }]);
  return { ours, lone };
}

test('a bank that a newer roster names no more is said to be so, by both, in whichever order they stand', () => {
  const drops =
    /^bank_\w+: (?:version 2 of that roster, made at [^ ]+,|a newer roster of site_\w+) drops its key; /;
  const made = makeBundle(join(home, 'drops.tar'), 40, { drops: true });
  const turned = join(home, 'drops-turned.tar');
  const edit = (keys: string) => {
    const { log, rosters } = JSON.parse(keys);
    return canonical({ log, rosters: rosters.toReversed() });
  };
  writeFileSync(turned, tampered(unpacked(made.path), { edit: { 'keys.json': edit } }));
  for (const path of [made.path, turned]) {
    const { ours, lone } = judged({ ...made, path });
    assert.deepEqual(
      ours.lines.filter(({ says }) => drops.test(says)).map(({ holds }) => holds),
      [null],
      path,
    );
    const all = [ours.lines.map(({ says }) => says), lone?.says ?? []];
    assert.deepEqual([ours.holds, lone?.holds], [true, true], all.flat().join('\n'));
    for (const said of all) {
      assert.equal(said.filter((says) => drops.test(says)).length, 1, said.join('\n'));
      assert.ok(said.some((says) => /the site root’s roster, version 1 of /.test(says)));
    }
  }
  const { ours, lone } = judged(small);
  for (const says of [...ours.lines.map((line) => line.says), ...(lone?.says ?? [])])
    assert.doesNotMatch(says, / drops /);
});

test('what a bank recorded that it saw of the log is held against the log of the bundle, by both', () => {
  const root = /^record 20 of bank_\w+ says that the log had another root at 19 entries$/;
  const same = /^1 heads that banks recorded of this log are heads of its tree$/;
  const cases: ['this' | 'another' | 'more', RegExp, RegExp][] = [
    ['this', same, same],
    ['another', root, root],
    [
      'more',
      /saw 25 entries of this log|another root at 25/,
      /saw more entries of this log than the 19 before it$/,
    ],
  ];
  for (const [sees, line, loneLine] of cases) {
    const made = makeBundle(join(home, `sees-${sees}.tar`), 40, { sees });
    const { ours, lone } = judged(made);
    const said = ours.lines.map(({ says }) => says);
    assert.ok(
      said.some((one) => line.test(one)),
      said.join('\n'),
    );
    assert.ok(
      lone?.says.some((one) => loneLine.test(one)),
      lone?.says.join('\n'),
    );
    assert.deepEqual([ours.holds, lone?.holds], [sees === 'this', sees === 'this']);
  }
});

test('what a bank saw of a log by a key that the bundle does not name proves nothing of this one, and is said, by both', () => {
  const made = makeBundle(join(home, 'sees-unnamed.tar'), 40, { sees: 'unnamed' });
  const { ours, lone } = judged(made);
  const unjudged = ours.lines.filter(({ holds }) => holds === null).map(({ says }) => says);
  const line = /^1 heads that banks recorded are of another log, or under a key .*: not compared$/;
  assert.ok(
    unjudged.some((one) => line.test(one)),
    unjudged.join('\n'),
  );
  assert.ok(
    lone?.says.some((one) => line.test(one)),
    lone?.says.join('\n'),
  );
  assert.deepEqual([ours.holds, lone?.holds], [true, true]);
});

test('another key of the log in keys.json, under which nobody saw anything, is refused by both, also with a policy', () => {
  const made = makeBundle(join(home, 'hides.tar'), 40, { sees: 'another' });
  const stranger = vkeyText({ type: 'signature', name: LOG.name, publicKey: newEd25519Key().publicKey });
  const hiding = tampered(unpacked(made.path), {
    edit: { 'keys.json': (text) => text.replace(/"vkey":"[^"]+"/, () => `"vkey":"${stranger}"`) },
  });
  const read = parsePolicyFile(POLICY);
  assert.ok(read.ok);
  const ours = verifyBundle(sourceOf(hiding), { ...noPolicy, policy: read.policy });
  assert.match(ours.lines.at(-1)?.says ?? '', /keys.json names another key of the log/);
  const [alone] = aloneOn(home, [
    { kind: 'bundle', of: { path: file('hiding.tar', hiding), policy: POLICY } },
  ]);
  assert.match(alone?.says.at(-1) ?? '', /keys.json names another log, or another key/);
  assert.deepEqual([ours.holds, alone?.holds], [false, false]);
});

test('a byte that changed in any file is found by the hash in the manifest, by both', () => {
  const cases = [...files.keys()].flatMap((name) => {
    const bytes = files.get(name) ?? new Uint8Array(0);
    if (name === 'manifest.json' || bytes.length === 0) return [];
    const changed = bytes.slice();
    const at = Math.floor(bytes.length / 2);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const spoiled = packed(new Map([...files, [name, changed]]));
    const { lines } = verifyBundle(sourceOf(spoiled), { rootKeys: [], signatures: 1, policy: undefined });
    assert.ok(/another SHA-256|malformed/.test(lines.at(-1)?.says ?? ''), `${name}: ${lines.at(-1)?.says}`);
    return [{ kind: 'bundle', of: { path: file(`byte-${name.replace('/', '-')}`, spoiled) } } as const];
  });
  // The page is for reading alone: nothing but the hash would notice a change in it.
  const page = tampered(files, { edit: { 'report.html': () => 'a page' } });
  const spoiled = new Uint8Array(page).map((byte, at) =>
    at === page.indexOf(0x61, page.length - 1_536) ? byte ^ 1 : byte,
  );
  assert.equal(
    verifyBundle(sourceOf(spoiled), { rootKeys: [], signatures: 1, policy: undefined }).holds,
    false,
  );
  cases.push({ kind: 'bundle', of: { path: file('byte-page', spoiled) } });
  assert.deepEqual(
    heldBy(cases),
    cases.map(() => false),
  );
});

const heldBy = (cases: readonly AloneCase[]) => aloneOn(home, cases).map(({ holds }) => holds);

/** A header with other bytes in it, and its sum right again. */
function header(name: string, size: number, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = tarHeader(name, size);
  change(bytes);
  bytes.set(utf8(' '.repeat(8)), 148);
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  bytes.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return bytes;
}

const END = new Uint8Array(1024);
const whole = new Uint8Array(readFileSync(small.path));
const giant = (bytes: Uint8Array) => bytes.set(utf8('77777777777'), 124);
const HOSTILE: readonly [string, Uint8Array, RegExp][] = [
  ['a name that climbs out', packed([...files, ['../../etc/passwd', utf8('x')]]), /is no file of a bundle/],
  ['an absolute name', packed([...files, ['/etc/passwd', utf8('x')]]), /is no file of a bundle/],
  ['a name that is not known', packed([...files, ['README', utf8('x')]]), /is no file of a bundle/],
  ['a file twice', packed([...files, ['checkpoint', utf8('x')]]), /stands twice/],
  [
    'a link',
    concat(
      header('checkpoint', 0, (bytes) => bytes.set(utf8('2'), 156)),
      END,
    ),
    /not one of a plain file/,
  ],
  [
    'a folder',
    concat(
      header('proofs', 0, (bytes) => bytes.set(utf8('5'), 156)),
      END,
    ),
    /not one of a plain file/,
  ],
  [
    'a name behind a prefix',
    concat(
      header('checkpoint', 0, (bytes) => bytes.set(utf8('../..'), 345)),
      END,
    ),
    /not one of a plain file/,
  ],
  [
    'a file of eight gigabytes that is not there',
    concat(header('records.jsonl', 0, giant), END),
    /is said to have 8589934591 bytes/,
  ],
  [
    'a size in another base',
    concat(
      header('checkpoint', 0, (bytes) => bytes.set([0x80, 0, 0, 255], 124)),
      END,
    ),
    /not one of a plain file/,
  ],
  ['bytes behind the end', concat(whole, utf8('more')), /behind the end/],
  [
    'bytes behind a file',
    concat(tarHeader('checkpoint', 3), utf8(`abc${'x'.repeat(509)}`), END),
    /hide behind/,
  ],
  ['no end', whole.subarray(0, whole.length - 1024), /cut off/],
  [
    'a thousand files too many',
    packed(
      Array.from(
        { length: 1_100 },
        (_, at) => [`proofs/${String(at).padStart(16, '0')}.tlog-proof`, END] as const,
      ),
    ),
    /more than 1020 files/,
  ],
  [
    'a manifest of a hundred megabytes',
    packed([['manifest.json', new Uint8Array(100_000_000)]]),
    /may have 4194304/,
  ],
  [
    'a manifest that is deep',
    packed(new Map([...files, ['manifest.json', utf8('['.repeat(500_000))]])),
    /manifest.json is malformed/,
  ],
  [
    'keys that are deep',
    tampered(files, { edit: { 'keys.json': () => `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` } }),
    /keys.json is malformed/,
  ],
  [
    'a line without an end',
    tampered(files, { edit: { 'records.jsonl': () => 'x'.repeat(5_000_000) } }),
    /too long, cut off, or malformed/,
  ],
  [
    'a record that is deep',
    tampered(files, {
      edit: { 'records.jsonl': () => `{"index":0,"record":{"a":${'['.repeat(100_000)}}}\n` },
    }),
    /no record|malformed/,
  ],
  [
    'a head that is deep',
    tampered(files, { edit: { 'heads.jsonl': () => `${'['.repeat(200_000)}\n` } }),
    /heads.jsonl/,
  ],
  [
    'a tree of 2^53 entries',
    tampered(files, { edit: { checkpoint: (text) => text.replace('\n1500\n', '\n9007199254740991\n') } }),
    /signature-wrong/,
  ],
  [
    'a line that is no text',
    packed(new Map([...files, ['records.jsonl', Uint8Array.of(0xff, 0x0a)]])),
    /records.jsonl has/,
  ],
  ['nothing at all', new Uint8Array(0), /cut off/],
];

test('what was made to hurt is refused by name, by both', async (t) => {
  const trust = { rootKeys: [], signatures: 1, policy: undefined };
  const cases: AloneCase[] = [];
  for (const [at, [name, bytes, line]] of HOSTILE.entries())
    await t.test(name, () => {
      const { lines, holds } = verifyBundle(sourceOf(bytes), trust);
      assert.equal(holds, false);
      assert.match(lines.at(-1)?.says ?? '', line);
      cases.push({ kind: 'bundle', of: { path: file(`hostile-${at}.tar`, bytes) } });
    });
  assert.deepEqual(
    heldBy(cases),
    HOSTILE.map(() => false),
  );
});

test('a long bundle is verified in little memory, by both', () => verifyInLittleMemory(home, RECORDS));

test('the page’s example: two of five entries, and the hashes that lead from them to the root', () => {
  const page = fromUtf8(readFileSync(join(ROOT, 'docs/reference/export.md')));
  const ledger = fromUtf8(readFileSync(join(ROOT, 'docs/reference/ledger.md')));
  const shown = (of: string, name: string): string => {
    const [, text] = new RegExp(`<!-- example: ${name} -->\\n\\n\`\`\`text\\n([^\`]*)\`\`\``).exec(of) ?? [];
    return text ?? assert.fail(name);
  };
  const hash = (...parts: readonly (string | Uint8Array)[]) =>
    createHash('sha256')
      .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
      .digest();
  const leaf = (entry: string) => hash(Uint8Array.of(0), entry);
  const node = (left: Uint8Array, right: Uint8Array) => hash(Uint8Array.of(1), left, right);
  const entries = shown(ledger, 'entries').trimEnd().split('\n');
  const [first, third, fifth] = shown(page, 'tree')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line, 'base64'));
  assert.ok(first && third && fifth);
  const left = node(node(first, leaf(entries[1] ?? '')), node(third, leaf(entries[3] ?? '')));
  assert.equal(node(left, fifth).toString('base64'), shown(ledger, 'checkpoint').split('\n')[2]);
});
