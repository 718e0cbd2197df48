/** What breaks, when, and for how long. Boards and the network also break by themselves, message by message. */
import { utf8 } from '../../src/crypto/bytes.ts';
import type { Agenda } from './agenda.ts';
import { CRASH_POINTS, type SimBank } from './bank.ts';
import type { Census, Group } from './census.ts';
import type { Chance } from './chance.ts';
import { type ModelCloud, suspensionId } from './cloud.ts';
import type { Site } from './site.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

type Fault = {
  /** How often on one bank's day. */
  aDay: number;
  group: Group;
  strike(on: FaultDeps, bank: SimBank, chance: Chance): void;
};

export type FaultDeps = { agenda: Agenda; census: Census; cloud: ModelCloud; site: Site };

/** To add a fault: add a row, and its name to what must occur (`expected.ts`). */
export const FAULTS = {
  'power cut': {
    aDay: 6,
    group: 'crash',
    strike(_, bank, chance) {
      bank.cut(
        'idle',
        chance.weigh({ short: 8, long: 1 }) === 'short' ? chance.between(15_000, 240_000) : HOUR_MS,
      );
    },
  },
  'power cut within a write or around a frame': {
    aDay: 14,
    group: 'crash',
    strike: (_, bank, chance) => bank.arm(chance.pick(CRASH_POINTS), chance.between(1, 9)),
  },
  'disk refuses a write': { aDay: 1.5, group: 'disk fault', strike: (_, bank) => bank.breakDisk() },
  'disk full': {
    aDay: 1.5,
    group: 'disk fault',
    strike: (_, bank, chance) =>
      bank.fillDisk(
        { left: chance.between(0, 4), reserve: chance.pick([0, 3, 12, 60]), seen: chance.of(0.3) },
        chance.between(3, 40) * MINUTE_MS,
      ),
  },
  'line broken for minutes': {
    aDay: 6,
    group: 'network fault',
    strike: (_, bank, chance) => bank.breakLine(chance.between(1, 30) * MINUTE_MS),
  },
  'line broken for hours': {
    aDay: 0.6,
    group: 'network fault',
    strike: (_, bank, chance) => bank.breakLine(chance.between(60, 300) * MINUTE_MS),
  },
  'board absent': {
    aDay: 2,
    group: 'metal fault',
    strike({ agenda }, bank, chance) {
      const board = chance.pick([...bank.metal.present.keys()]);
      bank.setBoard(board, false);
      agenda.after(chance.between(1, 12) * MINUTE_MS, () => bank.setBoard(board, true));
    },
  },
  'door sensor stuck': {
    aDay: 2,
    group: 'metal fault',
    strike({ agenda }, bank, chance) {
      const n = chance.pick([...bank.metal.spaces.keys()]);
      bank.metal.mislead(n, { doorStuck: chance.weigh({ closed: 3, open: 1 }) });
      agenda.after(chance.between(2, 90) * MINUTE_MS, () => bank.metal.mislead(n, { doorStuck: null }));
    },
  },
  'occupancy sensor lies': {
    aDay: 4,
    group: 'metal fault',
    strike({ agenda }, bank, chance) {
      const n = chance.pick([...bank.metal.spaces.keys()]);
      bank.metal.mislead(n, { lies: chance.pick(['yes', 'no']) });
      agenda.after(chance.between(5, 300) * MINUTE_MS, () => bank.metal.mislead(n, { lies: null }));
    },
  },
  'door forced': {
    aDay: 1.2,
    group: 'metal fault',
    strike({ agenda }, bank, chance) {
      const n = chance.pick([...bank.metal.spaces.keys()]);
      bank.metal.pry(n);
      agenda.after(chance.between(3_000, 300_000), () => bank.metal.shut(n));
    },
  },
  'wall clock steps': {
    aDay: 1,
    group: 'clock fault',
    strike(_, bank, chance) {
      bank.clock.offMs += chance.pick([-DAY_MS, -10 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, DAY_MS]);
    },
  },
  'wall clock wrong after a power cut': {
    aDay: 1,
    group: 'clock fault',
    strike(_, bank, chance) {
      bank.cut('idle', chance.between(20_000, 200_000));
      bank.clock.offMs += chance.pick([
        -2 * DAY_MS,
        -HOUR_MS,
        2 * HOUR_MS,
        30 * HOUR_MS,
        100 * HOUR_MS,
        100 * HOUR_MS,
      ]);
      if (chance.of(0.5)) bank.breakLine(chance.between(10, 60) * MINUTE_MS);
    },
  },
  'cloud clock wrong': {
    aDay: 0.3,
    group: 'clock fault',
    strike({ agenda, cloud }, _, chance) {
      cloud.offMs = chance.pick([-3 * HOUR_MS, 2 * MINUTE_MS, 8 * HOUR_MS]);
      agenda.after(20 * MINUTE_MS, () => {
        cloud.offMs = 0;
      });
    },
  },
  'cloud process killed': { aDay: 0.5, group: 'cloud fault', strike: ({ cloud }) => cloud.kill() },
  'foreign bytes from the broker': {
    aDay: 2,
    group: 'network fault',
    strike(_, bank, chance) {
      const text = chance.pick([
        '{"v":1,"type":"open-everything"}',
        '{"v":2,"type":"time"}',
        'rubbish',
        '{}',
      ]);
      bank.link.sendBytes(utf8(text));
    },
  },
  'courier suspended': {
    aDay: 2,
    group: 'cloud fault',
    strike(on, bank, chance) {
      for (const { person } of on.site.couriers.slice(chance.below(3)))
        suspend(on, bank, chance, { courier: person });
    },
  },
  'compartment suspended': {
    aDay: 2,
    group: 'cloud fault',
    strike(on, bank, chance) {
      const all = [...bank.metal.spaces.values()];
      // A door that somebody will want to open, where there is one.
      const wanted = all.filter(({ parcel }) => parcel !== null);
      suspend(on, bank, chance, { compartment: chance.pick(wanted.length > 0 ? wanted : all).n });
    },
  },
  'bank suspended': {
    aDay: 0.7,
    group: 'cloud fault',
    strike: (on, bank, chance) => suspend(on, bank, chance, {}),
  },
  'suspension for too long': {
    aDay: 0.2,
    group: 'cloud fault',
    strike: ({ agenda, cloud }, bank, chance) =>
      cloud.suspend(bank.id, {
        v: 1,
        type: 'suspend',
        id: suspensionId(chance),
        scope: 'bank',
        subject: null,
        compartment: null,
        untilMs: agenda.nowMs + 40 * HOUR_MS,
      }),
  },
} as const satisfies Record<string, Fault>;
export type FaultName = keyof typeof FAULTS;

