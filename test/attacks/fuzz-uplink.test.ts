/**
 * Every message of the uplink with one thing wrong, to the ends that read them: up, to the intake over a real
 * database; down, to a real bank with its doors. What is refused is refused by name and kept; nothing is lost by it,
 * and nothing opens.
 */
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { Intake } from '../../src/cloud/intake/intake.ts';
import { checkCloud } from '../../src/cloud/parcels/parcels.ts';
import { drawFrom } from '../../src/cloud/test-access.ts';
import { enrolledBank } from '../../src/cloud/test-bank.ts';
import { ALONE } from '../../src/cloud/test-leases.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { addResident, filledTenant } from '../../src/cloud/test-tenants.ts';
import type { DownMessage } from '../../src/contract/uplink.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { certificateRequest } from '../../src/crypto/x509.ts';
import { DENIALS } from '../../src/domain/outcome.ts';
import { signOrder } from '../../src/ledger/order.ts';
import { signRoster } from '../../src/ledger/roster.ts';
import { type Log, silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { eventually } from '../drill/hostile.ts';
import { type Stand as Bank, openStand as openBank } from '../drill/stand.ts';
import { type Mutant, mutants } from './mutants.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

/** Fewer than an intake lets wait of one bank. */
const AT_ONCE = 16;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

type Up = { stand: Stand; sent: DownMessage[]; broke: string[] };

async function receive({ stand, sent, broke }: Up, bank: string, list: readonly Uint8Array[]): Promise<void> {
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void broke.push(`${message} ${fields?.error}`),
    child: () => log,
  };
  for (let at = 0; at < list.length; at += AT_ONCE) {
    const send = async (_bank: string, message: DownMessage) => void sent.push(message);
    const intake = new Intake({ cloud: { ...stand.cloud, log }, nouns: NOUNS, leases: ALONE, send });
    for (const bytes of list.slice(at, at + AT_ONCE)) intake.received(bank, bytes);
    await intake.stop();
  }
}

const kept = (stand: Stand, bank: string) =>
  stand.inTenant(async (tx) => {
    const { rows } = await sql<{ hash: Uint8Array; reason: string }>`
      select hash, reason from refused_messages where bank_id = ${bank}`.execute(tx);
    return new Map(rows.map(({ hash, reason }) => [Buffer.from(hash).toString('hex'), reason]));
  });

const recordsOf = (stand: Stand, bank: string) =>
  stand.inTenant(async (tx) => {
    const { rows } = await sql<{
      n: number;
    }>`select count(*)::int as n from records where source = ${bank}`.execute(tx);
    return rows[0]?.n ?? -1;
  });

function rightMessages(batch: object, request: string): object[] {
  const hash = base64url(systemRandom.bytes(32));
  return [
    batch,
    {
      v: 1,
      type: 'hello',
      boot: 'boot',
      lastSeq: 0,
      acknowledgedSeq: 0,
      roster: { version: 1, hash },
      epoch: 'epoch_a',
      directory: 0,
      suspensions: ['x'],
      development: false,
      orderNonce: base64url(systemRandom.bytes(16)),
    },
    { v: 1, type: 'time', nonce: '12345678' },
    { v: 1, type: 'refusal', of: hash, reason: 'message-malformed' },
    { v: 1, type: 'log-ask', nonce: '12345678', origin: 'ledger.example/log/tenant/1', from: 7 },
    { v: 1, type: 'certificate-ask', request },
  ];
}

test('up: what is wrong is refused by name and kept, and what is right is taken afterwards', async (t) => {
  const stand = await openStand(NOUNS);
  try {
    const up: Up = { stand, sent: [], broke: [] };
    const { cloud, tenant, site } = stand;
    const recipient = await addResident(cloud, { tenant, site, name: 'Ada' });
    const courier = await addResident(cloud, { tenant, site, name: 'Mara' });
    const journey = { courier, recipient, compartment: 1, carrier: 'UPS', tracking: '1Z999', collect: false };
    const counts: Record<string, number> = {};
    for (const n of [0, 1, 2, 3, 4, 5]) {
      const bank = await enrolledBank(cloud, tenant, site);
      bank.writeJourney(journey);
      const batch = await bank.batch();
      const privateKey = bank.key.privateKey;
      const request = await certificateRequest({ commonName: bank.bank, privateKey });
      const right = rightMessages(batch, request)[n] ?? {};
      const list = mutants(right, drawFrom(seed + n));
      const answers = up.sent.length;
      await receive(
        up,
        bank.bank,
        list.map(({ bytes }) => bytes),
      );
      const refused = await kept(stand, bank.bank);
      for (const [reason, of] of Map.groupBy(refused.values(), (one) => one))
        counts[reason] = (counts[reason] ?? 0) + of.length;
      for (const reason of refused.values())
        assert.ok((DENIALS as readonly string[]).includes(reason), reason);
      const whole = JSON.stringify(right);
      const lost = list.filter(
        ({ what, bytes }) =>
          !refused.has(sha256(bytes).toString('hex')) && !mayBeTaken(n, what, bytes, whole),
      );
      assert.deepEqual(
        lost.map(({ what }) => what),
        [],
        `neither kept nor taken; HOLDFAST_SEED=${seed}`,
      );
      assert.ok(refused.size > 40, `${refused.size} of ${list.length} refused`);
      assert.ok(
        up.sent.slice(answers).every(({ type }) => n !== 0 || type === 'ack' || type === 'batch-refused'),
      );
      // The right batch fits as if nothing had been.
      up.sent.length = 0;
      await receive(up, bank.bank, [Buffer.from(JSON.stringify(batch))]);
      assert.deepEqual(up.sent.at(-1), { v: 1, type: 'ack', lastSeq: 5, head: bank.end.lastHead });
      assert.equal(await recordsOf(stand, bank.bank), 5);
    }
    assert.deepEqual(up.broke, [], `HOLDFAST_SEED=${seed}`);
    assert.deepEqual(await checkCloud(cloud, tenant), []);
    t.diagnostic(`refused: ${JSON.stringify(counts)}; HOLDFAST_SEED=${seed}`);
  } finally {
    await stand.close();
  }
});

