/** What the configuration refuses: messages hold codes and numbers, so no road for them is open to readers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudConfig } from './config.ts';

type Given = { development: boolean; tls?: string; trustedProxies?: readonly string[] };

function complaints(sms: string, of: Given): string[] {
  const { development, tls, trustedProxies } = of;
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
