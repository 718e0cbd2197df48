/**
 * A signed-in app's questions to its own server. Who is signed in is itself a question (`me`): null says
 * nobody, and any answer "sign in first" sets it to null, so that every page ends at the sign-in form
 * without a rule of its own. What was loaded is dropped with the session.
 */
import { MutationCache, QueryCache, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Api, ApiProblem, apiFor } from '../api.ts';
import { onceKeys } from './once.ts';

type SessionApp = 'admin' | 'resident' | 'courier';

const ME = ['me'];
const ENDED = ['ended'];
const ARRIVAL = ['arrival'];
const OWN = new Set(['me', 'ended', 'arrival']);

const TRIES_MAX = 2;
const FRESH_MS = 5_000;

export type Session<Me> = {
  api: Api;
  client: QueryClient;
  /** The full path of one of the app's own routes. */
  path(route: string): string;
  useMe(): UseQueryResult<Me | null>;
  /** True after the server ended a session that this page had. */
  useEnded(): boolean;
  /** How the sign-in by a link of this page went; see `link.ts`. */
  useArrival(): { underWay: boolean; problem: Error | null };
  arrive(token: string): void;
  signedIn(): Promise<void>;
  signOut(): Promise<void>;
};

export function sessionOf<Me>(app: SessionApp): Session<Me> {
  const keys = onceKeys();
  const api = apiFor(app, keys.send);
  const path = (route: string): string => `/api/${app}/${route}`;
  const onError = (error: Error): void => {
    if (!isSignedOut(error)) return;
    keys.forget();
    end(client);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // "always": a browser's idea of being online must not hold back a question to this very machine.
      queries: {
        networkMode: 'always',
        staleTime: FRESH_MS,
        retry: (tries, error) => tries < TRIES_MAX && mayRetry(error),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  const askMe = {
    queryKey: ME,
    queryFn: ({ signal }: { signal: AbortSignal }) => meOf<Me>(api, path('me'), signal),
  };
  const signedIn = async (): Promise<void> => {
    client.setQueryData(ENDED, false);
    await client.fetchQuery({ ...askMe, staleTime: 0 });
    await client.invalidateQueries({ predicate: isLoaded });
  };
  return {
    api,
    client,
    path,
    signedIn,
    useMe() {
      const { underWay } = useArrivalOf();
      return useQuery({ ...askMe, staleTime: Infinity, enabled: !underWay });
    },
    useEnded: () => useQuery({ queryKey: ENDED, queryFn: () => false, staleTime: Infinity }).data === true,
    useArrival: useArrivalOf,
    arrive(token) {
      const used = client.fetchQuery({
        queryKey: ARRIVAL,
        queryFn: async () => {
          await api.post(path('sign-in'), { token });
          return true;
        },
        staleTime: 0,
        retry: false,
      });
      // A refusal stands in the cache, where the sign-in form reads it.
      used.then(signedIn, () => undefined);
    },
    async signOut() {
      await api.post(path('sign-out'));
      client.setQueryData(ME, null);
      keys.forget();
      forget(client);
    },
  };
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

async function meOf<Me>(api: Api, path: string, signal: AbortSignal): Promise<Me | null> {
  try {
    return await api.get<Me>(path, signal);
  } catch (error) {
    if (isSignedOut(error)) return null;
    throw error;
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === 'not-signed-in';
}

function mayRetry(error: Error): boolean {
  return error instanceof ApiProblem && error.retry;
}

function end(client: QueryClient): void {
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
