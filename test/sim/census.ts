/** What a simulation saw: counts by kind, the last events, and the hash over all of them in their order. */
import { createHash } from 'node:crypto';

export const GROUPS = [
  'decision',
  'denial',
  'pulse',
  'crash',
  'recovery',
  'board fault',
  'metal fault',
  'network fault',
  'cloud fault',
  'clock fault',
  'disk fault',
  'record',
  'screen',
  'person',
  'journey',
] as const;
export type Group = (typeof GROUPS)[number];

export type Counts = Record<Group, Record<string, number>>;

const LAST_KEPT = 60;

export class Census {
  readonly counts: Counts = Object.fromEntries(GROUPS.map((group) => [group, {}])) as Counts;
  readonly #hash = createHash('sha256');
  readonly #last: string[] = [];
  #events = 0;
  readonly #nowMs: () => number;
  readonly #startMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  count(group: Group, kind: string): void {
    const kinds = this.counts[group];
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }

  /** One event: part of the trace hash, and of what is printed when something is wrong. */
  event(bank: string, text: string): void {
    const line = `${this.#nowMs() - this.#startMs} ${bank.slice(-6)} ${text}`;
    this.#hash.update(`${line}\n`);
    this.#events++;
    this.#last.push(line);
    if (this.#last.length > 2 * LAST_KEPT) this.#last.splice(0, LAST_KEPT);
  }

  get events(): number {
    return this.#events;
  }

  last(): string[] {
    return this.#last.slice(-LAST_KEPT);
  }

  hash(): string {
    return this.#hash.copy().digest('base64url');
  }
}

export function emptyCounts(): Counts {
  return Object.fromEntries(GROUPS.map((group) => [group, {}])) as Counts;
}

export function addCounts(into: Counts, counts: Counts): void {
  for (const group of GROUPS)
    for (const [kind, count] of Object.entries(counts[group]))
      into[group][kind] = (into[group][kind] ?? 0) + count;
}
