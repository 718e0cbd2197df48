/** A bank whose cloud is away: it dials again with pauses that grow to half a minute, and no two banks in step. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { newKey } from '../../src/crypto/aead.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newHpkeKey } from '../../src/crypto/hpke.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { selfSignedAuthority } from '../../src/crypto/x509.ts';
import { oneCertificate } from '../../src/edge/test-certificates.ts';
import { Uplink, type UplinkDeps } from '../../src/edge/uplink.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';

const TRIES = 12;
const PAUSES_MS = [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000];

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : assert.fail();
}

const identity = newSigningKey();
const certificate = await selfSignedAuthority({
  commonName: 'a bank',
  privateKey: identity.privateKey,
  serial: Uint8Array.of(1),
  notBeforeMs: Date.UTC(2026, 0, 1),
  notAfterMs: Date.UTC(2096, 0, 1),
});
const keys = { identity, seal: await newHpkeKey(), storage: newKey(), codes: newKey(), fingerprint: '' };

/** How long the bank waited before each of its next tries. Its draws are `below(limit)`. */
async function waits(port: number, below: (limit: number) => number): Promise<number[]> {
  const found: number[] = [];
  const unused = () => assert.fail('nobody was reached');
  await new Promise<void>((resolve) => {
    const clock = new ManualClock(0);
    const after = (delayMs: number, run: () => void) => {
      found.push(delayMs);
      if (found.length === TRIES) resolve();
      else run();
      return () => {};
    };
    const deps = {
      ...{
        bank: 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa',
        host: '127.0.0.1',
        port,
        pins: () => [base64url(newKey())],
      },
      ...{
        certificates: oneCertificate(certificate),
        keys,
        clock: Object.assign(clock, { after }),
        random: { ...systemRandom, below },
      },
      ...{ log: silentLog, journal: {} as UplinkDeps['journal'], state: unused },
      ...{ onHeard: unused, onUnheard: unused, onLink: unused },
    };
    new Uplink(deps as unknown as UplinkDeps).start();
  });
  return found;
}

test('the pauses double up to half a minute, and each bank draws where in the second half of its pause it comes back', async () => {
  const port = await closedPort();
  const earliest = await waits(port, () => 0);
  const latest = await waits(port, (limit) => limit - 1);
  assert.deepEqual(
    earliest,
    PAUSES_MS.map((pauseMs) => pauseMs / 2),
  );
  assert.deepEqual(latest, PAUSES_MS);
  const drawn = await waits(port, (limit) => systemRandom.below(limit));
  drawn.forEach((waitMs, at) => {
    const pauseMs = PAUSES_MS[at] ?? assert.fail();
    assert.ok(waitMs >= pauseMs / 2 && waitMs <= pauseMs, `${waitMs} ms of ${pauseMs}`);
  });
});
