/**
 * A signed-in app's questions to its own server. Who is signed in is itself a question (`me`): null says
 * nobody, and any answer "sign in first" sets it to null, so that every page ends at the sign-in form
 * without a rule of its own. What was loaded is dropped with the session.
 *
 * All pages of a browser are in one session. They tell each other of its beginning and its end (`word.ts`), and a page
 * that has not heard is refused by the server (`whose.ts`): it drops everything and asks anew who is signed in.
 */
import { MutationCache, QueryCache, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Api, ApiProblem, apiFor } from '../api.ts';
import { every } from '../clock.ts';
import type { Left } from './ending.ts';
import { type OnceKeys, onceKeys } from './once.ts';
import { isUnanswered, KEPT, type Phone } from './phone.ts';
import { isAnother, type Whose, whoseOf } from './whose.ts';
import { ALONE, type Word, wordOf } from './word.ts';

type SessionApp = 'admin' | 'resident' | 'courier';

const ME = ['me'];
const ENDED = ['ended'];
const ARRIVAL = ['arrival'];
const LEAVING = ['leaving'];
const LEFT = ['left'];
const OWN = new Set(['me', 'ended', 'arrival', 'leaving', ...KEPT]);

const TRIES_MAX = 2;
const FRESH_MS = 5_000;
/** How often a phone asks again who is signed in, once nobody answered. */
const LEFT_MS = 10_000;
const AGAIN_MS = 15_000;
/** A line that carries nothing does not say so. */
const SIGN_OUT_MS = 5_000;

export type Arrival = { underWay: boolean; problem: Error | null; again: (() => void) | null };

export type Session<Me> = {
  api: Api;
  client: QueryClient;
  /** The full path of one of the app's own routes. */
  path(route: string): string;
  useMe(): UseQueryResult<Me | null>;
  /** How long the session still lasts, as the server said last. */
  useLeft(): UseQueryResult<Left>;
  /** True after the server ended a session that this page had. */
  useEnded(): boolean;
  /** True while this phone is signed out and its server does not know it yet. */
  useLeaving(): boolean;
  /** True while who is signed in is what this phone knew before, and no answer of the server. */
  useIsKept(): boolean;
  /** How the sign-in by a link of this page went; see `link.ts`. `again` where nobody has answered. */
  useArrival(): Arrival;
  arrive(token: string): void;
  signIn(given: object): Promise<void>;
  signOut(): Promise<void>;
};

/** Given a phone, what it knows is shown where nobody answers, and it can be left without a network. */
export function sessionOf<Me>(app: SessionApp, phone?: Phone): Session<Me> {
  const keys = onceKeys();
  const whose = whoseOf();
  const api = apiFor(app, keys.send, whose.ask);
  const path = (route: string): string => `/api/${app}/${route}`;
  const client: QueryClient = clientOf(
    (error) => (isAnother(error) ? begin(all) : end(all)),
    phone !== undefined,
  );
  const all: Parts = {
    ...{ api, client, keys, whose, phone, path },
    outside: apiFor(app, keys.send),
    word: globalThis.window ? wordOf(app) : ALONE,
    leaving: undefined,
    entering: 0,
    link: undefined,
  };
  const askMe = {
    queryKey: ME,
    queryFn: ({ signal }: { signal: AbortSignal }) => meOf<Me>(all, signal),
  };
  listen(all);
  if (phone) beginOn(phone, all);
  return {
    api,
    client,
    path,
    useMe() {
      const { underWay } = useArrivalOf();
      return useQuery({
        ...askMe,
        staleTime: Infinity,
        enabled: !underWay,
        refetchOnReconnect: phone ? 'always' : false,
        // Kept from before, or not known at all, and not yet answered by the server.
        refetchInterval: ({ state }) =>
          phone && (state.isInvalidated || state.status === 'error') ? AGAIN_MS : false,
      });
    },
    useLeft: () =>
      useQuery({
        queryKey: LEFT,
        queryFn: ({ signal }) => api.get<Left>(path('session'), signal),
        refetchOnWindowFocus: true,
        // Who leafs through windows asks once.
        staleTime: LEFT_MS,
      }),
    useEnded: () => useFlag(ENDED),
    useLeaving: () => useFlag(LEAVING),
    useIsKept: () => useFlag(KEPT),
    useArrival() {
      const { underWay, problem } = useArrivalOf();
      const { link } = all;
      const again = link !== undefined && isUnanswered(problem) ? () => arrive(all, link) : null;
      return { underWay, problem, again };
    },
    arrive: (token) => arrive(all, token),
    signIn: (given) => enter(all, given),
    signOut: () => signOut(all),
  };
}

/** What the acts of a session work with. */
type Parts = {
  /** Asks in the session of this page, and `outside` in whichever the browser has. */
  api: Api;
  outside: Api;
  client: QueryClient;
  keys: OnceKeys;
  whose: Whose;
  word: Word;
  phone: Phone | undefined;
  path(route: string): string;
  /** While the server is being told of a sign-out: it is told once. */
  leaving: Promise<void> | undefined;
  /** How many sign-ins are under way: no sign-out that is still owed may be answered after one, and take its cookie. */
  entering: number;
  /** The secret of a link that was not answered yet. */
  link: string | undefined;
};

