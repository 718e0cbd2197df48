/** Requests of every role for every route about things of two organisations, over real HTTP, each judged by the model. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CSRF_HEADER, problem } from '../contract/http/common.ts';
import { base64, base64url, utf8 } from '../crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { selfSignedServer } from '../crypto/x509.ts';
import { type IdKind, idFrom } from '../domain/ids.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { NOUNS } from './cloud.ts';
import { ACCESS, type HttpServers, operatorTokenHash, ROLES, type Role, startHttp } from './http/http.ts';
import * as signin from './signin/signin.ts';
import { isHidden, modelled, needsOwnPage } from './test-access-model.ts';
import { openStand, type Stand } from './test-stand.ts';
import {
  addCourier,
  addResident,
  type Filled,
  filledTenant,
  newToken,
  type SignedInRole,
} from './test-tenants.ts';

export type Cell = {
  role: Role;
  /** Which of the two organisations the asker is of; for a role without one, which of them is asked about. */
  side: 0 | 1;
  route: string;
  /** What the path names. A route that names nothing is asked about the own organisation only. */
  thing: 'own' | 'foreign' | 'missing';
  /** `token`: one sign of it is wrong. `page`: nothing shows that the request comes from our own page. */
  spoiled: 'nothing' | 'token' | 'page';
};

const routes = Object.keys(ACCESS);
export const names = (route: string) => route.includes('/:');
const isSignedIn = (role: string): role is SignedInRole =>
  role === 'resident' || role === 'courier' || role === 'admin' || role === 'super-admin';

/** Every role, route, organisation and thing, once. */
export function allCells(): Cell[] {
  return routes.flatMap((route) =>
    ROLES.flatMap((role) =>
      ([0, 1] as const).flatMap((side) =>
        (names(route) ? (['own', 'foreign', 'missing'] as const) : (['own'] as const)).map(
          (thing): Cell => ({ role, side, route, thing, spoiled: 'nothing' }),
        ),
      ),
    ),
  );
}

/** `draw(n)` answers a whole number below n. */
export function randomCell(draw: (below: number) => number): Cell {
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)] as T;
  const route = pick(routes);
  return {
    role: pick(ROLES),
    side: pick([0, 1] as const),
    route,
    thing: names(route) ? pick(['own', 'own', 'foreign', 'foreign', 'missing'] as const) : 'own',
    spoiled: pick(['nothing', 'nothing', 'nothing', 'token', 'page'] as const),
  };
}

/** A small even generator (mulberry32), so that a seed gives the same requests everywhere. */
export function drawFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) % below;
  };
}

type Sent = { method: string; path: string; headers: Record<string, string>; body: string; tls: boolean };
type Answer = { status: number; text: string };

const START_PAGE = {
  urls: {},
  signIns: {
    admin: { email: '', password: '', totpSecret: '' },
    courier: { carrier: '', badge: '', code: '' },
    resident: { flat: '', name: '', phone: '', email: '' },
  },
};

/** What a request that is let in answers, where that is not a success: the input proves nothing, or is refused. */
const SERVED: Readonly<Record<string, readonly number[]>> = {
  'GET /api': [302],
  // What is asked for here names no part of a log; log/routes.test.ts asks for what is there.
  'GET /log/*': [404],
  'POST /api/admin/sign-in': [400],
  'POST /api/resident/sign-in/ask': [400],
  'POST /api/resident/sign-in': [400],
  'POST /api/courier/sign-in/ask': [400],
  'POST /api/courier/sign-in': [400],
  'POST /api/enrolments': [400],
  'PUT /api/operator/rosters/:site': [403],
  'PUT /api/operator/banks/:bank/orders': [403],
  // The courier may or may not be suspended.
  'POST /api/admin/couriers/:id/lift': [204, 409],
  // It was not given up.
  'POST /api/admin/notices/:id/again': [409],
  // Whether a hold stands depends on what was asked before.
  'POST /api/admin/people/:id/release': [204, 409],
  'POST /api/admin/parcels/:id/release': [204, 409],
  // A page of records gives the mark that is asked with.
  'GET /api/admin/records/arrived': [400],
  // No record of that number is an open discrepancy.
  'POST /api/admin/banks/:id/resolutions': [409],
  // Three wait at most, and its file is not there.
  'POST /api/admin/exports': [202, 429],
  'GET /api/admin/exports/:id/file': [409],
  'POST /api/admin/exports/:id/discard': [409],
  // It may have as many as it may have by then.
  'POST /api/admin/parcels/:id/evidence': [201, 409],
  // The bank and its door may or may not be suspended.
  'POST /api/admin/banks/:id/suspend': [204, 409],
  'POST /api/admin/banks/:id/lift': [204, 409],
  'POST /api/admin/banks/:id/doors/:n/suspend': [204, 409],
  'POST /api/admin/banks/:id/doors/:n/lift': [204, 409],
  // No such alarm stands there.
  'POST /api/admin/banks/:id/alarms/care': [409],
  'POST /api/admin/banks/:id/alarms/end': [409],
};