/**
 * A message that is only told (all but the batch) may be right with another value in it; of a batch only a bit
 * that base64url does not use may differ. Everything else has to be kept.
 */
function mayBeTaken(n: number, what: string, bytes: Buffer, whole: string): boolean {
  const parsed = tryParse(bytes);
  if (parsed === undefined || what.includes('twice') || what === '__proto__') return false;
  if (JSON.stringify(parsed) === whole) return what !== 'oversized';
  if (n === 0) return what.startsWith('bit flipped');
  return parsed.v === 1 && !/^(version|type|one more|deep|no |UTF|oversized)/.test(what);
}

function tryParse(bytes: Buffer): { v?: unknown } | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

test('up: a batch in the name of another bank, of another organisation, or of nobody is taken for none', async () => {
  const stand = await openStand(NOUNS);
  try {
    const up: Up = { stand, sent: [], broke: [] };
    const { cloud, tenant, site } = stand;
    const own = await enrolledBank(cloud, tenant, site);
    const neighbour = await enrolledBank(cloud, tenant, site);
    const foreign = await filledTenant(cloud, { root: newSigningKey(), mark: 'Other' });
    own.write({ kind: 'agent.stopped' });
    const batch = Buffer.from(JSON.stringify(await own.batch()));
    const before = await stand.dump();
    for (const name of [
      '',
      '../x',
      '__proto__',
      'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa',
      `${own.bank}\u0000`,
      "bank_'; drop table banks;--",
    ])
      await receive(up, name, [batch]);
    assert.equal(await stand.dump(), before, 'a bank that is none leaves nothing');
    assert.deepEqual(up.sent, []);
    const ofForeign = async () => {
      const query = sql<{ n: number }>`select count(*)::int as n from records where source = ${foreign.bank}`;
      return (await cloud.database.tenant(foreign.tenant, (tx) => query.execute(tx))).rows[0]?.n;
    };
    const had = await ofForeign();
    for (const bank of [neighbour.bank, foreign.bank]) await receive(up, bank, [batch]);
    assert.deepEqual(
      up.sent.map(({ type }) => type),
      ['batch-refused', 'batch-refused'],
    );
    assert.equal(await recordsOf(stand, neighbour.bank), 0);
    assert.equal(await ofForeign(), had);
    const refusals = up.sent.splice(0).length;
    await receive(up, own.bank, [batch]);
    assert.deepEqual([refusals, up.sent.map(({ type }) => type)], [2, ['ack']]);
    assert.deepEqual(up.broke, []);
  } finally {
    await stand.close();
  }
});

function downMessages(bank: Bank): object[] {
  const { agent, site, clock } = bank;
  const untilMs = clock.nowMs() + 60_000;
  const box = { enc: base64url(systemRandom.bytes(32)), ciphertext: base64url(systemRandom.bytes(80)) };
  const head = base64url(systemRandom.bytes(32));
  const version = (bank.agent.state().roster.only?.roster.version ?? 0) + 1;
  return [
    { v: 1, type: 'ack', lastSeq: agent.journal.tip.lastSeq, head },
    { v: 1, type: 'batch-refused', reason: 'batch-gap', lastSeq: 0 },
    { v: 1, type: 'behind', lastSeq: 0, head },
    { v: 1, type: 'forget', upTo: 9 },
    { v: 1, type: 'roster', note: signRoster(bank.roster({ version }), [newSigningKey()]) },
    { v: 1, type: 'epoch', note: bank.epochNote({ key: systemRandom.bytes(32), signer: newSigningKey() }) },
    { v: 1, type: 'directory', version: 9, entries: box },
    { v: 1, type: 'time', nonce: 'abcdefgh', atMs: clock.nowMs() },
    {
      v: 1,
      type: 'suspend',
      id: bank.newMessageId(),
      scope: 'compartment',
      subject: null,
      compartment: 999,
      untilMs,
    },
    { v: 1, type: 'lift', id: bank.newMessageId() },
    {
      v: 1,
      type: 'order',
      note: signOrder(bank.orderFor(bank.releaseAct(bank.newClaim(), 1)), [site.notifier]),
    },
    { v: 1, type: 'log-proof', nonce: 'abcdefgh', note: 'ledger.example/log/t/1\n7\n', hashes: [head] },
    { v: 1, type: 'certificate', certificate: 'PEM', authority: 'PEM' },
  ];
}

