/** The cloud's server key changes twice, and no cabinet is stranded: the path that row D4 asks for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import type { SystemConfig } from '../../src/up/configs.ts';
import { cloudSpec } from '../../src/up/configs.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT, startSite } from '../site.ts';

const site = await startSite();
after(() => site.stop());
const { system, people } = site;

function holdfast(...args: string[]): { status: number | null; text: string } {
  const run = spawnSync(process.execPath, [join(ROOT, 'bin', 'holdfast.ts'), ...args], { encoding: 'utf8' });
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

const rotate = () => holdfast('cloud', 'rotate-tls', '--config', join(system.places.cloud, 'config.json'));
const sign = () => holdfast('admin', 'roster', 'sign', '--root', system.places.root, '--yes');

async function restartCloud(): Promise<void> {
  await system.children.stop('cloud');
  await waitFor({
    clock: systemClock,
    what: 'the bank to notice',
    msMax: 20_000,
    holds: async () => !(await people.view()).online,
  });
  await system.children.start(
    cloudSpec({ root: ROOT, places: system.places, ports: system.ports } as SystemConfig),
  );
  await waitFor({
    clock: systemClock,
    what: 'the bank to be back',
    msMax: 60_000,
    holds: async () => (await people.view()).online,
  });
}

async function appliedVersion(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${system.ports.kiosk}/api/health`);
  return ((await answer.json()) as { rosterVersion: number }).rosterVersion;
}

test('the server key changes twice and the bank is back each time', async () => {
  for (const version of [2, 3]) {
    const changed = rotate();
    assert.equal(changed.status, 0, changed.text);
    await restartCloud();
    const early = rotate();
    assert.equal(early.status, 1, 'a key that banks do not know yet is not put to use');
    assert.match(early.text, /Alder Court lobby/);
    const signed = sign();
    assert.equal(signed.status, 0, signed.text);
    assert.match(signed.text, /server pin next/);
    await waitFor({
      clock: systemClock,
      what: 'the roster at the bank',
      msMax: 20_000,
      holds: async () => (await appliedVersion()) === version,
    });
  }
  await site.checkSite();
});
