/**
 * The one way in which an app talks to its own server. Every request carries the app's header, which no
 * foreign page can add; an answer that is not a success becomes an `ApiProblem` (RFC 9457).
 */
import type { Problem } from '../../src/contract/http/common.ts';
import { isAttended } from './attended.ts';
import { t } from './messages.ts';

type AppName = 'kiosk' | 'resident' | 'courier' | 'admin' | 'rig' | 'start';

export class ApiProblem extends Error {
  /** 0 when no answer came at all. */
  readonly status: number;
  readonly code: string;
  readonly reason: string | null;
  readonly retry: boolean;
  readonly fields: NonNullable<Problem['fields']>;

  constructor(said: Pick<Problem, 'status' | 'code' | 'detail'> & Partial<Problem>) {
    super(said.detail);
    this.name = 'ApiProblem';
    this.status = said.status;
    this.code = said.code;
    this.reason = said.reason ?? null;
    this.retry = said.retry ?? false;
    this.fields = said.fields ?? [];
  }
}

/** In whose session one request goes; see `session/whose.ts`. */
export type Asking = {
  headers: Readonly<Record<string, string>>;
  /** Throws when what came is not for this page any more. Null where no answer came. */
  check(response: Response | null): void;
};

export type Api = {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  post<T = void>(path: string, body?: unknown, signal?: AbortSignal): Promise<T>;
  put<T = void>(path: string, body?: unknown): Promise<T>;
  patch<T = void>(path: string, body?: unknown): Promise<T>;
  delete<T = void>(path: string): Promise<T>;
  /** Asks for a file with a post. It is an act each time it is asked for, so it goes under no key. */
  file(path: string, body: unknown): Promise<Blob>;
};

/** Sends a post under a key, so that the server does it once however often it comes. */
export type SendOnce = <T>(
  act: { path: string; body: string },
  send: (key: string) => Promise<T>,
) => Promise<T>;

export function apiFor(app: AppName, once?: SendOnce, asking?: () => Asking): Api {
  const from: From = { app, asking };
  const ask = <T>(path: string, init: RequestInit, body?: unknown) =>
    asked<T>(from, path, withBody(init, body));
  return {
    get: (path, signal) => ask(path, { method: 'GET', ...until(signal) }),
    post: <T>(path: string, body?: unknown, signal?: AbortSignal) =>
      once
        ? once({ path, body: JSON.stringify(body ?? null) }, (key) =>
            ask<T>(
              path,
              { method: 'POST', headers: { 'idempotency-key': `"${key}"` }, ...until(signal) },
              body,
            ),
          )
        : ask<T>(path, { method: 'POST', ...until(signal) }, body),
    put: (path, body) => ask(path, { method: 'PUT' }, body),
    patch: (path, body) => ask(path, { method: 'PATCH' }, body),
    delete: (path) => ask(path, { method: 'DELETE' }),
    file: async (path, body) => (await answered(from, path, withBody({ method: 'POST' }, body))).blob(),
  };
}

type From = { app: AppName; asking: (() => Asking) | undefined };

const until = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});

function withBody(init: RequestInit, body: unknown): RequestInit {
  if (body === undefined) return init;
  const headers = { ...init.headers, 'content-type': 'application/json' };
  return { ...init, body: JSON.stringify(body), headers };
}

/** The answer to a request that was taken; everything else is thrown as a problem. */
async function answered({ app, asking }: From, path: string, init: RequestInit): Promise<Response> {
  const byItself = isAttended() ? {} : { 'x-holdfast-unattended': '1' };
  const going = asking?.();
  const headers = {
    accept: 'application/json',
    'x-holdfast-app': app,
    ...byItself,
    ...going?.headers,
    ...init.headers,
  };
  const response = await fetch(path, { ...init, headers, credentials: 'same-origin' }).catch(
    (cause: unknown) => {
      // Its time was up: that is no answer, like any other line that carries nothing.
      if (init.signal?.aborted && (cause as Error).name !== 'TimeoutError') throw cause;
      going?.check(null);
      throw new ApiProblem({ status: 0, code: 'network', detail: t('problem.network'), retry: true });
    },
  );
  going?.check(response);
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function asked<T>(from: From, path: string, init: RequestInit): Promise<T> {
  const response = await answered(from, path, init);
  if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
  return (await response.json().catch(() => {
    throw new ApiProblem({ status: response.status, code: 'unreadable', detail: t('problem.unreadable') });
  })) as T;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const unreadable = { status: response.status, code: 'unreadable', detail: t('problem.unreadable') };
  const said: unknown = await response.json().catch(() => unreadable);
  if (typeof said !== 'object' || said === null) return new ApiProblem(unreadable);
  const known = said as Partial<Problem>;
  const detail = known.detail ?? known.title ?? unreadable.detail;
  return new ApiProblem({ ...known, status: response.status, code: known.code ?? unreadable.code, detail });
}
