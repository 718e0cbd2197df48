import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import {
  ALL_UP_TOPICS,
  batchOpenings,
  commissioning,
  directoryEntries,
  downMessage,
  downTopic,
  enrolmentAnswer,
  enrolmentRequest,
  noticeCodes,
  readTopic,
  SEAL_INFO,
  upMessage,
  upTopic,
} from './uplink.ts';

const BANK = 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const HASH = 'A'.repeat(43);
const box = { enc: 'AAAA', ciphertext: 'BBBB' };
const notice = {
  seq: 2,
  reference: 'notice_aaaaaaaaaaaaaaaaaaaaaaaaaa',
  what: 'arrival',
  epoch: 'epoch_a',
  codes: box,
};

const up = [
  { v: 1, type: 'batch', head: 'note', records: ['{}'], openings: box, notices: [notice] },
  {
    v: 1,
    type: 'hello',
    boot: 'b',
    lastSeq: 3,
    acknowledgedSeq: 2,
    roster: { version: 1, hash: HASH },
    epoch: null,
    directory: 0,
    suspensions: ['one'],
    development: true,
  },
  { v: 1, type: 'batch', head: 'note', records: ['{}'], openings: null, notices: [] },
  { v: 1, type: 'time', nonce: 'n'.repeat(8) },
  { v: 1, type: 'refusal', of: HASH, reason: 'signature-wrong' },
  { v: 1, type: 'log-ask', nonce: 'n'.repeat(8), origin: 'ledger.example/log/t/1', from: 0 },
  { v: 1, type: 'certificate-ask', request: 'pem' },
];
const down = [
  { v: 1, type: 'ack', lastSeq: 3, head: HASH },
  { v: 1, type: 'batch-refused', reason: 'batch-gap', lastSeq: 3 },
  { v: 1, type: 'behind', lastSeq: 3, head: HASH },
  { v: 1, type: 'forget', upTo: 3 },
  { v: 1, type: 'roster', note: 'note' },
  { v: 1, type: 'epoch', note: 'note' },
  { v: 1, type: 'directory', version: 2, entries: box },
  { v: 1, type: 'time', nonce: 'n', atMs: 5 },
  {
    v: 1,
    type: 'suspend',
    id: 'suspension-0123456789A',
    scope: 'courier',
    subject: `person_${'a'.repeat(26)}`,
    compartment: null,
    untilMs: 5,
  },
  { v: 1, type: 'lift', id: 'suspension-0123456789A' },
  { v: 1, type: 'log-proof', nonce: 'n', note: null, hashes: [HASH] },
  { v: 1, type: 'certificate', certificate: 'pem', authority: 'pem' },
];
const rest: [string, z.ZodType, object][] = [
  ['noticeCodes', noticeCodes, { v: 1, pin: '123456789', qr: 'HFP1' }],
  ['enrolmentRequest', enrolmentRequest, { v: 1, code: 'c'.repeat(20), request: 'pem', sealKey: 'AAAA' }],
  ['enrolmentAnswer', enrolmentAnswer, { v: 1, certificate: 'pem', fingerprint: HASH }],
  [
    'commissioning',
    commissioning,
    {
      v: 1,
      tenant: 't',
      site: 's',
      bank: BANK,
      name: 'n',
      rootKeys: ['AAAA'],
      rootSignatures: 1,
      pins: [HASH, HASH],
      enrolmentUrl: 'u',
      enrolmentCode: 'c',
      brokerUrl: 'b',
      development: false,
    },
  ],
];
const all: [string, z.ZodType, object][] = [
  ...up.map((message): [string, z.ZodType, object] => [`up ${message.type}`, upMessage, message]),
  ...down.map((message): [string, z.ZodType, object] => [`down ${message.type}`, downMessage, message]),
  ...rest,
];

for (const [name, schema, message] of all) {
  test(`${name}: read as it is; another version, an unknown or a missing part is refused`, () => {
    assert.deepEqual(schema.parse(message), message);
    for (const v of [0, 2, '1', null, undefined])
      assert.ok(!schema.safeParse({ ...message, v }).success, `v ${String(v)}`);
    assert.ok(!schema.safeParse({ ...message, more: 1 }).success);
    for (const key of Object.keys(message)) {
      const { [key as keyof typeof message]: _, ...without } = message;
      assert.ok(!schema.safeParse(without).success, `without ${key}`);
    }
    // Nothing that crosses a process survives only in memory.
    assert.deepEqual(schema.parse(JSON.parse(JSON.stringify(message))), message);
  });
}

