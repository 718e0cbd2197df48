/** What the configuration refuses: messages hold codes and numbers, so no road for them is open to readers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ed25519Key, newEd25519Key } from '../crypto/ed25519.ts';
import { vkeyText } from '../ledger/log/vkey.ts';
import { cloudConfig } from './config.ts';

type Given = { development: boolean; tls?: string; witnessing?: unknown; trustedProxies?: readonly string[] };

function complaints(sms: string, of: Given): string[] {
  const { development, tls, witnessing, trustedProxies } = of;
  const config = {
    databaseUrl: 'postgresql://app@db/holdfast',
    ownerDatabaseUrl: 'postgresql://owner@db/holdfast',
    dataDir: '/var/lib/holdfast',
    rootKeyFile: '/etc/holdfast/root.key',
    operatorTokenFile: '/etc/holdfast/operator.token',
    http: { port: 0 },
    https: { host: '0.0.0.0', port: 443, hosts: ['holdfast.example'] },
    broker: { embedded: { host: '0.0.0.0', port: 8883 } },
    offlinePin: null,
    mail: {
      host: 'mail.example',
      port: 465,
      user: 'u',
      password: 'p',
      caPem: 'pem',
      from: 'a@b.example',
      ...(tls && { tls }),
    },
    ...(trustedProxies && { trustedProxies }),
    sms: { url: sms, token: 'x'.repeat(16) },
    urls: { resident: 'https://h.example/r', courier: 'https://h.example/c', admin: 'https://h.example/a' },
    ...(witnessing !== undefined && { witnessing }),
    webDir: null,
    development,
    startFile: null,
    logPath: null,
    logLevel: 'info',
  };
  const parsed = cloudConfig.safeParse(config);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
}

test('an SMS gateway without TLS is refused, but on the loopback of a development machine', () => {
  assert.deepEqual(complaints('https://sms.example/v1', { development: false }), []);
  assert.deepEqual(complaints('http://127.0.0.1:8087', { development: true }), []);
  for (const development of [true, false])
    assert.deepEqual(complaints('http://sms.example', { development }), ['sms.url']);
  assert.deepEqual(complaints('http://127.0.0.1:8087', { development: false }), ['sms.url']);
  assert.deepEqual(complaints('http://127.0.0.1.evil.example', { development: true }), ['sms.url']);
});

test('mail goes over TLS in one of its two ways, and there is no word for none', () => {
  const sms = 'https://sms.example';
  for (const tls of ['starttls', 'implicit'])
    assert.deepEqual(complaints(sms, { development: false, tls }), []);
  for (const development of [true, false])
    assert.deepEqual(complaints(sms, { development, tls: 'none' }), ['mail.tls']);
});

test('a policy that could not be kept is refused: keys, quorum, names and addresses', () => {
  const [first, second] = [newEd25519Key(), newEd25519Key()];
  const vkeyOf = (name: string, { publicKey }: Ed25519Key) =>
    vkeyText({ type: 'cosignature', name, publicKey });
  const [one, two] = [vkeyOf('witness.example.org/1', first), vkeyOf('witness.example.org/2', second)];
  const renamed = vkeyOf('another.example/name', first);
  const ofLog = vkeyText({ type: 'signature', name: 'log.example', publicKey: first.publicKey });
  const a = { name: 'a', vkey: one, url: 'https://w.example/prefix' };
  const b = { name: 'b', vkey: two, url: 'http://127.0.0.1:8090' };
  const asked = (witnessing: unknown) =>
    complaints('https://sms.example', { development: false, witnessing }).map((path) =>
      path.replace('witnessing.', ''),
    );
  assert.deepEqual(asked({ quorum: 2, witnesses: [a, b] }), []);
  for (const quorum of [0, 3, 1.5]) assert.deepEqual(asked({ quorum, witnesses: [a, b] }), ['quorum']);
  assert.deepEqual(asked({ quorum: 1, witnesses: [] })[0], 'witnesses');
  assert.deepEqual(asked({ quorum: 1, witnesses: [a, { ...b, name: 'a' }] }), ['witnesses.1.name']);
  for (const vkey of [one, renamed])
    assert.deepEqual(asked({ quorum: 1, witnesses: [a, { ...b, vkey }] }), ['witnesses.1.vkey']);
  for (const vkey of [ofLog, one.replace('org/1', 'org/3'), one.slice(0, -1), ''])
    assert.deepEqual(asked({ quorum: 1, witnesses: [{ ...a, vkey }] }), ['witnesses.0.vkey'], vkey);
  for (const url of [
    ...[
      'http://w.example',
      'http://127.0.0.1.evil.example',
      `https://${'me:secret'}@w.example`,
      'ftp://w.example',
    ],
    ...['https://w.example/?a=b', 'https://w.example/#c', 'w.example', ''],
  ])
    assert.deepEqual(asked({ quorum: 1, witnesses: [{ ...a, url }] }), ['witnesses.0.url'], url);
});

test('a proxy is named by its address or a range of them, and a range of everybody is refused', () => {
  const given = (...trustedProxies: string[]) =>
    complaints('https://sms.example', { development: false, trustedProxies });
  assert.deepEqual(given('127.0.0.1', '10.1.0.0/16', '::1', '2001:db8::/48'), []);
  for (const range of [
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/7',
    '10.0.0.0/33',
    '10.0.0.0/',
    'loopback',
    '*',
    '10.0.0.0/8/8',
  ])
    assert.deepEqual(given(range), ['trustedProxies.0'], range);
  assert.deepEqual(given(), ['trustedProxies']);
});