const unpreviewed = (name: string) => ({
  what: 'new',
  resident: { name, flat: '3', email: null, phone: null, accessible: false },
  mark: base64url(systemRandom.bytes(32)),
});

const ALL = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
const FORK = { condition: 'fork', compartment: null, raisedAtMs: 1 };

const NAMED: readonly [RegExp, IdKind, keyof Filled | SignedInRole][] = [
  [/\/banks\/:/, 'bank', 'bank'],
  [/\/(parcels|drops)\/:/, 'parcel', 'parcel'],
  [/\/notices\/:/, 'notice', 'notice'],
  [/\/records\/:/, 'bank', 'record'],
  [/\/exports\/:/, 'export', 'exported'],
  [/\/evidence\/:/, 'evidence', 'evidence'],
  [/\/people\/:/, 'person', 'resident'],
  [/\/couriers\/:/, 'person', 'courier'],
  [/\/(rosters|sites)\/:/, 'site', 'site'],
];

export class AccessStand {
  readonly stand: Stand;
  readonly tenants: readonly [Filled, Filled];
  readonly servers: HttpServers;
  readonly operatorToken: string;
  readonly #folder: string;
  readonly #plain = new Agent({ keepAlive: true });
  readonly #tls = new TlsAgent({ keepAlive: true, rejectUnauthorized: false });
  /** What each route answers for a thing that does not exist. */
  readonly #missing = new Map<string, Answer>();

  private constructor(of: {
    stand: Stand;
    tenants: readonly [Filled, Filled];
    servers: HttpServers;
    operatorToken: string;
    folder: string;
  }) {
    this.stand = of.stand;
    this.tenants = of.tenants;
    this.servers = of.servers;
    this.operatorToken = of.operatorToken;
    this.#folder = of.folder;
  }

  static async open(): Promise<AccessStand> {
    const stand = await openStand(NOUNS);
    const { cloud, root } = stand;
    const folder = await mkdtemp(join(tmpdir(), 'hf-access-'));
    const startFile = join(folder, 'run.json');
    await writeFile(startFile, JSON.stringify(START_PAGE));
    const operatorToken = base64url(systemRandom.bytes(32));
    const servers = await startHttp({
      cloud,
      routes: NOUNS.flatMap((noun) => noun.routes ?? []),
      keeper: {
        authenticate: (app, token, use) => signin.authenticate(cloud, app, token, use),
        operatorTokenHash: operatorTokenHash(operatorToken),
      },
      httpPort: 0,
      https: await serverKey(),
      hosts: [],
      webDir: null,
      startFile,
      isReady: async () => true,
      limits: { requestsPerMinute: 1e9, guardedPerMinute: 1e9 },
    });
    const tenants = [
      await filledTenant(cloud, { root, mark: 'Alder' }),
      await filledTenant(cloud, { root, mark: 'Birch' }),
    ] as const;
    return new AccessStand({ stand, tenants, servers, operatorToken, folder });
  }

  async close(): Promise<void> {
    this.#plain.destroy();
    this.#tls.destroy();
    await this.servers.stop();
    await this.stand.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Sends the request of a cell and holds the answer against the model. Answers what the model said. */
  async judge(cell: Cell): Promise<string> {
    const expected = this.#expected(cell);
    const answer = await this.#send(await this.#requestOf(cell, expected === 'served'));
    const where = `${JSON.stringify(cell)} should be ${expected}, was ${answer.status} ${answer.text.slice(0, 300)}`;
    this.#checkMarks(cell, { expected, answer, where });
    if (expected === 'served') {
      const statuses = SERVED[cell.route] ?? [200, 201, 204];
      assert.ok(statuses.includes(answer.status), where);
      if (answer.status === 403) assert.equal(problem.parse(JSON.parse(answer.text)).code, 'denied', where);
      return expected;
    }
    const told = problem.parse(JSON.parse(answer.text));
    const { code, reason } = CODES[expected];
    assert.deepEqual({ code: told.code, reason: told.reason }, { code, reason }, where);
    if (expected === 'foreign') assert.deepEqual(answer, await this.#missingOf(cell), where);
    return expected;
  }

  #expected(cell: Cell): keyof typeof CODES | 'served' {
    const [method = '', url = ''] = cell.route.split(' ');
    if (cell.spoiled === 'page' && needsOwnPage(method, url)) return 'not our page';
    const own = this.tenants[cell.side].tenant;
    const isPersons = isSignedIn(cell.role);
    const shows = isPersons || cell.role === 'operator';
    const role = cell.spoiled === 'token' && shows ? 'nobody' : cell.role;
    // A thing that is missing is asked for within the own organisation.
    const tenant = cell.thing === 'foreign' ? this.#other(cell).tenant : own;
    const said = modelled({ role, ofTenant: isPersons ? own : null, method, url, tenant });
    switch (said) {
      case 'session-absent':
        return isHidden(url) ? 'hidden' : 'not signed in';
      case 'tenant-foreign':
        return 'foreign';
      case 'allowed':
        return cell.thing === 'missing' ? 'missing' : 'served';
    }
  }

  #other(cell: Cell): Filled {
    return this.tenants[cell.side === 0 ? 1 : 0];
  }

