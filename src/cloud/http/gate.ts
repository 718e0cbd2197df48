/**
 * Who may come in. The table of access (access.ts) says what each route asks to be shown; this file is the
 * only place that turns a request into an actor or a refusal. No route is without it: `guardRoutes` puts it
 * before every one, and refuses to start with one that the table does not hold.
 *
 *   public    anybody; a request that changes something still has to come from one of our own pages
 *   machine   a program on this machine: from loopback, and not through a proxy on it
 *   admin     a session of the admin app (cookie `holdfast_admin`)
 *   resident  a session of the resident app (cookie `holdfast_resident`)
 *   courier   a session of the courier app (cookie `holdfast_courier`)
 *   operator  who holds the operator token of this machine, as a bearer token; no cookie, no browser
 *   bank      a bank before it is enrolled: over TLS only, and the handler checks its enrolment code and
 *             its proof of possession
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { CSRF_HEADER, SESSION_HEADER, UNATTENDED_HEADER } from '../../contract/http/common.ts';
import { fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { equalBytes, sha256, sha256Text } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Database } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Access, type AccessTable, type Asker, accessOf, decide, type Question } from './access.ts';
import { isSame, Known } from './known.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    glances?: boolean;
  }
}

export const APPS = ['admin', 'resident', 'courier'] as const;
export type App = (typeof APPS)[number];

export type AdminActor = {
  is: 'admin';
  tenant: TenantId;
  person: PersonId;
  role: 'admin' | 'super-admin';
  signedInAtMs: number;
};
export type ResidentActor = { is: 'resident'; tenant: TenantId; person: PersonId; signedInAtMs: number };
export type CourierActor = { is: 'courier'; tenant: TenantId; person: PersonId; signedInAtMs: number };
export type SignedIn = AdminActor | ResidentActor | CourierActor;
export type Actor = SignedIn | { is: 'public' } | { is: 'machine' } | { is: 'operator' } | { is: 'bank' };
export type ActorOf<A extends Access> = Extract<Actor, { is: A }>;

/** Whether a person stands behind a request, or only a page that they have left open. */
export type Use = { attended: boolean };

/** What the gate has to be given; sign-in answers the first, configuration the second. */
export type GateKeeper = {
  /** The person behind a session token of `app`, if the session is alive. */
  authenticate(app: App, token: string, use: Use): Promise<SignedIn | undefined>;
  /** SHA-256 of the operator token. */
  operatorTokenHash: Uint8Array;
};

export function cookieName(app: App): string {
  return `holdfast_${app}`;
}

