/**
 * One bank's process over model parts: the real executor, planner and upload rules; a disk, boards, a line
 * and clocks that break. A power cut ends the process in the middle of whatever it does; the next start
 * knows what the disk kept and nothing else.
 */
import type { KioskAction, KioskView } from '../../src/contract/kiosk.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { stateAtStart } from '../../src/edge/agent.ts';
import { Executor } from '../../src/edge/execute.ts';
import { JournalFull } from '../../src/edge/journal-disk.ts';
import type { PulseAnswer } from '../../src/edge/lockboard/lockboard.ts';
import type { Event } from '../../src/edge/plan/plan.ts';
import { ONLY } from '../../src/edge/plan/state.ts';
import { view } from '../../src/edge/plan/view.ts';
import { oneCertificate } from '../../src/edge/test-certificates.ts';
import { Upload } from '../../src/edge/upload.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Agenda, MachineClock } from './agenda.ts';
import type { Census } from './census.ts';
import type { Chance } from './chance.ts';
import { CUT_POINTS, Disk, ModelJournal } from './disk.ts';
import { Folder } from './folder.ts';
import type { ModelHpke } from './keys.ts';
import { Link } from './link.ts';
import { type Look, Metal } from './metal.ts';
import type { Observer } from './observer.ts';
import { type Shortage, tellsWhenFull } from './room.ts';
import type { SiteBank } from './site.ts';

/** Where a process can be cut off: within a durable write, and around a frame on the wire. */
export const CRASH_POINTS = [...CUT_POINTS, 'before-frame', 'after-frame', 'idle'] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

const BUILD = base64url(new Uint8Array(32).fill(1));
const TICK_BUSY_MS = 3_000;
const TICK_IDLE_MS = 60_000;
const BEAT_MS = 900_000;
const NEVER = new Promise<never>(() => {});

const DISK_REFUSED = 'the disk refused';
const NO_ROOM = new JournalFull(undefined).message;

class PowerCut extends Error {}
class DiskError extends Error {}

export type SimBankDeps = {
  agenda: Agenda;
  chance: Chance;
  census: Census;
  observer: Observer;
  hpke: ModelHpke;
  site: SiteBank;
  boardFaultShare: number;
  onUp(bytes: Uint8Array): void;
};

type Running = {
  executor: Executor;
  upload: Upload;
  seen: Map<number, string>;
  boards: Map<number, boolean>;
};

export class SimBank {
  readonly id: string;
  readonly disk: Disk;
  readonly metal: Metal;
  readonly link: Link;
  readonly clock: MachineClock;
  /** One person at the screen; others wait, the polite ones. */
  taken = false;
  /** Counts what broke here, so that a journey knows whether something broke during it. */
  faults = 0;
  #running: Running | null = null;
  #armed: { point: CrashPoint; count: number } | null = null;
  #diskBreaks = false;
  #calm = false;
  readonly #folder = new Folder(() => this.disk.image.records);
  readonly #deps: SimBankDeps;