function suspend(
  { agenda, cloud }: FaultDeps,
  bank: SimBank,
  chance: Chance,
  whom: { courier?: string; compartment?: number },
): void {
  const id = suspensionId(chance);
  const lastsMs = chance.between(3, 180) * MINUTE_MS;
  const subject = whom.courier ?? null;
  const compartment = whom.compartment ?? null;
  cloud.suspend(bank.id, {
    v: 1,
    type: 'suspend',
    id,
    scope: subject === null ? (compartment === null ? 'bank' : 'compartment') : 'courier',
    subject,
    compartment,
    untilMs: agenda.nowMs + lastsMs,
  });
  if (chance.of(0.5)) agenda.after(lastsMs / 2, () => cloud.lift(bank.id, id));
}

/** Lays every fault of one bank into its days. */
export function planFaults(on: FaultDeps, bank: SimBank, of: { chance: Chance; hours: number }): void {
  const { agenda, census } = on;
  const runMs = of.hours * HOUR_MS;
  for (const [name, fault] of Object.entries(FAULTS) as [FaultName, Fault][]) {
    const chance = of.chance.fork(name);
    const expected = (fault.aDay * of.hours) / 24;
    const times = Math.floor(expected) + (chance.of(expected % 1) ? 1 : 0);
    for (let time = 0; time < times; time++)
      agenda.after(chance.below(runMs), () => {
        census.count(fault.group === 'crash' ? 'metal fault' : fault.group, name);
        census.event(bank.id, `fault: ${name}`);
        bank.faults++;
        fault.strike(on, bank, chance);
      });
  }
}