/** A browser sends the cookie of an app to that app's interface only. Cookies do not know ports. */
export function cookiePath(app: App): string {
  return `/api/${app}`;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

type Guard = { table: AccessTable; keeper: GateKeeper };

/** Puts the gate before every route that is mounted from now on. Call it before any is. */
export function guardRoutes(app: FastifyInstance, { table, keeper }: Guard): void {
  const guard = { table, keeper, known: new Known() };
  const gates = new Map<string, onRequestHookHandler>();
  app.addHook('onRoute', (mounted) => {
    for (const method of [mounted.method].flat()) {
      // What may be read may be read without its body.
      const route = `${method === 'HEAD' ? 'GET' : method} ${mounted.url}`;
      const access = accessOf(table, route);
      if (!access) throw new Error(`${route} has no row in the table of access, or one that lets nobody in`);
      const glances = mounted.config?.glances === true;
      const gate = gates.get(route) ?? gateOf(guard, { route, access, glances });
      gates.set(route, gate);
      const before = [mounted.onRequest ?? []].flat();
      // Who asks is settled before a byte of what is asked is read: of a stranger's body nothing is held or looked
      // through, and a stranger learns nothing about what would be valid. Requests are counted before.
      if (!before.includes(gate)) mounted.onRequest = [...before, gate];
    }
  });
}

const actors = new WeakMap<FastifyRequest, Actor>();

/** Who the gate found behind a request that it let in. */
export function actorOf(request: FastifyRequest): Actor {
  const actor = actors.get(request);
  if (!actor) throw new Error('a request reached its handler past the gate');
  return actor;
}

const standings = new WeakMap<FastifyRequest, Promise<SignedIn | undefined>>();

/**
 * Returns when the session behind a request is known to stand; throws the refusal when it does not. Whoever answers
 * waits for it, with a failure too: what is wrong with a question is told to nobody who may not ask.
 */
export async function stillStands(request: FastifyRequest): Promise<void> {
  const standing = standings.get(request);
  const actor = actors.get(request);
  if (!standing || !actor) return;
  const found = await standing;
  if (!found || !('person' in actor) || !isSame(found, actor)) throw notSignedIn(request);
}

type Gate = { route: string; access: Access; glances: boolean };

function gateOf({ table, keeper, known }: Guard & { known: Known }, of: Gate): onRequestHookHandler {
  return async (request, reply) => {
    const { actor, standing, session } = await admit({ keeper, known, of, request });
    if (session !== undefined) reply.header(SESSION_HEADER, session);
    if (standing) standings.set(request, standing);
    const asker = askerOf(actor);
    const verdict = decide(table, { asker, route: of.route, tenant: asker.tenant });
    if (!verdict.allow)
      throw new HoldfastError('not-allowed', 'Your account does not include that.', {
        reason: verdict.reason,
      });
    actors.set(request, actor);
  };
}

/** The actor as the table knows it. */
function askerOf(actor: Actor): Asker {
  switch (actor.is) {
    case 'admin':
      return { role: actor.role, tenant: actor.tenant };
    case 'resident':
    case 'courier':
      return { role: actor.is, tenant: actor.tenant };
    case 'public':
      return { role: 'nobody', tenant: null };
    case 'machine':
    case 'operator':
    case 'bank':
      return { role: actor.is, tenant: null };
  }
}

/**
 * The cloud as the handler of one request may use it: a transaction of an organisation that the table
 * does not give this asker is not opened. A handler that tries is wrong, and so it breaks.
 */
export function reachOf(
  cloud: Cloud,
  table: AccessTable,
  of: { actor: Actor; route: string; glances: boolean },
): Cloud {
  const asker = askerOf(of.actor);
  const check = (tenant: Question['tenant']) => {
    const verdict = decide(table, { asker, route: of.route, tenant });
    if (!verdict.allow) throw new Error(`${of.route} reached out of bounds: ${verdict.reason}`);
  };
  const { database } = cloud;
  const into = (way: Database['tenant']): Database['tenant'] => {
    return async (tenant, run) => {
      check(tenant);
      return await way(tenant, run);
    };
  };
  const intoNone = (way: Database['estate']): Database['estate'] => {
    return async (run) => {
      check(null);
      return await way(run);
    };
  };
  const looks = { read: into(database.read), readEstate: intoNone(database.readEstate) };
  if (of.glances) return { ...cloud, database: { ...onlyLooking(database, of.route), ...looks } };
  return {
    ...cloud,
    database: {
      ...database,
      ...looks,
      tenant: into(database.tenant),
      snapshot: into(database.snapshot),
      once: into(database.once),
      estate: intoNone(database.estate),
    },
  };
}

/** A database for whoever may not even be signed in any more: all that leaves a trace breaks. */
function onlyLooking(database: Database, route: string): Database {
  const refuse = () => Promise.reject(new Error(`${route} does more than to look`));
  return { ...database, tenant: refuse, snapshot: refuse, once: refuse, estate: refuse };
}

type Admit = { keeper: GateKeeper; known: Known; of: Gate; request: FastifyRequest };
/** `standing`: whom the session is of now, where the actor is only whom it was of the last time. */
type Admitted = { actor: Actor; standing?: Promise<SignedIn | undefined>; session?: string };

/** The actor of a request for a route of this access. Throws the refusal. */
async function admit({ keeper, known, of, request }: Admit): Promise<Admitted> {
  const { access } = of;
  switch (access) {
    case 'public':
      checkOwnPage(request);
      return { actor: { is: 'public' } };
    case 'machine':
      checkMachine(request);
      return { actor: { is: 'machine' } };
    case 'admin':
    case 'resident':
    case 'courier': {
      checkOwnPage(request);
      const token = request.cookies[cookieName(access)];
      if (token === undefined) throw notSignedIn(request);
      const session = sessionName(token);
      checkSession(request, session);
      const asked = whoIs(keeper, known, { app: access, token, use: { attended: isAttended(request) } });
      const before = of.glances ? known.of(access, token) : undefined;
      // Its failure is that of whoever waits for it.
      asked.catch(() => undefined);
      if (before) return { actor: before, standing: asked, session };
      const actor = await asked;
      if (!actor) throw notSignedIn(request);
      return { actor, session };
    }
    case 'operator':
      checkOperator(keeper, request);
      return { actor: { is: 'operator' } };
    case 'bank':
      // By the socket: a proxy that says so would stand between a bank and the key that it pins.
      if (!('encrypted' in request.socket)) throw new HoldfastError('not-found', 'Banks use the HTTPS port.');
      return { actor: { is: 'bank' } };
  }
}

type Asked = { app: App; token: string; use: Use };

async function whoIs(
  keeper: GateKeeper,
  known: Known,
  { app, token, use }: Asked,
): Promise<SignedIn | undefined> {
  const found = await keeper.authenticate(app, token, use);
  const actor = found?.is === app ? found : undefined;
  known.keep(app, token, actor);
  return actor;
}

function notSignedIn({ routeOptions }: FastifyRequest): HoldfastError {
  const [, , app = ''] = routeOptions.url?.split('/') ?? [];
  return new HoldfastError('not-signed-in', `Sign in to the ${app} app.`, { reason: 'session-absent' });
}

const SESSION_NAME_LENGTH = 16;

/** Of a token with 256 bits that nobody can guess, so the name leads back to nothing. */
export function sessionName(token: string): string {
  return sha256Text(utf8(`session-name/v1 ${token}`)).slice(0, SESSION_NAME_LENGTH);
}

/**
 * The cookie is the browser's, and is one for all its pages. A page that was drawn for one person would act for the
 * next who signs in beside it: the screen says one name, and the records another.
 */
function checkSession({ headers }: FastifyRequest, session: string): void {
  const named = headers[SESSION_HEADER];
  if (named === undefined || named === session) return;
  throw new HoldfastError('not-signed-in', 'Another session has begun in this browser.', {
    reason: 'session-another',
  });
}

/** A stream is opened by a page, over and over, and says nothing of its reader (HTML standard, section 9.2.2). */
function isAttended({ headers }: FastifyRequest): boolean {
  return headers[UNATTENDED_HEADER] === undefined && headers.accept !== 'text/event-stream';
}

/**
 * Cross-site request forgery. A foreign page can make a browser send our cookie, but it cannot add a
 * header of its own without a preflight that we never answer; and browsers say where a request comes
 * from in `Sec-Fetch-Site` and `Origin` (Fetch standard, sections 3.2 and 5.4). Sign-in counts too: a
 * forged sign-in would put a person into a stranger's account.
 */
function checkOwnPage(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  const headerMissing = !request.headers[CSRF_HEADER];
  const foreignOrigin =
    origin !== undefined && origin !== `${request.protocol}://${request.headers.host ?? ''}`;
  const foreignSite = site !== undefined && site !== 'same-origin';
  if (!headerMissing && !foreignOrigin && !foreignSite) return;
  const detail = `Requests that change something carry ${CSRF_HEADER} and come from a page of this origin.`;
  throw new HoldfastError('csrf', detail, { reason: 'csrf-missing' });
}

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** A proxy on this machine would speak for others. */
function checkMachine(request: FastifyRequest): void {
  const direct = request.headers['x-forwarded-for'] === undefined && request.headers.forwarded === undefined;
  if (!direct || !LOOPBACK_ADDRESSES.has(request.socket.remoteAddress ?? ''))
    throw new HoldfastError('not-found', 'Served on this machine only.');
}

const OPERATOR_TOKEN_BYTES = 32;

function checkOperator(keeper: GateKeeper, request: FastifyRequest): void {
  const presented = /^Bearer ([A-Za-z0-9_-]{1,100})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const whole = fromBase64url(presented)?.length === OPERATOR_TOKEN_BYTES;
  // Hashes are compared, so that neither the time nor a length tells anything about the token.
  const same = equalBytes(operatorTokenHash(presented), keeper.operatorTokenHash);
  if (!whole || !same)
    throw new HoldfastError(
      'not-signed-in',
      'Present the operator token of this machine as a bearer token.',
      { reason: 'session-absent' },
    );
}

export function operatorTokenHash(token: string): Uint8Array {
  return sha256(utf8(token));
}