/** A page that is told what changed asks anew when its stream begins; a phone asks when somebody looks at it. */
function clientOf(onSignedOut: (error: Error) => void, asksWhenLookedAt: boolean): QueryClient {
  const onError = (error: Error): void => {
    if (isSignedOut(error)) onSignedOut(error);
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

/** What is asked in no session: the cookie that it answers with is the browser's from then on. */
async function enter(all: Parts, given: object): Promise<void> {
  const { outside, path, phone, word } = all;
  // The answer to a sign-out takes the cookie away, whosever it is by then.
  all.entering++;
  try {
    await all.leaving;
    await outside.post(path('sign-in'), given);
  } finally {
    all.entering--;
  }
  // The server has ended the session of before; what was kept of it goes before anything new is shown.
  phone?.leaving.unset();
  word.say('signed-in');
  begin(all);
  await phone?.kept.forget();
}

function arrive(all: Parts, token: string): void {
  all.link = token;
  const used = all.client.fetchQuery({
    queryKey: ARRIVAL,
    queryFn: async () => {
      await enter(all, { token });
      all.link = undefined;
      return true;
    },
    staleTime: 0,
    retry: false,
  });
  // A refusal stands in the cache, where the sign-in form reads it.
  used.catch(() => undefined);
}

async function signOut(all: Parts): Promise<void> {
  const { api, phone, path, word } = all;
  if (phone) {
    // First what this phone shows and holds: it goes whether or not the server can be told.
    phone.leaving.set();
    word.say('signed-out');
    leaveScreen(all);
    void leave(all);
    await phone.kept.forget();
    return;
  }
  await api.post(path('sign-out'), undefined, AbortSignal.timeout(SIGN_OUT_MS));
  word.say('signed-out');
  leaveScreen(all);
}

function leave(all: Parts): Promise<void> {
  all.leaving ??= tellLeaving(all).finally(() => {
    all.leaving = undefined;
  });
  return all.leaving;
}

/** Tells the server; where it cannot be told, notes that it has to be. */
async function tellLeaving({ outside, client, phone, path }: Parts): Promise<void> {
  try {
    await outside.post(path('sign-out'), undefined, AbortSignal.timeout(SIGN_OUT_MS));
    phone?.leaving.unset();
  } catch (error) {
    if (isSignedOut(error)) phone?.leaving.unset();
  }
  client.setQueryData(LEAVING, phone?.leaving.isSet() ?? false);
}

function listen(all: Parts): void {
  const { client, word, phone } = all;
  word.onHeard((said) => {
    if (said === 'signed-in') return begin(all);
    leaveScreen(all);
    void phone?.kept.forget();
  });
  // A page that a browser had put away has heard nothing; in its own session still, it goes on where it was.
  globalThis.window?.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void client.invalidateQueries({ queryKey: ME });
  });
}

function beginOn(phone: Phone, all: Parts): void {
  phone.watch(all.client);
  const goOn = (): void => {
    if (all.entering === 0 && phone.leaving.isSet()) void leave(all);
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
  const { api, client, phone, path, whose } = all;
  try {
    if (!phone?.leaving.isSet()) {
      const me = await api.get<Me>(path('me'), signal);
      const name = whose.name();
      // What this phone knew may be another's, and is on the screen where nobody had answered.
      if (name !== undefined && phone?.kept.open(name) === false) dropLoaded(client);
      return me;
    }
    await leave(all);
  } catch (error) {
    if (!isSignedOut(error) || isAnother(error)) throw error;
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

/** Somebody has signed in, here or in a page beside this one. Who it is says the server, and until then nobody. */
function begin(all: Parts): void {
  const { client } = all;
  drop(all);
  client.setQueryData(ENDED, false);
  client.setQueryData(LEAVING, false);
  void client.refetchQueries({ queryKey: ME, type: 'active' });
}

function leaveScreen(all: Parts): void {
  const { client } = all;
  drop(all);
  client.setQueryData(ENDED, false);
  client.setQueryData(ME, null);
}

/** The server has ended the session. */
function end(all: Parts): void {
  const { client, phone } = all;
  const before: unknown = client.getQueryData(ME);
  void phone?.kept.forget();
  if (before === undefined || before === null) return;
  leaveScreen(all);
  client.setQueryData(ENDED, true);
}

/** Nothing that was read in a session stays in memory after it, and what is still asked in it is taken by nobody. */
function drop({ client, keys, whose, phone }: Parts): void {
  whose.anew();
  keys.forget();
  phone?.kept.close();
  client.getQueryCache().find({ queryKey: ME })?.reset();
  client.setQueryData(KEPT, false);
  dropLoaded(client);
}

function dropLoaded(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => !OWN.has(String(queryKey[0])) });
  client.getMutationCache().clear();
}
