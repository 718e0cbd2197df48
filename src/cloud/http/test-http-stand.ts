/** Two organisations behind real HTTP, served by two processes' worth of servers over one database. */
import { CSRF_HEADER, problem } from '../../contract/http/common.ts';
import { openDatabase } from '../../platform/database.ts';
import { silentLog } from '../../platform/log.ts';
import { NOUNS } from '../cloud.ts';
import { hear } from '../core.ts';
import { type Cloud, TOPICS } from '../deps.ts';
import * as signin from '../signin/signin.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant, newToken, type SignedInRole } from '../test-tenants.ts';
import { type HttpServers, operatorTokenHash, startHttp } from './http.ts';

export type Answer = { status: number; text: string; body: unknown; headers: Headers };
export type Ask = {
  tenant?: Filled;
  as?: SignedInRole;
  body?: unknown;
  key?: string;
  headers?: Record<string, string>;
  /** Which of the two servers. */
  server?: 0 | 1;
};

export type HttpStand = {
  stand: Stand;
  alder: Filled;
  birch: Filled;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** New sessions: the clock may have been moved past the end of the old ones. */
  signInAgain(filled: Filled): Promise<void>;
  port(server: 0 | 1): number;
  close(): Promise<void>;
};

/** `webDir`: the built web apps, for tests in a browser. */
export async function openHttpStand(webDir: string | null = null): Promise<HttpStand> {
  const stand = await openStand(NOUNS);
  const { cloud, root } = stand;
  const second = await openDatabase({
    url: String(cloud.database.pool.options.connectionString),
    clock: cloud.clock,
    log: silentLog,
  });
  const servers = [await serve(cloud, webDir), await serve({ ...cloud, database: second }, null)] as const;
  // Pages live by what they are told; a test without pages asks for itself.
  if (webDir !== null)
    await hear(cloud, {
      onChanged: servers[0].events.publish,
      onTell: () => undefined,
      onGap: () => servers[0].events.publishAll(TOPICS),
    });
  const alder = await filledTenant(cloud, { root, mark: 'Alder' });
  const birch = await filledTenant(cloud, { root, mark: 'Birch' });
  const port = (server: 0 | 1) => servers[server].httpPort;
  return {
    stand,
    alder,
    birch,
    port,
    ask: (method, path, of = {}) => send(port(of.server ?? 0), { method, path, tenant: alder, ...of }),
    async signInAgain(filled) {
      const { tenant, people, tokens } = filled;
      for (const role of ['resident', 'courier', 'admin', 'super-admin'] as const)
        tokens[role] = await newToken(cloud, { tenant, role, person: people[role] });
    },
    async close() {
      for (const server of servers) await server.stop();
      await second.close();
      await stand.close();
    },
  };
}

function serve(cloud: Cloud, webDir: string | null): Promise<HttpServers> {
  return startHttp({
    cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: {
      authenticate: (app, token, use) => signin.authenticate(cloud, app, token, use),
      operatorTokenHash: operatorTokenHash('none'),
    },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir,
    startFile: null,
    isReady: async () => true,
    limits: { requestsPerMinute: 1e9, guardedPerMinute: 1e9 },
  });
}

type Sent = Ask & { method: string; path: string; tenant: Filled };

async function send(port: number, { method, path, tenant, as, body, key, headers }: Sent): Promise<Answer> {
  const role = as ?? roleOf(path);
  const app = role === 'super-admin' ? 'admin' : role;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      [CSRF_HEADER]: app,
      cookie: `holdfast_${app}=${tenant.tokens[role]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: answer.status,
    text,
    body: isJson ? JSON.parse(text) : null,
    headers: answer.headers,
  };
}

function roleOf(path: string): SignedInRole {
  if (path.startsWith('/api/resident')) return 'resident';
  return path.startsWith('/api/courier/') ? 'courier' : 'admin';
}

export const codeOf = (answer: Answer) => problem.parse(answer.body).code;
