/**
 * A bank's certificate comes near its end, over real connections: the cloud with its own broker, and the bank's own
 * line. TLS reads the machine's clock and no other, so what is to be near its end, or over, was made that long ago:
 * the cloud's clock is set back for it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import * as banks from '../../src/cloud/banks/banks.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { type EstablishValues, establish } from '../../src/cloud/establish.ts';
import { enrolledBank, type TestBank } from '../../src/cloud/test-bank.ts';
import type { Commissioning } from '../../src/contract/uplink.ts';
import { fingerprint } from '../../src/crypto/sign.ts';
import { certificateRequest } from '../../src/crypto/x509.ts';
import { Certificates } from '../../src/edge/certificates.ts';
import type { BankKeys } from '../../src/edge/keys.ts';
import { bankInService } from '../../src/edge/plan/test-bank.ts';
import { Uplink } from '../../src/edge/uplink.ts';
import { NO_HEAD } from '../../src/ledger/batch.ts';
import { NO_HASH } from '../../src/ledger/record.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { makePrivateDir } from '../../src/platform/durable.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { waitFor } from '../../src/up/wait.ts';
import { startWholeCloud, type WholeCloud } from '../attacks/whole-cloud.ts';

const DAY_MS = 86_400_000;
let whole: WholeCloud;
/** By which the clocks of the cloud and the banks differ from the machine's. */
const offMs = { cloud: 0, bank: 0 };
const clockOf = (whose: keyof typeof offMs): Clock => ({
  ...systemClock,
  nowMs: () => systemClock.nowMs() + offMs[whose],
});

before(async () => {
  whole = await startWholeCloud(clockOf('cloud'));
});
after(() => whole?.stop());

/** A bank that was enrolled so many days ago, and its folder. */
async function enrolledAgo(days: number): Promise<{ bank: TestBank; dataDir: string }> {
  const { tenant, site } = whole.seeded;
  offMs.cloud = -days * DAY_MS;
  const bank = await enrolledBank(whole.cloud.cloud, tenant, site);
  offMs.cloud = 0;
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-certificate-'));
  after(() => rmSync(dataDir, { recursive: true, force: true }));
  makePrivateDir(join(dataDir, 'keys'));
  writeFileSync(join(dataDir, 'keys', 'certificate.pem'), bank.certificate);
  return { bank, dataDir };
}

const kept = (dataDir: string) => readFileSync(join(dataDir, 'keys', 'certificate.pem'), 'utf8').trim();

/** The line of a bank, from its folder, as its agent opens it; and what it shows with each connection. */
async function lineOf({ bank, dataDir }: { bank: TestBank; dataDir: string }) {
  const clock = clockOf('bank');
  const keys = {
    ...{ identity: bank.key, seal: bank.sealKey, fingerprint: fingerprint(bank.key.publicKey) },
  } as Partial<BankKeys> as BankKeys;
  const commissioning = {
    ...{ bank: bank.bank, enrolmentCode: 'x'.repeat(26) },
  } as Partial<Commissioning> as Commissioning;
  const certificates = await Certificates.open({ dataDir, commissioning, keys, clock, log: silentLog });
  const shown: string[] = [];
  const toShow = certificates.toShow.bind(certificates);
  certificates.toShow = async () => {
    const pem = await toShow();
    shown.push(pem.trim());
    return pem;
  };
  const links: boolean[] = [];
  const uplink = new Uplink({
    ...{ bank: bank.bank, host: '127.0.0.1', port: whole.cloud.brokerPort ?? 0, certificates, keys, clock },
    pins: () => [whole.cloud.cloud.pins.current],
    journal: {
      tip: { lastSeq: 0, lastHash: NO_HASH, lastMs: 0, acknowledgedSeq: 0, lastHead: NO_HEAD, headSeq: 0 },
      ...{ unsigned: () => [], keepHead() {}, nextBatch: () => undefined, acknowledge: () => true },
      ...{ headHashAt: () => undefined, batchAgain: () => undefined, keptFrom: undefined, forgetKept() {} },
    },
    ...{ random: systemRandom, log: silentLog, state: () => bankInService().state },
    onHeard() {},
    onUnheard: ({ reason }) => assert.fail(reason),
    onLink: (up) => void links.push(up),
  });
  uplink.start();
  return { uplink, shown, links };
}

const comes = (what: string, holds: () => boolean) =>
  waitFor({ clock: systemClock, what, msMax: 30_000, holds: async () => holds() });

