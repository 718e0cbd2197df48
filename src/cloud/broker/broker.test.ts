import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_UP_TOPICS, downTopic, upTopic } from '../../contract/uplink.ts';
import { CLOUD_NAME, mayPublish, mayReceive, maySubscribe } from './acl.ts';
import { PacketGuard } from './guard.ts';

const BANK = `bank_${'a'.repeat(26)}`;
const OTHER = `bank_${'b'.repeat(26)}`;

function passes(guard: PacketGuard, ...chunks: readonly (readonly number[])[]): boolean {
  let failed = false;
  guard.on('error', () => {
    failed = true;
  });
  for (const chunk of chunks)
    guard._transform(Buffer.from(chunk), 'utf8', (error) => {
      if (error) failed = true;
    });
  return !failed;
}

test('packets within the limit pass, whole, in pieces and in a row', () => {
  const small = [0x30, 3, 1, 2, 3];
  assert.ok(passes(new PacketGuard(300), small, small));
  assert.ok(passes(new PacketGuard(300), ...small.map((byte) => [byte]), [0xc0, 0], [0x30], [0xac, 0x02]));
  const large = [0x30, 0xac, 0x02, ...Array<number>(300).fill(0xff)];
  assert.ok(passes(new PacketGuard(300), [...large, ...small, 0xc0, 0]), 'a body is not read as a header');
});

test('a packet that announces more is refused, and so is a length without end', () => {
  assert.ok(!passes(new PacketGuard(300), [0x30, 0xad, 0x02]));
  assert.ok(!passes(new PacketGuard(300), [0x30, 0xff], [0xff, 0xff, 0x7f]));
  assert.ok(!passes(new PacketGuard(2 ** 40), [0x30, 0x80, 0x80, 0x80, 0x80, 0x01]));
  assert.ok(!passes(new PacketGuard(3), [0xc0, 0, 0x30, 4]));
});

test('a bank has one topic up and one down; the cloud has all, the other way round', () => {
  const publish = (name: string | undefined, topic: string, change: object = {}) =>
    mayPublish(name, { cmd: 'publish', topic, payload: 'x', qos: 1, dup: false, retain: false, ...change });
  assert.ok(publish(BANK, upTopic(BANK)));
  assert.ok(publish(CLOUD_NAME, downTopic(BANK)));
  for (const topic of [downTopic(BANK), upTopic(OTHER), downTopic(OTHER), '$SYS/x', `${upTopic(BANK)}/x`])
    assert.ok(!publish(BANK, topic), topic);
  for (const topic of [upTopic(BANK), 'holdfast/v1/x/down', '#'])
    assert.ok(!publish(CLOUD_NAME, topic), topic);
  assert.ok(!publish(undefined, upTopic(BANK)));
  assert.ok(!publish(BANK, upTopic(BANK), { retain: true }));
  assert.ok(!publish(BANK, upTopic(BANK), { qos: 2 }));

  const subscribe = (name: string | undefined, topic: string) => maySubscribe(name, { topic, qos: 1 });
  assert.ok(subscribe(BANK, downTopic(BANK)));
  assert.ok(subscribe(CLOUD_NAME, upTopic(BANK)));
  for (const topic of [upTopic(BANK), downTopic(OTHER), 'holdfast/v1/+/down', '#', ALL_UP_TOPICS])
    assert.ok(!subscribe(BANK, topic), topic);
  for (const topic of ['#', ALL_UP_TOPICS, downTopic(BANK)]) assert.ok(!subscribe(CLOUD_NAME, topic), topic);
  assert.ok(!subscribe(undefined, downTopic(BANK)));

  assert.ok(mayReceive(BANK, downTopic(BANK)));
  assert.ok(!mayReceive(BANK, downTopic(OTHER)));
  assert.ok(!mayReceive(BANK, upTopic(BANK)));
});