test('down: nothing that is wrong opens a door, stops a bank or loses a record', async (t) => {
  const bank = await openBank();
  try {
    await bank.rosterFromRoot(1);
    await bank.drained();
    bank.tick();
    const doors = await bank.hands.doors();
    let sent = 0;
    for (const [n, message] of downMessages(bank).entries()) {
      const all: Mutant[] = mutants(message, drawFrom(seed + n));
      // The broker itself ends a connection over an oversized packet; the reader is asked in contract/uplink.test.ts.
      const list = all.filter(({ what }) => what !== 'oversized');
      await bank.freshHour();
      const before = bank.agent.journal.tip.lastSeq;
      await bank.cloud.sendRaw(...list.map(({ bytes }) => new Uint8Array(bytes)));
      await bank.agent.settled();
      sent += list.length;
      const told = bank
        .records(before)
        .filter(
          ({ kind }) => kind === 'message.refused' || kind === 'roster.refused' || kind === 'order.refused',
        );
      assert.ok(
        told.length > 20,
        `${JSON.stringify(message).slice(0, 60)}: ${told.length} refusals are in the journal`,
      );
    }
    const records = bank.records(0);
    assert.ok(!records.some(({ kind }) => kind === 'release.decided' || kind === 'order.accepted'));
    assert.deepEqual(await bank.hands.doors(), doors, 'no latch was pulsed and no door moved');
    assert.deepEqual(bank.fatal, []);
    // It still listens to its root, and everything that it wrote is with the cloud.
    await bank.freshHour();
    await bank.rosterFromRoot(7);
    await bank.drained();
    assert.equal(bank.agent.state().roster.only?.roster.version, 7);
    t.diagnostic(`${sent} messages, ${records.length} records; HOLDFAST_SEED=${seed}`);
  } finally {
    await bank.stop();
  }
});

test('by hand: files that are no order are put aside by their hash, and a real order is taken after them', async (t) => {
  const bank = await openBank();
  try {
    await bank.rosterFromRoot(1);
    await bank.drained();
    bank.tick();
    const doors = await bank.hands.doors();
    const note = Buffer.from(
      signOrder(bank.orderFor(bank.releaseAct(bank.newClaim(), 1)), [newSigningKey()]),
    );
    const draw = drawFrom(seed);
    const names = [
      'a',
      '--help',
      '$(touch x)',
      'x'.repeat(200),
      'a\nb',
      '.. .. etc passwd',
      '%2e%2e%2f',
      'ü\u202e',
    ];
    const files = Array.from({ length: 36 }, (_, n) => {
      const bytes = n % 3 === 0 ? Buffer.from(systemRandom.bytes(1 + draw(9000))) : Buffer.from(note);
      if (n % 3 === 1) bytes[draw(bytes.length)] = draw(256);
      const cut = n % 3 === 2 ? bytes.subarray(0, draw(bytes.length)) : bytes;
      return { name: `${n}${names[n % names.length]}.order`, bytes: cut };
    });
    const left = () => readdirSync(bank.ordersDir).filter((name) => name.endsWith('.order'));
    for (const { name, bytes } of files) writeFileSync(join(bank.ordersDir, name), bytes);
    // Twenty a minute: the bank's time passes, and its own look comes every second.
    for (let had = files.length; had > 0; had = left().length) {
      bank.pass(61_000);
      await eventually('some are put aside', () => left().length < had);
    }
    const refused = readdirSync(join(bank.ordersDir, 'refused'));
    for (const name of refused) assert.match(name, /^[A-Za-z0-9_-]{43}\.[a-z-]+\.order$/);
    assert.ok(refused.length > 20, `${refused.length} of ${files.length}, where equal bytes have one name`);
    assert.deepEqual(readdirSync(join(bank.ordersDir, 'done')), []);
    // So that the real one is seen alone, and has the nonce of its time.
    bank.pass(61_000);
    const real = signOrder(bank.orderFor(bank.releaseAct(bank.newClaim(), 1)), [bank.site.root]);
    writeFileSync(join(bank.ordersDir, 'real.order'), real);
    bank.pass(61_000);
    await eventually('the real order is taken', () => readdirSync(join(bank.ordersDir, 'done')).length === 1);
    assert.deepEqual(await bank.hands.doors(), doors, 'an order alone moves no latch');
    assert.deepEqual(bank.fatal, []);
    t.diagnostic(`${files.length} files, ${refused.length} names of refused ones; HOLDFAST_SEED=${seed}`);
  } finally {
    await bank.stop();
  }
});
