/**
 * Keys under which the server does an act once (IETF draft-ietf-httpapi-idempotency-key-header). A post that was
 * never answered may have been done: until it is settled, the same post goes under the same key, whether a
 * second click or a second try sends it. One that was answered is settled, and the next like it is a new act.
 */
import { ApiProblem } from '../api.ts';

/** Unsettled posts that are remembered; a page has one or two forms. */
const UNSETTLED_MAX = 8;

export type OnceKeys = {
  /** Sends a post under its key. */
  send<T>(act: { path: string; body: string }, send: (key: string) => Promise<T>): Promise<T>;
  forget(): void;
};

export function onceKeys(draw: () => string = () => crypto.randomUUID()): OnceKeys {
  const unsettled = new Map<string, string>();
  return {
    async send({ path, body }, send) {
      const act = `${path}\n${body}`;
      const key = unsettled.get(act) ?? draw();
      unsettled.set(act, key);
      for (const oldest of [...unsettled.keys()].slice(0, -UNSETTLED_MAX)) unsettled.delete(oldest);
      try {
        const answer = await send(key);
        unsettled.delete(act);
        return answer;
      } catch (error) {
        if (isSettled(error)) unsettled.delete(act);
        throw error;
      }
    },
    forget: () => unsettled.clear(),
  };
}

/** A refusal is an answer, and nothing was done. No answer, a fault, or "being served" leaves it open. */
function isSettled(error: unknown): boolean {
  return (
    error instanceof ApiProblem &&
    error.status >= 400 &&
    error.status < 500 &&
    error.code !== 'idempotency-busy' &&
    error.code !== 'rate-limited'
  );
}
