/**
 * Two and three cloud processes on one database and one broker, while processes are killed and paused, the
 * database stops at once and the broker is gone: nothing is lost, nothing doubled, and order is kept.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkCloud } from '../../src/cloud/parcels/parcels.ts';
import * as people from '../../src/cloud/people/people.ts';
import { type Seeded, seed } from '../../src/cloud/seed/seed.ts';
import { enrolledBank } from '../../src/cloud/test-bank.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import type { PersonId } from '../../src/domain/ids.ts';
import { badgeText } from '../../src/domain/scan.ts';
import { badgeHash, openEpoch } from '../../src/ledger/roster.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { People } from '../../src/up/people.ts';
import { waitFor } from '../../src/up/wait.ts';
import { missingPeer } from '../peers.ts';
import { Fleet, keepOn } from './fleet.ts';
import { LightBank } from './light-bank.ts';

const LONG = process.env.HOLDFAST_LONG === 'true';
const BANKS = 5;
/** With one bank of the seed that is never enrolled, and is served all the same. */
const ALL_BANKS = BANKS + 1;
const STEP_MS = 200;
/** So much waits at a bank at most: what is proved is that nothing is lost, not how fast a slow machine catches up. */
const BACKLOG_MAX = 60;
/** Together five minutes with two and three processes, when there is time. */
const KILLING_MS = LONG ? 150_000 : 10_000;
const PAUSED_MS = LONG ? 60_000 : 10_000;
const DATABASE_STOPS = LONG ? 50 : 20;
const BROKER_AWAY_MS = LONG ? 60_000 : 8_000;
const SETTLE_MS_MAX = 180_000;
const needs = { skip: missingPeer };
if (missingPeer) console.log(missingPeer);

let fleet: Fleet;
let seeded: Seeded;
let banks: LightBank[] = [];

