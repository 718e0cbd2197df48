/**
 * What the records of one bank make of the tables that follow from them, folded anew in memory: pure, record by
 * record, as if each had come in a batch of its own. It keeps one bank's parcels and doors, and no more.
 */

import { type BankId, type ParcelId, parseId } from '../../domain/ids.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { EMPTY_PICTURE, foldPicture, type Picture } from '../banks/banks.ts';
import type { AlarmMove, Told } from '../noun.ts';
import { foldParcel, isInside, type Standing, tellsOfParcel } from '../parcels/parcels.ts';
import { foldSight, NO_SIGHT, type Sight, tellsOfSight } from '../reconciliation/reconciliation.ts';

export type FoldedParcel = Standing & {
  parcel: ParcelId;
  carrier: string | null;
  courier: string | null;
  recipient: string | null;
  tracking: string | null;
};
/** `isRestored`: the cloud had been restored from a backup before, and may have been given the order already. */
export type OrderTold = {
  record: LedgerRecord;
  order: string | undefined;
  purpose: string | undefined;
  isRestored?: boolean;
};
type Said = { seq: number; compartment: number | null; parcel: string | null; atMs: number };
type Waiting = { parcel: string; person: string; compartment: number; untilMs: number };

export class BankFold {
  readonly bank: BankId;
  /** In the order in which they came. */
  readonly parcels = new Map<string, FoldedParcel>();
  readonly events = new Map<number, string>();
  readonly doors = new Map<number, Picture>();
  readonly sights = new Map<number, Sight>();
  readonly discrepancies: (Said & { what: string })[] = [];
  readonly counts: (Said & { found: string })[] = [];
  readonly waiting = new Map<string, Waiting>();
  readonly orders: OrderTold[] = [];
  /** By condition and door: each time that one was raised or ended, and that records did not fit what went before. */
  readonly alarms = new Map<string, AlarmMove[]>();
  /** The last record that told of a row, by its table and key: where to look when the row is another one. */
  readonly said = new Map<string, number>();
  readonly roster = { applied: 0, appliedAtMs: null as number | null, refused: null as string | null };
  readonly #ownerOf: (parcel: string) => Promise<string | undefined>;
  readonly #behind = new Map<number, string[]>();

  /** `ownerOf`: whose records accepted a parcel that is not of this bank's records. */
  constructor(bank: BankId, ownerOf: (parcel: string) => Promise<string | undefined>) {
    this.bank = bank;
    this.#ownerOf = ownerOf;
  }

  async follow(told: readonly Told[]): Promise<void> {
    for (const one of told) await this.#step(one);
  }

