/**
 * One simulation: a site, its banks, its cloud, its people and everything that breaks, on one fake clock and
 * one seed. The same seed gives the same events in the same order, in any process.
 */
import { Agenda } from './agenda.ts';
import { SimBank } from './bank.ts';
import { Census, type Counts } from './census.ts';
import { Chance } from './chance.ts';
import { ModelCloud } from './cloud.ts';
import { courierVisit, strangerVisit } from './couriers.ts';
import { planFaults } from './faults.ts';
import { ModelHpke } from './keys.ts';
import type { Breach } from './laws.ts';
import { type Notice, Observer } from './observer.ts';
import { Office } from './orders.ts';
import { atScreen, type Here, live } from './person.ts';
import { guesserVisit, interloper, type Pickup, residentVisit } from './residents.ts';
import { makeSite, type Site } from './site.ts';
import { clockErrand, paperErrand, staffErrand, staffLifts, staffSweep } from './staff.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 8, 21, 6);
/** Longer than the longest grace time, and than everything that is sent again. */
const DRAIN_MS = 45 * MINUTE_MS;
const MORE_MAX = 3;
/** So many steps without a turn of the event loop, which costs more than most steps. */
const BREATH_STEPS = 64;

export type Settings = { seed: number; banks: number; hours: number; stepsMax: number | null };

export type Result = {
  settings: Settings;
  steps: number;
  events: number;
  counts: Counts;
  hash: string;
  breach: (Breach & { step: number; last: readonly string[] }) | null;
  /** False when `stepsMax` ended it before its time. */
  whole: boolean;
};

/** Visits on one bank's day. */
const VISITS = {
  courier: 33,
  stranger: 3,
  expired: 1,
  guesser: 2,
  interloper: 4,
  staff: 9,
  sweep: 0.5,
  clock: 1,
  lift: 1,
  paper: 5,
} as const;

/** What is done by order. */
const ERRANDS = {
  staff: staffErrand,
  sweep: staffSweep,
  clock: clockErrand,
  lift: staffLifts,
  paper: paperErrand,
} as const;