before(async () => {
  if (missingPeer) return;
  fleet = await Fleet.prepare();
});
after(async () => {
  for (const bank of banks) await bank.stop();
  await fleet?.close();
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  await waitFor({ clock: systemClock, what, msMax: SETTLE_MS_MAX, holds });
}

/** One row a question, as the tenant sees it. */
async function count(from: string): Promise<number> {
  const cloud = await fleet.cloud();
  return cloud.database.tenant(seeded.tenant, async (tx) => {
    const { rows } = await tx.executeQuery<{ n: number }>({
      sql: `select count(*) as n from ${from}`,
      parameters: [],
    } as never);
    return rows[0]?.n ?? 0;
  });
}

async function openBanks(): Promise<LightBank[]> {
  const cloud = await fleet.cloud();
  const rootKeys = [base64url(newSigningKey().publicKey)];
  const hash = badgeHash(badgeText(systemRandom.bytes(16)));
  seeded = await seed(cloud, { badgeHash: hash, rootKeys });
  const { tenant, site } = seeded;
  const { epoch, intake, courier } = await cloud.database.tenant(tenant, async (tx) => {
    const note = await cloud.keys.currentEpoch(tx);
    const { notifier, intake } = await cloud.keys.published(tx);
    const opened = openEpoch(note?.note ?? '', { tenant, keys: { notifier } } as never);
    assert.ok(opened.ok);
    const [courier] = await people.couriers(tx);
    assert.ok(courier);
    return { epoch: opened.value, intake, courier: courier.person };
  });
  const opened: LightBank[] = [];
  for (let n = 1; n <= BANKS; n++) {
    const { bank, key, certificate } = await enrolledBank(cloud, tenant, site);
    opened.push(
      new LightBank({
        ...{ tenant, site, bank, key, certificate, intake, epoch, courier },
        port: fleet.mosquitto.broker.mosquitto.port,
        pin: cloud.pins.current,
        resident: await addResident(`9${n}`),
      }),
    );
  }
  for (const bank of opened) bank.start();
  return opened;
}

/** Somebody who is told by SMS only. */
async function addResident(flat: string): Promise<PersonId> {
  const cloud = await fleet.cloud();
  return cloud.database.tenant(seeded.tenant, (tx) =>
    people.addResident(cloud, tx, {
      site: seeded.site,
      name: `Resident of ${flat}`,
      flat,
      email: null,
      phone: `+447700900${flat}0`,
      accessible: false,
      by: null,
    }),
  );
}

/** While `trouble` goes on, every bank writes; afterwards everything has to be there, once and in order. */
async function through(trouble: () => Promise<void>): Promise<void> {
  const writers = banks.map((bank) =>
    keepOn(STEP_MS, async () => {
      if (bank.backlog < BACKLOG_MAX) await bank.step();
    }),
  );
  try {
    await trouble();
  } finally {
    for (const writer of writers) await writer.stop();
  }
  fleet.assertAlive();
  await until('the cloud to have every record', async () => banks.every((bank) => bank.backlog === 0)).catch(
    (error: unknown) => {
      for (const { bank, journal, connected } of banks)
        console.log(`${bank}: ${JSON.stringify({ ...journal.tip, connected })}`);
      console.log(fleet.lastWords());
      throw error;
    },
  );
  for (const bank of banks) await compareJournal(bank);
  await compareProjections();
  await compareNotices();
}

/** Nothing lost and order kept: the cloud's copy is the bank's journal, record by record. */
async function compareJournal({ bank, journal }: LightBank): Promise<void> {
  const cloud = await fleet.cloud();
  const kept = await cloud.database.tenant(seeded.tenant, async (tx) => {
    const { rows } = await tx.executeQuery<{ seq: number; bytes: Buffer }>({
      sql: 'select seq, bytes from records where source = $1 order by position',
      parameters: [bank],
    } as never);
    return rows;
  });
  const own = journal.everyRecord();
  assert.deepEqual(
    kept.map(({ seq }) => seq),
    own.map((_, index) => index + 1),
    'every number once, in the order of the bank',
  );
  for (const [index, bytes] of own.entries())
    assert.ok(
      Buffer.from(bytes).equals(kept[index]?.bytes ?? Buffer.alloc(0)),
      `record ${index + 1} of ${bank}`,
    );
}

async function compareProjections(): Promise<void> {
  const sum = (of: (bank: LightBank) => number) => banks.reduce((all, bank) => all + of(bank), 0);
  assert.deepEqual(await checkCloud(await fleet.cloud(), seeded.tenant), []);
  assert.equal(
    await count('parcels'),
    sum(({ parcels }) => parcels),
  );
  assert.equal(
    await count(`parcels where state = 'collected'`),
    sum(({ collected }) => collected),
  );
  assert.equal(await count('refused_messages'), 0, 'no message of a bank was refused');
  assert.equal(await count('alarms'), 0);
}

/** Every wish is one notice, sent and recorded as sent once. The gateway may be asked twice for one reference. */
async function compareNotices(): Promise<void> {
  const references = banks.flatMap((bank) => bank.references);
  await until('every notice to be sent', async () => {
    return (await count(`notices where state <> 'sent'`)) === 0;
  }).catch(async (error: unknown) => {
    console.log(await fleet.jobs());
    console.log(fleet.lastWords());
    throw error;
  });
  assert.equal(await count('notices'), references.length);
  assert.equal(await count(`records where kind = 'notice.sent'`), references.length);
  assert.equal(await count(`records where kind = 'notice.queued'`), references.length);
  assert.equal(fleet.gateway.taken.size, references.length, 'the gateway has one message for each');
}

async function isEven(): Promise<boolean> {
  const held = await Promise.all(fleet.processes.map((process) => process.leasesHeld()));
  return held.reduce((all, one) => all + one, 0) === ALL_BANKS && Math.max(...held) - Math.min(...held) <= 1;
}

/** Kills one at random and starts it again, over and over. */
async function killing(forMs: number): Promise<number> {
  const endMs = systemClock.monotonicMs() + forMs;
  let kills = 0;
  while (systemClock.monotonicMs() < endMs) {
    await sleep(systemClock, 500 + systemRandom.below(3_000));
    const victim = fleet.processes[systemRandom.below(fleet.processes.length)];
    await victim?.kill();
    kills += 1;
    await sleep(systemClock, systemRandom.below(2_000));
    await victim?.start();
  }
  return kills;
}

test(
  'two processes that start at once on an empty database build it once, and share the banks',
  needs,
  async () => {
    const [first, second] = [await fleet.add(), await fleet.add()];
    await Promise.all([first.start(), second.start()]);
    banks = await openBanks();
    await through(() => sleep(systemClock, 2_000));
    await until('the banks to be shared', isEven);
  },
);

test(
  'who is signed in at one process is at the other, and a page at one sees what the other does',
  needs,
  async () => {
    const [first, second] = fleet.processes;
    assert.ok(first && second);
    const deps = { signIns: seeded.signIns as never, clock: systemClock };
    const here = new People({ ...deps, ports: { start: first.httpPort } as never });
    await here.adminSignsIn();
    const headers = { cookie: here.cookie };
    const stream = await fetch(`http://127.0.0.1:${first.httpPort}/api/admin/events`, { headers });
    assert.equal(stream.status, 200);
    const there = await fetch(`http://127.0.0.1:${second.httpPort}/api/admin/couriers`, { headers });
    assert.equal(there.status, 200);
    const { items } = (await there.json()) as { items: { id: string }[] };
    const told = once(stream, 'couriers');
    const suspended = await fetch(
      `http://127.0.0.1:${second.httpPort}/api/admin/couriers/${items[0]?.id}/suspend`,
      {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'x-holdfast-app': 'admin',
          origin: `http://127.0.0.1:${second.httpPort}`,
        },
        body: JSON.stringify({ reason: 'a test' }),
      },
    );
    assert.equal(suspended.status, 204, await suspended.text());
    await told;
    await until('every bank to be told by the process that serves it', async () =>
      banks.every((bank) => bank.suspended.size === 1),
    );
  },
);

