/** A witness over TLS, under an authority of its own: who only pretends to be it is told nothing and believed nothing. */
import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { createServer, type ServerOptions } from 'node:https';
import { after, test } from 'node:test';
import { newSigningKey } from '../../crypto/sign.ts';
import { serverTls } from '../../crypto/tls.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Answered, askWitness, type Unanswered } from './ask.ts';

const DAY_MS = 86_400_000;

type Witness = { url: string; certificate: string; heard: string[] };

async function tlsWitness(
  host: string,
  { ageMs = 0, tls = serverTls }: { ageMs?: number; tls?: ServerOptions } = {},
): Promise<Witness> {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const certificate = await selfSignedServer({
    ...{ commonName: 'a witness', privateKey, hosts: [host], serial: randomBytes(8) },
    ...{ notBeforeMs: nowMs - DAY_MS - ageMs, notAfterMs: nowMs + DAY_MS - ageMs },
  });
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  const pem = key.export({ format: 'pem', type: 'pkcs8' });
  const heard: string[] = [];
  const server = createServer({ ...tls, key: pem, cert: certificate }, (request, response) => {
    heard.push(request.url ?? '');
    request.resume().on('end', () => response.end('a line\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return { url: `https://127.0.0.1:${address.port}/w`, certificate, heard };
}

const ask = ({ url }: Witness, caPem: string | undefined): Promise<Answered | Unanswered> =>
  askWitness({ url, caPem, body: 'old 0\n\n', clock: systemClock });

test('a witness under an authority of its own is asked over TLS', async () => {
  const witness = await tlsWitness('127.0.0.1');
  const answer = { status: 200, body: 'a line\n' };
  assert.deepEqual(await ask(witness, witness.certificate), answer);
  assert.deepEqual(await ask(witness, witness.certificate), answer);
  assert.deepEqual(witness.heard, ['/w/add-checkpoint', '/w/add-checkpoint']);
});

test('a witness with another certificate is not told what is asked, even where a right connection is kept', async () => {
  const [right, other] = [await tlsWitness('127.0.0.1'), await tlsWitness('127.0.0.1')];
  assert.equal(typeof (await ask(right, right.certificate)), 'object');
  assert.equal(await ask(right, other.certificate), 'unreachable');
  assert.equal(await ask(right, undefined), 'unreachable', 'no public authority knows it');
  assert.equal(right.heard.length, 1);
  const elsewhere = await tlsWitness('witness.example.org');
  assert.equal(await ask(elsewhere, elsewhere.certificate), 'unreachable', 'it is of another host');
  const old = await tlsWitness('127.0.0.1', { ageMs: 3 * DAY_MS });
  assert.equal(await ask(old, old.certificate), 'unreachable', 'its time is over');
  const before = await tlsWitness('127.0.0.1', { tls: { maxVersion: 'TLSv1.2' } });
  assert.equal(await ask(before, before.certificate), 'unreachable', 'it speaks TLS 1.2 alone');
  assert.deepEqual([...elsewhere.heard, ...old.heard, ...before.heard], []);
});
