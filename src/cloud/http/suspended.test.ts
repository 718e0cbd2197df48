/** A bank or a door that is taken out of use for hours: who may, once, within which bounds, and what the bank made of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { z } from 'zod';
import type { bankDetail } from '../../contract/http/admin.ts';
import { problem } from '../../contract/http/common.ts';
import type { DownMessage } from '../../contract/uplink.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { type Answer, type HttpStand, openHttpStand } from './test-http-stand.ts';

const HOUR_MS = 3_600_000;
let http: HttpStand;
let bank: TestBank;

before(async () => {
  http = await openHttpStand();
  bank = await enrolledBank(http.stand.cloud, http.alder.tenant, http.alder.site);
});
after(() => http?.close());

type Detail = z.infer<typeof bankDetail>;
const at = (rest = '') => `/api/admin/banks/${bank.bank}${rest}`;
const shown = async () => ((await http.ask('GET', at())).body as Detail).suspensions;
const post = (path: string, body: object) => http.ask('POST', path, { body });
const suspend = (rest = '', hours = 1) => post(at(`${rest}/suspend`), { hours, reason: 'latch is loose' });
const lift = (rest = '') => post(at(`${rest}/lift`), { reason: 'mended' });
const coded = ({ status, body }: Answer) => [status, status < 400 ? '' : problem.parse(body).code];

/** What the cloud answers to these words of the bank. */
async function say(...messages: object[]): Promise<DownMessage[]> {
  const sent: DownMessage[] = [];
  const { cloud } = http.stand;
  const send = async (_bank: string, answer: DownMessage) => void sent.push(answer);
  const intake = new Intake({ cloud, nouns: NOUNS, leases: ALONE, send });
  for (const message of messages) intake.received(bank.bank, Buffer.from(JSON.stringify(message)));
  await intake.stop();
  return sent;
}

/** As a bank says it that holds these suspensions. */
async function told(suspensions: readonly string[]): Promise<DownMessage[]> {
  const sent = await say({
    ...{ v: 1, type: 'hello', boot: 'b', lastSeq: 0, acknowledgedSeq: 0, epoch: null },
    ...{ roster: { version: 0, hash: null }, directory: 1_000_000, suspensions, development: true },
  });
  // A courier of this organisation is suspended, of whom every bank is told.
  return sent.filter(
    (message) => message.type === 'lift' || (message.type === 'suspend' && message.scope !== 'courier'),
  );
}

/** The bank refuses a message, and says so in a record of its own. */
async function refuse(message: DownMessage | undefined, reason: string): Promise<void> {
  const bytes = utf8(JSON.stringify(message));
  const facts = { hash: base64url(sha256(bytes)), bytes: bytes.length, reason };
  bank.write({ kind: 'message.refused', facts });
  await say(await bank.batch());
}

test('a suspension is asked once, shown with who asked until when, applied by the bank, lifted once', async () => {
  assert.deepEqual(await shown(), []);
  const before = http.stand.cloud.clock.nowMs();
  assert.deepEqual(coded(await suspend('', 2)), [204, '']);
  assert.deepEqual(coded(await suspend('', 2)), [409, 'conflict']);
  const [asked, ...others] = await shown();
  assert.ok(asked && others.length === 0);
  assert.deepEqual([asked.door, asked.state, asked.refused], [null, 'asked', null]);
  assert.match(asked.by ?? '', /^Alder /);
  assert.ok(Math.abs(asked.untilMs - before - 2 * HOUR_MS) < 60_000);
  const [message, ...rest] = await told([]);
  assert.ok(message?.type === 'suspend' && rest.length === 0);
  assert.deepEqual([message.scope, message.subject, message.compartment], ['bank', null, null]);
  assert.deepEqual(await told([message.id]), []);
  assert.equal((await shown())[0]?.state, 'applied');
  assert.deepEqual(coded(await lift()), [204, '']);
  assert.deepEqual(coded(await lift()), [409, 'conflict']);
  assert.equal((await shown())[0]?.state, 'lifting', 'the bank holds it still');
  assert.deepEqual(await told([message.id]), [{ v: 1, type: 'lift', id: message.id }]);
  await told([]);
  assert.deepEqual(await shown(), []);
});