export class World {
  readonly #settings: Settings;
  readonly #agenda = new Agenda(START_MS);
  readonly #census: Census;
  readonly #observer: Observer;
  readonly #site: Site;
  readonly #cloud: ModelCloud;
  readonly #office: Office;
  readonly #banks = new Map<string, SimBank>();
  readonly #chance: Chance;
  /** Codes that people hold, by bank. */
  readonly #pickups = new Map<string, Pickup[]>();
  #over = false;
  #steps = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    const agenda = this.#agenda;
    const census = new Census(() => agenda.nowMs);
    const chance = new Chance(`holdfast ${settings.seed}`);
    const site = makeSite(chance.fork('site'), { ...settings, startMs: START_MS });
    const observer = new Observer({ agenda, census, site });
    const hpke = new ModelHpke();
    this.#census = census;
    this.#chance = chance;
    this.#site = site;
    this.#observer = observer;
    this.#cloud = new ModelCloud({
      agenda,
      chance: chance.fork('cloud'),
      census,
      observer,
      site,
      hpke,
      send: (bank, message) => this.#banks.get(bank)?.link.send(message),
      onNotice: (bank, notice) => this.#noticed(bank, notice),
      onFault: (bank) => {
        const hit = this.#banks.get(bank);
        if (hit) hit.faults++;
      },
    });
    this.#office = new Office({ agenda, site, cloud: this.#cloud, observer });
    for (const own of site.banks) {
      const bank = new SimBank({
        agenda,
        chance: chance.fork(own.id),
        census,
        observer,
        hpke,
        site: own,
        boardFaultShare: 0.06,
        onUp: (bytes) => this.#cloud.received(own.id, bytes),
      });
      this.#banks.set(own.id, bank);
      this.#pickups.set(own.id, []);
    }
    observer.standBefore((bank) => this.#banks.get(bank));
  }

  async run(): Promise<Result> {
    const { hours } = this.#settings;
    for (const bank of this.#banks.values()) this.#begin(bank);
    this.#agenda.after((hours * HOUR_MS) / 3, () => {
      this.#cloud.rosterVersion = 2;
      this.#cloud.epoch = 1;
      this.#cloud.tellAll();
    });
    const endMs = START_MS + hours * HOUR_MS;
    const whole = (await this.#until(endMs)) && (await this.#drain(endMs));
    const { breach } = this.#observer;
    return {
      settings: this.#settings,
      steps: this.#steps,
      events: this.#census.events,
      counts: this.#census.counts,
      hash: this.#census.hash(),
      breach: breach && { ...breach, step: this.#steps, last: this.#census.last() },
      whole,
    };
  }

  /** Everything is mended; what people began they finish, and then everything must have arrived. */
  async #drain(endMs: number): Promise<boolean> {
    this.#over = true;
    this.#office.closed = true;
    this.#cloud.calm();
    for (const bank of this.#banks.values()) bank.calm();
    if (!(await this.#until(endMs + DRAIN_MS / 3))) return false;
    for (const bank of this.#banks.values()) bank.calm();
    if (!(await this.#until(endMs + DRAIN_MS))) return false;
    // Banks write of themselves, too (a suspension ends, a message is refused again): what was written in the
    // last moment is given the time of a resend. A record that is stuck stays so.
    for (let more = 1; more <= MORE_MAX && this.#observer.isUnderWay; more++)
      if (!(await this.#until(endMs + DRAIN_MS + more * MINUTE_MS))) return false;
    this.#observer.drained();
    return this.#observer.breach === null;
  }

  /** False when a law was broken, or the steps are spent. */
  async #until(untilMs: number): Promise<boolean> {
    const agenda = this.#agenda;
    const stepsMax = this.#settings.stepsMax ?? Number.POSITIVE_INFINITY;
    while (this.#steps < stepsMax && agenda.step(untilMs)) {
      this.#steps++;
      if (agenda.restless) {
        agenda.restless = false;
        await settled(this.#steps % BREATH_STEPS === 0);
      }
      if (this.#observer.breach) return false;
    }
    return this.#steps < stepsMax;
  }

  #begin(bank: SimBank): void {
    const { hours } = this.#settings;
    const chance = this.#chance.fork(`people ${bank.id}`);
    this.#agenda.after(chance.between(0, 5_000), () => bank.boot());
    const on = { agenda: this.#agenda, census: this.#census, cloud: this.#cloud, site: this.#site };
    planFaults(on, bank, { chance: chance.fork('faults'), hours });
    for (const [name, aDay] of Object.entries(VISITS) as [keyof typeof VISITS, number][]) {
      const own = chance.fork(name);
      const times = Math.max(1, Math.round((aDay * hours) / 24));
      for (let time = 0; time < times; time++) {
        const here: Here = { bank, chance: own.fork(String(time)), census: this.#census };
        this.#agenda.after(own.below(hours * HOUR_MS), () => this.#visit(here, name));
      }
    }
  }

  #visit(here: Here, name: keyof typeof VISITS): void {
    if (this.#over) return;
    const { chance, bank } = here;
    const site = this.#site;
    const { couriers, leaving, struck } = site;
    const pickups = this.#pickups.get(bank.id) ?? [];
    const pickup = pickups.length > 0 ? chance.pick(pickups) : undefined;
    switch (name) {
      case 'courier': {
        const courier = chance.of(0.1) ? chance.pick([leaving, struck]) : chance.pick(couriers);
        const parcels = chance.weigh({ '1': 4, '2': 3, '3': 2 });
        return this.#goes(
          here,
          () => courierVisit(here, { site, courier, parcels: Number(parcels) }),
          'courier',
        );
      }
      case 'stranger': {
        const badge = chance.of(0.4) ? `HFB1${'A'.repeat(26)}` : chance.pick([...couriers, leaving]).badge;
        return this.#goes(
          here,
          () => strangerVisit(here, { badge, guesses: chance.between(2, 7) }),
          'stranger',
        );
      }
      case 'expired':
        return this.#goes(here, () => courierVisit(here, { site, courier: leaving, parcels: 1 }), 'courier');
      case 'guesser': {
        const of = { guesses: chance.between(4, 26), flat: pickup?.flat ?? '3', plug: chance.of(0.5) };
        return this.#goes(here, () => guesserVisit(here, of), 'guesser');
      }
      case 'interloper':
        return live(this.#agenda, interloper(here, pickup));
      default:
        return live(this.#agenda, ERRANDS[name]({ ...here, office: this.#office }));
    }
  }

  #goes(here: Here, visit: Parameters<typeof atScreen>[1], name: string): void {
    live(this.#agenda, atScreen(here, visit, name));
  }

  /** A resident is told of a parcel, and comes when it suits them; some come again with a code that is over. */
  #noticed(bankId: string, notice: Notice): void {
    const bank = this.#banks.get(bankId);
    const resident = this.#site.residents.find(({ person }) => person === notice.recipient);
    if (!bank || !resident) return;
    const pickup: Pickup = { notice, flat: resident.flat };
    const pickups = this.#pickups.get(bankId) ?? [];
    pickups.push(pickup);
    if (pickups.length > 30) pickups.shift();
    const chance = this.#chance.fork(`resident ${notice.reference}`);
    const here: Here = { bank, chance, census: this.#census };
    const visits = chance.weigh({ '0': 1, '1': 18, '2': 3 });
    let afterMs = 0;
    for (let visit = 0; visit < Number(visits); visit++) {
      afterMs += chance.between(4 * MINUTE_MS, chance.of(0.8) ? 90 * MINUTE_MS : 10 * HOUR_MS);
      this.#agenda.after(afterMs, () => {
        if (!this.#over) this.#goes(here, () => residentVisit(here, pickup), 'pick-up');
      });
    }
  }
}

/**
 * Lets every promise that is due run, and what it makes due, before time goes on. Node comes to its queue of
 * ticks when no promise is left to run; nothing here waits for anything else, so a turn of the event loop is
 * only taken to breathe: for signals, and for a rejection that nobody handles.
 */
function settled(breathes: boolean): Promise<void> {
  return new Promise((resolve) => (breathes ? setImmediate(resolve) : process.nextTick(resolve)));
}
