/** What an audit says: per check whether it holds, what is wrong, and where in the log it begins. */

/** In the order in which they are made and told. */
export const CHECKS = [
  'records',
  'heads',
  'keys',
  'openings',
  'order',
  'tree',
  'tiles',
  'checkpoints',
  'head',
  'seen',
  'projections',
] as const;
export type Check = (typeof CHECKS)[number];

/** What a check asks, as it is printed. */
export const ASKS: Readonly<Record<Check, string>> = {
  records: 'every record as it was hashed and chained, none missing, each journal to its end',
  heads: 'every batch signed by its bank, over exactly its records, each after the one before',
  keys: 'every key of a bank named by signed rosters and by the record of its enrolment',
  openings: 'every commitment opened by what is kept beside it, but for what a recorded erasure destroyed',
  order: 'every record in the log once, in the order of its journal, and nothing else in it',
  tree: 'every signed root recomputed from the records',
  tiles: 'every tile and bundle equal, byte for byte, to what the records make',
  checkpoints: 'every checkpoint signed by the log, and the last one shown',
  head: 'the log continues the head that was remembered outside',
  seen: 'every head of the log that a bank recorded is one of this log',
  projections: 'every table that follows from records equal to what they make of it',
};

export const RUNBOOK = 'docs/runbooks/log-does-not-verify.md';

export type Finding = {
  check: Check;
  where: string;
  what: string;
  /** The first entry of the log that it is about; null where it is about none or cannot be known. */
  index: number | null;
};

/** Of one check so many are told; of a broken log everything behind the break would be one. */
const TOLD_MAX = 20;

export class Findings {
  readonly #told: Finding[] = [];
  readonly #counts = new Map<Check, number>();
  readonly #first = new Map<Check, number>();
  readonly notes: string[] = [];

  add(check: Check, where: string, what: string, index: number | null = null): void {
    const count = (this.#counts.get(check) ?? 0) + 1;
    this.#counts.set(check, count);
    if (index !== null) this.#first.set(check, Math.min(index, this.#first.get(check) ?? index));
    if (count <= TOLD_MAX) this.#told.push({ check, where, what, index });
  }

  note(text: string): void {
    this.notes.push(text);
  }

  get told(): readonly Finding[] {
    return this.#told;
  }

  count(check: Check): number {
    return this.#counts.get(check) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
  }

  /** The first bad index that a check named. */
  firstIndex(check: Check): number | null {
    return this.#first.get(check) ?? null;
  }
}
