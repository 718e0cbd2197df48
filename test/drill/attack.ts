/**
 * One attack, and what it is held against: the answers that the bank wrote into its journal, what its state is
 * afterwards, and the metal. An attack without an answer proves nothing and is red, and so is another answer than
 * the one that is named here.
 */
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { DOORS, type Stand } from './stand.ts';

export type Attack = {
  name: string;
  sends: string;
  hopes: string;
  /** What goes before it in the ordinary course of things, by people who are no attackers. */
  prepare?(stand: Stand): Promise<void>;
  run(stand: Stand): Promise<void>;
  /** All that the bank must say to it, each as kind and reason; empty where it writes nothing at all. */
  answers: readonly string[];
  /** The most records that it may cause in the journal, where that is what it wants. */
  recordsMax?: number;
  /** What is so in the bank's state afterwards, in words; throws where it is not. */
  holds(stand: Stand): string | Promise<string>;
};

export type Row = {
  attack: string;
  sends: string;
  hopes: string;
  answers: string;
  holds: string;
  doorsOpened: number;
  pulses: number;
  wrong: string | null;
};

/** What the bank says of a record in this table; undefined for what is no answer to anybody's message. */
function answerOf({ kind, facts, decision }: LedgerRecord): string | undefined {
  switch (kind) {
    case 'message.refused':
    case 'roster.refused':
    case 'order.refused':
      return `${kind} ${facts.reason}`;
    case 'attempt.decided':
      return decision?.allow ? `attempt allowed ${decision.right}` : `attempt denied ${decision?.reason}`;
    case 'release.decided':
      return decision?.allow ? 'release ALLOWED' : `release denied ${decision?.reason}`;
    case 'order.accepted':
      return `${kind} ${facts.act} by ${facts.road}`;
    case 'suspension.applied':
      return `${kind} ${facts.scope}`;
    case 'suspension.ended':
    case 'clock.set':
      return `${kind} by ${facts.by}`;
    case 'roster.applied':
    case 'epoch.applied':
    case 'directory.applied':
    case 'clock.frozen':
    case 'grant.issued':
    case 'grant.reissued':
    case 'compartment.freed':
    case 'parcel.removed':
    case 'courier.signed-in':
      return kind;
    default: // every other kind tells of doors, boards and the agent itself; doors are counted apart
      return undefined;
  }
}

export type Metal = { pulses: number; open: number };

export async function metalOf(stand: Stand): Promise<Metal> {
  const doors = await stand.hands.doors();
  return {
    pulses: doors.reduce((sum, { pulses }) => sum + pulses, 0),
    open: doors.filter(({ door }) => door === 'open').length,
  };
}

export async function runAttack(stand: Stand, attack: Attack): Promise<Row> {
  const { name, sends, hopes } = attack;
  const row: Row = {
    attack: name,
    sends,
    hopes,
    answers: '',
    holds: '',
    doorsOpened: 0,
    pulses: 0,
    wrong: null,
  };
  const measured = async () => ({ seq: stand.agent.journal.tip.lastSeq, metal: await metalOf(stand) });
  let before = await measured();
  try {
    await attack.prepare?.(stand);
    await stand.agent.settled();
    before = await measured();
    await attack.run(stand);
    await stand.agent.settled();
    row.holds = await attack.holds(stand);
  } catch (error) {
    row.wrong = `it could not be carried out as meant: ${(error as Error).message}`;
  }
  const since = stand.records(before.seq);
  const metal = await metalOf(stand);
  row.pulses = metal.pulses - before.metal.pulses;
  const opened = since.filter(({ kind }) => kind === 'door.opened').length;
  row.doorsOpened = Math.max(opened, metal.open - before.metal.open);
  const said = since.flatMap((record) => answerOf(record) ?? []);
  row.answers = countedWords(said);
  // An open door is the worst that can be said, whatever else went wrong.
  if (row.doorsOpened > 0 || row.pulses > 0 || row.wrong === null) row.wrong = wrongWith(attack, row, said);
  const { recordsMax = Number.POSITIVE_INFINITY } = attack;
  if (said.length > recordsMax) row.wrong ??= `${said.length} records; ${recordsMax} are allowed`;
  return row;
}

function wrongWith(attack: Attack, row: Row, said: readonly string[]): string | null {
  if (row.doorsOpened > 0 || row.pulses > 0)
    return `${row.doorsOpened} doors opened, ${row.pulses} pulses on the metal`;
  const missing = attack.answers.filter((answer) => !said.includes(answer));
  if (missing.length > 0) return `no answer: ${missing.join(', ')}`;
  const others = [...new Set(said)].filter((answer) => !attack.answers.includes(answer));
  if (others.length > 0) return `another answer than expected: ${others.join(', ')}`;
  return row.holds === '' ? 'nothing is said of what holds' : null;
}

/** `a ×3; b`, in the order of the first of each. */
function countedWords(words: readonly string[]): string {
  const count = Map.groupBy(words, (word) => word);
  return [...count].map(([word, { length }]) => (length > 1 ? `${word} ×${length}` : word)).join('; ');
}

/** Throws where `holds` is false: then the drill is red and says which sentence was not true. */
export function shown(sentence: string, holds: boolean): string {
  if (!holds) throw new Error(`not so: ${sentence}`);
  return sentence;
}

/** The doors that are occupied by the bank's own books. */
export function occupied(stand: Stand): number {
  return Object.values(stand.agent.state().compartment).filter(({ use }) => use === 'occupied').length;
}

export function allOccupied(stand: Stand): string {
  return shown(`${DOORS} compartments are still occupied`, occupied(stand) === DOORS);
}
