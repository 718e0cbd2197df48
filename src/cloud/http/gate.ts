/**
 * Who may come in. Every route names one `Access`; this file is the only place that turns a request into
 * an actor or a refusal.
 *
 *   public    anybody; a request that changes something still has to come from one of our own pages
 *   admin     a session of the admin app (cookie `holdfast_admin`)
 *   resident  a session of the resident app (cookie `holdfast_resident`)
 *   courier   a session of the courier app (cookie `holdfast_courier`)
 *   operator  who holds the operator token of this machine, as a bearer token; no cookie, no browser
 *   bank      a bank before it is enrolled: over TLS only, and the handler checks its enrolment code and
 *             its proof of possession
 */
import type { FastifyRequest } from 'fastify';
import { CSRF_HEADER } from '../../contract/http/common.ts';
import { fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { equalBytes, sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';

export const APPS = ['admin', 'resident', 'courier'] as const;
export type App = (typeof APPS)[number];

export type Access = 'public' | App | 'operator' | 'bank';

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
export type Actor = SignedIn | { is: 'public' } | { is: 'operator' } | { is: 'bank' };
export type ActorOf<A extends Access> = Extract<Actor, { is: A }>;

/** What the gate has to be given; sign-in answers the first, configuration the second. */
export type GateKeeper = {
  /** The person behind a session token of `app`, if the session is alive. */
  authenticate(app: App, token: string): Promise<SignedIn | undefined>;
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

/** The actor of a request for a route of this access. Throws the refusal. */
export async function admit(keeper: GateKeeper, access: Access, request: FastifyRequest): Promise<Actor> {
  switch (access) {
    case 'public':
      checkOwnPage(request);
      return { is: 'public' };
    case 'admin':
    case 'resident':
    case 'courier': {
      checkOwnPage(request);
      const token = request.cookies[cookieName(access)];
      const actor = token === undefined ? undefined : await keeper.authenticate(access, token);
      if (actor?.is !== access)
        throw new HoldfastError('not-signed-in', `Sign in to the ${access} app.`, {
          reason: 'session-absent',
        });
      return actor;
    }
    case 'operator':
      checkOperator(keeper, request);
      return { is: 'operator' };
    case 'bank':
      if (request.protocol !== 'https') throw new HoldfastError('not-found', 'Banks use the HTTPS port.');
      return { is: 'bank' };
  }
}

/**
 * Cross-site request forgery. A foreign page can make a browser send our cookie, but it cannot add a
 * header of its own without a preflight that we never answer; and browsers say where a request comes
 * from in `Sec-Fetch-Site` and `Origin` (Fetch standard, sections 3.2 and 5.4). Sign-in counts too: a
 * forged sign-in would put a person into a stranger's account.
 */
export function checkOwnPage(request: FastifyRequest): void {
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
