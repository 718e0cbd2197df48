/** What a bank does for a cloud that has less than it had acknowledged: the real journal and the rules of the uplink. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BatchMessage, DownMessage, UpMessage } from '../contract/uplink.ts';
import { newKey } from '../crypto/aead.ts';
import { base64url } from '../crypto/bytes.ts';
import { hpke } from '../crypto/hpke.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { headHash, NO_HEAD, openHead } from '../ledger/batch.ts';
import { ManualClock, sleep, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { Journal } from './journal.ts';
import type { Fallen } from './plan/downlink.ts';
import { BANK, bankInService, DAY_MS, START_MS, testId } from './plan/test-bank.ts';
import { oneCertificate } from './test-certificates.ts';
import { Upload } from './upload.ts';

const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const IDENTITY = newSigningKey();
const headOf = (batch: BatchMessage) => {
  const head = openHead(batch.head, { name: BANK, publicKey: IDENTITY.publicKey });
  assert.ok(head);
  return { first: head.first, last: head.last, hash: headHash(head) };
};

/** A bank on a disk of its own, and a cloud that acknowledges when it is told to. */
class Told {
  readonly journal: Journal;
  readonly fallen: Fallen[] = [];
  forgot = 0;
  readonly #clock = new ManualClock(START_MS);
  readonly #upload: Upload;
  #sent: UpMessage[] = [];
  #state = { ...bankInService().state, lastSeq: 0 };

