/** Alarms of a bank against its records, the cloud's own of what it did not take, and of what persons did about them. */
import { conditionOf } from '../intake/intake.ts';
import type { AlarmMove } from '../noun.ts';
import { type BankFold, nameOfAlarm } from './fold.ts';
import type { Auditing, OwnWords, Said } from './journals.ts';
import { isSaid, likeliest, SAME_MOMENT_MS, takeSaid } from './persons.ts';
import type { KeptRow } from './rows.ts';

/** What the intake finds wrong with a bank's words. Those of `UNRECORDED` it also begins and ends without a record. */
const AGAINST_BANK: readonly unknown[] = ['gap', 'fork', 'rollback', 'batch-refused', 'message-refused'];
const UNRECORDED: readonly unknown[] = ['gap', 'batch-refused'];

type Comparing = { fold: BankFold; words: OwnWords };
/** `acts`: what persons did, by the alarm. */
type Alarms = Comparing & { kept: readonly KeptRow[]; acts: ReadonlyMap<unknown, readonly KeptRow[]> };
type Wrong = { name: string; what: string; said?: Said | undefined };

export async function compareAlarms(auditing: Auditing, { fold, words }: Comparing): Promise<void> {
  const { rows, findings, indexOf } = auditing;
  const kept = await rows.kept('alarms', fold.bank);
  const acts = await rows.kept('alarm_acts', fold.bank);
  const of = { fold, words, kept, acts: Map.groupBy(acts, ({ alarm }) => alarm) };
  const wrong = [
    ...wrongActs(of, acts),
    ...wrongCare(of),
    ...wrongOfBank(of),
    ...wrongAgainstBank(of),
    ...unraised(of),
  ];
  for (const { name, what, said } of wrong) {
    const seq = fold.said.get(`alarms ${name}`);
    const isAlike = ({ record, fields }: Said) =>
      fields.subject === fold.bank && name.startsWith(`${conditionOf(record.facts.reason)} `);
    const own = said ?? (seq === undefined ? words.refused.find(isAlike) : undefined);
    const [source, at] = own ? [own.record.source, own.record.seq] : [fold.bank, seq];
    const index = at === undefined ? undefined : await indexOf(source, at);
    findings.add('projections', `alarms ${fold.bank} ${name}`, what, index ?? null);
  }
}

const nameOf = ({ condition, compartment }: KeptRow) => nameOfAlarm(condition, compartment);

/** Each act is a record of the cloud's own, and each such record an act. */
function wrongActs({ fold: { bank }, words, kept }: Alarms, acts: readonly KeptRow[]): Wrong[] {
  const alarms = new Map(kept.map((row) => [row.ord, row]));
  return acts.flatMap((act): Wrong[] => {
    const alarm = alarms.get(act.alarm);
    const records = words.persons[act.act === 'care' ? 'alarm.cared' : 'alarm.settled'];
    const of = { bank, compartment: alarm?.compartment ?? null, atMs: act.at_ms };
    const fits = (said: Said) =>
      said.record.facts.condition === alarm?.condition &&
      (said.record.facts.found ?? null) === act.reason &&
      isSaid(said, 'person', act.person_id) &&
      isSaid(said, 'note', act.note);
    if (alarm && takeSaid(records, of, fits)) return [];
    const said = likeliest(Object.values(words.persons).flat(), of);
    return [
      {
        name: alarm ? nameOf(alarm) : `act of ${String(act.alarm)}`,
        what: 'no record says that somebody did so',
        said,
      },
    ];
  });
}

