/**
 * Sessions. The token has 256 bits and lives in a cookie; the database has its SHA-256. A session ends by
 * sign-out, when nobody used it for a while, or at a fixed age; each end is a record.
 */
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { App, SignedIn, Use } from '../http/http.ts';
import * as store from './store.ts';
import { tellAllTurnedAway, tellTurnedAway } from './turned-away.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** An administrator's session can change who gets parcels; a resident's shows their own. */
export const LIVES: Readonly<Record<App, { idleMs: number; ageMs: number }>> = {
  admin: { idleMs: 30 * MINUTE_MS, ageMs: 12 * HOUR_MS },
  resident: { idleMs: 7 * DAY_MS, ageMs: 30 * DAY_MS },
  courier: { idleMs: 12 * HOUR_MS, ageMs: 7 * DAY_MS },
};

/** A use is noted at most this often, so that reading a page is not a write each time. */
const TOUCH_MS = MINUTE_MS;
export const TOKEN_BYTES = 32;

export type SessionEnd = 'person' | 'idle' | 'age' | 'replaced' | 'administrator';

export function newToken(cloud: Cloud): { token: string; tokenHash: Uint8Array } {
  const bytes = cloud.random.bytes(TOKEN_BYTES);
  return { token: base64url(bytes), tokenHash: sha256(bytes) };
}

/** The stored form of a token that somebody presents, or undefined when it cannot be one of ours. */
export function tokenHashOf(token: string): Uint8Array | undefined {
  const bytes = fromBase64url(token);
  return bytes?.length === TOKEN_BYTES ? sha256(bytes) : undefined;
}

export type Begin = {
  app: App;
  person: PersonId;
  role: string /** The session that the browser had before, if any. */;
  replaces: string | undefined;
};

/** A new session with a new token; the browser's earlier one of this app ends. */
export async function begin(cloud: Cloud, tx: Tx, of: Begin): Promise<string> {
  const { token, tokenHash } = newToken(cloud);
  const before = of.replaces === undefined ? undefined : tokenHashOf(of.replaces);
  const replaced = before && (await store.findSession(tx, before));
  if (replaced) await end(cloud, tx, replaced, 'replaced');
  await store.insertSession(tx, {
    tokenHash,
    person: of.person,
    app: of.app,
    role: of.role,
    nowMs: cloud.clock.nowMs(),
  });
  return token;
}

/**
 * The person behind a token of `app`. A session that is over is ended here, with a record. What a page asks by
 * itself keeps no session alive, or a screen that somebody left would stay signed in as long as anything changed.
 */
export async function authenticate(
  cloud: Cloud,
  app: App,
  token: string,
  use: Use = { attended: true },
): Promise<SignedIn | undefined> {
  const tokenHash = tokenHashOf(token);
  const session = tokenHash && (await cloud.database.readEstate((tx) => store.findSession(tx, tokenHash)));
  if (session?.app !== app) return undefined;
  const nowMs = cloud.clock.nowMs();
  const over = overBy(session, nowMs);
  if (over) {
    await cloud.database.tenant(session.tenant, (tx) => end(cloud, tx, session, over));
    return undefined;
  }
  if (use.attended && nowMs - session.seenAtMs >= TOUCH_MS)
    await cloud.database.tenant(session.tenant, (tx) => store.touchSession(tx, session.tokenHash, nowMs));
  return actorOf(session);
}

function overBy(session: store.Session, nowMs: number): 'idle' | 'age' | undefined {
  const life = LIVES[session.app];
  if (nowMs - session.beganAtMs >= life.ageMs) return 'age';
  return nowMs - session.seenAtMs >= life.idleMs ? 'idle' : undefined;
}

function actorOf({ tenant, person, app, role, beganAtMs: signedInAtMs }: store.Session): SignedIn {
  switch (app) {
    case 'admin':
      return {
        is: 'admin',
        tenant,
        person,
        role: role === 'super-admin' ? 'super-admin' : 'admin',
        signedInAtMs,
      };
    case 'resident':
    case 'courier':
      return { is: app, tenant, person, signedInAtMs };
  }
}

/** What is left of a session that stands. */
export async function leftOf(
  cloud: Cloud,
  tenant: TenantId,
  token: string,
): Promise<{ idleLeftMs: number; ageLeftMs: number } | undefined> {
  const tokenHash = tokenHashOf(token);
  const session = tokenHash && (await cloud.database.read(tenant, (tx) => store.findSession(tx, tokenHash)));
  if (!session) return undefined;
  const nowMs = cloud.clock.nowMs();
  const { idleMs, ageMs } = LIVES[session.app];
  return {
    idleLeftMs: Math.max(0, session.seenAtMs + idleMs - nowMs),
    ageLeftMs: Math.max(0, session.beganAtMs + ageMs - nowMs),
  };
}

export async function signOut(cloud: Cloud, tenant: TenantId, token: string): Promise<void> {
  const tokenHash = tokenHashOf(token);
  if (!tokenHash) return;
  await cloud.database.tenant(tenant, async (tx) => {
    const session = await store.findSession(tx, tokenHash);
    if (session) await end(cloud, tx, session, 'person');
  });
}

/** Ends every session and link of a person, as when they are removed or their address was a stranger's. */
export async function endAllOf(cloud: Cloud, tx: Tx, person: PersonId): Promise<void> {
  for (const session of await store.deleteSessionsOf(tx, person))
    await recordEnd(cloud, tx, session, 'administrator');
  await tellTurnedAway(cloud, tx, person);
}

async function end(cloud: Cloud, tx: Tx, session: store.Session, why: SessionEnd): Promise<void> {
  if (await store.deleteSession(tx, session.tokenHash)) await recordEnd(cloud, tx, session, why);
}

async function recordEnd(
  cloud: Cloud,
  tx: Tx,
  { person, role }: store.Session,
  why: SessionEnd,
): Promise<void> {
  await cloud.journal.record(
    tx,
    { kind: 'signed-out', facts: { role, why }, fields: { person } },
    { person },
  );
}

const LINK_KEEP_MS = DAY_MS;

/** Ends what is over although nobody came back, forgets old links, and tells who was turned away. Runs by the clock. */
export async function sweep(cloud: Cloud): Promise<void> {
  await tellAllTurnedAway(cloud);
  const nowMs = cloud.clock.nowMs();
  for (const app of ['admin', 'resident', 'courier'] as const) {
    const cut = { app, seenBeforeMs: nowMs - LIVES[app].idleMs, beganBeforeMs: nowMs - LIVES[app].ageMs };
    const stale = await cloud.database.estate((tx) => store.staleSessions(tx, cut));
    for (const session of stale)
      await cloud.database.tenant(session.tenant, (tx) =>
        end(cloud, tx, session, overBy(session, nowMs) ?? 'idle'),
      );
  }
  const madeBeforeMs = nowMs - LINK_KEEP_MS;
  for (const tenant of await cloud.database.estate((tx) => store.oldLinkTenants(tx, madeBeforeMs))) {
    await cloud.database.tenant(tenant, (tx) => store.deleteOldLinks(tx, madeBeforeMs));
  }
}