/** Resolves when the stream says that `topic` changed. */
async function once(stream: Response, topic: string): Promise<void> {
  const text = new TextDecoder();
  let said = '';
  for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
    said += text.decode(part, { stream: true });
    if (said.includes(`"${topic}"`)) return;
  }
  assert.fail(`the stream ended without ${topic}`);
}

test('two processes, one killed at random: nothing lost, nothing doubled, order kept', needs, async () => {
  await through(async () => assert.ok((await killing(KILLING_MS)) > 0));
});

test('three processes, one killed at random: the same', needs, async () => {
  const third = await fleet.add();
  await third.start();
  await through(async () => assert.ok((await killing(KILLING_MS)) > 0));
  await until('the banks to be shared by three', isEven);
});

test('a process that is paused loses its banks, and does no harm when it goes on', needs, async () => {
  await through(async () => {
    const [paused, ...others] = fleet.processes;
    paused?.pause();
    await sleep(systemClock, PAUSED_MS);
    await until('the others to serve every bank', async () => {
      const held = await Promise.all(others.map((process) => process.leasesHeld()));
      return held.reduce((all, one) => all + one, 0) === ALL_BANKS;
    });
    paused?.goOn();
    await sleep(systemClock, 2_000);
  });
  await until('the banks to be shared again', isEven);
});

test(`the database stopped at once, ${DATABASE_STOPS} times`, needs, async () => {
  await through(async () => {
    for (let stop = 1; stop <= DATABASE_STOPS; stop++) {
      await sleep(systemClock, 200 + systemRandom.below(LONG ? 3_000 : 800));
      await fleet.postgres.stopImmediately();
      await sleep(systemClock, systemRandom.below(500));
      await fleet.postgres.start();
      fleet.assertAlive();
    }
  });
});

test('the broker away for a while', needs, async () => {
  await through(async () => {
    await sleep(systemClock, 1_000);
    await fleet.mosquitto.kill();
    await sleep(systemClock, BROKER_AWAY_MS);
    await fleet.mosquitto.start();
  });
  await until('the banks to be shared', isEven);
});