/** Who cares for an alarm, and who ended it, stand in its row as in their acts. */
function wrongCare({ fold, words, kept, acts }: Alarms): Wrong[] {
  return kept.flatMap((row): Wrong[] => {
    const [cares, ends] = [acts.get(row.ord)?.filter(isCare) ?? [], acts.get(row.ord)?.filter(isEnd) ?? []];
    const { at_ms: atMs = null, person_id: person = null } = cares.at(-1) ?? {};
    const isInCare = row.cared_at_ms === atMs && row.cared_by === person;
    // What comes anew of what a bank itself ends takes it out of the care that it was in.
    const mayBeAnew = row.cared_at_ms === null && row.cared_by === null && comesAnew(fold, row);
    const name = nameOf(row);
    const of = { bank: fold.bank, compartment: row.compartment, atMs: row.cared_at_ms ?? atMs };
    const said = likeliest(words.persons['alarm.cared'], of);
    const wrong: Wrong[] = [];
    if (!isInCare && !mayBeAnew)
      wrong.push({ name, what: 'who cares for it differs from what was recorded', said });
    if (ends.length > 1 || ends.some((end) => end.at_ms !== row.ended_at_ms))
      wrong.push({ name, what: 'it was ended by a person, and does not say so', said });
    return wrong;
  });
}

const isCare = ({ act }: KeptRow) => act === 'care';
const isEnd = ({ act }: KeptRow) => act === 'end';

function comesAnew({ alarms }: BankFold, row: KeptRow): boolean {
  if (AGAINST_BANK.includes(row.condition)) return false;
  const moves = alarms.get(nameOf(row)) ?? [];
  return moves.some(({ move }, at) => move === 'begins' && moves[at - 1]?.move === 'begins');
}

/** What the bank's records begin and end. */
function wrongOfBank({ fold, words, kept }: Alarms): Wrong[] {
  const ofBank = kept.filter(({ condition }) => !AGAINST_BANK.includes(condition));
  const there = Map.groupBy(ofBank, nameOf);
  const told = [...fold.alarms].filter(([, [move]]) => !AGAINST_BANK.includes(move?.condition));
  return [...new Set([...there.keys(), ...told.map(([name]) => name)])].flatMap((name): Wrong[] => {
    const moves = fold.alarms.get(name) ?? [];
    const rows = there.get(name) ?? [];
    const ends = new Set(moves.filter(({ move }) => move === 'ends').map(({ atMs }) => atMs));
    const ended = new Set(rows.filter((row) => isEndedByPerson(row, { ends, fold, words })));
    return follows(rows, moves, (row) => ended.has(row))
      ? []
      : [{ name, what: 'differs from what the records raised and ended' }];
  });
}

type Ending = Comparing & { ends: ReadonlySet<number> };

/** A person's word ends an alarm about a discrepancy where the bank's does not. */
function isEndedByPerson(row: KeptRow, { ends, fold, words }: Ending): boolean {
  const { compartment, ended_at_ms: atMs } = row;
  if (row.condition !== 'discrepancy' || atMs === null || ends.has(Number(atMs))) return false;
  const isEnd = ({ record }: Said) => record.facts.condition === 'discrepancy';
  const of = { bank: fold.bank, compartment, atMs };
  return takeSaid(words.persons['alarm.ended'], of, isEnd) !== undefined;
}

/**
 * Whether these rows are what comes of these moves: the first that begins one where none stands begins a row, and the
 * next that ends one ends it. Where a person ended it, which of the bank's records had come by then is not to be told:
 * each of the moves until then may be the first after it. `from`: where the next one may begin.
 */
function follows(
  rows: readonly KeptRow[],
  moves: readonly AlarmMove[],
  isByPerson: (row: KeptRow) => boolean,
): boolean {
  const next = { begins: nextOf('begins', moves), ends: nextOf('ends', moves) };
  let from = new Set([0]);
  for (const [at, row] of rows.entries()) {
    const after = new Set<number>();
    for (const begun of new Set([...from].map((one) => next.begins[one] ?? moves.length))) {
      if (!isBegun(row, moves[begun])) continue;
      const end = next.ends[begun] ?? moves.length;
      const stands = row.ended_at_ms === null && end === moves.length && at === rows.length - 1;
      if (stands) after.add(end);
      else if (isByPerson(row)) for (let one = begun + 1; one <= end; one++) after.add(one);
      else if (row.ended_at_ms !== null && row.ended_at_ms === moves[end]?.atMs) after.add(end + 1);
    }
    from = after;
  }
  return [...from].some((one) => (next.begins[one] ?? moves.length) === moves.length);
}

