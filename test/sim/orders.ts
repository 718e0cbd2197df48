/**
 * The office: it signs orders with the site's keys, and all the wrong ones that a bank must refuse. Staff
 * carry them to the cabinet by hand, or the model cloud passes them on.
 */
import { base64url } from '../../src/crypto/bytes.ts';
import { idFrom } from '../../src/domain/ids.ts';
import type { Order, OrderAct } from '../../src/domain/order.ts';
import { claimText } from '../../src/domain/scan.ts';
import { claimHash, signOrder } from '../../src/ledger/order.ts';
import type { Agenda } from './agenda.ts';
import type { SimBank } from './bank.ts';
import type { Chance } from './chance.ts';
import type { ModelCloud } from './cloud.ts';
import { signAgain } from './keys.ts';
import type { Observer } from './observer.ts';
import type { Site } from './site.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What makes an order worthless, and by which a bank must know it. */
export const WRONGS = ['a stranger signed it', 'an old nonce', 'another bank', 'over'] as const;
export type Wrong = (typeof WRONGS)[number];

/** One order on paper; `signers` says which of the site's root keys signed it, none for a stranger's. */
export type Paper = { order: Order; note: string; signers: readonly number[]; claim: string };

export type Wish = { act: OrderAct; claim: string; lastsMs?: number; wrong?: Wrong };

export class Office {
  /** The day is over: who is not on their way stays at home. */
  closed = false;
  readonly #deps: { agenda: Agenda; site: Site; cloud: ModelCloud; observer: Observer };

  constructor(deps: { agenda: Agenda; site: Site; cloud: ModelCloud; observer: Observer }) {
    this.#deps = deps;
  }

  /** What the records of a bank say: all that an office knows of its doors. */
  knows(bank: SimBank) {
    return this.#deps.observer.told(bank.id);
  }

  get nowMs(): number {
    return this.#deps.agenda.nowMs;
  }

  /** Signs what is wished for; null when nobody can say what the bank's nonce is. */
  sign(bank: SimBank, chance: Chance, { act, claim, lastsMs, wrong }: Wish): Paper | null {
    const { site, agenda } = this.#deps;
    const nonce = wrong === 'an old nonce' ? base64url(chance.bytes(16)) : bank.nonce();
    if (nonce === null) return null;
    const isAnother = wrong === 'another bank';
    const to = site.banks.find(({ id }) => (id === bank.id) !== isAnother);
    if (!to) return null;
    const madeAtMs = agenda.nowMs - (wrong === 'over' ? 3 * HOUR_MS : 0);
    const order: Order = {
      v: 1,
      order: idFrom('order', chance.bytes(16)),
      tenant: site.tenant,
      site: site.site,
      bank: to.id,
      nonce,
      madeAtMs,
      untilMs: madeAtMs + (wrong === 'over' ? HOUR_MS : (lastsMs ?? chance.between(2, 12) * HOUR_MS)),
      purpose: 'parcel was not collected',
      act,
    };
    return this.#paper(order, claim, wrong === 'a stranger signed it' ? [] : [0]);
  }

  /** The same order with the second root key's signature beside the first. */
  signBoth({ order, claim }: Paper): Paper {
    return this.#paper(order, claim, [0, 1]);
  }

  #paper(order: Order, claim: string, signers: readonly number[]): Paper {
    const { site, observer } = this.#deps;
    const keys = signers.length === 0 ? [site.stranger] : signers.map((index) => site.roots[index]);
    const notes = keys.flatMap((key) => (key ? [signAgain(signOrder(order, [key]), key)] : []));
    const [first = '', ...more] = notes;
    const note = first + more.map((text) => text.slice(text.lastIndexOf('\n\n') + 2)).join('');
    const paper = { order, note, signers, claim };
    observer.signed(paper);
    return paper;
  }

  /** On its way: into the bank's folder, or by way of the cloud. */
  send(bank: SimBank, { note, order }: Paper, road: 'hand' | 'cloud'): void {
    if (road === 'hand') bank.putOrder(note);
    else this.#deps.cloud.passOn(bank.id, note, order.nonce);
  }
}

export const drawClaim = (chance: Chance): string => claimText(chance.bytes(16));

export const staffRelease = (compartment: number, claim: string, restore: boolean): OrderAct => ({
  do: 'staff-release',
  compartment,
  claim: claimHash(claim),
  restore,
});

export const setClock = (claim: string): OrderAct => ({ do: 'set-clock', claim: claimHash(claim) });

/** Good for so short a time that nobody who is late finds it. */
export const SOON_OVER_MS = 20 * MINUTE_MS;
