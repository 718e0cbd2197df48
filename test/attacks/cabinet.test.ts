/**
 * Attacks at one cabinet, on a real agent with real frames: somebody who hangs on the boards' line and speaks as
 * the agent does, and somebody who shows one code a thousand times at once.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Line, startTestRig, until } from '../../rig/test-rig.ts';
import type { RigDoor } from '../../src/contract/rig.ts';
import { base64url, hex } from '../../src/crypto/bytes.ts';
import { idFrom } from '../../src/domain/ids.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { encodeUnlock } from '../../src/edge/lockboard/kerong-cu.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { systemRandom } from '../../src/platform/random.ts';
import {
  bringIntoService,
  newestCodes,
  newSite,
  removeSite,
  startTestAgent,
  type TestSite,
} from '../bank.ts';
import { checkBank } from '../check-bank.ts';

const AT_ONCE = 1000;
const OVER_HTTP = 20;
const CODE = '284917';
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
});
after(async () => {
  await agent.stop();
  removeSite(site);
  assert.deepEqual(fatal, []);
});

async function act(action: object): Promise<{ message: string | null; show: { screen: string } }> {
  const response = await fetch(`http://127.0.0.1:${agent.kioskPort}/api/actions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
    body: JSON.stringify(action),
  });
  return (await response.json()) as { message: string | null; show: { screen: string } };
}

const screenIs = (screen: string) => until(() => agent.state().volatile.screen.at === screen);
const doorIs = (n: number, door: 'open' | 'closed') =>
  until(() => agent.state().compartment[n]?.door === door);
const shut = (n: number) => rig.ask(`/doors/${n}/close`, undefined, 'POST');

/** A parcel of the resident's, put in by the courier. Answers its door and its PIN. */
async function dropOff(): Promise<{ n: number; pin: string }> {
  await rig.ask('/scan', { text: site.courier.badge });
  await screenIs('courier-code');
  const isFirst = agent.state().courier[site.courier.person]?.verifier == null;
  await act(
    isFirst ? { do: 'courier-code-new', code: CODE, again: CODE } : { do: 'courier-code', code: CODE },
  );
  await act({ do: 'tracking', text: 'TBA123456789000' });
  await act({ do: 'flat', text: site.resident.flat });
  await act({ do: 'size', size: 'S' });
  await screenIs('session');
  const n = Object.values(agent.state().session)[0]?.compartment ?? assert.fail('a session began');
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'put-in', label: 'x' });
  await shut(n);
  await doorIs(n, 'closed');
  await act({ do: 'deposited' });
  await act({ do: 'leave' });
  await agent.settled();
  return { n, pin: (await newestCodes(site, agent)).pin };
}

const fresh = () => ({
  session: idFrom('session', systemRandom.bytes(16)),
  parcel: idFrom('parcel', systemRandom.bytes(16)),
  grant: idFrom('grant', systemRandom.bytes(16)),
  nonce: base64url(systemRandom.bytes(16)),
});

/** Says on the boards' line what the agent says to open door `n`, byte for byte. */
async function inject(n: number): Promise<void> {
  const { board, lock } = agent.state().compartment[n] ?? assert.fail();
  const line = await Line.to(rig.ports.serial);
  line.say(hex(encodeUnlock(board, lock)));
  await until(async () => {
    const { body } = await rig.ask('/doors');
    return (body as RigDoor[]).find((door) => door.n === n)?.door === 'open';
  });
}

const at = (n: number, kind: string): LedgerRecord[] =>
  checkBank(agent).filter((record) => record.kind === kind && record.compartment === n);
const alarms = (n: number) => at(n, 'alarm.raised').map(({ facts }) => facts.condition);

test('an OPEN that somebody else says on the line opens the door, is recorded as forced and alarmed', async () => {
  await inject(20);
  await until(() => agent.state().compartment[20]?.withdrawn === 'forced');
  assert.deepEqual(alarms(20), ['forced']);
  assert.equal(at(20, 'release.decided').length, 0, 'nobody here had decided it');
  await shut(20);
});

test('the same at a door with a parcel: forced, and the parcel stays the recipient’s', async () => {
  const { n, pin } = await dropOff();
  await inject(n);
  await until(() => alarms(n).includes('forced'));
  await shut(n);
  await doorIs(n, 'closed');
  assert.equal(agent.state().compartment[n]?.use, 'occupied');
  assert.equal(at(n, 'parcel.collected').length, 0);
  assert.equal((await act({ do: 'pin', pin })).show.screen, 'pick-up', 'their code works');
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await shut(n);
  await doorIs(n, 'closed');
  await act({ do: 'collected' });
  await until(() => agent.state().compartment[n]?.use === 'empty');
});

test('the frame of a rightful opening, said again when its session is over, explains nothing', async () => {
  const { n, pin } = await dropOff();
  const forcedBefore = at(n, 'door.forced').length;
  await act({ do: 'pin', pin });
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await shut(n);
  await doorIs(n, 'closed');
  await act({ do: 'collected' });
  await until(() => agent.state().compartment[n]?.use === 'empty');
  assert.equal(at(n, 'door.forced').length, forcedBefore);
  await inject(n);
  await until(() => at(n, 'door.forced').length === forcedBefore + 1);
  await shut(n);
  await doorIs(n, 'closed');
});

test('one code a thousand times at once opens one session and sends one pulse; spent, it opens none', async () => {
  const { n, pin } = await dropOff();
  const opened = () => at(n, 'session.opened').filter(({ facts }) => facts.work === 'pick-up').length;
  const pulses = () =>
    at(n, 'release.decided').filter(({ facts, decision }) => facts.work === 'pick-up' && decision?.allow)
      .length;
  const before = { opened: opened(), pulses: pulses() };
  // All before the bank has answered any of them; some come over the kiosk's interface, as a page's would.
  const atOnce = async () => {
    const posts = Array.from({ length: OVER_HTTP }, () => act({ do: 'pin', pin }));
    for (let time = OVER_HTTP; time < AT_ONCE; time++)
      agent.dispatch({ type: 'action', action: { do: 'pin', pin }, fresh: fresh() });
    await Promise.all(posts);
    await agent.settled();
  };
  await atOnce();
  assert.deepEqual(
    { opened: opened(), pulses: pulses() },
    { opened: before.opened + 1, pulses: before.pulses + 1 },
  );
  await doorIs(n, 'open');
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await shut(n);
  await doorIs(n, 'closed');
  await act({ do: 'collected' });
  await act({ do: 'cancel' });
  await until(() => agent.state().compartment[n]?.use === 'empty');
  await atOnce();
  assert.deepEqual(
    { opened: opened(), pulses: pulses() },
    { opened: before.opened + 1, pulses: before.pulses + 1 },
  );
});