/** For each of the moves the first of that kind from it on. */
function nextOf(kind: AlarmMove['move'], moves: readonly AlarmMove[]): number[] {
  const next: number[] = [];
  for (let at = moves.length - 1; at >= 0; at--)
    next[at] = moves[at]?.move === kind ? at : (next[at + 1] ?? moves.length);
  return next;
}

function isBegun(row: KeptRow, move: AlarmMove | undefined): boolean {
  return (
    move !== undefined &&
    row.first_seq === (move.names?.first ?? null) &&
    row.last_seq === (move.names?.last ?? null) &&
    row.raised_at_ms === move.atMs
  );
}

/** What is found wrong with a bank's words: begun by what was not taken of it, and ended by nobody but a person once one cares. */
function wrongAgainstBank({ fold, words, kept, acts }: Alarms): Wrong[] {
  const against = kept.filter(({ condition }) => AGAINST_BANK.includes(condition));
  const raised = new Set<AlarmMove>();
  return against.flatMap((row): Wrong[] => {
    const name = nameOf(row);
    const moves = fold.alarms.get(name) ?? [];
    const own = moves.find((move) => move.move === 'begins' && isBegun(row, move) && !raised.has(move));
    if (own) raised.add(own);
    const of = { bank: fold.bank, compartment: row.compartment, atMs: row.raised_at_ms };
    const isUnrecorded = UNRECORDED.includes(row.condition) && row.compartment === null;
    const isBegunSo = own || takeSaid(words.refused, of, raises(row)) || isUnrecorded;
    const isFree = row.cared_at_ms === null && UNRECORDED.includes(row.condition);
    // A bank could, until a person's word was needed for it.
    const isByBank = moves.some(({ move, atMs }) => move === 'ends' && atMs === row.ended_at_ms);
    const isByPerson = acts.get(row.ord)?.some(isEnd) === true;
    const said = likeliest(words.refused, of);
    const wrong: Wrong[] = [];
    if (!isBegunSo) wrong.push({ name, what: 'nothing was refused that would have raised it', said });
    if (row.ended_at_ms !== null && !isFree && !isByBank && !isByPerson)
      wrong.push({ name, what: 'it is over, and no record says that somebody ended it', said });
    return wrong;
  });
}

/** Each was raised by a record of its own. */
const raises =
  (row: KeptRow) =>
  ({ record: { facts } }: Said) => {
    const [first, last] = facts.lastMissing === 0 ? [null, null] : [facts.firstMissing, facts.lastMissing];
    return conditionOf(facts.reason) === row.condition && row.first_seq === first && row.last_seq === last;
  };

/** What was refused began an alarm, or one stood that nobody cared for yet. */
function unraised({ fold, words, kept }: Alarms): Wrong[] {
  // Its clock may be ahead of the cloud's.
  const isOfBank = (row: KeptRow) =>
    fold.alarms.get(nameOf(row))?.some((move) => isBegun(row, move)) === true;
  return words.refused.flatMap((said): Wrong[] => {
    if (said.isUsed || said.fields.subject !== fold.bank) return [];
    const { atMs } = said.record.time;
    const condition = conditionOf(said.record.facts.reason);
    const isSince = (at: unknown) => at === null || Number(at) >= atMs - SAME_MOMENT_MS;
    const stood = kept.some(
      (row) =>
        row.condition === condition &&
        (isOfBank(row) || Number(row.raised_at_ms) <= atMs + SAME_MOMENT_MS) &&
        isSince(row.cared_at_ms) &&
        isSince(row.ended_at_ms),
    );
    const name = nameOfAlarm(condition, null);
    return stood ? [] : [{ name, what: 'something was refused, and it was not raised', said }];
  });
}
