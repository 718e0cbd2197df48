/** Stopping the parts of a process, by a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { type Part, stopParts } from './stop.ts';

const stopping = { clock: new ManualClock(0), log: silentLog, finishMsMax: 10_000 };

test('a part that breaks at the stop keeps no other from finishing, and is told at the end', async () => {
  const done: string[] = [];
  const part = (name: string, fault?: Error): Part => ({
    name,
    async stop() {
      if (fault) throw fault;
      done.push(name);
    },
  });
  const parts = [
    part('http', new Error('first')),
    part('uplink'),
    part('jobs', new Error('second')),
    part('database'),
  ];
  await assert.rejects(stopParts(parts, stopping), /^Error: first$/);
  assert.deepEqual(done, ['uplink', 'database']);
});
