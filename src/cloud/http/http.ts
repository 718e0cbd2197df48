/**
 * The cloud's HTTP interface. Every noun hands in its routes, each with what it shows to come in (`access`),
 * what it takes and what it gives. Who may use it says the table of access (access.ts): a route that has
 * no row there, or names another `access` than its row, does not compile. The routes make the checks, and
 * `/openapi.json`.
 *
 * The same application is served twice: on loopback HTTP, where browsers on this machine have a secure
 * context, and over HTTPS with TLS 1.3 only.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { z } from 'zod';
import { HoldfastError } from '../../domain/errors.ts';
import { sleep } from '../../platform/clock.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type Access, type AccessOf, type AccessTable, accessOf } from './access.ts';
import { type AppOptions, buildApp, showAnew, type Tls } from './app.ts';
import { LongBodies } from './bodies.ts';
import { type EventHub, openEventHub } from './events.ts';
import {
  type ActorOf,
  APPS,
  type App,
  actorOf,
  cookieName,
  cookiePath,
  type GateKeeper,
  guardRoutes,
  reachOf,
  stillStands,
} from './gate.ts';
import { type GaugeOf, openMetrics } from './metrics.ts';
import { nextLink } from './pages.ts';
import { BROKEN, REFUSED } from './problems.ts';
import { KEY_HEADER, keyHeader, once } from './repeats.ts';
import { Served } from './served.ts';
import { mountSystem } from './system.ts';

export { ACCESS, decide, ROLES, type Role } from './access.ts';
export { type App, operatorTokenHash, type SignedIn, type Use } from './gate.ts';
export type { GaugeOf } from './metrics.ts';
export { type Page, type PageAsked, pageOf } from './pages.ts';
export { traceOf } from './problems.ts';
export { forgetAnswers } from './repeats.ts';
export { deleteAnswersOf as forgetAnswersOf, migrations as repeatMigrations } from './repeats-store.ts';
export { Served } from './served.ts';

type Shape = { params?: z.ZodType; query?: z.ZodType; body?: z.ZodType; response?: z.ZodType };
type Parsed<S extends Shape, Part extends keyof Shape> =
  S extends Record<Part, infer Schema extends z.ZodType> ? z.output<Schema> : undefined;
type Answer<S extends Shape> = S extends { response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer returns nothing at all.
    void;

/** Everything that a handler knows about its request. */
export type Ctx<A extends Access = Access, S extends Shape = Shape> = {
  actor: ActorOf<A>;
  cloud: Cloud;
  params: Parsed<S, 'params'>;
  query: Parsed<S, 'query'>;
  body: Parsed<S, 'body'>;
  /** The session cookie of one app. */
  session: {
    token(app: App): string | undefined;
    set(app: App, token: string, lifeMs: number): void;
    clear(app: App): void;
  };
  /** By which the admin app's sign-in knows a browser again. It is sent there and nowhere else. */
  device: { token(): string | undefined; set(token: string, lifeMs: number): void };
  /** Answers with the tenant's stream of changes instead of a body. */
  streamChanges(): void;
};

/** A handler's answer when there is nothing to give, which is no error: 204. */
export const NOTHING = Symbol('nothing');

type RouteHead = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  access: Access;
  /** One sentence for the description of the interface. */
  says: string;
  /** The status of a success: 200 unset, or 204 when nothing is answered. */
  status?: 200 | 201 | 202 | 204;
  /** 64 KiB unless set; more is for whom the gate knows. */
  bodyBytesMax?: number;
  /** Guessing is worth somebody's while here, or an answer leaves a record: an address gets few tries a minute. */
  guarded?: boolean;
  /** A post only because what it asks with is long: it changes nothing, takes no key, and no answer of it is kept. */
  changesNothing?: boolean;
  /**
   * A GET that only reads, by `cloud.database.read`: for who was signed in a moment ago it is asked while the session is
   * looked up, and answered when that stands.
   */
  glances?: boolean;
};