test('what goes up does not come down, and unknown types do neither', () => {
  for (const message of up) assert.ok(message.type === 'time' || !downMessage.safeParse(message).success);
  for (const message of down) assert.ok(!upMessage.safeParse(message).success);
  for (const type of ['', 'release', 'open', 'unlock', 'order', '__proto__', 'constructor', null, 7]) {
    for (const schema of [upMessage, downMessage]) assert.ok(!schema.safeParse({ v: 1, type }).success);
  }
});

test('no message that comes down asks for a latch; an order is a note that the cloud cannot sign', () => {
  const types = downMessage.options.map((option) => option.shape.type.value);
  assert.deepEqual(types.sort(), [
    'ack',
    'batch-refused',
    'behind',
    'certificate',
    'directory',
    'epoch',
    'forget',
    'lift',
    'log-proof',
    'order',
    'roster',
    'suspend',
    'time',
  ]);
});

test('nested parts are strict too, and numbers whole', () => {
  const [batch, hello] = up;
  assert.ok(batch && hello);
  const bad = [
    { ...batch, notices: [{ ...notice, more: 1 }] },
    { ...batch, notices: [{ ...notice, reference: 'notice_x' }] },
    { ...batch, openings: { ...box, more: 1 } },
    { ...batch, openings: { ...box, enc: 'AA+A' } },
    { ...batch, records: [] },
    { ...batch, records: Array.from({ length: 1025 }, () => '{}') },
    { ...batch, records: [7] },
    { ...batch, head: 'x'.repeat(4097) },
    { ...hello, lastSeq: 1.5 },
    { ...hello, lastSeq: -1 },
    { ...hello, lastSeq: 2 ** 53 },
    { ...hello, roster: { version: 1, hash: 'short' } },
  ];
  for (const message of bad)
    assert.ok(!upMessage.safeParse(message).success, JSON.stringify(message).slice(0, 100));
});

test('a topic names one bank and one way', () => {
  assert.deepEqual(readTopic(upTopic(BANK)), { bank: BANK, way: 'up' });
  assert.deepEqual(readTopic(downTopic(BANK)), { bank: BANK, way: 'down' });
  const others = [
    '',
    ALL_UP_TOPICS,
    upTopic('+'),
    upTopic('#'),
    `${upTopic(BANK)}/`,
    `/${upTopic(BANK)}`,
    `${upTopic(BANK)}\n`,
    upTopic(BANK).toUpperCase(),
    upTopic(`${BANK}/x`),
    upTopic(BANK.slice(0, -1)),
    upTopic(BANK).replace('v1', 'v2'),
    upTopic(BANK).replace('/up', '/sideways'),
    `$SYS/${upTopic(BANK)}`,
  ];
  for (const topic of others) assert.equal(readTopic(topic), undefined, JSON.stringify(topic));
});

test('seals of different use have different info', () => {
  assert.equal(new Set(Object.values(SEAL_INFO)).size, Object.keys(SEAL_INFO).length);
});

test('openings and directory entries are strict', () => {
  const openings = [{ seq: 1, openings: { person: { salt: 'AAAA', value: 'x' } } }];
  assert.deepEqual(batchOpenings.parse(openings), openings);
  assert.ok(
    !batchOpenings.safeParse([{ seq: 1, openings: { person: { salt: 'AAAA', value: 'x', more: 1 } } }])
      .success,
  );
  assert.ok(!batchOpenings.safeParse([{ seq: -1, openings: {} }]).success);
  const entry = { person: `person_${'a'.repeat(26)}`, flat: '12B', label: 'A. L.', accessible: false };
  assert.deepEqual(directoryEntries.parse([entry]), [entry]);
  for (const extra of ['phone', 'email', 'name'])
    assert.ok(!directoryEntries.safeParse([{ ...entry, [extra]: 'x' }]).success, extra);
});

test('a commissioning holds at least the pins of today and next', () => {
  const [, , sound] = rest[3] ?? assert.fail();
  for (const pins of [[], [HASH], [HASH, HASH, HASH, HASH], [HASH, 'x']])
    assert.ok(!commissioning.safeParse({ ...sound, pins }).success);
  assert.ok(!commissioning.safeParse({ ...sound, rootKeys: [] }).success);
  assert.ok(!commissioning.safeParse({ ...sound, rootSignatures: 0 }).success);
});
