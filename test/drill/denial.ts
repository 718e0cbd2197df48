/**
 * What a hostile cloud can do for certain: deny service. It suspends everything as often as it can, and the
 * drill measures by the bank's clock how long the kiosk turns people away.
 */
import { join } from 'node:path';
import { SUSPENSION_HOURS_MAX, type SuspendMessage } from '../../src/contract/uplink.ts';
import { signOrder } from '../../src/ledger/order.ts';
import { writeDurable } from '../../src/platform/durable.ts';
import { type Attack, shown } from './attack.ts';
import { eventually } from './hostile.ts';
import { DAY_MS, DOORS, HOUR_MS, type Stand } from './stand.ts';

const MINUTE_MS = 60_000;
/** A cloud's clock may be ahead of the bank's by so much, and the attacker uses all of it. */
const SLACK_MS = 5 * MINUTE_MS;
/** By the hour at first; by minutes towards the end, where the answer is read. */
const COARSE_HOURS = 23;
const RENEWED_HOURS = 3;
/** Longer than any denial that the rules allow: a bank that still turns people away then is red. */
const PATIENCE_MS = 2 * DAY_MS;

export type Denied = { doorsMs: number; dropOffsMs: number };

type Scope = Pick<SuspendMessage, 'scope' | 'subject' | 'compartment'>;
const BANK: Scope = { scope: 'bank', subject: null, compartment: null };
const door = (compartment: number): Scope => ({ scope: 'compartment', subject: null, compartment });
const courier = (stand: Stand): Scope => ({
  scope: 'courier',
  subject: stand.site.courier.person,
  compartment: null,
});

/** Suspends each of `scopes` until one moment, under new ids. */
function suspend(stand: Stand, scopes: readonly Scope[], lastsMs: number): Promise<void> {
  const untilMs = Math.min(stand.bankNowMs() + lastsMs, 8e15);
  const one = (scope: Scope) =>
    JSON.stringify({ v: 1, type: 'suspend', id: stand.newMessageId(), ...scope, untilMs });
  return stand.cloud.sendRaw(...scopes.map(one));
}

const suspended = (stand: Stand): number => Object.keys(stand.agent.state().suspension).length;
const none = (stand: Stand): string => shown('nothing is suspended', suspended(stand) === 0);

const tooLong: Attack = {
  name: 'suspension without end',
  sends: 'suspensions of the bank, a door and a courier for 25 h, 30 days and for ever',
  hopes: 'to close the bank for good',
  prepare: (stand) => stand.freshHour(),
  async run(stand) {
    for (const lastsMs of [25 * HOUR_MS, 30 * DAY_MS, 8e15])
      await suspend(stand, [BANK, door(1), courier(stand)], lastsMs);
    const misshapen: Scope[] = [
      { scope: 'courier', subject: null, compartment: null },
      { scope: 'bank', subject: null, compartment: 5 },
      door(99),
    ];
    await suspend(stand, misshapen, HOUR_MS);
  },
  answers: ['message.refused suspension-too-long', 'message.refused message-malformed'],
  holds: none,
};

/** What the kiosk says to the attacker's renewals: the longest first, then what might just fit. */
async function renew(stand: Stand, scopes: readonly Scope[]): Promise<void> {
  for (const lastsMs of [SUSPENSION_HOURS_MAX * HOUR_MS, HOUR_MS]) await suspend(stand, scopes, lastsMs);
}

/** Lets time pass until `serves`, with the attacker at work every three hours; answers how long it took. */
async function until(
  stand: Stand,
  serves: () => Promise<boolean>,
  scopes: readonly Scope[],
): Promise<number> {
  const fromMs = stand.clock.passedMs;
  while (!(await serves())) {
    const soFarMs = stand.clock.passedMs - fromMs;
    if (soFarMs > PATIENCE_MS)
      throw new Error(`the bank still turns people away after ${PATIENCE_MS / HOUR_MS} hours`);
    const isCoarse = soFarMs < COARSE_HOURS * HOUR_MS || soFarMs > DAY_MS + HOUR_MS;
    if (soFarMs % (RENEWED_HOURS * HOUR_MS) === 0) await renew(stand, scopes);
    stand.pass(isCoarse ? HOUR_MS : 5 * MINUTE_MS);
  }
  return stand.clock.passedMs - fromMs;
}

/** A code that nobody has is turned away like every code: `lockdown` while the doors are suspended. */
async function servesDoors(stand: Stand): Promise<boolean> {
  const said = await stand.hands.scan(stand.madeCode().qr);
  return said !== 'lockdown';
}

async function servesCouriers(stand: Stand): Promise<boolean> {
  return (await stand.hands.scan(stand.courier.badge)) === 'courier-code';
}

