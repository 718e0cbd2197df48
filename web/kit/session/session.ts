/**
 * A signed-in app's questions to its own server. Who is signed in is itself a question (`me`): null says
 * nobody, and any answer "sign in first" sets it to null, so that every page ends at the sign-in form
 * without a rule of its own. What was loaded is dropped with the session.
 */
import { MutationCache, QueryCache, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Api, ApiProblem, apiFor } from '../api.ts';
import { every } from '../clock.ts';
import { type OnceKeys, onceKeys } from './once.ts';
import { KEPT, type Phone } from './phone.ts';

type SessionApp = 'admin' | 'resident' | 'courier';

const ME = ['me'];
const ENDED = ['ended'];
const ARRIVAL = ['arrival'];
const LEAVING = ['leaving'];
const OWN = new Set(['me', 'ended', 'arrival', 'leaving', ...KEPT]);

const TRIES_MAX = 2;
const FRESH_MS = 5_000;
/** How often a phone asks again who is signed in, once nobody answered. */
const AGAIN_MS = 15_000;

export type Session<Me> = {
  api: Api;
  client: QueryClient;
  /** The full path of one of the app's own routes. */
  path(route: string): string;
  useMe(): UseQueryResult<Me | null>;
  /** True after the server ended a session that this page had. */
  useEnded(): boolean;
  /** True while this phone is signed out and its server does not know it yet. */
  useLeaving(): boolean;
  /** True while who is signed in is what this phone knew before, and no answer of the server. */
  useIsKept(): boolean;
  /** How the sign-in by a link of this page went; see `link.ts`. */
  useArrival(): { underWay: boolean; problem: Error | null };
  arrive(token: string): void;
  signedIn(): Promise<void>;
  signOut(): Promise<void>;
};

/** Given a phone, what it knows is shown where nobody answers, and it can be left without a network. */
export function sessionOf<Me>(app: SessionApp, phone?: Phone): Session<Me> {
  const keys = onceKeys();
  const api = apiFor(app, keys.send);
  const path = (route: string): string => `/api/${app}/${route}`;
  const client: QueryClient = clientOf(() => {
    keys.forget();
    end(client, phone);
  }, phone !== undefined);
  const all: Parts = { api, client, keys, phone, path, leaving: undefined };
  const askMe = {
    queryKey: ME,
    queryFn: ({ signal }: { signal: AbortSignal }) => meOf<Me>(all, signal),
  };
  const signedIn = async (): Promise<void> => {
    client.setQueryData(ENDED, false);
    await client.fetchQuery({ ...askMe, staleTime: 0 });
    await client.invalidateQueries({ predicate: isLoaded });
  };
  if (phone) beginOn(phone, all);
  return {
    api,
    client,
    path,
    signedIn,
    useMe() {
      const { underWay } = useArrivalOf();
      return useQuery({
        ...askMe,
        staleTime: Infinity,
        enabled: !underWay,
        refetchOnReconnect: phone ? 'always' : false,
        // Kept from before, and not yet answered by the server.
        refetchInterval: ({ state }) => (phone && state.isInvalidated ? AGAIN_MS : false),
      });
    },
    useEnded: () => useFlag(ENDED),
    useLeaving: () => useFlag(LEAVING),
    useIsKept: () => useFlag(KEPT),
    useArrival: useArrivalOf,
    arrive: (token) => arrive(all, token, signedIn),
    signOut: () => signOut(all),
  };
}

/** What the acts of a session work with. */
type Parts = {
  api: Api;
  client: QueryClient;
  keys: OnceKeys;
  phone: Phone | undefined;
  path(route: string): string;
  /** While the server is being told of a sign-out: it is told once. */
  leaving: Promise<void> | undefined;
};

