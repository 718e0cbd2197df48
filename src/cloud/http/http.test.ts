/** The frame around every route: who gets in, what leaves, and in which form. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { CSRF_HEADER, problem, UNATTENDED_HEADER } from '../../contract/http/common.ts';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../../crypto/sign.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { idFrom, type TenantId } from '../../domain/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type AccessTable } from './access.ts';
import { operatorTokenHash } from './gate.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { type HttpServers, type Route, routesOf, startHttp } from './http.ts';

const tenant = idFrom('tenant', systemRandom.bytes(16));
const person = idFrom('person', systemRandom.bytes(16));
const operatorToken = base64url(systemRandom.bytes(32));
const greeting = z.strictObject({ says: z.string() });

const no = 'no';
const any = 'any';
const own = 'own';
const TABLE = {
  ...ACCESS,
  'GET /api/admin/hello': [no, no, no, no, own, own, no, no],
  'POST /api/admin/hello/:name': [no, no, no, no, own, own, no, no],
  'POST /api/admin/enter': [any, any, any, any, any, any, any, any],
  'GET /api/operator/hello': [no, no, no, no, no, no, any, no],
  'GET /api/admin/broken': [any, any, any, any, any, any, any, any],
  'GET /api/admin/denied': [any, any, any, any, any, any, any, any],
  'GET /api/admin/talkative': [any, any, any, any, any, any, any, any],
  'GET /api/admin/only-super': [no, no, no, no, no, own, no, no],
  'GET /api/admin/reaches/:tenant/:way': [no, no, no, no, own, own, no, no],
} as const satisfies AccessTable;
const route = routesOf<typeof TABLE>();
/** The ways of the database that lead into an organisation, and those that lead into none. */
const INTO = ['tenant', 'read', 'snapshot', 'once'] as const;
const INTO_NONE = ['estate', 'readEstate'] as const;

