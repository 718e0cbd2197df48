/**
 * Every route of the cloud, and the kiosk's own server, under requests that no page of ours sends: each is answered
 * with a problem of the one table, or taken; what is refused changes no row; and the server serves on.
 */
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { accessOf } from '../../src/cloud/http/access.ts';
import { ACCESS } from '../../src/cloud/http/http.ts';
import { AccessStand, drawFrom } from '../../src/cloud/test-access.ts';
import { newToken, type SignedInRole } from '../../src/cloud/test-tenants.ts';
import { problem } from '../../src/contract/http/common.ts';
import type { KioskAction } from '../../src/contract/kiosk.ts';
import { base64, base64url, utf8 } from '../../src/crypto/bytes.ts';
import { ERRORS } from '../../src/domain/errors.ts';
import { startKiosk } from '../../src/edge/kiosk/server.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Bad, badRequests, type Right, written } from './bad-requests.ts';
import { type Answered, type Place, sendRaw } from './raw-http.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const AT_ONCE = 8;
const HEAP_GROWTH_BYTES_MAX = 64 * 1024 * 1024;
const SLOW_SOCKETS = 100;
/** The time that a request may take, and the longest that Node waits before it looks. */
const SLOW_MS_MAX = 45_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let stand: AccessStand;
let slow: Slow[];
before(async () => {
  stand = await AccessStand.open();
  slow = openSlow(stand.servers.httpPort);
});
after(async () => {
  for (const { socket } of slow) socket.destroy();
  await stand.close();
});

/** Requests that never end: their sockets are held open during everything below. */
type Slow = { socket: Socket; closed: boolean };

function openSlow(port: number): Slow[] {
  return Array.from({ length: SLOW_SOCKETS }, (_, n) => {
    const socket = connect({ host: '127.0.0.1', port });
    const one = { socket, closed: false };
    socket.write(
      n % 2 === 0
        ? 'GET /api/health HTTP/1.1\r\nhost: localhost\r\nx-a: '
        : `POST /api/admin/sign-in HTTP/1.1\r\nhost: localhost:${port}\r\nx-holdfast-app: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{`,
    );
    const drip = setInterval(() => socket.write('x'), 2_000);
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => {
      one.closed = true;
      clearInterval(drip);
    });
    return one;
  });
}

const BADGE_HASH = base64url(systemRandom.bytes(32));

const ALL = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };

