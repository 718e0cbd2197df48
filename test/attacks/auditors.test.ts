/**
 * Banks as auditors against a real cloud that lies about its log: forked, rolled back, put back and grown otherwise,
 * with two faces for two banks; and against answers that were spoiled on the way. The questions are those of the real
 * upload, the answers those of the real intake over a real database, and what a bank makes of them is its planner's.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { attention } from '../../src/cloud/admin/overview.ts';
import { auditTenant } from '../../src/cloud/audit/audit.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { Intake, projectionsOf, takeBatch } from '../../src/cloud/intake/intake.ts';
import { createLog, drain } from '../../src/cloud/log/log.ts';
import { record } from '../../src/cloud/log/test-log.ts';
import * as rosters from '../../src/cloud/rosters/rosters.ts';
import { createTenant } from '../../src/cloud/tenants/tenants.ts';
import { type TestBank as EnrolledBank, enrolledBank } from '../../src/cloud/test-bank.ts';
import { ALONE } from '../../src/cloud/test-leases.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import type { DownMessage, LogProof, UpMessage } from '../../src/contract/uplink.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { hpke } from '../../src/crypto/hpke.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { rosterSchema } from '../../src/domain/roster.ts';
import { logQuestion } from '../../src/edge/plan/auditor.ts';
import { bankInService, DAY_MS, rosterOf, START_MS, type TestBank } from '../../src/edge/plan/test-bank.ts';
import { oneCertificate } from '../../src/edge/test-certificates.ts';
import { Upload } from '../../src/edge/upload.ts';
import { NO_HEAD } from '../../src/ledger/batch.ts';
import { signCheckpoint } from '../../src/ledger/log/checkpoint.ts';
import { RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { NO_HASH } from '../../src/ledger/record.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { keptCopy } from './put-back.ts';

const HOST = 'ledger.example.org';
let stand: Stand;
let superuser: pg.Client;

before(async () => {
  stand = await openStand(NOUNS);
  await createLog(stand.cloud, { tenant: stand.tenant, host: HOST, succeeds: false });
  superuser = new pg.Client({ connectionString: stand.superuserUrl() });
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  await stand.close();
});

/** Records of the tenant's own, and the log grown over them. */
async function grow(count: number): Promise<void> {
  await record(stand.cloud, stand.tenant, count);
  await drain(stand.cloud, stand.tenant);
}

/** The key as the draft of a roster names it, which is what the root would sign. */
async function namedByDraft(): Promise<string | null> {
  const draft = await stand.inTenant((tx) => rosters.draft(stand.cloud, tx, stand.site));
  return rosterSchema.parse(JSON.parse(draft?.json ?? '{}')).keys.ledger;
}

type Spoil = (answer: LogProof) => LogProof;

/** One bank: enrolled at the real cloud, with the real upload and planner. */
class Auditor {
  readonly planner: TestBank = bankInService();
  readonly enrolled: EnrolledBank;
  readonly #clock = new ManualClock(START_MS);
  readonly #upload: Upload;
  #sent: UpMessage[] = [];
  #version = 1;

  static async enrol(): Promise<Auditor> {
    const bank = new Auditor(await enrolledBank(stand.cloud, stand.tenant, stand.site));
    bank.trusts(await namedByDraft());
    return bank;
  }

