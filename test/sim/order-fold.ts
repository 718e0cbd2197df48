/**
 * What the durable records of one bank say of orders, held against the paper that was really signed: which
 * order was believed, whose claim was shown, which door was opened for it.
 */
import type { Order } from '../../src/domain/order.ts';
import { claimHash } from '../../src/ledger/order.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { noteHash } from '../../src/ledger/roster.ts';
import type { Law } from './laws.ts';
import type { Paper } from './orders.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Doors that one signer alone may have opened within an hour and within a day. */
const RELEASES_MAX = [
  [HOUR_MS, 3],
  [DAY_MS, 10],
] as const;
/** A time that is less sure was set back, so that the record could only repeat the one before. */
const SURE_MS = 10 * 60_000;

/** Everything that the office signed, or somebody else, by the hash of its text. */
export class Papers {
  readonly #byHash = new Map<string, Paper[]>();

  add(paper: Paper): void {
    const hash = noteHash(paper.note);
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), paper]);
  }

  of(hash: string): readonly Paper[] {
    return this.#byHash.get(hash) ?? [];
  }
}

type Accepted = { order: Order; signers: readonly number[]; over: boolean; session: string | null };

export type OrderFoldDeps = {
  bank: string;
  papers: Papers;
  breach(law: Law, detail: string): void;
  /** What was scanned last, and the last claim that was. */
  scanned(): string;
  claimed(): string;
};

export class OrderFold {
  /** The nonce that the bank keeps. */
  nonce: string | null = null;
  readonly #accepted = new Map<string, Accepted>();
  #releases: { signer: number; earliestMs: number }[] = [];
  #lifted = false;
  readonly #deps: OrderFoldDeps;

  constructor(deps: OrderFoldDeps) {
    this.#deps = deps;
  }

  take(record: LedgerRecord, opened: { order: string; session: string }): void {
    switch (record.kind) {
      case 'order.accepted':
        return this.#believed(record, opened.order);
      case 'order.refused':
        return this.#refused(record);
      case 'order.lapsed':
        return this.#ended(opened.order);
      case 'session.opened':
        return record.facts.work === 'staff-release' ? this.#begun(record, opened.session) : undefined;
      case 'session.resumed':
        return record.facts.work === 'staff-release' ? this.#wentOn(record, opened.session) : undefined;
      case 'session.ended':
        for (const [id, { session }] of this.#accepted) if (session === opened.session) this.#ended(id);
        return;
      case 'parcel.removed':
      case 'compartment.freed':
        return this.#tookOut(record, opened.order);
      case 'compartment.restored':
        return this.#restored(record, opened.order);
      case 'clock.set':
        return record.facts.by === 'order' ? this.#setClock(record, opened.order) : undefined;
      case 'suspension.applied':
        if (this.#lifted)
          this.#deps.breach('a suspension is obeyed', `suspended after a lift, record ${record.seq}`);
        return;
      case 'roster.applied':
        this.#lifted = false;
        return;
      default:
    }
  }

  #believed(record: LedgerRecord, id: string): void {
    const papers = this.#deps.papers.of(String(record.facts.hash));
    const signed = papers.filter(({ signers }) => signers.length === record.facts.signatures);
    const paper = signed.find(({ signers }) => signers.length > 0);
    const why = paper ? this.#whyNot(record, paper, id) : 'nobody who may had signed it';
    if (why !== undefined || !paper)
      return this.#deps.breach(
        'an order is believed for its signature and its nonce',
        `${why}: ${record.seq}`,
      );
    const known = this.#accepted.get(id);
    const { order, signers } = paper;
    this.#accepted.set(id, { order, session: null, over: false, ...known, signers });
    if (order.act.do === 'lift') {
      this.#lifted = true;
      this.#ended(id);
    }
    // Carried out where it is accepted.
    if (order.act.do === 'reissue') this.#ended(id);
  }

  #whyNot({ time }: LedgerRecord, { order, signers }: Paper, id: string): string | undefined {
    if (order.order !== id || order.bank !== this.#deps.bank) return 'it was for another';
    const known = this.#accepted.get(id);
    if (known) {
      const adds = signers.some((signer) => !known.signers.includes(signer));
      return adds && !known.over && known.session === null ? undefined : 'it was accepted before';
    }
    if (order.nonce !== this.nonce) return 'its nonce was not the one of the bank';
    const isOver = order.untilMs <= time.atMs - time.uncertaintyMs;
    return isOver && time.source !== 'frozen' && order.act.do !== 'set-clock' ? 'it was over' : undefined;
  }