/** One right body for each route that takes one. */
function bodyOf(route: string, carrier: string): Record<string, unknown> | null {
  const bodies: Record<string, Record<string, unknown>> = {
    'POST /api/admin/sign-in': { email: 'a@example.org', password: 'not the right one', totp: '123456' },
    'POST /api/resident/sign-in/ask': { email: 'nobody@example.org' },
    'POST /api/resident/sign-in': { token: 'A'.repeat(43) },
    'POST /api/courier/sign-in/ask': { email: 'nobody@example.org' },
    'POST /api/courier/sign-in': { token: 'A'.repeat(43) },
    'POST /api/enrolments': { v: 1, code: 'x'.repeat(30), request: 'no request', sealKey: 'AAAA' },
    'PATCH /api/resident/me': { accessible: true, channels: { sms: true, email: true } },
    'POST /api/admin/people': { name: 'Fuzz', flat: '2', email: null, phone: null, accessible: false },
    'POST /api/admin/people/import/preview': { file: base64(utf8('Name,Flat\nFuzz,3\n')), country: 'GB' },
    'POST /api/admin/people/import': {
      rows: [{ row: 2, act: { what: 'change', person: 'person_x', set: { flat: '3' }, mark: BADGE_HASH } }],
    },
    'PATCH /api/admin/people/:id': {
      name: 'Fuzz',
      flat: '1',
      email: 'f@example.org',
      phone: '+4512345678',
      accessible: true,
    },
    'POST /api/admin/banks/:id/resolutions': { seq: 1, how: 'found', note: 'it was there' },
    'POST /api/admin/banks/:id/suspend': { hours: 2, reason: 'because' },
    'POST /api/admin/banks/:id/lift': { reason: 'because' },
    'POST /api/admin/banks/:id/doors/:n/suspend': { hours: 2, reason: 'because' },
    'POST /api/admin/banks/:id/doors/:n/lift': { reason: 'because' },
    'POST /api/admin/banks/:id/alarms/care': { condition: 'gap', compartment: null, raisedAtMs: 1 },
    'POST /api/admin/banks/:id/alarms/end': {
      ...{ condition: 'gap', compartment: null, raisedAtMs: 1 },
      ...{ reason: 'own-copy', note: 'it was found' },
    },
    'POST /api/admin/couriers': { name: 'Fuzz', email: null, carrier, badgeHash: BADGE_HASH },
    'POST /api/admin/couriers/:id/suspend': { reason: 'because' },
    'POST /api/admin/couriers/:id/lift': { reason: 'because' },
    'POST /api/admin/people/:id/erase': { confirm: 'erase' },
    'POST /api/admin/people/:id/hold': { reason: 'because', untilMs: null },
    'POST /api/admin/people/:id/release': { reason: 'because' },
    'POST /api/admin/parcels/:id/hold': { reason: 'because', untilMs: null },
    'POST /api/admin/parcels/:id/release': { reason: 'because' },
    'POST /api/admin/parcels/:id/evidence': {
      ...{ purpose: 'because', about: 'both', file: base64(utf8('dented on one side\n')) },
    },
    'POST /api/admin/evidence/:id/file': { purpose: 'because' },
    'POST /api/admin/privacy': { movedOutDays: null },
    'POST /api/admin/exports/preview': { selection: { ...ALL, compartment: 1 } },
    'POST /api/admin/exports': {
      ...{ purpose: 'because', receiver: 'a court', selection: ALL, opened: ['tracking'] },
      encrypt: { by: 'passphrase', passphrase: 'seven grey herons over Kiel' },
    },
    'PUT /api/operator/rosters/:site': { note: 'no note' },
    'PUT /api/operator/banks/:bank/orders': { note: 'no note' },
  };
  return bodies[route] ?? null;
}

const routes = Object.keys(ACCESS);

/** A session of its own, because one of the routes ends it. */
function tokenFor(role: SignedInRole): Promise<string> {
  const [{ tenant, people }] = stand.tenants;
  return newToken(stand.stand.cloud, { tenant, role, person: people[role] });
}

/** A right request by somebody who may. `signedIn: false` takes their sign-in away. */
async function rightRequest(route: string, signedIn: boolean): Promise<{ right: Right; place: Place }> {
  const [method = '', url = ''] = route.split(' ');
  const [own, other] = stand.tenants;
  const access = accessOf(ACCESS, route);
  const tls = access === 'bank';
  const port = (tls ? stand.servers.httpsPort : stand.servers.httpPort) ?? 0;
  const headers = [`host: localhost:${port}`, 'x-holdfast-app: fuzz'];
  if (signedIn && (access === 'admin' || access === 'resident' || access === 'courier'))
    headers.push(`cookie: holdfast_${access}=${await tokenFor(access)}`);
  if (signedIn && access === 'operator') headers.push(`authorization: Bearer ${stand.operatorToken}`);
  // A thing that is removed is one of nobody: the others are needed by the next request.
  const foreign = method === 'DELETE' ? other : own;
  const [, name = ''] =
    /\/(banks|parcels|drops|records|exports|evidence|people|couriers|rosters|sites)\/:/.exec(url) ?? [];
  const things: Record<string, string> = {
    banks: own.bank,
    parcels: own.parcel,
    drops: own.parcel,
    records: own.record,
    exports: own.exported,
    evidence: own.evidence,
    people: foreign.people.resident,
    couriers: foreign.people.courier,
    rosters: own.site,
    sites: own.site,
  };
  const path = url
    .replace(/:\w+/, things[name] ?? '')
    .replace(':n', '1')
    .replace('*', '1/checkpoint');
  return { right: { method, path, headers, body: bodyOf(route, own.carrier) }, place: { port, tls } };
}