  private constructor(enrolled: EnrolledBank) {
    this.enrolled = enrolled;
    this.#upload = new Upload({
      bank: enrolled.bank,
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
      },
      hpke,
      link: { connected: true, publish: (message) => this.#sent.push(message) > 0 },
      certificates: oneCertificate(''),
      clock: this.#clock,
      random: systemRandom,
      log: silentLog,
      state: () => this.planner.state,
      onHeard: (heard) => void this.planner.do({ type: 'heard', heard }),
      onUnheard: ({ reason }) => assert.fail(`the bank refused an answer: ${reason}`),
    });
  }

  /** A roster that its root signed names this key. */
  trusts(ledger: string | null): void {
    this.#version += 1;
    this.planner.roster({ version: this.#version, keys: { ...rosterOf().keys, ledger } });
  }

  /** An hour passes, and the bank demands its proof. */
  async asks(spoil: Spoil = (answer) => answer): Promise<void> {
    this.#clock.advance(3_600_000);
    this.#upload.beat();
    const [question, ...more] = this.#sent.splice(0).filter(({ type }) => type === 'log-ask');
    assert.ok(question && more.length === 0, 'one question an hour');
    const answers: DownMessage[] = [];
    const send = async (_bank: string, message: DownMessage) => void answers.push(message);
    const intake = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send });
    intake.received(this.enrolled.bank, utf8(JSON.stringify(question)));
    await intake.stop();
    const [answer] = answers;
    assert.ok(
      answer?.type === 'log-proof' && answers.length === 1,
      'the cloud answers a question about its log',
    );
    this.#upload.received(utf8(JSON.stringify(spoil(answer))));
  }

  get remembers(): number {
    return logQuestion(this.planner.state)?.from ?? assert.fail('it asks nothing');
  }

  get disputes(): unknown[] {
    return this.planner.told('log.disputed').map(({ facts }) => facts?.why);
  }

  /** What its journal says of the log goes up, as every record does. */
  async tells(): Promise<void> {
    for (const { record: draft } of this.planner.records) {
      if (draft.kind.startsWith('log.')) this.enrolled.write({ kind: draft.kind, facts: draft.facts ?? {} });
      const { condition } = draft.facts ?? {};
      if (condition === 'log') this.enrolled.write({ kind: draft.kind, facts: { condition } });
    }
    const { tenant, cloud } = stand;
    const message = await this.enrolled.batch();
    const of = { tenant, bank: this.enrolled.bank, message };
    assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), of)).taken);
  }
}

const alarmsNow = async () =>
  (await stand.inTenant((tx) => attention(stand.cloud, tx))).filter(({ kind }) => kind === 'log');
const audited = async () => {
  const quiet = { heads: [], progress: () => undefined };
  return (await auditTenant(stand.cloud, stand.tenant, quiet)).findings;
};

test('an honest cloud: the draft names its log, each hour has a proof, and nothing is disputed', async () => {
  const bank = await Auditor.enrol();
  await grow(3);
  await bank.asks();
  const first = bank.remembers;
  assert.ok(first > 0);
  // Over the edge of a tile, so that the proof comes from several.
  for (const count of [1, 300, 40]) {
    await grow(count);
    await bank.asks();
  }
  assert.ok(bank.remembers >= first + 341);
  const size = bank.remembers;
  await bank.asks();
  assert.deepEqual([bank.remembers, bank.disputes], [size, []]);
  assert.deepEqual(
    bank.planner.told('log.seen').map(({ facts }) => facts?.size),
    [first],
  );
});

test('a cloud that rolls back, forks, or is put back and grows otherwise is found out at the next question, and the alarm is with the cloud', async () => {
  const bank = await Auditor.enrol();
  await grow(5);
  const putBack = await keptCopy(superuser, stand.cloud);
  await grow(3);
  await bank.asks();
  const remembers = bank.remembers;
  await putBack();
  // Fewer entries than the bank remembers, as many, and more.
  const reasons = ['rolled-back', 'forked', 'unproved'];
  for (const [n, count] of [2, 1, 4].entries()) {
    await grow(count);
    await bank.asks();
    await bank.asks();
    assert.deepEqual(bank.disputes, reasons.slice(0, n + 1));
    assert.equal(bank.remembers, remembers, 'the head that it remembers stays');
  }
  assert.ok(bank.planner.view().logDisputed);
  assert.deepEqual(await alarmsNow(), []);
  await bank.tells();
  const [alarm, ...more] = await alarmsNow();
  assert.deepEqual([alarm?.alarm?.bank, alarm?.severity, more], [bank.enrolled.bank, 'alarm', []]);
});

