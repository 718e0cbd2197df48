/**
 * What has to occur in a run of the default size (20 banks, 24 virtual hours) or in as many bank-hours over
 * several seeds. A kind that stays at zero is red: its rule would be proved by nobody.
 */

import { CRASH_POINTS } from './bank.ts';
import type { Counts, Group } from './census.ts';
import { CLOUD_FAULTS } from './cloud.ts';
import { COURIER_WAYS } from './couriers.ts';
import { FAULTS } from './faults.ts';
import { NETWORK_FAULTS } from './link.ts';
import { BOARD_FAULTS } from './metal.ts';
import { RESIDENT_WAYS } from './residents.ts';
import { PAPER_WAYS, STAFF_WAYS } from './staff.ts';

const faultsOf = (...groups: Group[]) =>
  Object.entries(FAULTS).flatMap(([name, { group }]) => (groups.includes(group) ? [name] : []));

export const EXPECTED: Readonly<Partial<Record<Group, readonly string[]>>> = {
  decision: [
    'attempt.decided allow',
    'attempt.decided deny',
    'release.decided allow',
    'release.decided deny',
  ],
  denial: [
    'badge-expired',
    'badge-unknown',
    'code-spent',
    'code-wrong',
    'compartment-out-of-service',
    'courier-code-wrong',
    'courier-locked-out',
    'courier-suspended',
    'grant-locked-out',
    'held-for-staff',
    'message-kind-unknown',
    'message-malformed',
    'message-version-unknown',
    'no-compartment-free',
    'order-expired',
    'order-nonce-old',
    'order-pointless',
    'order-replayed',
    'order-second-signature-needed',
    'order-unknown',
    'order-wrong-bank',
    'pulse-rate',
    'session-pulses-spent',
    'signature-wrong',
    'suspension-too-long',
  ],
  pulse: ['drop-off', 'pick-up', 'staff-release'],
  crash: CRASH_POINTS,
  recovery: ['first start', 'after a cut'],
  'board fault': BOARD_FAULTS,
  'metal fault': faultsOf('metal fault', 'crash'),
  'network fault': [...NETWORK_FAULTS.filter((name) => name !== 'line-broken'), ...faultsOf('network fault')],
  'cloud fault': [
    ...CLOUD_FAULTS,
    ...faultsOf('cloud fault').filter((name) => name !== 'suspension for too long'),
  ],
  'clock fault': faultsOf('clock fault'),
  'disk fault': [...faultsOf('disk fault'), 'no room'],
  screen: [
    'code-again',
    'code-not-accepted',
    'codes-differ',
    'courier-code-weak',
    'door-not-opened',
    'flat-needed',
    'journal-full',
    'nothing-sensed',
    'parcel-still-sensed',
    'order-unknown',
    'recipient-unknown',
    'say-what-you-found',
    'shut-the-door',
    'step-out-of-turn',
    'tracking-malformed',
  ],
  person: [
    ...Object.keys(COURIER_WAYS).map((way) => `courier ${way}`),
    ...Object.keys(RESIDENT_WAYS).map((way) => `resident ${way}`),
    ...Object.keys(STAFF_WAYS).map((way) => `staff ${way}`),
    ...PAPER_WAYS.map((way) => `paper: ${way}`),
    'courier takes another door',
    'staff restores from afar',
    'staff sets the clock',
  ],
  journey: ['drop-off', 'pick-up', 'guesser', 'stranger', 'staff', 'paper', 'with a fault'],
  record: [
    'clock.frozen',
    'clock.set',
    'compartment.freed',
    'compartment.restored',
    'compartment.withdrawn',
    'count.taken',
    'discrepancy.reported',
    'door.ajar',
    'door.forced',
    'epoch.applied',
    'grant.expired',
    'grant.revoked',
    'journal.full',
    'latch.jammed',
    'lockout.began',
    'order.accepted',
    'order.lapsed',
    'order.refused',
    'parcel.collected',
    'parcel.deposited',
    'parcel.held',
    'parcel.not-deposited',
    'parcel.removed',
    'roster.applied',
    'session.resumed',
    'suspension.applied',
    'suspension.ended',
  ],
};

/** What only a long day brings: compartments that fill up, codes that are shown after their time. */
const OF_A_DAY: ReadonlySet<string> = new Set([
  'compartment-out-of-service',
  'courier-suspended',
  'held-for-staff',
  'no-compartment-free',
]);
const DAY_HOURS = 24;

const JOURNEYS_A_BANK_DAY_MIN = 60;
const SHARE_WITH_A_FAULT_MIN = 0.05;
/** What a default run has: fewer bank-hours prove nothing about what is rare. */
const BANK_HOURS_MIN = 480;

/** What is missing from `counts` over `seeds` runs, in words; nothing when all is there. */
export function missing(counts: Counts, of: { seeds: number; banks: number; hours: number }): string[] {
  const bankHours = of.seeds * of.banks * of.hours;
  const found: string[] = [];
  const journeys = (counts.journey['drop-off'] ?? 0) + (counts.journey['pick-up'] ?? 0);
  const aDay = (journeys * 24) / bankHours;
  if (aDay < JOURNEYS_A_BANK_DAY_MIN)
    found.push(`${aDay.toFixed(1)} journeys a bank-day, not ${JOURNEYS_A_BANK_DAY_MIN}`);
  if ((counts.journey['with a fault'] ?? 0) < SHARE_WITH_A_FAULT_MIN * journeys)
    found.push(`less than ${SHARE_WITH_A_FAULT_MIN * 100} % of journeys with a fault`);
  if (bankHours < BANK_HOURS_MIN) return found;
  for (const [group, kinds] of Object.entries(EXPECTED) as [Group, readonly string[]][])
    for (const kind of kinds)
      if (!(of.hours < DAY_HOURS && OF_A_DAY.has(kind)) && !counts[group][kind])
        found.push(`no ${group}: ${kind}`);
  return found;
}
