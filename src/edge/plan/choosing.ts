/** Before a drop-off begins: whose parcel it is, for whom, and which compartment takes it. */
import type { DirectoryEntries } from '../../contract/uplink.ts';
import { fits, SIZES, type Size } from '../../domain/bank.ts';
import { flatMeant } from '../../domain/flat.ts';
import type { PersonId } from '../../domain/ids.ts';
import { told } from '../../domain/outcome.ts';
import { normalFlat } from '../../domain/scan.ts';
import { type Carrier, carrierNamed, recognise } from '../../domain/tracking.ts';
import type { Draft } from './draft.ts';
import { pulseDenial } from './opening.ts';
import { type BankState, type Compartment, ONLY, rosterOf } from './state.ts';

/** The name of the company that a courier works for, as the roster writes it; empty when it names neither. */
export function carrierNameOf(state: BankState, person: string): string {
  const roster = rosterOf(state);
  const courier = roster?.couriers.find((candidate) => candidate.person === person);
  return roster?.carriers.find((carrier) => carrier.carrier === courier?.carrier)?.name ?? '';
}

export function ownCarrier(state: BankState, person: string): Carrier | null {
  return carrierNamed(carrierNameOf(state, person));
}

/**
 * A number whose check digit is wrong is asked for once more. The same number typed by hand then is taken as
 * one of an unknown format, because a rule of ours that is wrong must not stop a parcel. A second scan alone
 * is no second look: scanners read a label twice by themselves.
 */
export function takeTracking(draft: Draft, courier: PersonId, text: string): void {
  take(draft, { courier, text, typed: false });
}

export function takeTyped(draft: Draft, courier: PersonId, text: string): void {
  take(draft, { courier, text, typed: true });
}

function take(draft: Draft, { courier, text, typed }: { courier: PersonId; text: string; typed: boolean }) {
  const label = recognise(text, ownCarrier(draft.state, courier));
  if (label === undefined) return draft.deny('tracking-malformed');
  const { tracking, check } = label;
  const { screen } = draft.state.volatile;
  const isInsisted = typed && screen.at === 'tracking' && screen.doubted === tracking;
  if (check === 'wrong' && !isInsisted) {
    if (screen.at === 'tracking' && screen.doubted === tracking) return draft.deny('tracking-check-wrong');
    return draft.show({ at: 'tracking', courier, doubted: tracking }, told('tracking-check-wrong'));
  }
  draft.show({ at: 'flat', courier, tracking });
}

/** Exact flats only, as far as the kiosk's keys can write them: the kiosk is no directory to browse. */
export function takeFlat(draft: Draft, on: { courier: PersonId; tracking: string }, text: string): void {
  const entries = draft.state.directory[ONLY]?.entries ?? [];
  const wanted = flatMeant(
    text,
    entries.map(({ flat }) => flat),
  );
  const choices = wanted === '' ? [] : entries.filter((entry) => normalFlat(entry.flat) === wanted);
  const [only] = choices;
  if (only === undefined) return draft.deny('recipient-unknown');
  if (choices.length > 1)
    return draft.show({ at: 'recipient', courier: on.courier, tracking: on.tracking, choices });
  askSize(draft, on, only);
}

/** However it is written, a flat has one budget: it is settled which one is meant before a guess is counted. */
export function flatTyped(state: BankState, typed: string): string {
  // Who has moved away since may still collect what waits for them.
  const flats = [...(state.directory[ONLY]?.entries ?? []), ...Object.values(state.grant)];
  return flatMeant(
    typed,
    flats.map(({ flat }) => flat),
  );
}

export function takeRecipient(
  draft: Draft,
  on: { courier: PersonId; tracking: string; choices: DirectoryEntries },
  index: number,
): void {
  const chosen = on.choices[index];
  if (chosen === undefined) return draft.deny('recipient-unknown');
  askSize(draft, on, chosen);
}

function askSize(
  draft: Draft,
  on: { courier: PersonId; tracking: string },
  recipient: DirectoryEntries[number],
): void {
  draft.show({ at: 'size', courier: on.courier, tracking: on.tracking, recipient });
}

/** How many compartments of each size could take a parcel now. */
export function freeBySize(state: BankState, monotonicMs: number): Record<Size, number> {
  const free = { S: 0, M: 0, L: 0, XL: 0 };
  for (const compartment of Object.values(state.compartment)) {
    if (isFree(state, compartment, monotonicMs)) free[compartment.size]++;
  }
  return free;
}

function isFree(state: BankState, compartment: Compartment, monotonicMs: number): boolean {
  const denial = pulseDenial(state, compartment.n, { work: 'drop-off', monotonicMs });
  return (
    compartment.use === 'empty' &&
    compartment.session === null &&
    !isOrdered(state, compartment.n) &&
    compartment.door === 'closed' &&
    compartment.occupied !== 'yes' &&
    (denial === undefined || denial === 'pulse-rate')
  );
}

/**
 * An order names a door and not a parcel: whoever holds its slip could wait until something worth taking lies
 * behind that door. So nothing new is put there before the order was carried out or has lapsed.
 */
function isOrdered(state: BankState, n: number): boolean {
  return Object.values(state.order).some(
    ({ order: { act } }) => act.do === 'staff-release' && act.compartment === n,
  );
}

/**
 * The compartment for a parcel: the smallest that fits. People who asked for reach get the doors kept for
 * it before all others; everybody else gets those last.
 */
export function chooseCompartment(
  state: BankState,
  want: { size: Size; above: Size | null; accessible: boolean; monotonicMs: number },
): Compartment | undefined {
  const rank = ({ size, accessible }: Compartment) =>
    SIZES.indexOf(size) + (accessible === want.accessible ? 0 : SIZES.length);
  return Object.values(state.compartment)
    .filter(
      (compartment) => isFree(state, compartment, want.monotonicMs) && fits(want.size, compartment.size),
    )
    .filter(
      (compartment) => want.above === null || SIZES.indexOf(compartment.size) > SIZES.indexOf(want.above),
    )
    .sort((a, b) => rank(a) - rank(b) || a.n - b.n)[0];
}
