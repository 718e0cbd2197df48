/**
 * Attacks on orders, at a real agent with real boards: a hostile cloud, a finder of a slip, somebody with a
 * stick. After each of them no latch has moved, and a rightful order still works.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestRig, until } from '../../rig/test-rig.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { idFrom, type OrderId } from '../../src/domain/ids.ts';
import type { Order, OrderAct } from '../../src/domain/order.ts';
import { claimText } from '../../src/domain/scan.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { ONLY } from '../../src/edge/plan/state.ts';
import { claimHash, signOrder } from '../../src/ledger/order.ts';
import { parseRecord } from '../../src/ledger/record.ts';
import { signRoster } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import {
  bringIntoService,
  newSite,
  removeSite,
  rosterFor,
  startTestAgent,
  type TestSite,
  tell,
} from '../bank.ts';
import { checkBank } from '../check-bank.ts';

const HOUR_MS = 3_600_000;
const rig = await startTestRig();
let site: TestSite;
let agent: Agent;
const fatal: Error[] = [];

before(async () => {
  site = await newSite();
  const ports = { serial: rig.ports.serial, scanner: rig.ports.scanner };
  agent = await startTestAgent(site, ports, (error) => fatal.push(error));
  await bringIntoService(site, agent);
  await until(() => Object.values(agent.state().compartment).every(({ door }) => door === 'closed'));
  await until(() => agent.state().orderBook[ONLY] !== undefined);
});
after(async () => {
  checkBank(agent);
  await agent.stop();
  removeSite(site);
  assert.deepEqual(fatal, []);
});

const nonce = () => agent.state().orderBook[ONLY]?.nonce ?? assert.fail('the bank has a nonce');
const newId = (): OrderId => idFrom('order', systemRandom.bytes(16));
const newClaim = () => claimText(systemRandom.bytes(16));

function orderFor(act: OrderAct, change: Partial<Order> = {}): Order {
  const nowMs = systemClock.nowMs();
  return {
    v: 1,
    order: newId(),
    tenant: site.tenant,
    site: site.site,
    bank: site.bank,
    nonce: nonce(),
    madeAtMs: nowMs,
    untilMs: nowMs + HOUR_MS,
    purpose: 'an attack',
    act,
    ...change,
  };
}

const release = (claim: string, compartment = 3): OrderAct => ({
  do: 'staff-release',
  compartment,
  claim: claimHash(claim),
  restore: false,
});
const fromCloud = (note: string) => tell(agent, { v: 1, type: 'order', note });
const byHand = (note: string) => agent.dispatch({ type: 'order', note });

function told(kind: string) {
  return agent.journal.everyRecord().flatMap((bytes) => {
    const parsed = parseRecord(bytes);
    return parsed.ok && parsed.record.kind === kind ? [parsed.record] : [];
  });
}
const lastRefusal = () => told('order.refused').at(-1)?.facts.reason;

/** What the agent has decided, and what the metal shows. */
async function nothingMoved(): Promise<void> {
  await agent.settled();
  assert.equal(told('release.decided').filter(({ decision }) => decision?.allow).length, moved);
  const doors = (await rig.ask('/doors')).body as { door: string }[];
  assert.ok(doors.every(({ door }) => door === 'closed'));
}
let moved = 0;

async function scan(text: string): Promise<string | null> {
  await agent.act({ do: 'cancel' });
  await agent.act({ do: 'scan', text });
  return agent.state().volatile.message;
}

/** The control: the same road, walked rightfully, opens the door and lets staff finish. */
async function rightfulOrderWorks(n: number): Promise<void> {
  const claim = newClaim();
  fromCloud(signOrder(orderFor(release(claim, n)), [site.root]));
  await agent.act({ do: 'scan', text: claim });
  await until(() => agent.state().compartment[n]?.door === 'open');
  moved += 1;
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await until(() => agent.state().compartment[n]?.door === 'closed');
  await agent.act({ do: 'found', what: 'empty' });
  await nothingMoved();
}