test('each route that takes a body has a right one here', () => {
  const taking = NOUNS.flatMap((noun) => noun.routes ?? []).filter((row) => row.schema.body !== undefined);
  assert.ok(taking.length > 10);
  for (const { method, url } of taking) assert.ok(bodyOf(`${method} ${url}`, 'x'), `${method} ${url}`);
});

/** What a refusal has to be: a problem of the table, of its own status, and never a fault of ours. */
function codeOf(answer: Answered): string {
  assert.match(answer.type, /^application\/problem\+json/);
  const told = problem.parse(JSON.parse(answer.text));
  assert.ok(Object.hasOwn(ERRORS, told.code));
  assert.equal(ERRORS[told.code as keyof typeof ERRORS].status, answer.status);
  assert.ok(answer.status < 500);
  return told.code;
}

type Counts = Record<string, number>;
type Sent = { bad: Bad; code: string };
const TAKEN = 'taken';

/** What was answered wrongly; all of it is told at the end, because one fault often has many faces. */
const faults: string[] = [];

async function sendOne(place: Place, bad: Bad, who: string): Promise<Sent> {
  const answer = await sendRaw(place, bad.bytes).catch(() => null);
  try {
    assert.ok(answer);
    assert.doesNotMatch(answer.headers, /canary/);
    return { bad, code: answer.status < 400 ? TAKEN : codeOf(answer) };
  } catch {
    faults.push(
      `${who}, ${bad.what}: ${answer ? `${answer.status} ${answer.text.slice(0, 200)}` : 'no answer'}`,
    );
    return { bad, code: 'fault' };
  }
}

/** Sends all, some at once. */
async function sendAll(place: Place, list: readonly Bad[], who: string): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let at = 0; at < list.length; at += AT_ONCE)
    sent.push(...(await Promise.all(list.slice(at, at + AT_ONCE).map((bad) => sendOne(place, bad, who)))));
  return sent;
}

function noFaults(): void {
  const told = faults.splice(0);
  assert.equal(told.length, 0, `HOLDFAST_SEED=${seed}\n${told.slice(0, 40).join('\n')}`);
}

/** Every table, and a hash of what is in it. */
async function tables(): Promise<Record<string, string>> {
  const dump = await stand.stand.dump();
  const parts = dump.split(/^(?=(?:public|graphile_worker)\.\w+$)/m);
  return Object.fromEntries(
    parts.map((part) => {
      const [name = '', ...rows] = part.trim().split('\n');
      return [name, `${rows.length} ${createHash('sha256').update(rows.sort().join('\n')).digest('hex')}`];
    }),
  );
}

/** Sign-ins that fail are counted, and refusals on the way of an order may be: that is what they are for. */
const COUNTED = new Set(['sign-in-denied', 'denied', 'rate-limited']);

async function fuzzRoute(route: string, signedIn: boolean, counts: Counts): Promise<void> {
  const { right, place } = await rightRequest(route, signedIn);
  const list = badRequests(right, drawFrom(seed));
  const who = `${route}${signedIn ? '' : ' by nobody'}`;
  const sent = await sendAll(place, list, who);
  for (const { code } of sent) counts[code] = (counts[code] ?? 0) + 1;
  if (!signedIn || right.method === 'GET') return;
  // Once more, and alone: the rows must be the same afterwards.
  const refused = sent.filter((one) => one.code !== TAKEN && !COUNTED.has(one.code)).map(({ bad }) => bad);
  const rows = await tables();
  await sendAll(place, refused, who);
  const after = await tables();
  for (const [name, was] of Object.entries(rows))
    if (after[name] !== was) faults.push(`${who}: what was refused changed ${name}`);
}

async function serves(): Promise<void> {
  for (const route of ['GET /api/health', 'GET /api/admin/me']) {
    const { right, place } = await rightRequest(route, true);
    assert.equal((await sendRaw(place, written(right)))?.status, 200, `${route} after all that`);
  }
}

const heapBytes = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