  constructor(deps: SimBankDeps) {
    const { agenda, chance, census, observer, site } = deps;
    this.#deps = deps;
    this.id = site.id;
    const onFault = () => {
      this.faults++;
    };
    this.clock = new MachineClock(agenda);
    this.disk = new Disk((writes) => observer.durable(this.id, writes));
    this.metal = new Metal({
      agenda,
      chance: chance.fork('metal'),
      census,
      layout: site.standing.layout,
      sensesOccupancy: chance.of(0.8),
      boardFaultShare: deps.boardFaultShare,
      onChange: (n) => this.#metalChanged(n),
      onFault,
    });
    this.link = new Link({
      agenda,
      chance: chance.fork('link'),
      census,
      onArrivedUp: (bytes) => deps.onUp(bytes),
      onArrivedDown: (bytes) => this.#do(({ upload }) => upload.received(bytes)),
      onConnection: (up) => this.#connection(up),
      onFault,
    });
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Power is back, or it is the first start. */
  boot(): void {
    if (this.#running) return;
    const { agenda, chance, census, observer, site, hpke } = this.#deps;
    const { clock, disk, id: bank } = this;
    clock.boot();
    observer.booted(bank);
    const first = disk.image.records.length === 0;
    const cut = (at: CrashPoint) => this.#cutIfDue(at);
    const journal = new ModelJournal({ disk, bank, chance: chance.fork(`salts ${agenda.nowMs}`), cut });
    const state = stateAtStart({ journal, standing: site.standing, clock });
    const random = chance.fork(`ids ${agenda.nowMs}`);
    const alive = () => this.#running === running;
    const executor = new Executor(
      {
        clock,
        random,
        log: silentLog,
        journal: tellsWhenFull(journal, () => this.#foundFull()),
        keys: site.keys,
        hpke,
        boards: { pulse: (target) => (alive() ? this.#pulse(target) : NEVER) },
        onPlanned: (_state, records) => {
          agenda.restless = true;
          if (records > 0 && alive()) upload.kick();
        },
        onRefusal: (refusal) => upload.refusal(refusal),
        onHello: () => upload.hello(),
        room: disk.room,
        onForgotten: () => this.#lookAnew(),
        onFatal: (error) => alive() && this.#fatal(error),
      },
      state,
    );
    const upload: Upload = new Upload({
      bank,
      keys: site.keys,
      journal,
      hpke,
      link: this.link,
      certificates: oneCertificate(''),
      clock,
      random,
      log: { ...silentLog, error: (_message, fields) => alive() && this.#complained(fields?.error) },
      state: () => executor.state,
      onHeard: (heard) => this.#dispatch({ type: 'heard', heard }),
      onUnheard: (refused) => this.#dispatch({ type: 'unheard', refused }),
    });
    const running: Running = { executor, upload, seen: new Map(), boards: new Map() };
    this.#running = running;
    census.count('recovery', first ? 'first start' : 'after a cut');
    this.#dispatch({ type: 'started', build: BUILD, first, layout: BUILD });
    if (!alive()) return;
    // A bank that never was has nothing to wait with (`startAgent` says the same): it is started again later.
    if (first && executor.isBehind) return this.cut('idle', 60_000);
    this.#lookForRoom();
    this.#readOrders();
    if (!alive()) return;
    // A first look takes its time: until then what the journal kept of a door may be over.
    const { chance: own, agenda: later } = this.#deps;
    later.after(own.between(20, 2_500), () => this.#running === running && this.#look());
    this.link.dial(() => this.#running === running);
    this.#tickLater();
    clock.every(BEAT_MS, () => this.#do(() => upload.beat()));
  }

  /** The process ends here and now. What the disk had not synced is lost in part. */
  cut(point: CrashPoint, downMs: number): void {
    const running = this.#running;
    if (!running) return;
    const { agenda, census, observer, chance } = this.#deps;
    this.#running = null;
    this.#armed = null;
    this.faults++;
    this.clock.die();
    running.upload.stop();
    this.link.drop(false);
    census.count('crash', point);
    census.event(this.id, `crash ${point}`);
    this.disk.lose(chance);
    observer.crashed(this.id);
    agenda.after(downMs, () => this.boot());
  }

  /** The `count`-th time that the process comes to `point` it is cut off there. */
  arm(point: CrashPoint, count: number): void {
    if (!this.#calm) this.#armed = { point, count };
  }

  /** The next durable write answers an error. */
  breakDisk(): void {
    if (!this.#calm) this.#diskBreaks = true;
  }

  /** What a person does at the screen. Null when the screen is dark. */
  act(action: KioskAction): KioskView | null {
    const running = this.#running;
    if (!running) return null;
    this.#deps.observer.did(this.id, action);
    this.#dispatch({ type: 'action', action, fresh: running.executor.fresh() });
    return this.view();
  }

  view(): KioskView | null {
    const running = this.#running;
    return running && view(running.executor.state, running.executor.moment());
  }

  /** What an order must name; shown on the bank's own health page, and told to the cloud. */
  nonce(): string | null {
    return this.#running?.executor.state.orderBook[ONLY]?.nonce ?? null;
  }

  /** Somebody copies an order into the folder. */
  putOrder(note: string): void {
    this.#folder.put(note);
    this.#readOrders();
  }

  /** The disk is eaten up by something else, for `lastsMs`. */
  fillDisk(shortage: Shortage, lastsMs: number): void {
    if (this.#calm) return;
    this.disk.room.runShort(shortage);
    this.#deps.agenda.after(lastsMs, () => this.disk.room.clear());
  }

  setBoard(board: number, present: boolean): void {
    this.metal.present.set(board, present);
    for (const { n } of this.#deps.site.standing.layout.compartments) this.#deps.observer.blinked(this.id, n);
    this.#deps.agenda.after(1_000, () => this.#look());
  }

  breakLine(closedMs: number): void {
    this.link.open = false;
    this.link.drop(true);
    this.#deps.agenda.after(closedMs, () => {
      this.link.open = true;
    });
  }

  /** Faults are over: everything is mended and powered. */
  calm(): void {
    this.#calm = true;
    this.#armed = null;
    this.#diskBreaks = false;
    this.disk.room.clear();
    this.link.calm();
    for (const board of this.metal.present.keys()) this.setBoard(board, true);
    this.metal.mend();
    this.boot();
  }

  #cutIfDue(at: CrashPoint): void {
    if (this.#diskBreaks && at === 'before-write') {
      this.#diskBreaks = false;
      this.#deps.census.count('disk fault', 'write refused');
      this.faults++;
      throw new DiskError(DISK_REFUSED);
    }
    const armed = this.#armed;
    if (armed?.point !== at || --armed.count > 0) return;
    this.cut(at, this.#deps.chance.between(20_000, 300_000));
    throw new PowerCut(at);
  }

  async #pulse(target: { board: number; lock: number }): Promise<PulseAnswer> {
    this.#cutIfDue('before-frame');
    this.#deps.observer.frame(this.id, target);
    const answer = this.metal.pulse(target);
    this.#cutIfDue('after-frame');
    const running = this.#running;
    const answered = await answer;
    return this.#running === running ? answered : NEVER;
  }

  #do(what: (running: Running) => void): void {
    const running = this.#running;
    if (!running) return;
    this.#deps.agenda.restless = true;
    try {
      what(running);
    } catch (error) {
      // After a cut nobody is there any more to whom the error could matter.
      if (this.#running === running) this.#fatal(error as Error);
    }
  }

  #dispatch(event: Event): void {
    this.#do(({ executor }) => executor.dispatch(event));
  }

  /** The process gives up: for a disk that refuses it must, for anything else it is a bug. */
  #fatal(error: Error): void {
    const cause = error.cause instanceof Error ? error.cause : error;
    if (cause instanceof PowerCut) return;
    if (!(cause instanceof DiskError)) this.#deps.observer.threw(this.id, cause);
    this.cut('idle', 5_000);
  }

  /** The upload goes on after a disk that refused, and tries again; any other error is a bug. */
  #complained(error: unknown): void {
    if (error === undefined || error === DISK_REFUSED || error === NO_ROOM) return;
    this.#deps.observer.threw(this.id, new Error(String(error)));
  }

  #foundFull(): void {
    this.faults++;
    this.#deps.census.count('disk fault', 'no room');
    this.#deps.observer.room(this.id, false);
  }

  /** The watch over the room. Looks that find what the bank knows already would change nothing. */
  #lookForRoom(): void {
    const running = this.#running;
    if (!running) return;
    const seen = this.disk.room.look();
    if (!seen.full && !running.executor.state.volatile.full) return;
    this.#deps.observer.room(this.id, !seen.full);
    this.#dispatch({ type: 'room', ...seen });
  }

  #readOrders(): void {
    const running = this.#running;
    if (!running) return;
    this.#folder.look((note) => {
      this.#dispatch({ type: 'order', note });
      return this.#running === running;
    });
  }

  #lookAnew(): void {
    this.#running?.seen.clear();
    this.#look();
  }

  #connection(up: boolean): void {
    this.#deps.census.event(this.id, `link ${up ? 'up' : 'down'}`);
    this.#dispatch({ type: 'link', up });
    const running = this.#running;
    if (!running) return;
    if (up) this.#do(({ upload }) => upload.opened());
    else this.link.dial(() => this.#running === running);
  }

  #metalChanged(n: number): void {
    const { agenda, chance, observer } = this.#deps;
    observer.blinked(this.id, n);
    agenda.after(chance.between(40, 900), () => this.#look());
  }

  /** One look at every board: only what changed since the last one is an event. */
  #look(): void {
    const running = this.#running;
    if (!running) return;
    for (const [board, present] of this.metal.present) {
      if (running.boards.get(board) === present) continue;
      running.boards.set(board, present);
      this.#dispatch({ type: 'board', board, present });
    }
    for (const space of this.metal.spaces.values()) {
      if (this.metal.present.get(space.board) !== true) continue;
      const look = this.metal.look(space.n);
      const text = `${look.door} ${look.occupied}`;
      if (running.seen.get(space.n) === text) continue;
      running.seen.set(space.n, text);
      this.#sensed(space.n, look);
      if (this.#running !== running) return;
    }
  }

  #sensed(n: number, look: Look): void {
    this.#deps.observer.looked(this.id, n, look);
    this.#do(({ executor }) =>
      executor.dispatch({ type: 'sensed', sensed: { compartment: n, ...look }, fresh: executor.fresh() }),
    );
  }

  #tickLater(): void {
    const screen = this.#running?.executor.state.volatile;
    const idle = screen?.screen.at === 'home' && screen.message === null;
    this.clock.after(idle ? TICK_IDLE_MS : TICK_BUSY_MS, () => {
      this.#do(({ executor }) => executor.dispatch({ type: 'tick', fresh: executor.fresh() }));
      this.#lookForRoom();
      this.#readOrders();
      if (this.#running) this.#tickLater();
    });
  }
}