/** Connects with what is in the folder, and stays long enough for what `holds` waits for. */
async function connects(
  of: { bank: TestBank; dataDir: string },
  holds: (line: { shown: string[]; links: boolean[] }) => boolean = () => true,
): Promise<string[]> {
  const line = await lineOf(of);
  try {
    await comes('a connection', () => line.links.includes(true) && holds(line));
    assert.equal(line.links.at(-1), true, 'nobody is cut off');
    assert.equal(line.links.filter((up) => up).length, 1);
    return line.shown;
  } finally {
    await line.uplink.stop();
  }
}

test('a bank whose certificate nears its end is given another over its connection, and connects with it when the first has ended', async () => {
  const of = await enrolledAgo(250);
  const first = of.bank.certificate.trim();
  assert.deepEqual(await connects(of, () => kept(of.dataDir) !== first), [first]);
  const second = kept(of.dataDir);
  assert.deepEqual(await connects(of), [second]);
  // The bank is half a year on: by its clock the first one is over.
  offMs.bank = 180 * DAY_MS;
  assert.deepEqual(await connects(of), [second]);
  offMs.bank = 0;
});

test('the broker takes none that has ended, and the one that took its place', async () => {
  const of = await enrolledAgo(366);
  const ended = await lineOf(of);
  await comes('three tries', () => ended.shown.length > 2);
  assert.ok(!ended.links.includes(true));
  await ended.uplink.stop();
  // What it was given while it was connected, which lasted longer than the first one.
  const { cloud } = whole.cloud;
  const { bank, key, certificate } = of.bank;
  const request = await certificateRequest({ commonName: bank, privateKey: key.privateKey });
  const renewal = await cloud.database.tenant(whole.seeded.tenant, (tx) =>
    banks.renew(cloud, tx, { bank, request }),
  );
  assert.ok('message' in renewal && renewal.message);
  const second = renewal.message.certificate;
  writeFileSync(join(of.dataDir, 'keys', 'certificate-before.pem'), certificate);
  writeFileSync(join(of.dataDir, 'keys', 'certificate.pem'), second);
  assert.deepEqual(await connects(of), [second.trim()]);
});

test('a cloud that lost a bank’s new certificate lets it in with the one before, and gives it another', async () => {
  const of = await enrolledAgo(250);
  const first = of.bank.certificate.trim();
  await connects(of, () => kept(of.dataDir) !== first);
  const lost = kept(of.dataDir);
  // As a backup of before has it.
  const { cloud } = whole.cloud;
  await cloud.database.tenant(whole.seeded.tenant, async (tx) => {
    const { bank } = of.bank;
    await sql`update bank_index set renewed = null where bank_id = ${bank}`.execute(tx);
    await sql`update banks set certificate = ${first}, certificate_until_ms = enrolled_at_ms + ${365 * DAY_MS}
      where bank_id = ${bank}`.execute(tx);
  });
  const shown = await connects(of, () => kept(of.dataDir) !== lost);
  assert.deepEqual(shown, [lost, first]);
  assert.deepEqual(await connects(of), [kept(of.dataDir)]);
});

test('a bank that a command takes out of service is cut off by the cloud that runs, and not let in again', async () => {
  const of = await enrolledAgo(10);
  const { bank } = of.bank;
  const line = await lineOf(of);
  await comes('a connection', () => line.links.includes(true));
  const said: string[] = [];
  const out = (values: EstablishValues) =>
    establish(whole.deps, {
      ...{ what: 'bank-out', values, nouns: NOUNS },
      say: (text) => void said.push(text),
    });
  await assert.rejects(out({ bank }), /say why it leaves service/);
  await assert.rejects(out({ bank: `bank_${'a'.repeat(26)}`, purpose: 'stolen' }), /no bank with this id/);
  assert.equal(await out({ bank, purpose: 'stolen' }), 0);
  assert.match(
    said.join('\n'),
    /^Lobby \(bank_\w+\) is out of service for good: .+\nroster \d+ of .+ without it/,
  );
  await comes('the end of the connection', () => line.links.at(-1) === false);
  const tries = line.shown.length;
  await comes('two more tries', () => line.shown.length > tries + 1);
  assert.equal(line.links.filter((up) => up).length, 1);
  await line.uplink.stop();
  await assert.rejects(out({ bank, purpose: 'stolen' }), /Lobby is out of service already, since/);
});
