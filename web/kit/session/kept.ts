/**
 * The last known truth: what an app was last answered, kept on the phone with the moment at which it was true. Only
 * what the app's rules name is kept, and of that only the part which they choose. It ends with the session, and of
 * itself when nobody could be asked for as long as a session lives. A pick-up code is never among it: no app has one.
 */
import type { Vault } from './vault.ts';

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
  /** Somebody has signed in: whatever is here is another person's. */
  begin(): Promise<void>;
  /** Nothing more is noted until somebody signs in: an answer that was under way comes too late. */
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
  let before: Promise<unknown> = Promise.resolve();
  /** One after the other. Without a store (a private window, a full disk) an app works online only. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T | undefined> => {
    const done = before.then(run).catch(() => undefined);
    before = done;
    return done;
  };
  const recalled = inTurn(async () => {
    for (const [question, answer] of answersIn(await vault.read(), { rules, build, nowMs: nowMs() }))
      if (isOpen && !known.has(question)) known.set(question, answer);
  });
  const write = () =>
    inTurn(async () => {
      const whole: Whole = { v: 1, build, answers: Object.fromEntries(known) };
      if (isOpen) await vault.write(JSON.stringify(whole));
    });
  const drop = async (): Promise<void> => {
    isOpen = false;
    known.clear();
    await inTurn(() => vault.clear());
  };
  return {
    async recall() {
      await recalled;
      return new Map(known);
    },
    note(question, { atMs, data }) {
      const choose = Object.hasOwn(rules.what, question) ? rules.what[question] : undefined;
      if (!isOpen || !choose) return;
      known.set(question, { atMs, data: choose(data as never) });
      void write();
    },
    async begin() {
      await drop();
      isOpen = true;
    },
    forget: drop,
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