export type Route = RouteHead & { schema: Shape; handle(ctx: never): Promise<unknown> };

type Method = RouteHead['method'];
type UrlOf<T, M extends Method> = keyof T extends infer Name
  ? Name extends `${M} ${infer Url}`
    ? Url
    : never
  : never;
type AccessAt<T, M extends Method, U extends string> = `${M} ${U}` extends infer Name
  ? Name extends keyof T
    ? AccessOf<T[Name]>
    : never
  : never;

type Write<T extends AccessTable> = <
  const M extends Method,
  const U extends UrlOf<T, M>,
  const A extends AccessAt<T, M, U>,
  const S extends Shape,
>(
  row: RouteHead & {
    method: M;
    url: U;
    access: A;
    schema: S;
    handle(ctx: Ctx<A, S>): Promise<Answer<S> | typeof NOTHING | Served>;
  },
) => Route;

/** Writes routes of a table of access; a handler's context and answer are typed by its schema and access. */
export function routesOf<T extends AccessTable>(): Write<T> {
  return (row) => row;
}

export const route = routesOf<typeof ACCESS>();

export type HttpOptions = {
  cloud: Cloud;
  routes: readonly Route[];
  keeper: GateKeeper;
  /** Who may use which route; the house's own table unless a test brings routes of its own. */
  access?: AccessTable;
  /** Loopback only. 0 asks the system for a free port. */
  httpPort: number;
  https: (Tls & { port: number; host: string }) | null;
  /** Host names beside `localhost` and `127.0.0.1`. */
  hosts: readonly string[];
  webDir: string | null;
  /** Proxies whose word on whom they speak for is taken: addresses and ranges of addresses; of nobody when unset. */
  trustedProxies?: readonly string[];
  /** The file that `GET /api/start` shows on a development machine; null elsewhere. */
  startFile: string | null;
  /** False while this process cannot do its work; says so at `/api/ready`. */
  isReady(): Promise<boolean>;
  /** How long requests are still taken after readiness said no, at a stop; none when unset. */
  unreadyMs?: number;
  /** Numbers of other parts, shown at `/metrics`. */
  gauges?: readonly GaugeOf[];
  limits?: Partial<Limits>;
};

/** Requests an address may send in a minute: of any kind, and to guarded routes. */
type Limits = { requestsPerMinute: number; guardedPerMinute: number };
const LIMITS: Limits = { requestsPerMinute: 1200, guardedPerMinute: 20 };

export type HttpServers = {
  httpPort: number;
  httpsPort: number | null;
  events: EventHub;
  /** Whoever connects over HTTPS from now on is shown this certificate (PEM), under the same key. */
  shows(certificatePem: string): void;
  /** Says at `/api/ready` that it leaves, ends the streams, takes no more, and lets what had begun finish. */
  stop(): Promise<void>;
};

const LOOPBACK = '127.0.0.1';

export async function startHttp(options: HttpOptions): Promise<HttpServers> {
  const { cloud } = options;
  const log = cloud.log.child('http');
  const metrics = openMetrics(options.gauges);
  const events = openEventHub(cloud.clock);
  const limits = { ...LIMITS, ...options.limits };
  let closing = false;
  const isReady = async () => !closing && (await options.isReady());
  const common: Omit<AppOptions, 'tls'> = {
    clock: cloud.clock,
    log,
    metrics,
    hosts: options.hosts,
    trustedProxies: options.trustedProxies ?? [],
    webDir: options.webDir,
    requestsPerMinute: limits.requestsPerMinute,
    isLeaving: () => closing,
  };
  const table = options.access ?? ACCESS;
  const bodies = new LongBodies();
  const mount = (app: FastifyInstance) => {
    guardRoutes(app, { table, keeper: options.keeper });
    for (const row of options.routes) mountRoute(app, row, { cloud, table, events, bodies, limits });
    mountSystem(app, { metrics, isReady, startFile: options.startFile });
  };
  const http = await buildApp({ ...common, tls: null }, mount);
  await listen(http, options.httpPort, LOOPBACK);
  const https = options.https === null ? null : await buildApp({ ...common, tls: options.https }, mount);
  if (https && options.https) await listen(https, options.https.port, options.https.host);
  return {
    httpPort: portOf(http),
    httpsPort: https && portOf(https),
    events,
    shows(certificatePem) {
      if (https && options.https) showAnew(https, { ...options.https, certificatePem });
    },
    async stop() {
      closing = true;
      if (options.unreadyMs) await sleep(cloud.clock, options.unreadyMs);
      events.close();
      await Promise.all([http.close(), https?.close()]);
    },
  };
}