test('a door is suspended by itself, at the bank that was named and no other; one that is none is not there', async () => {
  for (const n of [0, 25, 10_001, 'x']) {
    const { status } = await suspend(`/doors/${n}`);
    assert.equal(status, n === 25 ? 404 : 400, String(n));
  }
  assert.deepEqual(coded(await lift('/doors/25')), [404, 'not-found']);
  assert.deepEqual(coded(await suspend('/doors/3')), [204, '']);
  assert.deepEqual(coded(await suspend('/doors/3')), [409, 'conflict']);
  assert.deepEqual(coded(await suspend('/doors/4')), [204, '']);
  assert.deepEqual(coded(await lift()), [409, 'conflict'], 'the bank as a whole is not suspended');
  assert.deepEqual(
    (await shown()).map(({ door }) => door),
    [3, 4],
  );
  const other = (await http.ask('GET', `/api/admin/banks/${http.alder.bank}`)).body as Detail;
  assert.deepEqual(other.suspensions, []);
  const messages = await told([]);
  assert.deepEqual(
    messages.map((message) => message.type === 'suspend' && [message.scope, message.compartment]),
    [
      ['compartment', 3],
      ['compartment', 4],
    ],
  );
  for (const n of [3, 4]) assert.deepEqual(coded(await lift(`/doors/${n}`)), [204, '']);
  assert.deepEqual(await shown(), []);
});

test('what the bank refused is shown with its reason, until it takes it after all', async () => {
  await suspend('/doors/5');
  const [message] = await told([]);
  assert.ok(message?.type === 'suspend');
  await refuse({ ...message, id: 'another' }, 'message-malformed');
  assert.equal((await shown())[0]?.state, 'asked', 'that was another message');
  await refuse(message, 'suspension-too-long');
  const [refused] = await shown();
  assert.deepEqual([refused?.state, refused?.refused], ['refused', 'suspension-too-long']);
  await told([message.id]);
  const [taken] = await shown();
  assert.deepEqual([taken?.state, taken?.refused], ['applied', null]);
  await told([]);
  await lift('/doors/5');
});

test('24 hours are the most and none is too little, and a bank whose clock is behind takes them', async () => {
  for (const hours of [0, 25, 1.5]) {
    assert.deepEqual(coded(await suspend('/doors/6', hours)), [400, 'input-invalid']);
    assert.deepEqual(await shown(), []);
  }
  await suspend('/doors/6', 24);
  const spanMs = ((await shown())[0]?.untilMs ?? 0) - http.stand.cloud.clock.nowMs();
  assert.ok(spanMs > 23.8 * HOUR_MS && spanMs < 23.9 * HOUR_MS);
  await lift('/doors/6');
});

test('administrators of the bank’s own organisation may, and nobody else', async () => {
  const asks = [at('/suspend'), at('/lift'), at('/doors/7/suspend'), at('/doors/7/lift')];
  const bodyOf = (path: string) => ({ reason: 'x', ...(path.endsWith('/suspend') ? { hours: 1 } : {}) });
  for (const path of asks) {
    for (const as of ['resident', 'courier'] as const) {
      const answer = await http.ask('POST', path, { as, body: bodyOf(path) });
      assert.deepEqual(coded(answer), [401, 'not-signed-in'], `${as} ${path}`);
    }
    const foreign = await http.ask('POST', path, { tenant: http.birch, body: bodyOf(path) });
    assert.deepEqual(coded(foreign), [404, 'not-found'], path);
  }
  assert.deepEqual(await shown(), []);
  for (const as of ['admin', 'super-admin'] as const)
    for (const path of asks)
      assert.equal((await http.ask('POST', path, { as, body: bodyOf(path) })).status, 204, `${as} ${path}`);
});

test('under one key it happens once, and the record names the bank, the door and why', async () => {
  const key = 'suspend-door-eight-once';
  const ask = () =>
    http.ask('POST', at('/doors/8/suspend'), { key, body: { hours: 1, reason: 'bent hinge' } });
  for (let time = 0; time < 2; time++) assert.deepEqual(coded(await ask()), [204, '']);
  assert.equal((await shown()).length, 1);
  const { cloud } = http.stand;
  await cloud.database.tenant(http.alder.tenant, async (tx) => {
    const end = await cloud.journal.endOf(tx, http.alder.tenant);
    const range = { first: end?.lastSeq ?? 0, last: end?.lastSeq ?? 0 };
    const opened = (await cloud.journal.openOpenings(tx, http.alder.tenant, range)).get(range.first);
    assert.equal(opened?.subject?.value, bank.bank);
    assert.equal(opened?.purpose?.value, 'bent hinge');
    assert.equal(
      await banks.liftPlace(cloud, tx, { bank: bank.bank, door: 8, by: null, purpose: 'x' }),
      true,
    );
  });
});