test('two megabytes are refused before they are read, and so are bytes that are no UTF-8', async () => {
  const { right, place } = await rightRequest('POST /api/admin/people', true);
  const list = badRequests(right, drawFrom(seed));
  for (const [what, code] of [
    ['two megabytes', 'too-large'],
    ['no UTF-8 in it', 'json-malformed'],
    ['overlong UTF-8', 'json-malformed'],
    ['name twice', 'json-malformed'],
    ['deep array', 'json-malformed'],
  ]) {
    const bad = list.find((one) => one.what === what);
    assert.ok(bad, what);
    assert.equal((await sendOne(place, bad, 'people')).code, code, what);
  }
});

test('every route answers every bad request by name, changes no row for it, and serves on', async (t) => {
  const counts: Counts = {};
  let heapBefore = 0;
  for (const [n, route] of routes.entries()) {
    await fuzzRoute(route, true, counts);
    if (accessOf(ACCESS, route) !== 'public') await fuzzRoute(route, false, counts);
    await serves();
    // What is loaded and compiled on the first requests stays.
    if (n === 12) heapBefore = heapBytes();
  }
  const grownBytes = heapBytes() - heapBefore;
  t.diagnostic(
    `${routes.length} routes, ${JSON.stringify(counts)}, heap ${grownBytes} bytes more; HOLDFAST_SEED=${seed}`,
  );
  for (const code of [
    'input-invalid',
    'json-malformed',
    'too-large',
    'media-type',
    'not-found',
    'method-not-allowed',
  ])
    assert.ok((counts[code] ?? 0) > 10, `${code}: ${counts[code] ?? 0}`);
  assert.ok(grownBytes < HEAP_GROWTH_BYTES_MAX, `${grownBytes} bytes`);
});

test('the kiosk answers every bad request by name, does nothing for it, and serves on', async (t) => {
  const acted: KioskAction[] = [];
  const kiosk = await startKiosk({
    port: 0,
    webDir: null,
    clock: systemClock,
    view: () => ({}) as never,
    layout: () => ({ name: 'x', columns: 0, compartments: [] }),
    health: () => ({}) as never,
    log: () => ({}) as never,
    act: async (action) => void acted.push(action),
  });
  try {
    const place = { port: kiosk.port, tls: false };
    const counts: Counts = {};
    const bodies = [
      { do: 'pin', pin: '123456789' },
      { do: 'scan', text: 'x' },
      { do: 'recipient', index: 0 },
    ];
    const rights: Right[] = [
      ...bodies.map((body) => ({ method: 'POST', path: '/api/actions', body })),
      ...['view', 'layout', 'health', 'events'].map((name) => ({
        method: 'GET',
        path: `/api/${name}`,
        body: null,
      })),
    ].map((right) => ({ ...right, headers: [`host: localhost:${kiosk.port}`, 'x-holdfast-app: kiosk'] }));
    for (const right of rights) {
      const sent = await sendAll(place, badRequests(right, drawFrom(seed)), `kiosk ${right.path}`);
      for (const { code } of sent) counts[code] = (counts[code] ?? 0) + 1;
      acted.length = 0;
      await sendAll(
        place,
        sent.filter(({ code }) => code !== TAKEN).map(({ bad }) => bad),
        `kiosk ${right.path}`,
      );
      assert.deepEqual(acted, [], 'nothing is done for what is refused');
      assert.equal(
        (await sendRaw(place, written({ ...right, path: '/api/view', method: 'GET', body: null })))?.status,
        200,
      );
    }
    noFaults();
    t.diagnostic(`kiosk: ${JSON.stringify(counts)}; HOLDFAST_SEED=${seed}`);
  } finally {
    await kiosk.stop();
  }
});

test('requests that never end keep nobody out, and are ended', async () => {
  await serves();
  const endMs = systemClock.monotonicMs() + SLOW_MS_MAX;
  while (slow.some(({ closed }) => !closed)) {
    assert.ok(
      systemClock.monotonicMs() < endMs,
      `${slow.filter(({ closed }) => !closed).length} are still open`,
    );
    await sleep(systemClock, 200);
  }
  await serves();
});
