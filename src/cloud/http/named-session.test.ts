/** A browser has one cookie for all its pages: a page is served in the session that it names, and in no other. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { problem, SESSION_HEADER } from '../../contract/http/common.ts';
import { idFrom } from '../../domain/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type AccessTable } from './access.ts';
import { operatorTokenHash, sessionName } from './gate.ts';
import { type HttpServers, routesOf, startHttp } from './http.ts';

const tenant = idFrom('tenant', systemRandom.bytes(16));
const person = idFrom('person', systemRandom.bytes(16));

const TABLE = {
  ...ACCESS,
  'GET /api/admin/glance': ['no', 'no', 'no', 'no', 'own', 'own', 'no', 'no'],
  'GET /api/admin/stare': ['no', 'no', 'no', 'no', 'own', 'own', 'no', 'no'],
} as const satisfies AccessTable;
const route = routesOf<typeof TABLE>();

/** What has happened, in its order. */
const seen: string[] = [];
const common = {
  method: 'GET',
  access: 'admin',
  says: 'Tells a secret.',
  schema: { response: z.strictObject({}) },
  async handle() {
    seen.push('handled');
    return {};
  },
} as const;
const routes = [
  route({ ...common, url: '/api/admin/glance', glances: true }),
  route({ ...common, url: '/api/admin/stare' }),
];

let servers: HttpServers;
before(async () => {
  servers = await startHttp({
    cloud: {
      ...{ clock: systemClock, random: systemRandom, log: silentLog, config: {} },
      // No handler here asks it.
      database: {},
    } as unknown as Cloud,
    routes,
    access: TABLE,
    keeper: {
      async authenticate(_app, token) {
        seen.push('looked up');
        if (token === 'over') return undefined;
        return { is: 'admin', tenant, person, role: 'admin', signedInAtMs: 1 };
      },
      operatorTokenHash: operatorTokenHash('none'),
    },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
});
after(() => servers.stop());

async function ask(path: string, { token, named }: { token?: string; named?: string } = {}) {
  seen.length = 0;
  const answer = await fetch(`http://127.0.0.1:${servers.httpPort}${path}`, {
    headers: {
      ...(token === undefined ? {} : { cookie: `holdfast_admin=${token}` }),
      ...(named === undefined ? {} : { [SESSION_HEADER]: named }),
    },
  });
  const text = await answer.text();
  return { status: answer.status, name: answer.headers.get(SESSION_HEADER), text, seen: [...seen] };
}

test('each answer to somebody who is signed in names the session, and tells nothing of it', async () => {
  const first = await ask('/api/admin/stare', { token: 'one' });
  assert.equal(first.status, 200);
  assert.match(String(first.name), /^[A-Za-z0-9_-]{16}$/);
  for (const path of ['/api/admin/stare', '/api/admin/glance', '/api/admin/glance'])
    assert.equal((await ask(path, { token: 'one' })).name, first.name);
  assert.notEqual((await ask('/api/admin/stare', { token: 'two' })).name, first.name);
  assert.equal((await ask('/api/health', { token: 'one' })).name, null);
  assert.equal((await ask('/api/admin/stare')).name, null);
});

test('a page is served in the session that it names, and in no other of its browser', async () => {
  for (const path of ['/api/admin/stare', '/api/admin/glance']) {
    assert.equal((await ask(path, { token: 'one', named: sessionName('one') })).status, 200);
    for (const named of [sessionName('two'), '', 'one']) {
      const { status, text, seen } = await ask(path, { token: 'one', named });
      const { code, reason } = problem.parse(JSON.parse(text));
      assert.deepEqual([status, code, reason], [401, 'not-signed-in', 'session-another']);
      assert.deepEqual(seen, [], 'nothing is done, and it is no use of the session');
    }
  }
});

test('a session that is over is told from one that is another', async () => {
  const reasonOf = async (of: { token?: string; named: string }) =>
    problem.parse(JSON.parse((await ask('/api/admin/stare', of)).text)).reason;
  assert.equal(await reasonOf({ token: 'over', named: sessionName('over') }), 'session-absent');
  assert.equal(await reasonOf({ named: sessionName('one') }), 'session-absent');
});
