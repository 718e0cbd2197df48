/**
 * The last known truth: what an app was last answered, kept on the phone with the moment at which it was true. Only
 * what the app's rules name is kept, and of that only the part which they choose. It ends with the session, and of
 * itself when nobody could be asked for as long as a session lives. A pick-up code is never among it: no app has one.
 *
 * All pages of an app have one vault, as they have one cookie. What lies in it is of one session, which it names, and a
 * page writes only while that is its own: one that has not heard of another's sign-in yet leaves it alone.
 */
import type { Held, Vault } from './vault.ts';

export type Answer = { atMs: number; data: unknown };
export type Answers = ReadonlyMap<string, Answer>;

export type Rules = {
  /** As long as the server lets a session idle: who came back later would have to sign in, too. */
  lifeMs: number;
  /** By question: what of its answer is kept. */
  what: Readonly<Record<string, (answer: never) => unknown>>;
};

export type Kept = {
  /** What this phone knew when the page was opened. */
  recall(): Promise<Answers>;
  note(question: string, answer: Answer): void;
  /** The server has said whose session this is; nothing is written before. False if what was recalled is another's. */
  open(session: string): boolean;
  /** This page is in that session no more. What the vault holds may be another's by now, and stays. */
  close(): void;
  /** The vault is emptied, too. Nothing more is noted until `open`: an answer that was under way comes too late. */
  forget(): Promise<void>;
};

type KeptOf = {
  vault: Vault;
  rules: Rules;
  /** Another build may read an answer otherwise, so it begins with nothing. */
  build: string;
  nowMs(): number;
};

type Whole = { v: 1; build: string; answers: Record<string, Answer> };

/** A phone's clock that is set a little is no reason to forget. */
const AHEAD_MS = 5 * 60_000;

export function keptIn({ vault, rules, build, nowMs }: KeptOf): Kept {
  const known = new Map<string, Answer>();
  let isOpen = true;
  let session: string | undefined;
  /** Whose session the answers were recalled from, as long as no server has said whose this is. */
  let recalledOf: string | undefined;
  const inTurn = turns();
  const text = (): string =>
    JSON.stringify({ v: 1, build, answers: Object.fromEntries(known) } satisfies Whole);
  const take = (held: Held | undefined): void => {
    for (const [question, answer] of answersIn(held?.text, { rules, build, nowMs: nowMs() }))
      if (!known.has(question)) known.set(question, answer);
  };
  const recalled = inTurn(async () => {
    const held = await vault.read();
    if (!isOpen || (session !== undefined && held?.session !== session)) return;
    take(held);
    recalledOf = held?.session;
  });
  const close = (): void => {
    isOpen = false;
    session = undefined;
    known.clear();
  };
  const write = () =>
    inTurn(async () => {
      const mine = session;
      if (mine === undefined) return;
      // A page beside this one may know more of the same session: what it kept is not written over with less.
      const held = await vault.read().catch(() => undefined);
      if (session !== mine) return;
      if (held?.session === mine) take(held);
      const isWritten = await vault.write(text(), mine);
      if (!isWritten && session === mine) close();
    });
  return {
    async recall() {
      await recalled;
      return new Map(known);
    },
    note(question, { atMs, data }) {
      const choose = Object.hasOwn(rules.what, question) ? rules.what[question] : undefined;
      if (!isOpen || !choose) return;
      known.set(question, { atMs, data: choose(data as never) });
      if (session !== undefined) void write();
    },
    open(next) {
      isOpen = true;
      if (session === next) return true;
      session = next;
      const isAnothers = recalledOf !== undefined && recalledOf !== next;
      recalledOf = undefined;
      if (isAnothers) known.clear();
      void inTurn(async () => {
        const held = await vault.read().catch(() => undefined);
        if (session !== next) return;
        if (held?.session === next) take(held);
        // A page beside this one was first, and what it began with stays.
        else if (!(await vault.begin(text(), next))) void write();
      });
      return !isAnothers;
    },
    close,
    async forget() {
      close();
      await inTurn(() => vault.clear());
    },
  };
}

/** One after the other. Without a store (a private window, a full disk) an app works online only. */
function turns(): <T>(run: () => Promise<T>) => Promise<T | undefined> {
  let before: Promise<unknown> = Promise.resolve();
  return (run) => {
    const done = before.then(run).catch(() => undefined);
    before = done;
    return done;
  };
}

type Reading = Pick<KeptOf, 'rules' | 'build'> & { nowMs: number };

function answersIn(text: string | undefined, { rules, build, nowMs }: Reading): [string, Answer][] {
  const whole = text === undefined ? undefined : (JSON.parse(text) as Partial<Whole>);
  if (whole?.v !== 1 || whole.build !== build) return [];
  return Object.entries(whole.answers ?? {}).filter(
    ([question, { atMs }]) =>
      Object.hasOwn(rules.what, question) && atMs > nowMs - rules.lifeMs && atMs < nowMs + AHEAD_MS,
  );
}
