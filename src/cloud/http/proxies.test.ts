/** Whom a request through a proxy is counted for, and what nobody gets by claiming to be one. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { CSRF_HEADER, problem } from '../../contract/http/common.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type AccessTable } from './access.ts';
import { operatorTokenHash } from './gate.ts';
import { type HttpServers, routesOf, startHttp } from './http.ts';

const any = 'any';
const TABLE = {
  ...ACCESS,
  'POST /api/admin/enter': [any, any, any, any, any, any, any, any],
} as const satisfies AccessTable;
const route = routesOf<typeof TABLE>();
const routes = [
  route({
    method: 'POST',
    url: '/api/admin/enter',
    access: 'public',
    guarded: true,
    says: 'Enters.',
    schema: {},
    handle: async () => undefined,
  }),
  route({
    method: 'POST',
    url: '/api/enrolments',
    access: 'bank',
    says: 'Enrols.',
    schema: {},
    handle: async () => undefined,
  }),
];

const started: HttpServers[] = [];
const start = async (trustedProxies?: readonly string[]): Promise<number> => {
  const servers = await startHttp({
    cloud: { clock: systemClock, log: silentLog, database: {} } as Cloud,
    routes,
    access: TABLE,
    keeper: { authenticate: async () => undefined, operatorTokenHash: operatorTokenHash('none') },
    httpPort: 0,
    https: null,
    hosts: ['lockers.example.org'],
    ...(trustedProxies ? { trustedProxies } : {}),
    webDir: null,
    startFile: null,
    isReady: async () => true,
    limits: { guardedPerMinute: 2 },
  });
  started.push(servers);
  return servers.httpPort;
};

type Asked = { method?: string; path?: string; headers?: Record<string, string> };

function ask(port: number, { method = 'POST', path = '/api/admin/enter', headers }: Asked) {
  return new Promise<{ status: number; code: string | null }>((resolve, reject) => {
    const all = { host: `localhost:${port}`, [CSRF_HEADER]: 'test', ...headers };
    request({ host: '127.0.0.1', port, path, method, agent: false, headers: all }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      const status = answer.statusCode ?? 0;
      answer.on('end', () =>
        resolve({ status, code: status < 400 ? null : problem.parse(JSON.parse(text)).code }),
      );
    })
      .on('error', reject)
      .end();
  });
}

/** How each of these is answered, by what stands in `X-Forwarded-For`. */
async function statuses(port: number, from: readonly string[]): Promise<number[]> {
  const all: number[] = [];
  for (const address of from) all.push((await ask(port, { headers: { 'x-forwarded-for': address } })).status);
  return all;
}

let trusting: number;
before(async () => {
  // This test is the proxy.
  trusting = await start(['192.0.2.0/24', '127.0.0.1']);
});
after(async () => {
  for (const servers of started) await servers.stop();
});

test('people behind a trusted proxy are counted apart, each by the address that the proxy saw', async () => {
  const people = ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2', '2001:db8::1'];
  assert.deepEqual(await statuses(trusting, people), [204, 204, 429, 204, 204]);
});

test('what a client has written before the proxy’s own word counts for nothing', async () => {
  const spoofed = ['198.51.100.1', '198.51.100.2, 127.0.0.1', '192.0.2.9', 'nonsense, 198.51.100.3'];
  const seen = spoofed.map((made) => `${made}, 203.0.113.3`);
  assert.deepEqual(await statuses(trusting, seen), [204, 204, 429, 429]);
  // Through two proxies, both of ours.
  const two = ['198.51.100.4', '198.51.100.5', '198.51.100.6'].map(
    (made) => `${made}, 203.0.113.4, 192.0.2.7`,
  );
  assert.deepEqual(await statuses(trusting, two), [204, 204, 429]);
});

test('from whoever is no trusted proxy, or where none is named, such words are ignored', async () => {
  for (const proxies of [undefined, ['192.0.2.0/24']]) {
    const port = await start(proxies);
    const made = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4'];
    assert.deepEqual(await statuses(port, made), [204, 204, 429, 429], String(proxies));
    const forwarded = { forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
    assert.equal((await ask(port, { headers: forwarded })).status, 429);
  }
});

test('a page that came by TLS through a trusted proxy may change something; one that only says so may not', async () => {
  const page = {
    host: 'lockers.example.org',
    origin: 'https://lockers.example.org',
    'x-forwarded-proto': 'https',
  };
  const from = (address: string) => ({ ...page, 'x-forwarded-for': address });
  assert.equal((await ask(trusting, { headers: from('203.0.113.20') })).status, 204);
  const foreign = { ...from('203.0.113.21'), origin: 'https://evil.example' };
  assert.equal((await ask(trusting, { headers: foreign })).code, 'csrf');
  assert.equal((await ask(await start(), { headers: from('203.0.113.22') })).code, 'csrf');
});

test('no proxy makes a foreign host ours, a stranger this machine, or plain HTTP a bank’s TLS', async () => {
  const host = { host: 'evil.example', 'x-forwarded-host': 'lockers.example.org' };
  assert.equal((await ask(trusting, { headers: host })).code, 'not-found');
  const asMachine = { 'x-forwarded-for': '127.0.0.1' };
  assert.equal(
    (await ask(trusting, { method: 'GET', path: '/metrics', headers: asMachine })).code,
    'not-found',
  );
  const asBank = { 'x-forwarded-for': '203.0.113.30', 'x-forwarded-proto': 'https' };
  assert.equal((await ask(trusting, { path: '/api/enrolments', headers: asBank })).code, 'not-found');
});