test('an order that no root key signed, or that was altered after signing, is refused', async () => {
  const claim = newClaim();
  const order = orderFor(release(claim));
  const note = signOrder(order, [site.root]);
  const forged = [
    signOrder(order, [newSigningKey()]),
    signOrder(order, [site.notifier]),
    note.replace('"compartment":3', '"compartment":4'),
    note.replace(claimHash(claim), claimHash(newClaim())),
  ];
  for (const one of forged)
    for (const give of [fromCloud, byHand]) {
      give(one);
      assert.equal(lastRefusal(), 'signature-wrong');
    }
  assert.equal(await scan(claim), 'order-unknown');
  await nothingMoved();
  await rightfulOrderWorks(5);
});

test('an order for another bank of the same root is refused, and its claim is unknown here', async () => {
  const claim = newClaim();
  const elsewhere = orderFor(release(claim), { bank: idFrom('bank', systemRandom.bytes(16)) });
  const note = signOrder(elsewhere, [site.root]);
  fromCloud(note);
  assert.equal(lastRefusal(), 'order-wrong-bank');
  fromCloud(note.replaceAll(elsewhere.bank, site.bank));
  assert.equal(lastRefusal(), 'signature-wrong');
  assert.equal(await scan(claim), 'order-unknown');
  await nothingMoved();
});

test('an order that was held back until the bank drew another nonce is worthless', async () => {
  const claim = newClaim();
  const held = orderFor(release(claim), { nonce: base64url(systemRandom.bytes(16)) });
  fromCloud(signOrder(held, [site.root]));
  assert.equal(lastRefusal(), 'order-nonce-old');
  assert.equal(await scan(claim), 'order-unknown');
  await nothingMoved();
});

test('a replayed order is refused, before its claim was shown and after it was spent', async () => {
  const claim = newClaim();
  const note = signOrder(orderFor(release(claim, 6)), [site.root]);
  fromCloud(note);
  const waiting = Object.keys(agent.state().order).length;
  for (const give of [fromCloud, byHand]) {
    give(note);
    assert.equal(lastRefusal(), 'order-replayed');
  }
  assert.equal(Object.keys(agent.state().order).length, waiting);
  await agent.act({ do: 'scan', text: claim });
  await until(() => agent.state().compartment[6]?.door === 'open');
  moved += 1;
  await rig.ask('/doors/6/close', undefined, 'POST');
  await until(() => agent.state().compartment[6]?.door === 'closed');
  await agent.act({ do: 'found', what: 'empty' });
  fromCloud(note);
  assert.equal(lastRefusal(), 'order-replayed');
  assert.equal(await scan(claim), 'order-unknown');
  await nothingMoved();
});

test('an accepted order opens nothing in an empty lobby, and no guessed claim does', async () => {
  const claim = newClaim();
  const order = orderFor(release(claim, 7));
  fromCloud(signOrder(order, [site.root]));
  assert.equal(told('order.accepted').at(-1)?.facts.act, 'staff-release');
  await nothingMoved();
  // The hash is no secret: whoever carried the order knows it.
  const guesses = [
    newClaim(),
    `${claim.slice(0, -1)}${claim.endsWith('A') ? 'E' : 'A'}`,
    `HFO1${'A'.repeat(26)}`,
  ];
  for (const guess of guesses) assert.equal(await scan(guess), 'order-unknown');
  await scan(claimHash(claim));
  await scan(order.order);
  await nothingMoved();
});

test('after a lift the cloud cannot suspend again until the next roster', async () => {
  const suspend = (untilMs = systemClock.nowMs() + HOUR_MS) =>
    tell(agent, {
      v: 1,
      type: 'suspend',
      id: base64url(systemRandom.bytes(16)),
      scope: 'bank',
      subject: null,
      compartment: null,
      untilMs,
    });
  suspend();
  assert.equal(Object.keys(agent.state().suspension).length, 1);
  byHand(signOrder(orderFor({ do: 'lift' }), [site.root]));
  assert.equal(Object.keys(agent.state().suspension).length, 0);
  for (const lasts of [1000, HOUR_MS]) suspend(systemClock.nowMs() + lasts);
  assert.equal(Object.keys(agent.state().suspension).length, 0);
  assert.equal(told('message.refused').at(-1)?.facts.reason, 'suspension-too-long');
  const { key, sealKey } = agent.state().standing;
  const next = rosterFor(site, { key, sealKey }, { version: 2 });
  tell(agent, { v: 1, type: 'roster', note: signRoster(next, [site.root]) });
  suspend();
  assert.equal(Object.keys(agent.state().suspension).length, 1);
});
