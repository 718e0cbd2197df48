/** Signing in and out, for the three apps. */
import { signInRequest } from '../../contract/http/admin.ts';
import { sessionLeft } from '../../contract/http/common.ts';
import { linkAsk, linkUse } from '../../contract/http/resident.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import { signInAdmin } from './admins.ts';
import { DEVICE_LIFE_MS } from './devices.ts';
import { askForLink, enterByLink } from './links.ts';
import { LIVES, leftOf, signOut } from './sessions.ts';

const LEFT = {
  says: 'How long this session still lasts. Asked by a page of itself, it makes it no longer.',
  schema: { response: sessionLeft },
} as const;

async function left(cloud: Cloud, tenant: TenantId, token: string | undefined) {
  const found = await leftOf(cloud, tenant, token ?? '');
  // It stood at the gate, and has been ended since.
  if (!found)
    throw new HoldfastError('not-signed-in', 'This session has ended.', { reason: 'session-absent' });
  return found;
}

const adminRoutes: Route[] = [
  route({
    method: 'POST',
    url: '/api/admin/sign-in',
    access: 'public',
    guarded: true,
    says: 'Signs an administrator in with a password and a code; sets the session cookie.',
    schema: { body: signInRequest },
    async handle({ cloud, body, session, device: known }) {
      const shown = { replaces: session.token('admin'), device: known.token() };
      const { token, device } = await signInAdmin(cloud, { ...body, ...shown });
      session.set('admin', token, LIVES.admin.ageMs);
      known.set(device, DEVICE_LIFE_MS);
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/sign-out',
    access: 'admin',
    says: 'Ends this session.',
    schema: {},
    async handle({ cloud, actor, session }) {
      await signOut(cloud, actor.tenant, session.token('admin') ?? '');
      session.clear('admin');
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/session',
    access: 'admin',
    ...LEFT,
    handle: ({ cloud, actor, session }) => left(cloud, actor.tenant, session.token('admin')),
  }),
];

function linkRoutes(app: 'resident' | 'courier'): Route[] {
  return [
    route({
      method: 'POST',
      url: `/api/${app}/sign-in/ask`,
      access: 'public',
      guarded: true,
      status: 202,
      says: 'Sends a link to sign in with, if the address is known; the answer is the same if not.',
      schema: { body: linkAsk },
      async handle({ cloud, body }) {
        await askForLink(cloud, app, body.email);
      },
    }),
    route({
      method: 'POST',
      url: `/api/${app}/sign-in`,
      access: 'public',
      guarded: true,
      says: 'Signs in with the secret of a link; sets the session cookie.',
      schema: { body: linkUse },
      async handle({ cloud, body, session }) {
        const token = await enterByLink(cloud, { app, token: body.token, replaces: session.token(app) });
        session.set(app, token, LIVES[app].ageMs);
      },
    }),
    route({
      method: 'POST',
      url: `/api/${app}/sign-out`,
      access: app,
      says: 'Ends this session.',
      schema: {},
      async handle({ cloud, actor, session }) {
        await signOut(cloud, actor.tenant, session.token(app) ?? '');
        session.clear(app);
      },
    }),
    route({
      method: 'GET',
      url: `/api/${app}/session`,
      access: app,
      ...LEFT,
      handle: ({ cloud, actor, session }) => left(cloud, actor.tenant, session.token(app)),
    }),
  ];
}

export const routes: Route[] = [...adminRoutes, ...linkRoutes('resident'), ...linkRoutes('courier')];