  async #step(told: Told): Promise<void> {
    const { record, fields } = told;
    const { compartment } = record;
    if (compartment !== undefined) {
      const was = this.doors.get(compartment) ?? EMPTY_PICTURE;
      const now = foldPicture(was, record, fields.parcel ?? null);
      if (now !== was) this.said.set(`compartments ${compartment}`, record.seq);
      this.doors.set(compartment, now);
      if (tellsOfSight(record.kind)) {
        this.said.set(`door_sights ${compartment}`, record.seq);
        this.sights.set(compartment, foldSight(this.sights.get(compartment) ?? NO_SIGHT, record));
      }
    }
    this.#stepOfBank(told);
    this.#stepOfDiscrepancy(told);
    await this.#stepOfParcel(told);
    this.#stepOfWaiting(told);
  }

  #stepOfBank({ record, fields }: Told): void {
    const { kind, facts, time } = record;
    if (kind === 'roster.applied')
      Object.assign(this.roster, { applied: facts.version, appliedAtMs: time.atMs, refused: null });
    if (kind === 'roster.refused') this.roster.refused = String(facts.reason);
    if (kind === 'roster.applied' || kind === 'roster.refused') this.said.set('banks', record.seq);
    if (kind.startsWith('order.')) this.orders.push({ record, order: fields.order, purpose: fields.purpose });
    if (kind !== 'alarm.raised' && kind !== 'alarm.ended') return;
    this.#move({
      ...moveOf(record, String(facts.condition)),
      move: kind === 'alarm.raised' ? 'begins' : 'ends',
    });
  }

  #move(move: AlarmMove): void {
    const name = nameOfAlarm(move.condition, move.compartment);
    this.said.set(`alarms ${name}`, move.seq);
    const moves = this.alarms.get(name);
    if (moves) moves.push(move);
    else this.alarms.set(name, [move]);
  }

  #stepOfDiscrepancy({ record, fields }: Told): void {
    const { kind, seq, compartment, facts } = record;
    const said = {
      seq,
      compartment: compartment ?? null,
      parcel: fields.parcel ?? null,
      atMs: record.time.atMs,
    };
    if (kind === 'discrepancy.reported') this.discrepancies.push({ ...said, what: String(facts.what) });
    if (kind === 'count.taken' && compartment !== undefined)
      this.counts.push({ ...said, found: String(facts.found) });
  }

  async #stepOfParcel(told: Told): Promise<void> {
    const { record, fields } = told;
    const of = tellsOfParcel(record.kind);
    if (of === 'nothing') return;
    if (of === 'door') {
      const inside = this.#inside(record.compartment);
      if (inside !== undefined) this.events.set(record.seq, inside);
      return;
    }
    const parcel = parseId('parcel', fields.parcel ?? '');
    if (!parcel) return;
    const was = this.parcels.get(parcel);
    const owner = was ? this.bank : await this.#ownerOf(parcel);
    if (owner !== undefined && owner !== this.bank) return this.#complain(record);
    const { standing, complaint } = foldParcel(was, record);
    if (complaint !== undefined) this.#complain(record);
    if (!standing) return;
    this.events.set(record.seq, parcel);
    this.said.set(`parcels ${parcel}`, record.seq);
    if (was) this.parcels.set(parcel, { ...was, ...standing });
    else this.#begin(parcel, standing, fields);
  }

  #begin(parcel: ParcelId, standing: Standing, fields: Told['fields']): void {
    this.parcels.set(parcel, {
      ...standing,
      parcel,
      carrier: fields.carrier ?? null,
      courier: fields.person ?? null,
      recipient: fields.counterpart ?? null,
      tracking: fields.tracking ?? null,
    });
    this.#behind.set(standing.compartment, [...(this.#behind.get(standing.compartment) ?? []), parcel]);
  }

  /** The parcel that takes up a compartment now: the last that came, where several do. */
  #inside(compartment: number | undefined): string | undefined {
    const behind = compartment === undefined ? undefined : this.#behind.get(compartment);
    return behind?.findLast((parcel) => {
      const kept = this.parcels.get(parcel);
      return kept !== undefined && isInside(kept);
    });
  }

  #complain(record: LedgerRecord): void {
    const names = { first: record.seq, last: record.seq };
    this.#move({ ...moveOf(record, 'discrepancy'), move: 'begins', names });
  }

  #stepOfWaiting({ record, fields }: Told): void {
    const { kind, compartment, facts } = record;
    if (kind === 'parcel.collected' || kind === 'parcel.removed' || kind === 'parcel.held') {
      this.waiting.delete(fields.parcel ?? '');
      this.said.set(`waiting_parcels ${fields.parcel ?? ''}`, record.seq);
    }
    const parcel = parseId('parcel', fields.parcel ?? '');
    const person = parseId('person', fields.counterpart ?? '');
    const { untilMs } = facts;
    if (kind !== 'parcel.deposited' || !parcel || !person || compartment === undefined) return;
    if (typeof untilMs !== 'number' || this.waiting.has(parcel)) return;
    this.waiting.set(parcel, { parcel, person, compartment, untilMs });
    this.said.set(`waiting_parcels ${parcel}`, record.seq);
  }
}

export const nameOfAlarm = (condition: unknown, compartment: unknown) =>
  `${String(condition)} ${String(compartment ?? 'none')}`;

function moveOf(record: LedgerRecord, condition: string): Omit<AlarmMove, 'move'> {
  const { seq, compartment } = record;
  return { seq, condition, compartment: compartment ?? null, names: null, atMs: record.time.atMs };
}
