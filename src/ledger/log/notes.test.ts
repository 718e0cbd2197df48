import assert from 'node:assert/strict';
import { createHash, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { test } from 'node:test';
import {
  addCosignatures,
  type Checkpoint,
  checkpointText,
  EMPTY_ROOT,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from './checkpoint.ts';
import { judgeQuorum, type LogPolicy, openWitnessed, readPolicy } from './policy.ts';
import {
  cosignatureLine,
  LOG_NOTE_LENGTH_MAX,
  type LogSigner,
  openLogNote,
  signLogNote,
} from './signatures.ts';
import { modelLeaves, modelRoot, RFC_SECRETS, signerOf } from './test-model.ts';
import { type LogKey, type LogKeyType, parseVkey, vkeyText } from './vkey.ts';

const [LOG_SECRET, FIRST_SECRET, SECOND_SECRET, THIRD_SECRET] = RFC_SECRETS;
const log = signerOf('log.example/a', LOG_SECRET);
const first = signerOf('witness.example/1', FIRST_SECRET);
const second = signerOf('witness.example/2', SECOND_SECRET);
const third = signerOf('witness.example/3', THIRD_SECRET);
const keyOf = (type: LogKeyType, { name, publicKey }: LogSigner): LogKey => ({ type, name, publicKey });
const logKey = keyOf('signature', log);
const witnesses = [first, second, third].map((signer) => keyOf('cosignature', signer));
const [firstKey = assert.fail(), secondKey = assert.fail()] = witnesses;

const checkpoint: Checkpoint = { origin: 'log.example/a', size: 5, root: modelRoot(modelLeaves(5)) };
const text = checkpointText(checkpoint);
const note = signCheckpoint(checkpoint, log);
const NOW_S = 1_790_000_000;
const lineOf = (signer: LogSigner, atS = NOW_S) => cosignatureLine({ text, signer, atS });
const trust = { origin: checkpoint.origin, logKeys: [logKey], witnesses };
const reasonOf = (answer: { ok: true } | { ok: false; reason: string }) => (answer.ok ? 'ok' : answer.reason);

/** A signature line by the words of the standard, without the modules under test. */
function plainLine(
  type: 1 | 4,
  signer: LogSigner,
  part: { name?: string; message?: string; time?: bigint },
): string {
  const key = createPrivateKey({ key: Buffer.from(signer.privateKey), format: 'der', type: 'pkcs8' });
  const name = part.name ?? signer.name;
  const id = createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(type))
    .update(signer.publicKey)
    .digest();
  const signature = nodeSign(null, Buffer.from(part.message ?? text), key);
  const time = Buffer.alloc(part.time === undefined ? 0 : 8);
  if (part.time !== undefined) time.writeBigUInt64BE(part.time);
  return `— ${name} ${Buffer.concat([id.subarray(0, 4), time, signature]).toString('base64')}\n`;
}

test('a note of a log and the line of a witness are, byte for byte, what the standard says', () => {
  assert.equal(note, `${text}\n${plainLine(1, log, {})}`);
  const message = `cosignature/v1\ntime ${NOW_S}\n${text}`;
  assert.equal(lineOf(first), plainLine(4, first, { message, time: BigInt(NOW_S) }));
  const opened = openLogNote(note + lineOf(first), [logKey, firstKey]);
  assert.deepEqual(opened, {
    ok: true,
    value: {
      text,
      signatures: [
        { key: logKey, atS: null },
        { key: firstKey, atS: NOW_S },
      ],
    },
  });
});

test('unknown lines are ignored, by name or by key id; without a known one there is no text', () => {
  const strangers =
    plainLine(1, third, {}) + plainLine(1, log, { name: 'log.example/b' }) + plainLine(4, log, {});
  const opened = openLogNote(note + strangers, [logKey]);
  assert.ok(opened.ok && opened.value.signatures.length === 1);
  assert.equal(reasonOf(openLogNote(`${text}\n${strangers}`, [logKey])), 'signature-missing');
  assert.equal(reasonOf(openLogNote(note, [])), 'signature-missing');
  // A key of the one type does not verify what was signed under the other.
  assert.equal(reasonOf(openLogNote(note, [keyOf('cosignature', log)])), 'signature-missing');
  assert.equal(
    reasonOf(openLogNote(`${text}\n${lineOf(first)}`, [keyOf('signature', first)])),
    'signature-missing',
  );
});

test('one wrong signature of a known key spoils the note, in whatever order', () => {
  const wrong = plainLine(1, log, { message: 'another text\n' });
  const wrongWitness = plainLine(4, first, { message: text, time: BigInt(NOW_S) });
  for (const lines of [wrong, wrong + note.slice(text.length + 1), note.slice(text.length + 1) + wrong])
    assert.equal(reasonOf(openLogNote(`${text}\n${lines}`, [logKey])), 'signature-wrong');
  assert.equal(reasonOf(openLogNote(note + wrongWitness, [logKey, firstKey])), 'signature-wrong');
  assert.equal(reasonOf(openLogNote(note + wrongWitness, [logKey])), 'ok');
  for (const short of [0, 4, 8]) {
    const bytes = new Uint8Array(short);
    const id = Buffer.from(lineOf(first).split(' ')[2] ?? '', 'base64').subarray(0, 4);
    const line = `— ${first.name} ${Buffer.concat([id, bytes]).toString('base64')}\n`;
    assert.equal(
      reasonOf(openLogNote(note + line, [logKey, firstKey])),
      short === 0 ? 'note-malformed' : 'signature-wrong',
    );
  }
});

test('the time of a cosignature is signed', () => {
  const bytes = Buffer.from(lineOf(first).trimEnd().split(' ')[2] ?? '', 'base64');
  for (const byte of [7, 10, 11]) {
    const bent = Buffer.from(bytes);
    bent[byte] = (bent[byte] ?? 0) ^ 1;
    const line = `— ${first.name} ${bent.toString('base64')}\n`;
    assert.equal(reasonOf(openLogNote(note + line, [logKey, firstKey])), 'signature-wrong', `byte ${byte}`);
  }
});

test('a cosignature without a time, or with one that no calendar has, says nothing', () => {
  for (const time of [0n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    const line = plainLine(4, first, { message: `cosignature/v1\ntime ${time}\n${text}`, time });
    assert.equal(reasonOf(openLogNote(note + line, [logKey, firstKey])), 'cosignature-time-wrong');
  }
  for (const atS of [0, -1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => lineOf(first, atS), /has a time/);
});

test('who cosigned twice stands there once, with the later time', () => {
  for (const lines of [lineOf(first, 5) + lineOf(first, 9), lineOf(first, 9) + lineOf(first, 5)]) {
    const opened = openLogNote(note + lines, [logKey, firstKey]);
    assert.ok(opened.ok);
    assert.deepEqual(
      opened.value.signatures.map(({ atS }) => atS),
      [null, 9],
    );
  }
});

test('the form of a note is held: controls, surrogates, trailing bytes, too many lines, too long', () => {
  const line = plainLine(1, third, {});
  const bad = [
    ...[
      '',
      text,
      `${text}\n`,
      note.slice(0, -1),
      `${note}\n`,
      `${note}x`,
      `${note}x\n`,
      ` ${note.trimStart()}\t\n`,
    ],
    ...[
      note.replace('—', '-'),
      note.replace('— ', '—'),
      note.replaceAll('\n', '\r\n'),
      note.replace('5', '\u0000'),
    ],
    ...[
      note.replace('log', '\ud800'),
      note.replace(/\n$/, ' \n'),
      note.replace(/=*\n$/, '*\n'),
      `${note}— a AAAA\n`,
    ],
    ...[
      `${note}— a b ${'A'.repeat(92)}\n`,
      `${note}— a\u00a0b ${'A'.repeat(92)}\n`,
      `${note}— a+b ${'A'.repeat(92)}\n`,
    ],
  ];
  for (const each of bad)
    assert.equal(reasonOf(openLogNote(each, [logKey])), 'note-malformed', JSON.stringify(each));
  assert.equal(reasonOf(openLogNote(note + line.repeat(63), [logKey])), 'ok');
  assert.equal(reasonOf(openLogNote(note + line.repeat(64), [logKey])), 'note-too-many-signatures');
  assert.equal(reasonOf(openLogNote('a'.repeat(LOG_NOTE_LENGTH_MAX + 1), [logKey])), 'note-too-long');
  assert.throws(() => signLogNote('no newline', log), /whole lines/);
  assert.throws(() => signLogNote(text, { ...log, name: 'a b' }), /key name/);
  assert.throws(() => lineOf({ ...first, name: 'a+b' }), /key name/);
});

test('a vkey names type, name and key, and is refused when one does not fit the other', () => {
  for (const key of [logKey, firstKey]) assert.deepEqual(parseVkey(vkeyText(key)), { ok: true, value: key });
  const vkey = vkeyText(logKey);
  const typed = (type: number, publicKey: Uint8Array) => {
    const material = Buffer.concat([Uint8Array.of(type), publicKey]);
    const id = createHash('sha256').update(`n\n`).update(material).digest('hex').slice(0, 8);
    return `n+${id}+${material.toString('base64')}`;
  };
  const cases: [string, string][] = [
    [vkey.replace('log.example/a', 'log.example/b'), 'vkey-id-wrong'],
    [vkey.replace(/\+[0-9a-f]/, (found) => (found === '+0' ? '+1' : '+0')), 'vkey-id-wrong'],
    [typed(2, log.publicKey), 'vkey-type-unknown'],
    [typed(6, new Uint8Array(1312)), 'vkey-type-unknown'],
    [typed(1, log.publicKey.subarray(1)), 'vkey-key-unfit'],
    [typed(1, new Uint8Array(33)), 'vkey-key-unfit'],
    [typed(4, new Uint8Array(32)), 'vkey-key-unfit'],
    ...[
      '',
      '+',
      'a+b',
      vkey.slice(0, -2),
      vkey.toUpperCase(),
      ` ${vkey}`,
      `${vkey}\n`,
      `${vkey}=`,
      `a b${vkey}`,
    ].map((text): [string, string] => [text, 'vkey-malformed']),
    [`${'n'.repeat(5000)}${vkey}`, 'vkey-malformed'],
  ];
  for (const [text, reason] of cases) assert.equal(reasonOf(parseVkey(text)), reason, text);
  assert.throws(() => vkeyText({ ...logKey, name: 'a b' }), /key name/);
  assert.throws(() => vkeyText({ ...logKey, publicKey: new Uint8Array(32) }), /no fit/);
});

test('a checkpoint is three lines, and nothing else is read as one', () => {
  assert.deepEqual(parseCheckpoint(text), { ok: true, value: checkpoint });
  const root = text.split('\n')[2] ?? '';
  const cases: [string, string][] = [
    [`a\n05\n${root}\n`, 'number-malformed'],
    ...['', '-1', '+5', ' 5', '5 ', '0x5', '5.0', '5e3', '00'].map((size): [string, string] => [
      `a\n${size}\n${root}\n`,
      'number-malformed',
    ]),
    [`a\n9007199254740992\n${root}\n`, 'number-huge'],
    [`a\n18446744073709551615\n${root}\n`, 'number-huge'],
    [`a\n${'9'.repeat(4000)}\n${root}\n`, 'number-huge'],
    [`a\n5\n${root}\nmore\n`, 'checkpoint-extended'],
    [`a\n5\n${root}\n\n`, 'checkpoint-extended'],
    [`a\n5\n${root}`, 'checkpoint-malformed'],
    ['a\n5\n', 'checkpoint-malformed'],
    [`\n5\n${root}\n`, 'checkpoint-malformed'],
    ['', 'checkpoint-malformed'],
    [`a\n5\n${root.slice(4)}\n`, 'root-malformed'],
    [`a\n5\n${root.replace('=', '')}\n`, 'root-malformed'],
    [`a\n5\nAAAA${root}\n`, 'root-malformed'],
    [`a\n5\n ${root}\n`, 'root-malformed'],
    [`a\n5\n\n`, 'root-malformed'],
    [`a\n0\n${root}\n`, 'root-of-empty-wrong'],
  ];
  for (const [each, reason] of cases)
    assert.equal(reasonOf(parseCheckpoint(each)), reason, JSON.stringify(each));
  assert.equal(reasonOf(parseCheckpoint(`a\n9007199254740991\n${root}\n`)), 'ok');
  assert.equal(reasonOf(parseCheckpoint(checkpointText({ origin: 'a', size: 0, root: EMPTY_ROOT }))), 'ok');
  for (const wrong of [
    { origin: '' },
    { origin: 'a\nb' },
    { size: -1 },
    { size: 2 ** 53 },
    { size: 0 },
    { root: new Uint8Array(31) },
  ])
    assert.throws(() => checkpointText({ ...checkpoint, ...wrong }));
});

test('a checkpoint of another origin is refused, though its key be known', () => {
  const other = signCheckpoint({ ...checkpoint, origin: 'log.example/b' }, log);
  assert.equal(reasonOf(openCheckpoint(other, trust)), 'checkpoint-origin-other');
  assert.equal(reasonOf(openCheckpoint(note, trust)), 'ok');
});

test('a checkpoint that only witnesses signed is none of the log', () => {
  assert.equal(
    reasonOf(openCheckpoint(`${text}\n${lineOf(first)}${lineOf(second)}`, trust)),
    'signature-missing',
  );
});

test('a checkpoint is believed with k of n witnesses, and the verdict says who and when', () => {
  const policy = read({ quorum: 2 });
  const opened = openWitnessed(note + lineOf(second, 7) + lineOf(first, 9), policy);
  assert.ok(opened.ok);
  assert.deepEqual(opened.value.verdict, {
    holds: true,
    quorum: 2,
    cosigned: [
      { name: second.name, atS: 7 },
      { name: first.name, atS: 9 },
    ],
    missing: [third.name],
  });
  assert.deepEqual(openWitnessed(note + lineOf(first) + lineOf(first, 3), policy), {
    ok: false,
    reason: 'quorum-missing',
    about: '1 of 2, without witness.example/2, witness.example/3',
  });
  assert.equal(reasonOf(openWitnessed(note, read({ quorum: 0 }))), 'ok');
  assert.equal(reasonOf(openWitnessed(note, read({ quorum: 1 }))), 'quorum-missing');
});

type Part = { logs?: LogKey[]; known?: LogKey[]; quorum: number };
const ask = ({ logs = [logKey], known = witnesses, quorum }: Part) =>
  readPolicy({ origin: checkpoint.origin, logs: logs.map(vkeyText), witnesses: known.map(vkeyText), quorum });
function read(part: Part): LogPolicy {
  const policy = ask(part);
  assert.ok(policy.ok);
  return policy.value;
}

test('a policy in which a key stands twice, or could never hold, is refused', () => {
  const alias = { ...firstKey, name: 'witness.example/alias' };
  const cases: [Part, string][] = [
    [{ known: [firstKey, secondKey, alias], quorum: 2 }, 'policy-key-twice'],
    [{ known: [firstKey, firstKey], quorum: 1 }, 'policy-key-twice'],
    [{ known: [keyOf('cosignature', log)], quorum: 1 }, 'policy-key-twice'],
    [{ known: [keyOf('signature', first)], quorum: 1 }, 'policy-key-type'],
    [{ logs: [keyOf('cosignature', log)], quorum: 1 }, 'policy-key-type'],
    [{ logs: [], quorum: 1 }, 'policy-quorum-impossible'],
    [{ quorum: 4 }, 'policy-quorum-impossible'],
    [{ quorum: -1 }, 'policy-quorum-impossible'],
    [{ quorum: 1.5 }, 'policy-quorum-impossible'],
  ];
  for (const [part, reason] of cases) assert.equal(reasonOf(ask(part)), reason);
  assert.equal(
    reasonOf(readPolicy({ origin: 'a', logs: ['nonsense'], witnesses: [], quorum: 0 })),
    'vkey-malformed',
  );
});

test('one key under two names counts once, however the policy came about', () => {
  const alias = { ...firstKey, name: 'witness.example/alias' };
  const policy = { ...read({ quorum: 2 }), witnesses: [firstKey, alias] };
  const both = note + lineOf(first) + lineOf({ ...first, name: alias.name });
  const opened = openCheckpoint(both, policy);
  assert.ok(opened.ok && opened.value.signatures.length === 3);
  const verdict = judgeQuorum(policy, opened.value.signatures);
  assert.deepEqual([verdict.holds, verdict.cosigned.length], [false, 1]);
});

test('what a witness answers is added to the checkpoint only when it is a known witness’s and verifies', () => {
  const add = (answer: string, to = note) => addCosignatures(to, { answer, witnesses });
  const added = add(lineOf(first) + plainLine(4, log, { time: 5n }) + lineOf(second));
  assert.ok(added.ok);
  assert.equal(added.value.note, note + lineOf(first) + lineOf(second));
  assert.deepEqual(
    added.value.added.map(({ key, atS }) => [key.name, atS]),
    [
      [first.name, NOW_S],
      [second.name, NOW_S],
    ],
  );
  assert.equal(reasonOf(openCheckpoint(added.value.note, trust)), 'ok');
  // The same answer again changes nothing.
  const again = add(lineOf(first), added.value.note);
  assert.ok(again.ok && again.value.note === added.value.note && again.value.added.length === 0);
  const wrong = plainLine(4, third, { message: 'another', time: 5n });
  assert.equal(reasonOf(add(wrong)), 'signature-wrong');
  for (const answer of ['', 'no line\n', lineOf(first).trimEnd(), `${lineOf(first)}\n`])
    assert.equal(reasonOf(add(answer)), 'note-malformed', JSON.stringify(answer));
  assert.equal(reasonOf(add('x\n'.repeat(LOG_NOTE_LENGTH_MAX))), 'note-too-long');
});