  constructor() {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-behind-'));
    homes.push(dataDir);
    this.journal = new Journal({ dataDir, bank: BANK, storageKey: newKey(), random: systemRandom });
    this.#upload = new Upload({
      certificates: oneCertificate(''),
      ...{ bank: BANK, keys: { identity: IDENTITY }, journal: this.journal, hpke, clock: this.#clock },
      link: { connected: true, publish: (message) => this.#sent.push(message) > 0 },
      ...{ random: systemRandom, log: silentLog, state: () => this.#state },
      onHeard: ({ fallen, forgot }) => {
        if (fallen) this.fallen.push(fallen);
        if (forgot) this.forgot += 1;
      },
      onUnheard: ({ reason }) => assert.fail(reason),
    });
  }

  /** Two records with something behind them, `atMs` by the journal's time. */
  write(atMs = START_MS): void {
    const before = this.#state;
    const state = { ...before, lastSeq: before.lastSeq + 2 };
    const draft = {
      kind: 'session.resumed',
      compartment: 1,
      facts: { work: 'pick-up', pulses: 1 },
      fields: { parcel: testId('parcel', before.lastSeq) },
    } as const;
    const time = { atMs, source: 'clock', uncertaintyMs: 5 } as const;
    this.journal.commit(before, { state, time, records: [draft, draft], wishes: [], effects: [] });
    this.#state = state;
  }

  hear(message: DownMessage): void {
    this.#upload.received(Buffer.from(JSON.stringify(message)));
  }

  async next(): Promise<BatchMessage> {
    this.#upload.kick();
    for (let tries = 0; tries < 500; tries++) {
      const batch = this.#sent.find((message) => message.type === 'batch');
      if (batch) {
        this.#sent = this.#sent.filter((message) => message !== batch);
        return batch;
      }
      await sleep(systemClock, 5);
    }
    throw new Error('no batch was sent');
  }

  async quiet(): Promise<void> {
    this.#upload.kick();
    await sleep(systemClock, 50);
    assert.ok(!this.#sent.some(({ type }) => type === 'batch'));
  }

  acknowledge(batch: BatchMessage): void {
    const { last, hash } = headOf(batch);
    this.hear({ v: 1, type: 'ack', lastSeq: last, head: hash });
  }

  /** So many batches of two records, each taken. */
  async takes(count: number, atMs = START_MS): Promise<BatchMessage[]> {
    const taken: BatchMessage[] = [];
    for (let n = 0; n < count; n++) {
      this.write(atMs);
      const batch = await this.next();
      this.acknowledge(batch);
      taken.push(batch);
    }
    return taken;
  }

  hello() {
    this.#upload.opened();
    const hello = this.#sent.findLast((message) => message.type === 'hello');
    assert.ok(hello?.type === 'hello');
    return hello;
  }
}

const behind = (batch: BatchMessage | null): DownMessage =>
  batch === null
    ? { v: 1, type: 'behind', lastSeq: 0, head: NO_HEAD }
    : { v: 1, type: 'behind', lastSeq: headOf(batch).last, head: headOf(batch).hash };

test('a cloud that lost what it had acknowledged is sent it again as it was, once, and the bank forgets nothing', async () => {
  const bank = new Told();
  const [first, second, third] = await bank.takes(3);
  assert.ok(first && second && third);
  bank.write();
  const fourth = await bank.next();
  bank.hear({ v: 1, type: 'batch-refused', reason: 'batch-gap', lastSeq: 2 });
  for (let told = 0; told < 3; told++) bank.hear(behind(first));
  assert.deepEqual(bank.fallen, [{ had: 6, has: 2, isOurs: true }], 'it is news once');
  assert.equal(bank.journal.tip.acknowledgedSeq, 6);
  for (const before of [second, third]) {
    const again = await bank.next();
    assert.deepEqual(again, before, 'byte for byte, with what was sealed then');
    bank.acknowledge(again);
  }
  const next = await bank.next();
  assert.deepEqual(
    [next.head, next.records],
    [fourth.head, fourth.records],
    'and then what it had not taken',
  );
  bank.acknowledge(next);
  assert.equal(bank.journal.tip.acknowledgedSeq, 8);
  await bank.quiet();
  bank.journal.close();
});

test('a cloud that names a head which this bank never signed gets nothing, and that is said', async () => {
  const bank = new Told();
  await bank.takes(2);
  const head = base64url(systemRandom.bytes(32));
  for (const lastSeq of [0, 2, 3]) bank.hear({ v: 1, type: 'behind', lastSeq, head });
  assert.deepEqual(
    bank.fallen.map(({ has, isOurs }) => [has, isOurs]),
    [
      [0, false],
      [2, false],
      [3, false],
    ],
  );
  bank.hear({ v: 1, type: 'behind', lastSeq: 4, head });
  bank.hear({ v: 1, type: 'behind', lastSeq: 400, head });
  assert.equal(bank.fallen.length, 3, 'one that has everything is not behind');
  await bank.quiet();
  assert.equal(bank.journal.tip.acknowledgedSeq, 4);
  bank.journal.close();
});

test('a cloud that falls back to its beginning, and again while it is sent to, gets all of it', async () => {
  const bank = new Told();
  const all = await bank.takes(3);
  bank.hear(behind(all[1] ?? null));
  assert.deepEqual(await bank.next(), all[2]);
  bank.hear(behind(null));
  assert.deepEqual(
    bank.fallen.map(({ has }) => has),
    [4, 0],
  );
  for (const before of all) {
    const again = await bank.next();
    assert.deepEqual(again, before);
    bank.acknowledge(again);
  }
  await bank.quiet();
  bank.journal.close();
});

test('what was sealed for the intake stays a week at the bank, which cannot open it, and goes when somebody is erased', async () => {
  const bank = new Told();
  const [first, second] = await bank.takes(2);
  assert.ok(first && second);
  assert.deepEqual([bank.hello().keptFrom, bank.journal.batchAgain(0)?.box], [1, first.openings]);
  bank.hear({ v: 1, type: 'forget', upTo: 1 });
  assert.deepEqual([bank.forgot, bank.hello().keptFrom], [1, 3]);
  bank.hear({ v: 1, type: 'forget', upTo: 2 });
  assert.equal(bank.forgot, 1, 'nothing of these was kept any more');
  const [third] = await bank.takes(1, START_MS + 8 * DAY_MS);
  assert.equal(bank.hello().keptFrom, 5, 'a week is over');
  bank.hear(behind(null));
  for (const [before, openings] of [
    [first, null],
    [second, null],
    [third, third?.openings],
  ] as const) {
    const again = await bank.next();
    assert.deepEqual([again.records, again.openings], [before?.records, openings]);
    bank.acknowledge(again);
  }
  bank.journal.close();
});

test('a batch whose box does not open any more goes up without it', async () => {
  const bank = new Told();
  const [first, second] = await bank.takes(2);
  assert.ok(first && second);
  bank.hear(behind(null));
  assert.notEqual((await bank.next()).openings, null);
  bank.hear({ v: 1, type: 'batch-refused', reason: 'batch-sealed-wrong', lastSeq: 0 });
  const again = await bank.next();
  assert.deepEqual([again.records, again.openings], [first.records, null]);
  bank.acknowledge(again);
  assert.deepEqual(await bank.next(), second, 'and the next with its own');
  bank.journal.close();
});
