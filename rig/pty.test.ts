import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, existsSync, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport';
import type { RigDoor, RigState } from '../src/contract/rig.ts';
import { type DoorFault, doorFault } from '../src/contract/rig.ts';
import { openPty } from './pty.ts';
import { startTestRig, until } from './test-rig.ts';

/** Each byte alone, twice, and beside each of the bytes that a terminal could take for an order. */
const ORDERS = [0x03, 0x04, 0x0a, 0x0d, 0x11, 0x13, 0x15, 0x1a, 0x1c, 0x7f, 0xff, 0x00];
const EVERY_BYTE = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => [byte, byte, ...ORDERS.flatMap((order) => [order, byte])]).flat(),
);

/** Less than a terminal holds; the rest follows when this much was heard. */
const PIECE_BYTES = 1_024;

type End = { heard(): Buffer; write(bytes: Uint8Array): void };

/** Sends every byte from one end to the other and asserts that it came as it was. */
async function passes({ from, to }: { from: End; to: End }): Promise<void> {
  const before = to.heard().length;
  for (let at = 0; at < EVERY_BYTE.length; at += PIECE_BYTES) {
    const piece = EVERY_BYTE.subarray(at, at + PIECE_BYTES);
    from.write(piece);
    await until(() => to.heard().length >= before + at + piece.length);
  }
  assert.deepEqual(to.heard().subarray(before), EVERY_BYTE);
}

function endOf(stream: Duplex | ReadStream): End {
  let all = Buffer.alloc(0);
  stream.on('data', (bytes: Buffer) => {
    all = Buffer.concat([all, bytes]);
  });
  return { heard: () => all, write: (bytes) => void stream.write(bytes) };
}

async function newPty() {
  let all = Buffer.alloc(0);
  const pty = await openPty((bytes) => {
    all = Buffer.concat([all, bytes]);
  });
  after(() => pty.stop());
  const near: End = { heard: () => all, write: (bytes) => pty.write(bytes) };
  return { pty, near };
}

function portAt(path: string, baudRate: number): Promise<SerialPort> {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate, dataBits: 8, parity: 'none', stopBits: 1 }, (error) =>
      error ? reject(error) : resolve(port),
    );
    after(() => closed(port));
  });
}

function closed(port: SerialPort): Promise<void> {
  return new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
}

test('every byte passes both ways as it is, to a program that sets nothing', async () => {
  const { pty, near } = await newPty();
  const stream = new ReadStream(openSync(pty.path, constants.O_RDWR | constants.O_NOCTTY));
  after(() => stream.destroy());
  const far = endOf(stream);
  await passes({ from: near, to: far });
  await passes({ from: far, to: near });
});

test('every byte passes both ways as it is, to a serial port at 19200 8N1; and again after it was closed', async () => {
  const { pty, near } = await newPty();
  for (const baudRate of [19_200, 9_600]) {
    const port = await portAt(pty.path, baudRate);
    const far = endOf(port);
    await passes({ from: near, to: far });
    await passes({ from: far, to: near });
    await closed(port);
  }
});

test('a pseudo-terminal that was stopped is gone, and who has it open still finds out when it writes', async () => {
  const { pty } = await newPty();
  const port = await portAt(pty.path, 19_200);
  await pty.stop();
  assert.equal(existsSync(pty.path), false);
  const failed = once(port, 'error');
  port.write(Buffer.of(0));
  assert.match(String(await failed), /EIO/);
  assert.equal(port.isOpen, false);
});

const ASKS = {
  'kerong-cu': { unlock: '0200310336', opened: '020035feff00000337', look: '0210300345', bytes: 9 },
  'xor-8a': { unlock: '8a0101119b', opened: '8a0101008a', look: '80020033b1', bytes: 7 },
} as const;

for (const family of ['kerong-cu', 'xor-8a'] as const) {
  test(`boards of the family ${family} unlock over a serial port, and stay on it through an outage`, async () => {
    const asks = ASKS[family];
    const rig = await startTestRig({ family, line: 'pty' });
    const path = rig.serialPath;
    assert.ok(path !== null);
    const state = (await rig.ask('/state')).body as RigState;
    assert.deepEqual([state.serialPath, state.boards, rig.ports.serial], [path, family, 0]);
    const port = await portAt(path, 19_200);
    const far = endOf(port);
    const isOpen = async () => ((await rig.ask('/doors')).body as RigDoor[])[0]?.door === 'open';

    far.write(Buffer.from(asks.unlock, 'hex'));
    await until(() => far.heard().toString('hex') === asks.opened);
    assert.ok(await isOpen());
    await rig.ask('/doors/1/close', undefined, 'POST');

    await rig.ask('/power', { on: false });
    far.write(Buffer.from(asks.unlock.slice(0, 4) + asks.unlock, 'hex'));
    await new Promise((resolve) => port.drain(resolve));
    // The terminal holds it now, and this process, which is the rig too, reads it before it answers this.
    assert.equal(await isOpen(), false);
    await rig.ask('/power', { on: true });
    await closed(port);

    const again = endOf(await portAt(path, 19_200));
    again.write(Buffer.from(asks.look, 'hex'));
    await until(() => again.heard().length === asks.bytes);
    assert.equal(await isOpen(), false);
  });
}

test('noise, torn and wrong answers are the same on a pseudo-terminal', async () => {
  const rig = await startTestRig({ line: 'pty' });
  assert.ok(rig.serialPath !== null);
  await rig.ask('/line', { noise: true, split: true, lateMs: 50 });
  const far = endOf(await portAt(rig.serialPath, 19_200));
  const heardWhole = (hex: string) => until(() => far.heard().toString('hex').includes(hex));
  const ends: Partial<Record<DoorFault, string>> = {
    late: '020035feff00000337',
    corrupted: '020035feff00000336',
    'wrong-door': '020135feff00000338',
    'acts-then-fails': '020035ffff00000338',
  };
  for (const fault of doorFault.options) {
    const said = ends[fault];
    if (said === undefined) continue;
    await rig.ask('/doors/1/close', undefined, 'POST');
    await rig.ask('/doors/1/fault', { fault });
    far.write(Buffer.from('0200310336', 'hex'));
    await heardWhole(said);
  }
});