test('two faces for two banks: each face has to carry what a bank saw of the other, and an audit finds it there', async () => {
  const [one, two] = [await Auditor.enrol(), await Auditor.enrol()];
  await grow(4);
  for (const bank of [one, two]) {
    await bank.asks();
    bank.planner.wait(DAY_MS);
  }
  const otherFace = await keptCopy(superuser, stand.cloud);
  await grow(6);
  await one.asks();
  await otherFace();
  await grow(6);
  await two.asks();
  // Neither bank alone can know, and both looked at logs of one size.
  assert.deepEqual([one.disputes, two.disputes, one.remembers], [[], [], two.remembers]);
  await two.tells();
  await grow(1);
  const holds = (await audited()).count('seen');
  await one.tells();
  await grow(1);
  const { told } = await audited();
  const found = told.filter(({ check, where }) => check === 'seen' && where.startsWith(one.enrolled.bank));
  assert.deepEqual(
    found.map(({ where }) => where),
    [`${one.enrolled.bank} record 2`],
    'the day’s head of the bank that was shown the other face',
  );
  assert.ok(!told.some(({ check, where }) => check === 'seen' && where.startsWith(two.enrolled.bank)));
  assert.equal((await audited()).count('seen'), holds + 1);
  // The moment that either is shown the other face it knows by itself.
  await one.asks();
  assert.equal(one.disputes.length, 1);
});

test('whatever else answers than this log’s own checkpoint with its own proof is disputed, and doors go on working', async () => {
  await grow(7);
  const other = await noteOfOther();
  const truncated: Spoil = (answer) => ({ ...answer, hashes: answer.hashes.slice(0, -1) });
  const cases: [string, string, Spoil][] = [
    ['gone', 'no note', (answer) => ({ ...answer, note: null, hashes: [] })],
    ['unsigned', 'another log’s note', (answer) => ({ ...answer, note: other })],
    ['unsigned', 'another key', (answer) => ({ ...answer, note: resigned(answer.note ?? '') })],
    ['unproved', 'a proof cut short', truncated],
    ['malformed', 'half a note', (answer) => ({ ...answer, note: (answer.note ?? '').slice(0, 90) })],
  ];
  for (const [reason, what, spoil] of cases) {
    const bank = await Auditor.enrol();
    await bank.asks();
    const { remembers } = bank;
    await grow(5);
    await bank.asks(spoil);
    assert.deepEqual([bank.disputes, bank.remembers], [[reason], remembers], what);
    assert.equal(bank.planner.on('home').screen, 'home', what);
    await bank.asks();
    assert.equal(bank.planner.told('log.settled').length, 1, `${what}: a good proof ends it`);
    await bank.tells();
  }
  assert.equal(
    (await alarmsNow()).filter(({ alarm }) => alarm?.bank !== undefined).length,
    1,
    'those are over',
  );
});

/** The checkpoint of another organisation's log, by the same key. */
async function noteOfOther(): Promise<string> {
  const { cloud } = stand;
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host: HOST, succeeds: false });
  const bytes = await cloud.ledger.objects.read({ tenant, generation: 1 }, 'checkpoint');
  return Buffer.from(bytes ?? []).toString('utf8');
}

/** The same head under the log's name, signed with another key. */
function resigned(note: string): string {
  const [origin = '', size = '', root = ''] = note.split('\n');
  const head = { origin, size: Number(size), root: new Uint8Array(Buffer.from(root, 'base64')) };
  return signCheckpoint(head, signerOf(origin, RFC_SECRETS[1]));
}

test('a log with a successor is vouched for until a roster names the successor; a cloud without its log is asked in vain', async () => {
  const bank = await Auditor.enrol();
  await bank.asks();
  const before = bank.remembers;
  await createLog(stand.cloud, { tenant: stand.tenant, host: HOST, succeeds: true });
  await drain(stand.cloud, stand.tenant);
  await bank.asks();
  assert.deepEqual([bank.remembers, bank.disputes], [before, []]);
  const named = await namedByDraft();
  assert.match(named ?? '', /\/2\+/);
  bank.trusts(named);
  assert.equal(bank.planner.told('log.left')[0]?.facts?.size, before);
  await bank.asks();
  assert.ok(bank.remembers > 0);
  bank.trusts(named?.replace('/2+', '/3+') ?? null);
  assert.equal(logQuestion(bank.planner.state), undefined, 'a key whose name was changed is none');
});
