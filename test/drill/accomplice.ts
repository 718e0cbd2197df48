/**
 * The other half of the honest sentence: what somebody at the kiosk collects, who is told everything that the
 * hostile cloud sees and can make. The parcels of before stay shut; one that is brought now does not.
 */

import { metalOf, occupied } from './attack.ts';
import { eventually, type SeenCodes } from './hostile.ts';
import { DAY_MS, type Stand } from './stand.ts';

/** PINs that the attacker makes up; the kiosk asks for the flat as well after so many that were wrong. */
const PINS_MADE = 20;
const QRS_MADE = 12;

export type Accomplice = {
  /** Things typed or scanned that the cloud knows or made, with 24 parcels of before behind the doors. */
  triedOnOlder: number;
  olderOpened: number;
  /** The door of a parcel of before, opened by its own resident with the code of before. */
  residentDoor: number;
  /** Codes that the cloud read since it was taken, and the doors that they opened. */
  codesSeen: number;
  collected: { n: number; tracking: string }[];
  /** Parcels of before that are still there after all of it. */
  olderLeft: number;
};

export const NOTHING_COLLECTED: Accomplice = {
  triedOnOlder: 0,
  olderOpened: 0,
  residentDoor: 0,
  codesSeen: 0,
  collected: [],
  olderLeft: 0,
};

export async function playAccomplice(stand: Stand): Promise<Accomplice> {
  const tried = await tryOnOlder(stand, stand.cloud.codes);
  // Tomorrow: the wrong codes of today are no trouble for residents any more.
  stand.pass(DAY_MS);
  const last = stand.older.at(-1);
  if (!last) throw new Error('there is no parcel of before');
  const own = await stand.hands.collect(last.pin);
  if (own.n !== last.n || own.labels[0] !== last.tracking) throw new Error('a resident got another door');
  const tracking = 'TBA900000077777';
  const { flat } = last;
  await stand.hands.signIn(stand.courier);
  const brought = await stand.hands.dropOff({ tracking, flat });
  await stand.hands.home();
  await stand.drained();
  await eventually('the cloud reads the code', () => stand.cloud.codes.length > 0);
  const collected = [];
  for (const { pin } of stand.cloud.codes) {
    const { n, labels } = await stand.hands.collect(pin);
    collected.push({ n, tracking: labels[0] ?? '' });
  }
  if (brought !== collected[0]?.n) throw new Error('the seen code opened another door than its own');
  const { cloud } = stand;
  const again = await tryOnOlder(stand, cloud.codes);
  return {
    triedOnOlder: tried.count + again.count,
    olderOpened: tried.opened + again.opened,
    residentDoor: own.n,
    codesSeen: cloud.codes.length,
    collected,
    olderLeft: occupied(stand),
  };
}

/** Everything that the cloud has seen or can make, at the kiosk; answers how much of it and what opened. */
async function tryOnOlder(
  stand: Stand,
  seen: readonly SeenCodes[],
): Promise<{ count: number; opened: number }> {
  const { hands } = stand;
  const before = await metalOf(stand);
  const made = Array.from({ length: PINS_MADE }, () => stand.madeCode());
  const texts = [
    ...seen.map(({ qr }) => qr),
    ...made.slice(0, QRS_MADE).map(({ qr }) => qr),
    // What records, openings and the directory told the cloud of these parcels.
    ...Object.values(stand.agent.state().grant).flatMap(({ id, parcel }) => [id, parcel]),
    ...stand.older.map(({ tracking }) => tracking),
  ];
  const pins = [...seen.map(({ pin }) => pin), ...made.map(({ pin }) => pin)];
  for (const text of texts) await hands.scan(text);
  for (const pin of pins) await hands.pin(pin);
  const after = await metalOf(stand);
  return { count: texts.length + pins.length, opened: after.pulses - before.pulses };
}