/** The attack, and where it writes what it has measured. */
export function massSuspension(denied: Denied): Attack {
  return {
    name: 'mass suspension',
    sends: `the bank, all ${DOORS} doors and the courier for 24 h and 5 minutes; every three hours again under new ids, with the clock in doubt; when that is spent, the courier anew`,
    hopes: 'that one window follows another',
    // The window of the roster in force may be spent by earlier attacks; a new roster gives the attacker all of it.
    async prepare(stand) {
      await stand.rosterFromRoot(stand.rosters.length + 1);
      await stand.freshHour();
    },
    async run(stand) {
      const all = [BANK, ...Array.from({ length: DOORS }, (_, index) => door(index + 1))];
      await suspend(stand, all, DAY_MS + SLACK_MS);
      // A clock that is in doubt freezes expiry; a suspension has to end all the same.
      stand.cloud.lieMs = DAY_MS;
      await stand.cloud.reconnect();
      const serves = () => servesDoors(stand);
      if (await serves()) throw new Error('the suspension denies nothing, so nothing would be measured');
      denied.doorsMs = await until(stand, serves, [BANK, door(1), door(DOORS)]);
      // The best that is left to it: couriers have windows of their own, which it has saved until now.
      await suspend(stand, [courier(stand)], DAY_MS + SLACK_MS);
      const more = await until(stand, () => servesCouriers(stand), [BANK, courier(stand)]);
      denied.dropOffsMs = denied.doorsMs + more;
      stand.cloud.lieMs = 0;
      await stand.cloud.reconnect();
    },
    answers: [
      'suspension.applied bank',
      'suspension.applied compartment',
      'suspension.applied courier',
      'suspension.ended by time',
      'message.refused message-replayed',
      'message.refused suspension-too-long',
      'attempt denied courier-suspended',
      'attempt denied code-wrong',
      'clock.frozen',
      'clock.set by cloud',
    ],
    holds: (stand) =>
      shown(
        `doors denied ${hours(denied.doorsMs)}, drop-offs ${hours(denied.dropOffsMs)}; then served`,
        suspended(stand) === 0 &&
          denied.doorsMs <= DAY_MS + 2 * SLACK_MS &&
          denied.dropOffsMs <= 2 * DAY_MS + 4 * SLACK_MS,
      ),
  };
}

export function hours(ms: number): string {
  const minutes = Math.round((ms % HOUR_MS) / MINUTE_MS);
  return `${Math.floor(ms / HOUR_MS)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
}

/** How long it takes until staff with a stick have ended what the cloud suspended. */
const lifted: Attack = {
  name: 'suspension against an order by hand',
  sends:
    'a new window of 24 h, used at once; staff put the root’s lift order into the bank’s folder; the bank suspended again',
  hopes: 'that the cloud’s word outlasts the root’s',
  async prepare(stand) {
    await stand.rosterFromRoot(stand.rosters.length + 1);
    await stand.freshHour();
  },
  async run(stand) {
    await suspend(stand, [BANK], DAY_MS);
    const note = signOrder(stand.orderFor({ do: 'lift' }), [stand.site.root]);
    writeDurable(join(stand.ordersDir, 'drill.order'), note);
    await eventually('the order that was carried here is obeyed', () => suspended(stand) === 0);
    for (const lastsMs of [DAY_MS, HOUR_MS, MINUTE_MS]) await suspend(stand, [BANK], lastsMs);
    if (!(await servesDoors(stand))) throw new Error('the bank turns people away after the lift');
  },
  answers: [
    'suspension.applied bank',
    'order.accepted lift by hand',
    'suspension.ended by order',
    'message.refused suspension-too-long',
    'attempt denied code-wrong',
  ],
  holds: none,
};

/** No rule can make a cloud speak. Who may bring parcels is its word, so couriers are turned away in the end. */
const silence: Attack = {
  name: 'silence',
  sends: 'nothing: the bank is cut off for 71 hours, then for 2 more; then the cloud is back',
  hopes: 'that nobody is served without it',
  async run(stand) {
    const { cloud } = stand;
    await cloud.fallSilent();
    stand.pass(71 * HOUR_MS);
    if (!(await servesCouriers(stand))) throw new Error('couriers are turned away before 72 hours');
    stand.pass(2 * HOUR_MS);
    if (await servesCouriers(stand)) throw new Error('couriers work after 72 hours without a word');
    if (!(await servesDoors(stand))) throw new Error('residents are turned away');
    await cloud.speak();
    if (!(await servesCouriers(stand))) throw new Error('couriers are turned away after the cloud is back');
  },
  answers: ['attempt denied offline-too-long', 'attempt denied code-wrong'],
  holds: () => 'codes are served throughout; drop-offs are refused from 72 h on, as long as it is silent',
};

export const denialAttacks = (denied: Denied): readonly Attack[] => [
  tooLong,
  massSuspension(denied),
  lifted,
  silence,
];
