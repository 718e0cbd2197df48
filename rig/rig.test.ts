import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import type { RigDoor, RigState } from '../src/contract/rig.ts';
import { rigState } from '../src/contract/rig.ts';
import { LOOPBACK } from './config.ts';
import { portOf } from './loopback.ts';
import { asked, Line, startTestRig, until } from './test-rig.ts';

/** Hooks of 24 shut doors: all of board 0, and the eight that are wired on board 1. */
const ALL_SHUT_0 = '02 00 35 ff ff 00 00 03 38'.replaceAll(' ', '');
const ALL_SHUT_1 = '02 10 35 ff 00 00 00 03 49'.replaceAll(' ', '');

function doorOf(answer: { body: unknown }): RigDoor {
  return answer.body as RigDoor;
}

test('a door is unlocked over the line, takes a parcel and is pushed shut; the line shows it', async () => {
  const rig = await startTestRig();
  const line = await Line.to(rig.ports.serial);
  line.say('02 00 30 03 35');
  assert.equal((await line.hear(9)).toString('hex'), ALL_SHUT_0);
  line.say('02 10 30 03 45');
  assert.equal((await line.hear(9)).toString('hex'), ALL_SHUT_1);

  assert.equal((await rig.ask('/doors/3/open', {})).status, 409);
  // Lock 2 of board 0 is compartment 3; the answer names the lock and shows its hook let go.
  line.say('02 02 31 03 38');
  assert.equal((await line.hear(9)).toString('hex'), '020235fbff00000336');
  const [, , third] = (await rig.ask('/doors')).body as RigDoor[];
  assert.deepEqual([third?.n, third?.latch, third?.door, third?.pulses], [3, 'free', 'open', 1]);

  assert.deepEqual(doorOf(await rig.ask('/parcels/3', { do: 'put-in', label: 'shoes' })).parcels, ['shoes']);
  assert.equal(doorOf(await rig.ask('/doors/3/close', undefined, 'POST')).latch, 'holding');
  line.say('02 f0 32 03 27');
  // Shut again, and the infrared eye of lock 2 sees something; board 1 answers behind board 0.
  assert.equal((await line.hear(18)).toString('hex'), '020036ffff0400033d' + '021036ff000000034a');
});

test('noise, a wrong sum and an absent board are met with silence', async () => {
  const rig = await startTestRig();
  const line = await Line.to(rig.ports.serial);
  line.say('ff 02 02');
  line.say('02 00 31 03 37');
  line.say('02 20 31 03 56');
  line.say('02 20 30 03 55');
  assert.equal((await line.heardAfter(60)).length, 0);
  line.say('02 00');
  await line.heardAfter(20);
  line.say('30 03 35');
  assert.equal((await line.hear(9)).toString('hex'), ALL_SHUT_0);
  const doors = (await rig.ask('/doors')).body as RigDoor[];
  assert.ok(doors.every((door) => door.pulses === 0));
});

test('without power line and reader go dark; the steel stays as it was', async () => {
  const rig = await startTestRig();
  const lines = await Promise.all([Line.to(rig.ports.serial), Line.to(rig.ports.scanner)]);
  await rig.ask('/doors/5/pry', undefined, 'POST');
  assert.equal(((await rig.ask('/power', { on: false })).body as RigState).power, false);
  await until(() => lines.every((line) => line.closed));
  const late = await Line.to(rig.ports.serial);
  late.say('02 00 31 03 36');
  await until(() => late.closed);
  assert.equal((await rig.ask('/scan', { text: 'JJD01' })).status, 409);
  await rig.ask('/power', { on: false });
  await rig.ask('/power', { on: true });
  assert.deepEqual(rig.power, [false, true]);
  const line = await Line.to(rig.ports.serial);
  line.say('02 00 30 03 35');
  assert.equal((await line.hear(9)).toString('hex'), '020035efff00000328');
});

test('a scan reaches every reader that is connected, as text with a carriage return', async () => {
  const rig = await startTestRig();
  const [one, two] = await Promise.all([Line.to(rig.ports.scanner), Line.to(rig.ports.scanner)]);
  const text = 'HF1:größe-7';
  await until(
    async () => ((await rig.ask('/scan', { text: '?' })).body as { listeners: number }).listeners === 2,
  );
  await rig.ask('/scan', { text });
  for (const line of [one, two]) {
    await until(async () => (await line.heardAfter(0)).toString('utf8').endsWith(`?\r${text}\r`));
  }
});

test('the router passes bytes and an orderly end; cut off, it drops all and takes no more', async () => {
  const broker = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end('bye'));
  });
  after(() => broker.close());
  await new Promise<void>((resolve) => broker.listen(0, LOOPBACK, () => resolve()));
  const rig = await startTestRig({ brokerPort: portOf(broker) });

  const polite = await Line.to(rig.ports.uplink);
  polite.socket.end(Buffer.alloc(300_000, 7));
  const echoed = await polite.hear(300_003);
  assert.equal(echoed.subarray(-3).toString(), 'bye');
  await until(() => polite.closed);

  const agent = await Line.to(rig.ports.uplink);
  agent.say('10 0e');
  assert.equal((await agent.hear(2)).toString('hex'), '100e');
  assert.equal(((await rig.ask('/network', { up: false })).body as RigState).network, false);
  await until(() => agent.closed);
  const late = await Line.to(rig.ports.uplink);
  await until(() => late.closed);
  await rig.ask('/network', { up: true });
  const again = await Line.to(rig.ports.uplink);
  again.say('c0 00');
  assert.equal((await again.hear(2)).toString('hex'), 'c000');
  await rig.ask('/power', { on: false });
  await until(() => again.closed);
  const unpowered = await Line.to(rig.ports.uplink);
  await until(() => unpowered.closed);
});

test('a broker that is not there shows as a reset, and harms nothing', async () => {
  const rig = await startTestRig({ brokerPort: 1 });
  const line = await Line.to(rig.ports.uplink);
  await until(() => line.closed);
  assert.equal((await rig.ask('/state')).status, 200);
});

test('a restart finds the cabinet as it was; what stood on a label is not written down', async () => {
  const rig = await startTestRig();
  await rig.ask('/doors/24/pry', undefined, 'POST');
  await rig.ask('/parcels/24', { do: 'put-in', label: 'skis' });
  const before = rigState.parse((await rig.ask('/state')).body);
  const next = await rig.restarted();
  const after = rigState.parse((await next.ask('/state')).body);
  const text = JSON.stringify(before);
  assert.ok(text.includes('"skis"'));
  assert.deepEqual(after, JSON.parse(text.replaceAll('"skis"', '"Parcel"')));
});

test('a port that is taken is named, and nothing is left running', async () => {
  const rig = await startTestRig();
  const { serial, sms } = rig.ports;
  await assert.rejects(
    startTestRig({ httpPort: serial }),
    new RegExp(`The rig .*${serial}: the port is taken`),
  );
  await assert.rejects(
    startTestRig({ smtpPort: serial }),
    new RegExp(`The mail server .*${serial}: the port is taken`),
  );
  await assert.rejects(startTestRig({ smsPort: sms }), /The SMS gateway .*the port is taken/);
  await rig.stop();
  await rig.stop();
  await assert.rejects(asked(`http://${LOOPBACK}:${rig.ports.http}/state`, {}));
});