const routes = [
  route({
    method: 'GET',
    url: '/api/admin/hello',
    access: 'admin',
    says: 'Greets.',
    schema: { response: greeting },
    handle: async ({ actor }) => ({ says: actor.role }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/hello/:name',
    access: 'admin',
    says: 'Greets by name.',
    status: 201,
    schema: {
      params: z.strictObject({ name: z.string().max(5) }),
      body: z.strictObject({ times: z.int().min(1) }),
      response: greeting,
    },
    handle: async ({ params }) => ({ says: params.name }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/enter',
    access: 'public',
    guarded: true,
    says: 'Enters.',
    schema: {},
    handle: async ({ session }) => session.set('admin', 'right', 1000),
  }),
  route({
    method: 'GET',
    url: '/api/operator/hello',
    access: 'operator',
    says: 'Greets.',
    schema: { response: greeting },
    handle: async () => ({ says: 'operator' }),
  }),
  route({
    method: 'POST',
    url: '/api/enrolments',
    access: 'bank',
    says: 'Enrols.',
    schema: { response: greeting },
    handle: async () => ({ says: 'bank' }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/broken',
    access: 'public',
    says: 'Breaks.',
    schema: {},
    handle: async () => {
      throw new Error('of Ada Okafor');
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/denied',
    access: 'public',
    says: 'Denies.',
    schema: {},
    handle: async () => {
      throw new HoldfastError('denied', 'No.', { reason: 'role-may-not' });
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/talkative',
    access: 'public',
    says: 'Says too much.',
    schema: { response: greeting },
    handle: async () => ({ says: 'a', secret: 'b' }) as { says: string },
  }),
  route({
    method: 'GET',
    url: '/api/admin/only-super',
    access: 'admin',
    says: 'For super-administrators.',
    schema: { response: greeting },
    handle: async () => ({ says: 'super' }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/reaches/:tenant/:way',
    access: 'admin',
    says: 'Opens a transaction of the organisation that is named, or of none.',
    schema: {
      params: z.strictObject({ tenant: z.string(), way: z.enum([...INTO, ...INTO_NONE]) }),
      response: greeting,
    },
    async handle({ cloud: { database }, params: { tenant, way } }) {
      const run = async () => ({ says: tenant });
      if (way === 'estate' || way === 'readEstate') return database[way](run);
      return database[way](tenant as TenantId, run);
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/events',
    access: 'admin',
    says: 'Streams.',
    schema: {},
    handle: async ({ streamChanges }) => streamChanges(),
  }),
];

type Answer = { status: number; headers: IncomingHttpHeaders; text: string };
type Ask = { method?: string; headers?: Record<string, string>; body?: string; tls?: boolean };

let servers: HttpServers;
let folder: string;

function ask(path: string, { method = 'GET', headers = {}, body, tls = false }: Ask = {}): Promise<Answer> {
  const port = tls ? (servers.httpsPort ?? 0) : servers.httpPort;
  const send = tls ? httpsRequest : httpRequest;
  // One connection each, so that a test sees its own answer and nothing of the one before.
  const agent = false;
  return new Promise((resolve, reject) => {
    const sent = send(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent,
        rejectUnauthorized: false,
        headers: { host: `localhost:${port}`, ...headers },
      },
      (answer) => {
        let text = '';
        answer
          .setEncoding('utf8')
          .on('data', (part: string) => (text += part))
          .on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

const signedIn = { cookie: 'holdfast_admin=right' };
const ownPage = { [CSRF_HEADER]: 'admin', 'content-type': 'application/json' };
const codeOf = (answer: Answer) => {
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
  const told = problem.parse(JSON.parse(answer.text));
  assert.equal(told.status, answer.status);
  assert.equal(told.type, `/errors/${told.code}`);
  return told.code;
};

/** A database that opens whatever transaction it is asked for: what is refused, the gate refused. */
const cloud = {
  clock: systemClock,
  log: silentLog,
  random: systemRandom,
  database: {
    ...Object.fromEntries(INTO.map((way) => [way, (_: TenantId, run: (tx: null) => unknown) => run(null)])),
    ...Object.fromEntries(INTO_NONE.map((way) => [way, (run: (tx: null) => unknown) => run(null)])),
  },
} as unknown as Cloud;
const dull = {
  cloud,
  httpPort: 0,
  https: null,
  hosts: [],
  webDir: null,
  startFile: null,
  isReady: async () => true,
  keeper: { authenticate: async () => undefined, operatorTokenHash: operatorTokenHash(operatorToken) },
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-http-'));
  for (const app of ['start', 'resident', 'courier', 'admin']) {
    await mkdir(join(folder, app, 'assets'), { recursive: true });
    await writeFile(join(folder, app, 'index.html'), `<!doctype html><title>${app}</title>`);
    await writeFile(join(folder, app, 'assets', 'app-1a2b3c.js'), `// ${app}`);
  }
  await writeFile(join(folder, 'courier', 'assets', 'app-1a2b3c.js.br'), 'what the build compressed');
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const certificatePem = await selfSignedServer({
    commonName: 'localhost',
    privateKey,
    hosts: ['localhost', '127.0.0.1'],
    serial: systemRandom.bytes(8),
    notBeforeMs: nowMs - 1000,
    notAfterMs: nowMs + 3_600_000,
  });
  servers = await startHttp({
    ...dull,
    routes,
    access: TABLE,
    httpPort: 0,
    https: { port: 0, host: '127.0.0.1', keyPem: privateKeyPem(privateKey), certificatePem },
    hosts: ['lockers.example.org'],
    webDir: folder,
    startFile: null,
    isReady: async () => true,
    limits: { guardedPerMinute: 5 },
    keeper: {
      authenticate: async (app, token, { attended }) => {
        uses.push(attended);
        return app === 'admin' && token === 'right'
          ? { is: 'admin', tenant, person, role: 'admin', signedInAtMs: 0 }
          : undefined;
      },
      operatorTokenHash: operatorTokenHash(operatorToken),
    },
  });
});
/** Whether each request to a session was one of a person. */
const uses: boolean[] = [];

after(async () => {
  await servers.stop();
  await rm(folder, { recursive: true });
});

describe('who gets in', () => {
  test('a session of the right app, and nobody without one', async () => {
    assert.equal((await ask('/api/admin/hello', { headers: signedIn })).text, '{"says":"admin"}');
    assert.equal(codeOf(await ask('/api/admin/hello')), 'not-signed-in');
    assert.equal(
      codeOf(await ask('/api/admin/hello', { headers: { cookie: 'holdfast_admin=wrong' } })),
      'not-signed-in',
    );
    assert.equal(
      codeOf(await ask('/api/admin/hello', { headers: { cookie: 'holdfast_resident=right' } })),
      'not-signed-in',
    );
  });

  test('what a page asks by itself, and its stream, are told from what a person asks', async () => {
    uses.length = 0;
    for (const more of [{}, { [UNATTENDED_HEADER]: '1' }, { accept: 'text/event-stream' }])
      await ask('/api/admin/hello', { headers: { ...signedIn, ...more } });
    assert.deepEqual(uses, [true, false, false]);
  });

  test('a change needs the app header, our origin and our site', async () => {
    const post = (headers: Record<string, string>) =>
      ask('/api/admin/hello/ada', {
        method: 'POST',
        body: '{"times":1}',
        headers: { 'content-type': 'application/json', ...signedIn, ...headers },
      });
    const origin = `http://localhost:${servers.httpPort}`;
    assert.equal(
      (await post({ [CSRF_HEADER]: 'admin', origin, 'sec-fetch-site': 'same-origin' })).status,
      201,
    );
    assert.equal(codeOf(await post({})), 'csrf');
    assert.equal(codeOf(await post({ [CSRF_HEADER]: 'admin', origin: 'http://evil.example' })), 'csrf');
    assert.equal(
      codeOf(await post({ [CSRF_HEADER]: 'admin', origin: `http://localhost:${servers.httpPort + 1}` })),
      'csrf',
    );
    assert.equal(codeOf(await post({ [CSRF_HEADER]: 'admin', 'sec-fetch-site': 'same-site' })), 'csrf');
    assert.equal(codeOf(await post({ [CSRF_HEADER]: 'admin', origin: 'null' })), 'csrf');
  });

  test('refusals come before the input is looked at', async () => {
    assert.equal(
      codeOf(
        await ask('/api/admin/hello/much-too-long', { method: 'POST', headers: ownPage, body: '{"x":1}' }),
      ),
      'not-signed-in',
    );
  });

  test('an operator by token, whole and right', async () => {
    const bearer = (token: string) =>
      ask('/api/operator/hello', { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await bearer(operatorToken)).status, 200);
    assert.equal(codeOf(await bearer(`${operatorToken}A`)), 'not-signed-in');
    assert.equal(codeOf(await bearer('')), 'not-signed-in');
  });

  test('banks over TLS only, and TLS is 1.3 with AES-256', async () => {
    assert.equal(codeOf(await ask('/api/enrolments', { method: 'POST' })), 'not-found');
    assert.equal((await ask('/api/enrolments', { method: 'POST', tls: true })).text, '{"says":"bank"}');
    await assert.rejects(
      new Promise((resolve, reject) => {
        httpsRequest(
          {
            host: '127.0.0.1',
            port: servers.httpsPort ?? 0,
            maxVersion: 'TLSv1.2',
            rejectUnauthorized: false,
          },
          resolve,
        )
          .on('error', reject)
          .end();
      }),
      /protocol version|alert/i,
    );
  });

  test('a program of this machine alone, and a role that the table has', async () => {
    assert.equal((await ask('/metrics')).status, 200);
    assert.equal(codeOf(await ask('/metrics', { headers: { forwarded: 'for=203.0.113.7' } })), 'not-found');
    const asAdmin = await ask('/api/admin/only-super', { headers: signedIn });
    assert.equal(codeOf(asAdmin), 'not-allowed');
    assert.equal(problem.parse(JSON.parse(asAdmin.text)).reason, 'role-may-not');
  });

  test('a foreign host name gets nothing', async () => {
    assert.equal(
      codeOf(await ask('/api/admin/hello', { headers: { ...signedIn, host: 'evil.example' } })),
      'not-found',
    );
    assert.equal(codeOf(await ask('/', { headers: { host: 'evil.example:80' } })), 'not-found');
    assert.equal((await ask('/api/health', { headers: { host: 'lockers.example.org' } })).status, 200);
  });

  test('few tries a minute where guessing pays', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 7; n++)
      statuses.push(
        (await ask('/api/admin/enter', { method: 'POST', headers: { [CSRF_HEADER]: 'admin' } })).status,
      );
    assert.deepEqual(statuses, [204, 204, 204, 204, 204, 429, 429]);
    const refused = await ask('/api/admin/enter', { method: 'POST', headers: { [CSRF_HEADER]: 'admin' } });
    assert.equal(codeOf(refused), 'rate-limited');
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal((await ask('/api/admin/hello', { headers: signedIn })).status, 200);
  });
});

test('no handler reaches into another organisation, or into none, past the table', async () => {
  const reach = (to: string, way: string) => ask(`/api/admin/reaches/${to}/${way}`, { headers: signedIn });
  for (const way of INTO) {
    assert.equal((await reach(tenant, way)).status, 200, way);
    assert.equal(codeOf(await reach(idFrom('tenant', systemRandom.bytes(16)), way)), 'internal', way);
  }
  for (const way of INTO_NONE) assert.equal(codeOf(await reach('none', way)), 'internal', way);
});

test('a route without a row, or with another sign-in than its row, does not start', async () => {
  const start = (url: string, access: Route['access'], table: AccessTable) =>
    startHttp({
      ...dull,
      access: table,
      routes: [{ method: 'GET', url, access, says: 'Greets.', schema: {}, handle: async () => undefined }],
    });
  await assert.rejects(start('/api/admin/hidden', 'admin', TABLE), /GET \/api\/admin\/hidden has no row/);
  await assert.rejects(start('/api/admin/hello', 'public', TABLE), /another sign-in than its row/);
  const { 'GET /api/health': _, ...without } = ACCESS;
  await assert.rejects(start('/api/admin/me', 'admin', without), /GET \/api\/health has no row/);
});

describe('what leaves', () => {
  test('every answer carries the security headers', async () => {
    for (const path of ['/', '/admin', '/api/health', '/api/nothing', '/openapi.json']) {
      const { headers } = await ask(path);
      for (const [name, value] of Object.entries(SECURITY_HEADERS))
        assert.equal(headers[name], value, `${name} of ${path}`);
      assert.equal(headers['cache-control'], 'no-store', path);
      assert.equal(headers['strict-transport-security'], undefined);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
    const named = await ask('/api/health', { tls: true, headers: { host: 'lockers.example.org' } });
    assert.match(named.headers['strict-transport-security'] ?? '', /max-age=63072000/);
    assert.ok(!(SECURITY_HEADERS['content-security-policy'] ?? '').includes('unsafe'));
  });

  test('the session cookie is for its app alone', async () => {
    const entered = await ask('/api/admin/enter', {
      method: 'POST',
      headers: { [CSRF_HEADER]: 'admin' },
      tls: true,
    });
    assert.equal(
      entered.headers['set-cookie']?.[0],
      'holdfast_admin=right; Max-Age=1; Path=/api/admin; HttpOnly; Secure; SameSite=Strict',
    );
  });

  test('wrong input is named, part by part', async () => {
    const answer = await ask('/api/admin/hello/ada', {
      method: 'POST',
      headers: { ...ownPage, ...signedIn },
      body: '{"times":0,"x":1}',
    });
    assert.equal(codeOf(answer), 'input-invalid');
    const { fields } = problem.parse(JSON.parse(answer.text));
    assert.deepEqual(fields?.map((field) => field.path).sort(), ['body', 'body/times']);
    assert.match(fields?.find((field) => field.path === 'body/times')?.expected ?? '', />=1/);
    const path = await ask('/api/admin/hello/much-too-long', {
      method: 'POST',
      headers: { ...ownPage, ...signedIn },
      body: '{"times":1}',
    });
    assert.equal(problem.parse(JSON.parse(path.text)).fields?.[0]?.path, 'params/name');
  });

  test('every error is a problem of the table', async () => {
    const post = (headers: Record<string, string>, body: string) =>
      ask('/api/admin/hello/ada', {
        method: 'POST',
        headers: { ...signedIn, [CSRF_HEADER]: 'admin', ...headers },
        body,
      });
    assert.equal(codeOf(await post({ 'content-type': 'application/json' }, '{')), 'json-malformed');
    assert.equal(codeOf(await post({ 'content-type': 'application/json' }, '')), 'json-malformed');
    assert.equal(codeOf(await post({ 'content-type': 'text/xml' }, '<a/>')), 'media-type');
    assert.equal(
      codeOf(
        await post({ 'content-type': 'application/json' }, JSON.stringify({ times: 'x'.repeat(70_000) })),
      ),
      'too-large',
    );
    assert.equal(codeOf(await ask('/api/nothing')), 'not-found');
    assert.equal(codeOf(await ask('/api/admin/denied')), 'denied');
    const wrongMethod = await ask('/api/admin/hello', {
      method: 'DELETE',
      headers: { [CSRF_HEADER]: 'admin' },
    });
    assert.equal(codeOf(wrongMethod), 'method-not-allowed');
    assert.equal(wrongMethod.headers.allow, 'GET, HEAD');
    assert.equal(codeOf(await ask('/api/admin/enter')), 'method-not-allowed');
  });

  test('a fault says nothing of what it was about, and no field leaves that the schema does not name', async () => {
    const broken = await ask('/api/admin/broken');
    assert.equal(codeOf(broken), 'internal');
    assert.ok(!broken.text.includes('Ada'));
    assert.equal(codeOf(await ask('/api/admin/talkative')), 'internal');
  });

  test('a stream of changes reaches the tenant that it is of', async () => {
    const heard = new Promise<string>((resolve, reject) => {
      const headers = { host: `localhost:${servers.httpPort}`, ...signedIn };
      const stream = httpRequest(
        { host: '127.0.0.1', port: servers.httpPort, path: '/api/admin/events', headers },
        (answer) => {
          assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8');
          assert.equal(answer.headers['x-content-type-options'], 'nosniff');
          let text = '';
          answer.setEncoding('utf8').on('data', (part: string) => {
            text += part;
            if (text.includes('retry') && !text.includes('data')) {
              servers.events.publish(idFrom('tenant', systemRandom.bytes(16)), ['parcels']);
              servers.events.publish(tenant, ['banks']);
            }
            if (text.includes('data: ')) {
              stream.destroy();
              resolve(text);
            }
          });
        },
      );
      stream.on('error', (error) => (stream.destroyed ? undefined : reject(error))).end();
    });
    assert.equal(await heard, 'retry: 3000\n\nevent: changed\ndata: {"topics":["banks"]}\n\n');
  });
});

test('a server that is told to stop says so while it still takes requests', async () => {
  const leaving = await startHttp({ ...dull, routes: [], unreadyMs: 300 });
  const ready = () => fetch(`http://127.0.0.1:${leaving.httpPort}/api/ready`);
  assert.equal((await ready()).status, 200);
  const stopped = leaving.stop();
  const answer = await ready();
  assert.equal(problem.parse(await answer.json()).code, 'unavailable');
  assert.deepEqual([answer.status, answer.headers.get('connection')], [503, 'close']);
  await stopped;
  await assert.rejects(ready());
});

describe('pages and descriptions', () => {
  test('each app gets its own files, pages inside it its index', async () => {
    assert.match((await ask('/')).text, /start/);
    for (const app of ['resident', 'courier', 'admin']) {
      const bare = await ask(`/${app}`);
      assert.equal(bare.status, 308);
      assert.equal(bare.headers.location, `/${app}/`);
      assert.match((await ask(`/${app}/`)).text, new RegExp(`<title>${app}`));
      const inside = await ask(`/${app}/parcels/parcel_x`);
      assert.equal(inside.status, 200);
      assert.match(inside.text, new RegExp(`<title>${app}`));
      const asset = await ask(`/${app}/assets/app-1a2b3c.js`);
      assert.equal(asset.text, `// ${app}`);
      assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
    }
    const missing = await ask('/admin/assets/app-0.js');
    assert.equal(codeOf(missing), 'not-found');
    assert.equal(missing.headers['cache-control'], 'no-store');
    assert.equal(codeOf(await ask('/somewhere')), 'not-found');
  });

  test('what the build compressed goes to whoever takes it, and to nobody else', async () => {
    const path = '/courier/assets/app-1a2b3c.js';
    const asked = async (accepted: string | undefined) => {
      const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
      const { text, headers: said } = await ask(path, { headers });
      assert.deepEqual(
        [said.vary, said['content-type']],
        ['accept-encoding', 'text/javascript; charset=utf-8'],
      );
      return [said['content-encoding'], text];
    };
    for (const accepted of ['br', 'gzip, deflate, br, zstd', 'gzip;q=1, BR;q=0.5'])
      assert.deepEqual(await asked(accepted), ['br', 'what the build compressed'], accepted);
    for (const accepted of [undefined, '', 'gzip', 'br;q=0', 'br;q=0.0', 'brotli', 'identity'])
      assert.deepEqual(await asked(accepted), [undefined, '// courier'], accepted);
    assert.equal(codeOf(await ask(`${path}.br`)), 'not-found');
  });

  test('no path leaves the folder of an app', async () => {
    for (const path of [
      '/admin/../start/index.html',
      '/admin/%2e%2e/start/index.html',
      '/admin/..%2f..%2fetc/passwd',
      '/resident/assets/../../admin/index.html',
    ]) {
      const answer = await ask(path);
      assert.ok([403, 404].includes(answer.status), `${path} answered ${answer.status}`);
      codeOf(answer);
    }
  });

  test('OpenAPI 3.1 names every route, with what it takes', async () => {
    const described = JSON.parse((await ask('/openapi.json')).text);
    assert.equal(described.openapi, '3.1.0');
    for (const row of routes)
      assert.ok(described.paths[row.url.replaceAll(/:(\w+)/g, '{$1}')]?.[row.method.toLowerCase()], row.url);
    const post = described.paths['/api/admin/hello/{name}'].post;
    assert.deepEqual(post.security, [{ admin: [] }]);
    assert.deepEqual(post.requestBody.content['application/json'].schema.required, ['times']);
  });

  test('health, readiness and metrics', async () => {
    assert.equal((await ask('/api/health')).text, '{"state":"alive"}');
    assert.equal((await ask('/api/ready')).text, '{"state":"ready"}');
    const metrics = await ask('/metrics');
    assert.match(
      metrics.text,
      /holdfast_http_requests_total\{method="GET",route="\/api\/admin\/hello",status="401"\}/,
    );
    assert.equal(
      codeOf(await ask('/metrics', { headers: { 'x-forwarded-for': '203.0.113.7' } })),
      'not-found',
    );
    assert.equal(codeOf(await ask('/api/start')), 'not-found');
  });
});
