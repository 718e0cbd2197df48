/** A bank whose cloud is not reached: it dials again for as long as it takes, and keeps nothing of each try. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { newSigningKey } from '../crypto/sign.ts';
import { type Cancel, type Clock, systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { BANK } from './plan/test-bank.ts';
import { oneCertificate } from './test-certificates.ts';
import { Uplink, type UplinkDeps } from './uplink.ts';

const DIALS = 50;

/** A port of this machine that nobody listens at. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : assert.fail('no port');
}

test('a bank that dials in vain for months keeps the next dial and no other', async () => {
  const port = await closedPort();
  const identity = newSigningKey();
  let dialled = 0;
  let cancelled = 0;
  const counted = (cancel: Cancel) => () => {
    cancelled += 1;
    cancel();
  };
  const enough = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    every: (periodMs, run) => counted(systemClock.every(periodMs, run)),
    after(_delayMs, run) {
      dialled += 1;
      if (dialled === DIALS) enough.resolve();
      return counted(dialled < DIALS ? systemClock.after(0, run) : () => undefined);
    },
  };
  const uplink = new Uplink({
    ...{
      bank: BANK,
      host: '127.0.0.1',
      port,
      pins: () => [],
      certificates: oneCertificate(''),
      keys: { identity },
    },
    ...{ clock, random: systemRandom, log: silentLog },
  } as unknown as UplinkDeps);
  uplink.start();
  await enough.promise;
  await uplink.stop();
  assert.equal(cancelled, 2, 'the beat and one dial');
});