  /** What was signed for this bank may come late or twice, but its signature is good. */
  #refused({ facts, seq }: LedgerRecord): void {
    const isGood = this.#deps.papers
      .of(String(facts.hash))
      .every(({ order, signers }) => order.bank === this.#deps.bank && signers.length > 0);
    if (isGood && (facts.reason === 'signature-wrong' || facts.reason === 'order-wrong-bank'))
      this.#deps.breach('an order is believed for its signature and its nonce', `a good one was not: ${seq}`);
  }

  #ended(id: string): void {
    const accepted = this.#accepted.get(id);
    if (accepted) accepted.over = true;
  }

  #byClaim(text: string): Accepted | undefined {
    const hash = text.startsWith('HFO1') ? claimHash(text) : '';
    return [...this.#accepted.values()].find(
      ({ order, over }) => !over && 'claim' in order.act && order.act.claim === hash,
    );
  }

  #breachAtDoor(what: string, record: LedgerRecord): void {
    this.#deps.breach('staff open a door by its order and claim', `${what}: record ${record.seq}`);
  }

  #begun(record: LedgerRecord, session: string): void {
    const accepted = this.#byClaim(this.#deps.scanned());
    const act = accepted?.order.act;
    if (!accepted || act?.do !== 'staff-release' || act.compartment !== record.compartment)
      return this.#breachAtDoor('no claim of an order for this door was shown', record);
    if (accepted.session !== null) return this.#breachAtDoor('a second session of one order', record);
    accepted.session = session;
    this.#countRelease(record, accepted.signers);
  }

  #countRelease(record: LedgerRecord, signers: readonly number[]): void {
    const { atMs, uncertaintyMs } = record.time;
    if (uncertaintyMs > SURE_MS) return;
    const [alone] = signers.length === 1 ? signers : [];
    for (const [withinMs, most] of alone === undefined ? [] : RELEASES_MAX) {
      // A record of a clock that was set back repeats the time before and is that much less sure; what may lie
      // outside the span by either record's word is not counted.
      const isWithin = ({ earliestMs }: { earliestMs: number }) =>
        atMs + uncertaintyMs - earliestMs < withinMs;
      const spent = this.#releases.filter((one) => one.signer === alone && isWithin(one)).length;
      if (spent >= most) this.#breachAtDoor(`${spent + 1} doors by one signer`, record);
    }
    this.#releases.push(...signers.map((signer) => ({ signer, earliestMs: atMs - uncertaintyMs })));
  }

  #wentOn(record: LedgerRecord, session: string): void {
    if (this.#byClaim(this.#deps.scanned())?.session !== session)
      this.#breachAtDoor('a session went on without its claim', record);
  }

  #tookOut(record: LedgerRecord, id: string): void {
    const { session, order, over } = this.#accepted.get(id) ?? {};
    const act = order?.act;
    const isOwn = act?.do === 'staff-release' && act.compartment === record.compartment;
    if (!isOwn || over || !session) this.#breachAtDoor('emptied by another order or none', record);
  }

  #restored(record: LedgerRecord, id: string): void {
    const { session, order } = this.#accepted.get(id) ?? {};
    const act = order?.act;
    const isAsked =
      act !== undefined &&
      'compartment' in act &&
      act.compartment === record.compartment &&
      (act.do === 'restore' || (act.do === 'staff-release' && act.restore && session));
    if (!isAsked) this.#breachAtDoor('restored without an order that says so', record);
    if (act?.do === 'restore') this.#ended(id);
  }

  #setClock(record: LedgerRecord, id: string): void {
    const accepted = this.#byClaim(this.#deps.claimed());
    if (!accepted || accepted.order.order !== id || accepted.order.act.do !== 'set-clock')
      this.#breachAtDoor('a clock was set without its claim', record);
    this.#ended(id);
    // Time begins anew, in either direction.
    this.#releases = [];
  }
}