type Mounting = { cloud: Cloud; table: AccessTable; events: EventHub; bodies: LongBodies; limits: Limits };

function mountRoute(app: FastifyInstance, row: Route, mounting: Mounting): void {
  const { params, query, body, response } = row.schema;
  const { table, bodies, limits } = mounting;
  const status = row.status ?? (response || row.url.endsWith('/events') ? 200 : 204);
  app.route({
    method: row.method,
    url: row.url,
    ...longBody(row, bodies),
    config: {
      ...(row.guarded ? { rateLimit: { max: limits.guardedPerMinute } } : {}),
      ...(row.glances ? { glances: true } : {}),
    },
    schema: {
      // Files below a path of any depth: no description of an interface has a word for that.
      hide: row.url.endsWith('/*'),
      operationId: operationIdOf(row),
      summary: row.says,
      tags: [row.url.split('/')[2] ?? 'system'],
      security: securityOf(row.access),
      ...(params ? { params } : {}),
      ...(query ? { querystring: query } : {}),
      ...(body ? { body } : {}),
      ...(takesKey(row) ? { headers: keyHeader } : {}),
      response: { [status]: response ?? nothingTold(row), '4xx': REFUSED, '5xx': BROKEN },
    } as object,
    handler: async (request, reply) => {
      const work = () => answerOf(row, mounting, { request, reply });
      const [answered] = await Promise.allSettled([bodies.during(request, work)]);
      await stillStands(request);
      if (answered.status === 'rejected') throw answered.reason;
      const answer = answered.value;
      if (reply.sent) return reply;
      if (answer instanceof Served) return answer.send(reply);
      if (answer === NOTHING || answer === undefined || !response)
        return reply.code(response ? 204 : status).send();
      const next = nextLink(request.url, answer);
      if (next !== undefined) reply.header('link', next);
      reply.code(status);
      return answer;
    },
  });
  if (row.glances && row.method !== 'GET')
    throw new Error(`${nameOf(row)} changes something, and does not glance`);
  if (row.access !== accessOf(table, nameOf(row)))
    throw new Error(`${nameOf(row)} asks for another sign-in than its row in the table of access`);
}

function longBody({ bodyBytesMax, access, ...row }: Route, bodies: LongBodies): RouteShorthandOptions {
  if (bodyBytesMax === undefined) return {};
  if (access === 'public' || access === 'bank')
    throw new Error(`${nameOf(row)} takes a long body of whoever comes`);
  return {
    bodyLimit: bodyBytesMax,
    preParsing: async (request, reply) => bodies.begin(request, reply, bodyBytesMax),
  };
}

const nameOf = ({ method, url }: Pick<Route, 'method' | 'url'>): string => `${method} ${url}`;

/**
 * Of a person whom the gate knows: a key is that person's own. Other posts spend a secret that works once. An answer
 * that is a file is kept nowhere; whoever asks for it twice has looked twice.
 */
function takesKey({ method, access, changesNothing, url }: Route): boolean {
  return method === 'POST' && !changesNothing && APPS.some((app) => app === access) && !url.endsWith('/file');
}