/** A page that is told what changed asks anew when its stream begins; a phone asks when somebody looks at it. */
function clientOf(onSignedOut: () => void, asksWhenLookedAt: boolean): QueryClient {
  const onError = (error: Error): void => {
    if (isSignedOut(error)) onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // "always": a browser's idea of being online must not hold back a question to this very machine.
      queries: {
        networkMode: 'always',
        staleTime: FRESH_MS,
        refetchOnWindowFocus: asksWhenLookedAt,
        retry: (tries, error) => tries < TRIES_MAX && mayRetry(error),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

function arrive({ api, client, phone, path }: Parts, token: string, signedIn: () => Promise<void>): void {
  const used = client.fetchQuery({
    queryKey: ARRIVAL,
    queryFn: async () => {
      await api.post(path('sign-in'), { token });
      // The server has ended the session of before; what was kept of it goes before anything new is shown.
      await phone?.kept.begin();
      phone?.leaving.unset();
      client.setQueryData(LEAVING, false);
      forget(client);
      return true;
    },
    staleTime: 0,
    retry: false,
  });
  // A refusal stands in the cache, where the sign-in form reads it.
  used.then(signedIn, () => undefined);
}

async function signOut(all: Parts): Promise<void> {
  const { api, client, keys, phone, path } = all;
  if (phone) {
    // First what this phone holds: it goes whether or not the server can be told.
    phone.leaving.set();
    await phone.kept.forget();
    // What is still asked would be answered as to somebody who has left.
    await client.cancelQueries();
    // Whoever asked meanwhile who is signed in has told the server already.
    if (phone.leaving.isSet()) await leave(all);
  } else await api.post(path('sign-out'));
  client.setQueryData(ME, null);
  keys.forget();
  forget(client);
}

function leave(all: Parts): Promise<void> {
  all.leaving ??= tellLeaving(all).finally(() => {
    all.leaving = undefined;
  });
  return all.leaving;
}

/** Tells the server; where it cannot be told, notes that it has to be. */
async function tellLeaving({ api, client, phone, path }: Parts): Promise<void> {
  try {
    await api.post(path('sign-out'));
    phone?.leaving.unset();
  } catch (error) {
    if (isSignedOut(error)) phone?.leaving.unset();
  }
  client.setQueryData(LEAVING, phone?.leaving.isSet() ?? false);
}

function beginOn(phone: Phone, all: Parts): void {
  const { client } = all;
  phone.watch(client);
  phone.leaving.onSet(() => {
    client.setQueryData(ME, null);
    void phone.kept.forget();
    forget(client);
  });
  const goOn = (): void => {
    if (phone.leaving.isSet()) void leave(all);
  };
  window.addEventListener('online', goOn);
  every(AGAIN_MS, goOn);
}

function useFlag(queryKey: readonly string[]): boolean {
  return useQuery({ queryKey, queryFn: () => false, staleTime: Infinity }).data === true;
}

function useArrivalOf(): { underWay: boolean; problem: Error | null } {
  const { fetchStatus, error } = useQuery({
    queryKey: ARRIVAL,
    queryFn: () => false,
    enabled: false,
    retry: false,
  });
  return { underWay: fetchStatus === 'fetching', problem: error };
}

async function meOf<Me>(all: Parts, signal: AbortSignal): Promise<Me | null> {
  const { api, phone, path } = all;
  try {
    if (!phone?.leaving.isSet()) return await api.get<Me>(path('me'), signal);
    await leave(all);
  } catch (error) {
    if (!isSignedOut(error)) throw error;
  }
  await phone?.kept.forget();
  return null;
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === 'not-signed-in';
}

function mayRetry(error: Error): boolean {
  return error instanceof ApiProblem && error.retry;
}

function end(client: QueryClient, phone: Phone | undefined): void {
  void phone?.kept.forget();
  const before: unknown = client.getQueryData(ME);
  if (before === undefined || before === null) return;
  client.setQueryData(ENDED, true);
  client.setQueryData(ME, null);
  forget(client);
}

function isLoaded({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return !OWN.has(String(queryKey[0]));
}

/** Nothing that was read in a session stays in memory after it. */
function forget(client: QueryClient): void {
  client.removeQueries({ predicate: isLoaded });
  client.getMutationCache().clear();
}
