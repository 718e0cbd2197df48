/**
 * A courier and a resident who do at a kiosk what its screen asks for, whatever happened before, and who
 * remember what it promised them. Nothing that they were answered may be gone later.
 */
import assert from 'node:assert/strict';
import type { TestRig } from '../../rig/test-rig.ts';
import type { KioskAction, KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import type { Journal } from '../../src/edge/journal.ts';
import type { Kept } from '../../src/edge/plan/state.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { openNotice, type TestSite } from '../bank.ts';
import type { EdgeProcess } from './edge-process.ts';
import type { Chance } from './images.ts';

const COURIER_CODE = '284917';
const PARCELS_MAX = 6;
/** A bank takes so many wrong guesses a day; a code that was used is one of them. */
const SPENT_TRIES_MAX = 12;
const LOOK_MS = 15;
/** Seen so often without an open door, before anybody presses again. */
const LOOKS_MIN = 40;
const LIVE_MS_MAX = 120_000;

type Door = Extract<KioskScreen, { screen: 'pick-up' | 'drop-off' }>['door'];

export class People {
  /** What the kiosk said is done: parcels taken in, parcels handed out. */
  readonly deposited = new Set<string>();
  readonly collected = new Set<string>();
  /** Pick-ups that were begun: until the kiosk says that one is done, either is true. */
  readonly #begun = new Set<string>();
  readonly #codes = new Map<string, string>();
  readonly #trackingAt = new Map<number, string>();
  readonly #rig: TestRig;
  readonly #site: TestSite;
  readonly #chance: Chance;
  #codeIsSet = false;
  #parcels = 0;
  #spentTries = 0;
  #looks = 0;
  actions = 0;

  constructor(deps: { rig: TestRig; site: TestSite; chance: Chance }) {
    this.#rig = deps.rig;
    this.#site = deps.site;
    this.#chance = deps.chance;
  }

  /** Goes on until `isOver`, or until nobody answers. */
  async live(edge: EdgeProcess, isOver: (view: KioskView) => boolean): Promise<void> {
    const endMs = systemClock.monotonicMs() + LIVE_MS_MAX;
    for (;;) {
      const view = await edge.view();
      if (!view || isOver(view)) return;
      assert.ok(systemClock.monotonicMs() < endMs, `it did not come about: ${JSON.stringify(view)}`);
      await this.#step(edge, view.show);
    }
  }

  async #step(edge: EdgeProcess, show: KioskScreen): Promise<void> {
    switch (show.screen) {
      case 'home':
      case 'reported':
        return this.#begin(edge);
      case 'pick-up-done':
        return void (await this.#act(edge, { do: 'cancel' }));
      case 'courier-code':
        assert.ok(!(show.first && this.#codeIsSet), 'a courier’s code that was set is set');
        return void (await this.#act(
          edge,
          show.first
            ? { do: 'courier-code-new', code: COURIER_CODE, again: COURIER_CODE }
            : { do: 'courier-code', code: COURIER_CODE },
        ));
      case 'tracking':
        this.#codeIsSet = true;
        if (this.#waiting().length >= PARCELS_MAX) return void (await this.#act(edge, { do: 'leave' }));
        return void (await this.#act(edge, {
          do: 'tracking',
          text: `1Z999AA1${1_000_000_000 + this.#parcels++}`,
        }));
      case 'flat':
        return void (await this.#act(edge, { do: 'flat', text: this.#site.resident.flat }));
      case 'recipient':
        return void (await this.#act(edge, { do: 'recipient', index: 0 }));
      case 'size':
        return void (await this.#act(edge, { do: 'size', size: 'S' }));
      case 'drop-off':
        this.#trackingAt.set(show.door.compartment, show.tracking);
        return this.#atDoor(edge, show, 'put-in');
      case 'drop-off-done':
        return void (await this.#act(edge, { do: this.#chance.half() ? 'next-parcel' : 'leave' }));
      case 'pick-up':
        return this.#atDoor(edge, show, 'take-out');
      case 'closed':
        return sleep(systemClock, LOOK_MS);
    }
  }

  async #begin(edge: EdgeProcess): Promise<void> {
    const spent = [...this.collected].find((tracking) => this.#codes.has(tracking));
    if (spent !== undefined && this.#spentTries < SPENT_TRIES_MAX && this.#chance.below(3) === 0) {
      this.#spentTries++;
      const view = await this.#act(edge, { do: 'pin', pin: this.#codes.get(spent) ?? '' });
      this.#codes.delete(spent);
      if (view) assert.notEqual(view.show.screen, 'pick-up', `the code of ${spent} opens once`);
      return;
    }
    const ready = this.#waiting().filter((tracking) => this.#codes.has(tracking));
    const [first] = ready;
    if (first === undefined || (ready.length < PARCELS_MAX / 2 && this.#chance.half()))
      return void (await this.#act(edge, { do: 'scan', text: this.#site.courier.badge }));
    this.#begun.add(first);
    await this.#act(edge, { do: 'pin', pin: this.#codes.get(first) ?? '' });
  }

  /** Parcels that wait as far as the people know. */
  #waiting(): string[] {
    return [...this.deposited].filter((tracking) => !this.collected.has(tracking));
  }

  async #atDoor(
    edge: EdgeProcess,
    { door, ask }: { door: Door; ask: boolean },
    hands: 'put-in' | 'take-out',
  ): Promise<void> {
    const n = door.compartment;
    if (door.door === 'open') {
      const label = this.#trackingAt.get(n) ?? '';
      await this.#rig.ask(`/parcels/${n}`, hands === 'put-in' ? { do: hands, label } : { do: hands });
      await this.#rig.ask(`/doors/${n}/close`, undefined, 'POST');
      return sleep(systemClock, LOOK_MS);
    }
    if (ask) {
      const view = await this.#act(edge, { do: hands === 'put-in' ? 'deposited' : 'collected' });
      if (view?.show.screen === 'pick-up-done') this.collected.add(this.#trackingAt.get(n) ?? '');
      return;
    }
    // The latch was let go and the door has not been seen open, or nobody knows: they look for a while, as
    // people do, then ask again or give up.
    this.#looks = door.latch === 'waiting' ? 0 : this.#looks + 1;
    if (this.#looks < LOOKS_MIN) return sleep(systemClock, LOOK_MS);
    this.#looks = 0;
    await this.#act(edge, { do: door.again && this.#chance.below(4) !== 0 ? 'again' : 'cancel' });
  }

  async #act(edge: EdgeProcess, action: KioskAction): Promise<KioskView | undefined> {
    this.actions++;
    const view = await edge.act(action);
    if (!view) return undefined;
    const { show } = view;
    if (show.screen === 'drop-off-done') this.deposited.add(show.tracking);
    return view;
  }

  /** The journal is open before them: everything that they were promised stands in it. */
  async check(of: { journal: Journal; kept: Kept; records: LedgerRecord[] }): Promise<void> {
    const { journal, kept, records } = of;
    const byTracking = new Map(Object.values(kept.parcel).map((parcel) => [parcel.tracking, parcel]));
    for (const tracking of this.deposited) {
      const parcel = byTracking.get(tracking);
      if (this.collected.has(tracking)) assert.equal(parcel, undefined, `${tracking} was handed out`);
      else if (!this.#begun.has(tracking)) assert.equal(parcel?.state, 'waiting', `${tracking} was taken in`);
      // It was handed out, and the kiosk had no time to say so.
      else if (!parcel) this.collected.add(tracking);
    }
    assert.deepEqual(
      records.filter(({ kind }) => kind === 'door.forced').map(({ seq }) => before(records, seq)),
      [],
      'no latch moved without a decision in the journal',
    );
    const wishes = new Map(journal.wishes().map((wish) => [wish.seq, wish]));
    for (const grant of Object.values(kept.grant)) {
      const tracking = kept.parcel[grant.parcel]?.tracking;
      if (tracking === undefined || grant.state !== 'live' || grant.issue === 0) continue;
      const issued = records.findLast(
        ({ kind, compartment }) => kind === 'grant.issued' && compartment === grant.compartment,
      );
      const wish = wishes.get(issued?.seq ?? 0);
      assert.ok(wish, `the code of ${tracking} is on its way to its resident`);
      // Taken in, and the kiosk had no time to say so.
      this.deposited.add(tracking);
      this.#trackingAt.set(grant.compartment, tracking);
      if (!this.#codes.has(tracking)) this.#codes.set(tracking, (await openNotice(this.#site, wish)).pin);
    }
  }
}

/** What happened at a door before record `seq`, for whoever has to find out why. */
function before(records: readonly LedgerRecord[], seq: number): string[] {
  const n = records.find((record) => record.seq === seq)?.compartment;
  return records
    .filter((record) => record.seq <= seq && (record.compartment === n || record.kind === 'agent.started'))
    .slice(-14)
    .map(({ seq: at, kind, time, facts }) => `${at} ${time.atMs} ${kind} ${JSON.stringify(facts)}`);
}