async function answerOf(
  row: Route,
  { cloud, table, events }: Mounting,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<unknown> {
  const actor = actorOf(request);
  const reach = reachOf(cloud, table, { actor, route: nameOf(row), glances: row.glances === true });
  const run = (within: Cloud) => row.handle(ctxOf({ request, reply, cloud: within, events, actor }) as never);
  const key = takesKey(row) ? request.headers[KEY_HEADER] : undefined;
  if (typeof key !== 'string' || !('tenant' in actor)) return await run(reach);
  const what = JSON.stringify([request.url, request.body ?? null]);
  return await once(
    reach,
    { asker: actor, route: nameOf(row), key, what, response: row.schema.response },
    run,
  );
}

/** An answer without a body, and those whose form is not one of JSON: the streams, and a proof. */
function nothingTold({ url }: Route): z.ZodType | { description: string; content: object } {
  if (url.endsWith('/events'))
    return {
      description: 'A stream of events that ends when the page closes.',
      content: { 'text/event-stream': { schema: z.string() } },
    };
  if (url.endsWith('/proof'))
    return { description: 'A tlog-proof file.', content: { 'text/plain': { schema: z.string() } } };
  if (url.endsWith('/file'))
    return {
      description: 'A file, as an attachment.',
      content: { 'application/octet-stream': { schema: z.string() } },
    };
  return z.null().describe('Done; there is nothing to tell.');
}

/** `GET /api/admin/banks/:id` is `getAdminBanksId`: what a client that is made from the description calls it. */
function operationIdOf({ method, url }: Route): string {
  const words = url.split(/[/:-]+/).filter((word) => word !== '' && word !== 'api');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

type Asked = {
  request: FastifyRequest;
  reply: FastifyReply;
  cloud: Cloud;
  events: EventHub;
  actor: ReturnType<typeof actorOf>;
};

function ctxOf({ request, reply, cloud, events, actor }: Asked) {
  return {
    actor,
    cloud,
    params: request.params,
    query: request.query,
    body: request.body,
    session: {
      token: (app: App) => request.cookies[cookieName(app)],
      set: (app: App, token: string, lifeMs: number) =>
        void reply.setCookie(cookieName(app), token, { ...cookieOf(app), maxAge: Math.floor(lifeMs / 1000) }),
      clear: (app: App) => void reply.clearCookie(cookieName(app), cookieOf(app)),
    },
    device: {
      token: () => request.cookies[DEVICE_COOKIE],
      set: (token: string, lifeMs: number) =>
        void reply.setCookie(DEVICE_COOKIE, token, { ...DEVICE_PLACE, maxAge: Math.floor(lifeMs / 1000) }),
    },
    streamChanges() {
      if (!('tenant' in actor)) throw new Error('a stream of changes belongs to a signed-in person');
      if (!events.open(actor.tenant, reply))
        throw new HoldfastError('rate-limited', 'Too many pages of this organisation are open at once.');
    },
  };
}

/** Browsers treat loopback as a secure context, so `Secure` holds in development too. */
function cookieOf(app: App) {
  return { path: cookiePath(app), httpOnly: true, secure: true, sameSite: 'strict' } as const;
}

const DEVICE_COOKIE = 'holdfast_admin_device';
const DEVICE_PLACE = { ...cookieOf('admin'), path: '/api/admin/sign-in' } as const;

function securityOf(access: Access): { [name: string]: string[] }[] {
  const named = APPS.some((app) => app === access) || access === 'operator';
  return named ? [{ [access]: [] }] : [];
}

async function listen(app: FastifyInstance, port: number, host: string): Promise<void> {
  try {
    await app.listen({ port, host });
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw taken
      ? new HoldfastError(
          'unavailable',
          `Port ${port} is in use by another program; choose another with --port.`,
          { cause },
        )
      : cause;
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a server that listens on TCP has a port');
  return address.port;
}
