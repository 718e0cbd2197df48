/** Reads that are under way while the session is looked up: nothing of them is answered before it is known to stand. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { z } from 'zod';
import { idFrom, type TenantId } from '../../domain/ids.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type AccessTable } from './access.ts';
import { operatorTokenHash, type SignedIn } from './gate.ts';
import { type HttpServers, routesOf, startHttp } from './http.ts';
import { isSame, Known } from './known.ts';

const tenant = idFrom('tenant', systemRandom.bytes(16));
const other = idFrom('tenant', systemRandom.bytes(16));
const person = idFrom('person', systemRandom.bytes(16));
const admin: SignedIn = { is: 'admin', tenant, person, role: 'admin', signedInAtMs: 1 };
const WAYS = ['read', 'readEstate', 'tenant', 'snapshot', 'once', 'estate'] as const;

const TABLE = {
  ...ACCESS,
  'GET /api/admin/glance': ['no', 'no', 'no', 'no', 'own', 'own', 'no', 'no'],
  'GET /api/admin/stare': ['no', 'no', 'no', 'no', 'own', 'own', 'no', 'no'],
} as const satisfies AccessTable;
const route = routesOf<typeof TABLE>();

const says = z.strictObject({ says: z.string() });
const query = z.strictObject({ way: z.enum(WAYS).default('read'), break: z.literal('yes').optional() });
/** What has happened, in its order. */
const seen: string[] = [];

const schema = { query, response: says };
type Handled = { cloud: Cloud; actor: { role: string }; query: z.output<typeof query> };
async function handle({ cloud: { database }, actor, query }: Handled) {
  seen.push('handled');
  if (query.break) throw new Error('the handler broke');
  const { way } = query;
  const run = async () => ({ says: `secret of ${actor.role}` });
  if (way === 'estate' || way === 'readEstate') return database[way](run);
  return database[way](tenant, run);
}
const common = { method: 'GET', access: 'admin', says: 'Tells a secret.', schema, handle } as const;
const routes = [
  route({ ...common, url: '/api/admin/glance', glances: true }),
  route({ ...common, url: '/api/admin/stare' }),
];

/** Answers for the session; a test puts another here. */
let authenticate: () => Promise<SignedIn | undefined>;
let servers: HttpServers;

before(async () => {
  const into = (_: TenantId, run: (tx: null) => unknown) => run(null);
  const none = (run: (tx: null) => unknown) => run(null);
  const database = { tenant: into, read: into, snapshot: into, once: into, estate: none, readEstate: none };
  servers = await startHttp({
    cloud: {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      config: {},
      database,
    } as unknown as Cloud,
    routes,
    access: TABLE,
    keeper: { authenticate: () => authenticate(), operatorTokenHash: operatorTokenHash('none') },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
});
after(() => servers.stop());
beforeEach(() => {
  seen.length = 0;
  authenticate = async () => admin;
});

async function ask(path: string, token: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${servers.httpPort}${path}`, {
    headers: { cookie: `holdfast_admin=${token}` },
  });
  return { status: answer.status, text: await answer.text() };
}

/** Asks as somebody who was signed in a moment ago, and answers for the session once the handler has run. */
async function askedAgain(token: string, path: string, now: () => Promise<SignedIn | undefined>) {
  assert.equal((await ask('/api/admin/glance', token)).status, 200);
  seen.length = 0;
  authenticate = async () => {
    await sleep(systemClock, 50);
    seen.push('looked up');
    return now();
  };
  return ask(path, token);
}

test('who was signed in a moment ago is read for while the session is looked up, and answered when it stands', async () => {
  const { status, text } = await askedAgain('one', '/api/admin/glance', async () => admin);
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), { says: 'secret of admin' });
  assert.deepEqual(seen, ['handled', 'looked up']);
});

test('a stranger is looked up first, and so is whoever asks for more than a glance', async () => {
  authenticate = async () => void seen.push('looked up') as undefined;
  assert.equal((await ask('/api/admin/glance', 'stranger')).status, 401);
  assert.deepEqual(seen, ['looked up']);
  authenticate = async () => admin;
  const { status } = await askedAgain('two', '/api/admin/stare', async () => admin);
  assert.equal(status, 200);
  assert.deepEqual(seen, ['looked up', 'handled']);
});

const ENDED: Record<string, () => Promise<SignedIn | undefined>> = {
  'it ended': async () => undefined,
  'it is of another organisation': async () => ({ ...admin, tenant: other }),
  'it has another role': async () => ({ ...admin, role: 'super-admin' }),
  'it began anew': async () => ({ ...admin, signedInAtMs: 2 }),
};
for (const [why, now] of Object.entries(ENDED))
  test(`a session that stands no more gets no answer and no failure of the question: ${why}`, async () => {
    const wrong = [
      '/api/admin/glance',
      '/api/admin/glance?break=yes',
      '/api/admin/glance?way=tenant',
      '/api/admin/glance?way=7',
    ];
    for (const [at, path] of wrong.entries()) {
      authenticate = async () => admin;
      const { status, text } = await askedAgain(`${why} ${at}`, path, now);
      assert.equal(status, 401, path);
      assert.equal(JSON.parse(text).code, 'not-signed-in');
      assert.doesNotMatch(text, /secret|way|broke/);
    }
  });

test('while nobody can be looked up nothing is answered', async () => {
  const { status, text } = await askedAgain('three', '/api/admin/glance', async () => {
    throw new Error('the database is gone');
  });
  assert.equal(status, 500);
  assert.doesNotMatch(text, /secret/);
});

test('whoever glances can leave no trace', async () => {
  for (const way of WAYS) {
    const { status } = await ask(`/api/admin/glance?way=${way}`, 'four');
    // Into no organisation an administrator does not come in any case.
    assert.equal(status, way === 'read' ? 200 : 500, way);
  }
});

test('what is remembered of persons has an end, and who left is forgotten', () => {
  const known = new Known();
  for (let n = 0; n < 10_001; n++) known.keep('admin', `token ${n}`, admin);
  assert.equal(known.of('admin', 'token 0'), undefined);
  assert.equal(known.of('resident', 'token 1'), undefined);
  assert.equal(known.of('admin', 'token 1'), admin);
  known.keep('admin', 'token 1', undefined);
  assert.equal(known.of('admin', 'token 1'), undefined);
  assert.ok(isSame(admin, { ...admin }));
});
