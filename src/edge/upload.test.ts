import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpMessage } from '../contract/uplink.ts';
import { newEd25519Key } from '../crypto/ed25519.ts';
import { hpke } from '../crypto/hpke.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { NO_HEAD } from '../ledger/batch.ts';
import { vkeyText } from '../ledger/log/vkey.ts';
import { NO_HASH } from '../ledger/record.ts';
import { ManualClock, sleep, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import type { SignedBatch } from './chain.ts';
import { BANK, bankInService, rosterOf, START_MS } from './plan/test-bank.ts';
import { oneCertificate } from './test-certificates.ts';
import { Upload, type UploadDeps, type UploadJournal } from './upload.ts';

/** The rules over a line that keeps what was sent, and a journal with nothing in it. */
function line(
  change: Partial<UploadJournal> = {},
  state = bankInService().state,
  certificates: UploadDeps['certificates'] = oneCertificate(''),
) {
  const clock = new ManualClock(START_MS);
  const sent: UpMessage[] = [];
  const heard: unknown[] = [];
  const questions: unknown[] = [];
  const upload = new Upload({
    bank: BANK,
    keys: { identity: newSigningKey() },
    journal: {
      tip: { lastSeq: 0, lastHash: NO_HASH, lastMs: 0, acknowledgedSeq: 0, lastHead: NO_HEAD, headSeq: 0 },
      unsigned: () => [],
      keepHead() {},
      nextBatch: () => undefined,
      acknowledge: () => true,
      headHashAt: () => undefined,
      batchAgain: () => undefined,
      keptFrom: undefined,
      forgetKept() {},
      ...change,
    },
    hpke,
    link: { connected: true, publish: (message) => sent.push(message) > 0 },
    certificates,
    clock,
    random: systemRandom,
    log: silentLog,
    state: () => state,
    onHeard(message) {
      heard.push(message.time);
      questions.push(message.question);
    },
    onUnheard() {},
  });
  const types = () => sent.splice(0).map(({ type }) => type);
  return { upload, clock, types, sent, heard, questions };
}

test('a new connection tells everything anew', () => {
  const { upload, types } = line();
  upload.opened();
  assert.deepEqual(types(), ['hello', 'time']);
});

/** The cloud answers the newest question for the time. */
function answerTime({ upload, sent }: ReturnType<typeof line>): void {
  const asked = sent.findLast((message) => message.type === 'time');
  assert.ok(asked?.type === 'time');
  upload.received(Buffer.from(JSON.stringify({ v: 1, type: 'time', nonce: asked.nonce, atMs: START_MS })));
}

test('a hello that was lost is said again within ten minutes, on the same connection', () => {
  const bank = line();
  const { upload, clock, types } = bank;
  upload.opened();
  answerTime(bank);
  types();
  clock.advance(40_000);
  upload.beat();
  answerTime(bank);
  assert.deepEqual(types(), ['time']);
  clock.advance(600_000);
  upload.beat();
  answerTime(bank);
  assert.deepEqual(types(), ['hello', 'time']);
  upload.beat();
  assert.deepEqual(types(), ['time']);
});

test('a question that nobody answered: the hello before it was perhaps heard by nobody either', () => {
  const bank = line();
  const { upload, types } = bank;
  upload.opened();
  types();
  upload.beat();
  answerTime(bank);
  assert.deepEqual(types(), ['hello', 'time']);
  upload.beat();
  assert.deepEqual(types(), ['time']);
});

test('many reasons for a hello within half a second make one', () => {
  const { upload, clock, types } = line();
  for (let reason = 0; reason < 5; reason++) upload.hello();
  clock.advance(500);
  assert.deepEqual(types(), ['hello']);
});

test('a time counts once, and only as the answer to the newest question', () => {
  const { upload, clock, sent, heard } = line();
  upload.beat();
  const asked = sent.find((message) => message.type === 'time');
  assert.ok(asked?.type === 'time');
  clock.advance(1_000);
  const answer = { v: 1, type: 'time', nonce: asked.nonce, atMs: START_MS };
  for (const message of [{ ...answer, nonce: 'another-one' }, answer, answer])
    upload.received(Buffer.from(JSON.stringify(message)));
  assert.deepEqual(heard, [null, { atMs: START_MS + 500, uncertaintyMs: 500 }, null]);
});

test('a head that found no room is signed and sent a while later, though no other record asks for it', async () => {
  const bytes = Buffer.from('{}');
  let rooms = 0;
  let kept: SignedBatch | undefined;
  const { upload, clock, types, sent } = line({
    unsigned: () => [{ seq: 1, bytes }],
    keepHead(head) {
      if (rooms++ === 0) throw new Error('there is no room');
      kept = { ...head, records: [bytes], openings: [], wishes: [] };
    },
    nextBatch: () => kept,
  });
  const until = async (holds: () => boolean) => {
    for (let tries = 0; tries < 500 && !holds(); tries++) await sleep(systemClock, 10);
  };
  upload.kick();
  await until(() => rooms === 1);
  // The failure is noted in a later turn of the loop; only then does the waiting begin.
  await sleep(systemClock, 10);
  assert.deepEqual([rooms, types()], [1, []]);
  clock.advance(8_000);
  await until(() => sent.length > 0);
  assert.deepEqual([rooms, types()], [2, ['batch']]);
});

test('a record that is written while a batch is being looked for goes up, though no other asks for it', async () => {
  const bytes = Buffer.from('{}');
  let waiting: { seq: number; bytes: Uint8Array }[] = [];
  let kept: SignedBatch | undefined;
  const { upload, types, sent } = line({
    unsigned: () => waiting,
    keepHead(head) {
      kept = { ...head, records: [bytes], openings: [], wishes: [] };
    },
    nextBatch: () => kept,
  });
  upload.kick();
  // In the same turn: what an acknowledgement makes the planner write.
  waiting = [{ seq: 1, bytes }];
  upload.kick();
  for (let tries = 0; tries < 500 && sent.length === 0; tries++) await sleep(systemClock, 10);
  assert.deepEqual(types(), ['batch']);
});

const MINUTE_MS = 60_000;

/** A bank whose roster names a log that it has seen nothing of yet. */
function auditing() {
  const bank = bankInService();
  const origin = 'ledger.example.com/log/tenant/1';
  const vkey = vkeyText({ type: 'signature', name: origin, publicKey: newEd25519Key().publicKey });
  bank.roster({ version: 2, keys: { ...rosterOf().keys, ledger: vkey } });
  const of = line({}, bank.state);
  const asked = () => of.sent.splice(0).filter((message) => message.type === 'log-ask');
  const proof = (nonce: string) =>
    of.upload.received(
      Buffer.from(JSON.stringify({ v: 1, type: 'log-proof', nonce, note: null, hashes: [] })),
    );
  return { ...of, asked, proof, question: { vkey, origin, from: 0 } };
}

test('a proof of the log is demanded at least hourly, and soon again where nobody answered', () => {
  const { upload, clock, asked, proof, question } = auditing();
  upload.opened();
  const { origin } = question;
  const [first, ...more] = asked();
  assert.deepEqual(
    [first && { ...first, nonce: 'n' }, more],
    [{ v: 1, type: 'log-ask', nonce: 'n', origin, from: 0 }, []],
  );
  // An answer that comes always: how often it is asked for in a day.
  let count = 0;
  let sinceMs = 0;
  proof(first?.nonce ?? '');
  for (let atMs = 0; atMs < 24 * 60 * MINUTE_MS; atMs += 40_000) {
    clock.advance(40_000);
    upload.beat();
    sinceMs += 40_000;
    for (const { nonce } of asked()) {
      count += 1;
      assert.ok(sinceMs <= 60 * MINUTE_MS, `${sinceMs} ms`);
      sinceMs = 0;
      proof(nonce);
    }
  }
  assert.ok(count >= 24 && count <= 60, `${count} questions a day`);
  // Nobody answers: within minutes the next one follows, and not at once.
  clock.advance(30 * MINUTE_MS);
  upload.beat();
  assert.equal(asked().length, 1);
  upload.beat();
  upload.opened();
  assert.equal(asked().length, 0);
  clock.advance(5 * MINUTE_MS);
  upload.beat();
  assert.equal(asked().length, 1);
});

test('a proof counts once, and only as the answer to the newest question', () => {
  const { upload, clock, asked, proof, questions, question } = auditing();
  upload.beat();
  const [first] = asked();
  clock.advance(6 * MINUTE_MS);
  upload.beat();
  const [second] = asked();
  for (const nonce of ['another-one', first?.nonce, second?.nonce, second?.nonce]) proof(nonce ?? '');
  assert.deepEqual(questions, [undefined, undefined, question, undefined]);
});

test('where the roster names no log nothing is asked, whatever time passes', () => {
  const { upload, clock, types } = line();
  for (let hour = 0; hour < 30; hour++) {
    upload.beat();
    clock.advance(60 * MINUTE_MS);
  }
  assert.ok(!types().includes('log-ask'));
});

test('a bank asks for its certificate with a connection and with the beat, and hands over what comes', () => {
  const asked: (number | null)[] = [];
  const answered: unknown[] = [];
  let request: string | undefined = 'PEM';
  const bank = line({}, bankInService().state, {
    wanted(cloudMs) {
      asked.push(cloudMs);
      return request;
    },
    asked() {
      request = undefined;
    },
    answered: (message) => void answered.push(message),
  });
  const { upload, clock, types } = bank;
  upload.opened();
  answerTime(bank);
  assert.deepEqual(types(), ['hello', 'time', 'certificate-ask']);
  clock.advance(40_000);
  upload.beat();
  assert.deepEqual(asked, [null, START_MS + 40_000], 'by the time that the cloud told');
  assert.deepEqual(types(), ['time']);
  const message = { v: 1, type: 'certificate', certificate: 'PEM', authority: 'PEM' };
  upload.received(Buffer.from(JSON.stringify(message)));
  assert.deepEqual(answered, [message]);
});