  /** What is served tells of one organisation only, and what is refused of none. */
  #checkMarks(cell: Cell, of: { expected: string; answer: Answer; where: string }): void {
    const about = cell.thing === 'foreign' ? this.#other(cell) : this.tenants[cell.side];
    const tellsOf = of.expected === 'served' && (isSignedIn(cell.role) || cell.role === 'operator');
    for (const filled of this.tenants) {
      if (tellsOf && filled === about) continue;
      const leaked = filled.marks.find((mark) => of.answer.text.includes(mark));
      assert.equal(leaked, undefined, of.where);
    }
  }

  async #missingOf(cell: Cell): Promise<Answer> {
    const known = this.#missing.get(cell.route);
    if (known) return known;
    const answer = await this.#send(
      await this.#requestOf({ ...cell, thing: 'missing', spoiled: 'nothing' }, false),
    );
    this.#missing.set(cell.route, answer);
    return answer;
  }

  async #requestOf(cell: Cell, isServed: boolean): Promise<Sent> {
    const [method = '', url = ''] = cell.route.split(' ');
    const tls = cell.role === 'bank';
    const port = tls ? this.servers.httpsPort : this.servers.httpPort;
    const headers: Record<string, string> = { host: `localhost:${port}` };
    // A proxy speaks for others, so this is what makes a request one that does not come from the machine.
    if (cell.role !== 'machine') headers['x-forwarded-for'] = '203.0.113.7';
    if (cell.spoiled !== 'page') headers[CSRF_HEADER] = 'test';
    else if (cell.side === 0)
      Object.assign(headers, { [CSRF_HEADER]: 'test', origin: 'https://evil.example' });
    const token = await this.#tokenOf(cell, isServed);
    if (token !== undefined) {
      const shown = cell.spoiled === 'token' ? spoil(token) : token;
      // In every place that is looked at: a sign-in counts in its own place only.
      headers.cookie = ['admin', 'resident', 'courier'].map((app) => `holdfast_${app}=${shown}`).join('; ');
      headers.authorization = `Bearer ${shown}`;
    }
    const thing = names(cell.route) ? await this.#thingOf(cell, isServed) : '';
    const body = this.#bodyOf(cell);
    if (body !== '') headers['content-type'] = 'application/json';
    return {
      method,
      path: url.replace(/:\w+/, thing).replace(':n', '3').replace('*', '1/checkpoint'),
      headers,
      body,
      tls,
    };
  }

  async #tokenOf({ role, side, route }: Cell, isServed: boolean): Promise<string | undefined> {
    if (role === 'operator') return this.operatorToken;
    if (!isSignedIn(role)) return undefined;
    const { tenant, people, tokens } = this.tenants[side];
    // Signing out ends a session, so it gets one of its own.
    if (!isServed || !route.endsWith('/sign-out')) return tokens[role];
    return newToken(this.stand.cloud, { tenant, role, person: people[role] });
  }

  async #thingOf(cell: Cell, isServed: boolean): Promise<string> {
    const [, kind, key] = NAMED.find(([pattern]) => pattern.test(cell.route)) ?? [];
    if (!kind || !key) throw new Error(`what ${cell.route} names is not known here`);
    if (cell.thing === 'missing') return idFrom(kind, systemRandom.bytes(16));
    const of = cell.thing === 'own' ? this.tenants[cell.side] : this.#other(cell);
    if (isServed && cell.route.startsWith('DELETE')) return this.#shortLived(of, key);
    return key === 'resident' || key === 'courier' ? of.people[key] : String(of[key as keyof Filled]);
  }

  /** Somebody to be removed. */
  #shortLived({ tenant, site, carrier, people, marks }: Filled, key: string): Promise<string> {
    const { cloud } = this.stand;
    const name = `${marks[0]} Short`;
    if (key === 'resident') return addResident(cloud, { tenant, site, name });
    return addCourier(cloud, { tenant, carrier, name, by: people.admin });
  }

  #bodyOf({ route, side }: Cell): string {
    const { marks, carrier } = this.tenants[side];
    const name = `${marks[0]} New`;
    const body: unknown = {
      'POST /api/admin/people': { name, flat: '2', email: null, phone: null, accessible: false },
      'POST /api/admin/people/import/preview': { file: base64(utf8(`Name,Flat\n${name},3\n`)) },
      // A mark that no preview gave: the row is left alone, and told so.
      'POST /api/admin/people/import': { rows: [{ row: 2, act: unpreviewed(name) }] },
      'PATCH /api/admin/people/:id': { accessible: true },
      'POST /api/admin/couriers': {
        name,
        email: null,
        carrier,
        badgeHash: base64url(systemRandom.bytes(32)),
      },
      'POST /api/admin/people/:id/erase': { confirm: 'erase' },
      'POST /api/admin/people/:id/hold': { reason: 'because', untilMs: null },
      'POST /api/admin/people/:id/release': { reason: 'because' },
      'POST /api/admin/parcels/:id/hold': { reason: 'because', untilMs: null },
      'POST /api/admin/parcels/:id/release': { reason: 'because' },
      'POST /api/admin/parcels/:id/evidence': {
        ...{ purpose: 'because', about: 'recipient', file: base64(utf8(`${name}, dented\n`)) },
      },
      'POST /api/admin/evidence/:id/file': { purpose: 'because' },
      'POST /api/admin/privacy': { movedOutDays: null },
      'POST /api/admin/exports/preview': { selection: ALL },
      'POST /api/admin/exports': {
        ...{ purpose: 'because', receiver: 'a court', selection: ALL, opened: [] },
        encrypt: { by: 'passphrase', passphrase: 'seven grey herons over Kiel' },
      },
      'POST /api/admin/couriers/:id/suspend': { reason: 'because' },
      'POST /api/admin/couriers/:id/lift': { reason: 'because' },
      'POST /api/admin/banks/:id/suspend': { hours: 1, reason: 'because' },
      'POST /api/admin/banks/:id/lift': { reason: 'because' },
      'POST /api/admin/banks/:id/doors/:n/suspend': { hours: 1, reason: 'because' },
      'POST /api/admin/banks/:id/doors/:n/lift': { reason: 'because' },
      'POST /api/admin/banks/:id/resolutions': { seq: 1, how: 'found', note: 'behind the plinth' },
      'POST /api/admin/banks/:id/alarms/care': FORK,
      'POST /api/admin/banks/:id/alarms/end': { ...FORK, reason: 'own-copy', note: 'found' },
      'PATCH /api/resident/me': { accessible: true },
      'PUT /api/operator/rosters/:site': { note: 'no note' },
      'PUT /api/operator/banks/:bank/orders': { note: 'no note' },
    }[route];
    if (body !== undefined) return JSON.stringify(body);
    return SERVED[route]?.includes(400) && !route.startsWith('GET ') ? '{}' : '';
  }

  #send(sent: Sent): Promise<Answer> {
    const { method, path, headers, tls } = sent;
    const common = { host: '127.0.0.1', path, method, headers };
    return new Promise((resolve, reject) => {
      const onAnswer = (answer: IncomingMessage) => {
        const status = answer.statusCode ?? 0;
        if (answer.headers['content-type']?.startsWith('text/event-stream')) {
          going.destroy();
          return resolve({ status, text: '' });
        }
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status, text }));
      };
      const going: ClientRequest = tls
        ? httpsRequest({ ...common, port: this.servers.httpsPort ?? 0, agent: this.#tls }, onAnswer)
        : httpRequest({ ...common, port: this.servers.httpPort, agent: this.#plain }, onAnswer);
      going.on('error', reject).end(sent.body === '' ? undefined : sent.body);
    });
  }
}

const CODES = {
  'not our page': { code: 'csrf', reason: 'csrf-missing' },
  'not signed in': { code: 'not-signed-in', reason: 'session-absent' },
  hidden: { code: 'not-found', reason: undefined },
  foreign: { code: 'not-found', reason: undefined },
  missing: { code: 'not-found', reason: undefined },
} as const;

function spoil(token: string): string {
  const first = token.startsWith('A') ? 'B' : 'A';
  return `${first}${token.slice(1)}`;
}

async function serverKey() {
  const { privateKey } = newSigningKey();
  const nowMs = systemClock.nowMs();
  const certificatePem = await selfSignedServer({
    commonName: 'localhost',
    privateKey,
    hosts: ['localhost'],
    serial: systemRandom.bytes(8),
    notBeforeMs: nowMs - 1000,
    notAfterMs: nowMs + 86_400_000,
  });
  return { port: 0, host: '127.0.0.1', keyPem: privateKeyPem(privateKey), certificatePem };
}
