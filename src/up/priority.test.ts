import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import type { SystemConfig } from './configs.ts';
import { cloudSpec, edgeSpec, rigSpec } from './configs.ts';
import { goesLater, LATER } from './priority.ts';

const TELLS_ITS_CHILDS = `process.once('message', () => require('node:child_process').execFile(process.execPath,
  ['-p', 'require("node:os").getPriority()'], (_, out) => process.send(Number(out))));process.send('ready');`;

test('what goes later has its children go later too', async () => {
  const child = spawn(process.execPath, ['-e', TELLS_ITS_CHILDS], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const pid = child.pid ?? 0;
    await once(child, 'message');
    goesLater(pid);
    assert.equal(getPriority(pid), LATER);
    child.send('go');
    assert.deepEqual(await once(child, 'message'), [LATER, undefined]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('the cloud goes later than the agent and its cabinet; a process that has ended is no failure', async () => {
  const config = {
    root: '/r',
    places: { data: '/d', cloud: '/c', logs: '/l', edge: '/e', rig: '/g' },
  } as SystemConfig;
  assert.equal(cloudSpec(config).goesLater, true);
  for (const spec of [edgeSpec(config), rigSpec(config)]) assert.notEqual(spec.goesLater, true, spec.name);
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(child, 'exit');
  goesLater(child.pid ?? 0);
});
