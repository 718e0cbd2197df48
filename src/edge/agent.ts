/**
 * The edge agent: the composition root of one bank. Start order matters: the journal first (nothing may
 * happen without it), then the planner with what the journal holds, then boards, kiosk, uplink.
 */
import canonicalize from 'canonicalize';
import type { KioskAction } from '../contract/kiosk.ts';
import { type Commissioning, commissioning as commissioningSchema } from '../contract/uplink.ts';
import { base64url, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { type BankLayout, LAYOUT_24 } from '../domain/bank.ts';
import { DEFAULT_POLICY } from '../domain/roster.ts';
import { pinDigits } from '../domain/scan.ts';
import type { Clock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { makePrivateDir } from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { EdgeConfig } from './config.ts';
import { certificateFor } from './enrol.ts';
import { Executor } from './execute.ts';
import { Journal } from './journal.ts';
import { type BankKeys, keyTexts, openBankKeys } from './keys.ts';
import { type KioskServer, startKiosk } from './kiosk/server.ts';
import { kerongCu } from './lockboard/kerong-cu.ts';
import type { BoardStatus, LockBoard } from './lockboard/lockboard.ts';
import { tcpLine } from './lockboard/tcp-line.ts';
import { inboxDir, OrderInbox, ordersIn } from './order-inbox.ts';
import { startClock } from './plan/clock.ts';
import type { Event } from './plan/plan.ts';
import {
  type BankState,
  type Compartment,
  freshVolatile,
  type Kept,
  ONLY,
  rosterOf,
  type Standing,
} from './plan/state.ts';
import { isOnline, view } from './plan/view.ts';
import { openScanner } from './reader/scanner.ts';
import { Uplink } from './uplink.ts';

const TICK_MS = 1000;

export type AgentDeps = {
  config: EdgeConfig;
  clock: Clock;
  random: Random;
  log: Log;
  onFatal(error: Error): void;
};

export type Agent = {
  kioskPort: number;
  fingerprint: string;
  /** For tests and supervisors: the state as it stands. */
  state(): BankState;
  journal: Journal;
  act(action: KioskAction): Promise<void>;
  /** Puts one event to the planner, as the parts of the agent do. */
  dispatch(event: Event): void;
  settled(): Promise<void>;
  stop(): Promise<void>;
};

export async function startAgent(deps: AgentDeps): Promise<Agent> {
  const bank = await openBank(deps);
  const { executor, boards, parts } = makeExecutor(deps, bank);
  const { config, clock } = deps;
  const { journal } = bank;
  const layoutHash = base64url(sha256(utf8(canonicalize(LAYOUT) ?? '')));
  const first = journal.tip.lastSeq === 0;
  executor.dispatch({ type: 'started', build: layoutHash, first, layout: layoutHash });
  const act = async (action: KioskAction) => {
    executor.dispatch({ type: 'action', action, fresh: executor.fresh() });
  };
  parts.kiosk = await startKiosk({
    ...config.kiosk,
    clock,
    view: () => view(executor.state, executor.moment()),
    layout: () => layoutForKiosk(LAYOUT, bank.commissioning.name),
    health: () => healthOf(executor, journal, bank.keys),
    act,
  });
  parts.uplink = openUplink({ ...deps, ...bank, executor });
  boards.start();
  const onScan = (text: string) => void act({ do: 'scan', text }).catch(deps.onFatal);
  const scanner = config.scanner ? openScanner({ ...config.scanner, clock, onScan }) : null;
  parts.uplink.start();
  const inbox = openInbox({ ...deps, executor, journal });
  const cancelTick = clock.every(TICK_MS, () => executor.dispatch({ type: 'tick', fresh: executor.fresh() }));
  return {
    kioskPort: parts.kiosk.port,
    fingerprint: bank.keys.fingerprint,
    state: () => executor.state,
    journal,
    act,
    dispatch: (event) => executor.dispatch(event),
    settled: () => executor.settled(),
    async stop() {
      cancelTick();
      inbox.stop();
      await scanner?.stop();
      await boards.stop();
      await executor.settled();
      executor.dispatch({ type: 'stopping' });
      await parts.uplink?.stop();
      await parts.kiosk?.stop();
      journal.close();
    },
  };
}

/** Until layouts come with the commissioning file, every bank is this one. */
const LAYOUT = LAYOUT_24;

type OpenBank = { commissioning: Commissioning; keys: BankKeys; certificate: string; journal: Journal };

/** What must be there before anything may happen: the bank's papers, keys, certificate and journal. */
async function openBank({ config, random }: AgentDeps): Promise<OpenBank> {
  const { dataDir } = config;
  makePrivateDir(dataDir);
  const commissioning = readConfig(config.commissioningFile, commissioningSchema);
  const keys = await openBankKeys(dataDir);
  const certificate = await certificateFor({ dataDir, commissioning, keys });
  const journal = new Journal({ dataDir, bank: commissioning.bank, storageKey: keys.storage, random });
  return { commissioning, keys, certificate, journal };
}

/** What is told of each plan; filled once the kiosk and the uplink stand. */
type Parts = { uplink: Uplink | null; kiosk: KioskServer | null };

function makeExecutor(deps: AgentDeps, { commissioning, keys, journal }: OpenBank) {
  const { clock, random, log, onFatal, config } = deps;
  const parts: Parts = { uplink: null, kiosk: null };
  const dispatch: Executor['dispatch'] = (event) => executor.dispatch(event);
  const boards = openBoards({ config, clock, layout: LAYOUT, dispatch, fresh: () => executor.fresh() });
  const onPlanned = (_state: BankState, records: number) => {
    parts.kiosk?.changed();
    if (records > 0) parts.uplink?.kick();
  };
  const onRefusal = (refusal: { hash: string; reason: string }) => parts.uplink?.refusal(refusal);
  const onHello = () => parts.uplink?.hello();
  const executor: Executor = new Executor(
    { clock, random, log, journal, keys, boards, onPlanned, onRefusal, onHello, onFatal },
    stateAtStart({ journal, standing: standingOf(commissioning, keys, LAYOUT), clock }),
  );
  return { executor, boards, parts };
}

function standingOf(commissioning: Commissioning, keys: BankKeys, layout: BankLayout): Standing {
  return {
    bank: commissioning.bank,
    tenant: commissioning.tenant,
    site: commissioning.site,
    name: commissioning.name,
    layout,
    ...keyTexts(keys),
    fingerprint: keys.fingerprint,
    rootKeys: commissioning.rootKeys,
    rootSignatures: commissioning.rootSignatures,
    development: commissioning.development,
    pinDigits: pinDigits(layout.compartments.length, DEFAULT_POLICY.kioskGuessesPerDay),
  };
}

function stateAtStart(of: { journal: Journal; standing: Standing; clock: Clock }): BankState {
  const { journal, standing, clock } = of;
  const kept = journal.readState();
  const moment = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  return {
    ...kept,
    compartment: compartmentsOf(standing.layout, kept),
    standing,
    lastSeq: journal.tip.lastSeq,
    volatile: freshVolatile(startClock(moment, journal.tip.lastMs, kept.clock[ONLY])),
  };
}

function compartmentsOf(layout: BankLayout, kept: Kept): Record<string, Compartment> {
  return Object.fromEntries(
    layout.compartments.map(({ n, size, accessible, board, lock }) => {
      const compartment = kept.compartment[n] ?? {
        n,
        size,
        accessible,
        board,
        lock,
        use: 'empty',
        withdrawn: null,
        parcel: null,
        session: null,
        door: 'unknown',
        doorSinceMs: 0,
        occupied: 'unsensed',
        expecting: null,
        ajar: false,
      };
      return [String(n), compartment];
    }),
  );
}

type Dispatch = Executor['dispatch'];

function openBoards(deps: {
  config: EdgeConfig;
  clock: Clock;
  layout: BankLayout;
  dispatch: Dispatch;
  fresh: Executor['fresh'];
}): LockBoard {
  const { config, clock, layout, dispatch, fresh } = deps;
  const { line, profile, pollMs } = config.boards;
  const seen = new Map<number, string>();
  const onStatus = (status: BoardStatus) => {
    for (const { n, board, lock } of layout.compartments) {
      if (board !== status.board) continue;
      const door = status.closed[lock] ? 'closed' : 'open';
      const occupied = status.occupied === null ? 'unsensed' : status.occupied[lock] ? 'yes' : 'no';
      const look = `${door} ${occupied}`;
      // Only what changed is an event: a look that finds the same says nothing.
      if (seen.get(n) === look) continue;
      seen.set(n, look);
      dispatch({ type: 'sensed', sensed: { compartment: n, door, occupied }, fresh: fresh() });
    }
  };
  return kerongCu({
    line: tcpLine({ host: line.host, port: line.port, clock }),
    boards: [...new Set(layout.compartments.map((place) => place.board))],
    profile,
    pollMs,
    clock,
    listener: {
      onStatus,
      onPresence: (board, present) => dispatch({ type: 'board', board, present }),
      onGarbled: () => {},
    },
  });
}

type UplinkParts = {
  config: EdgeConfig;
  commissioning: Commissioning;
  certificate: string;
  keys: BankKeys;
  journal: Journal;
  clock: Clock;
  random: Random;
  log: Log;
  executor: Executor;
};

function openUplink(parts: UplinkParts): Uplink {
  const { config, commissioning, executor } = parts;
  const broker = new URL(commissioning.brokerUrl);
  return new Uplink({
    bank: commissioning.bank,
    host: config.uplink?.host ?? broker.hostname,
    port: config.uplink?.port ?? Number(broker.port),
    pins() {
      const roster = rosterOf(executor.state);
      if (!roster) return commissioning.pins;
      const { current, next, offline } = roster.pins;
      return offline === null ? [current, next] : [current, next, offline];
    },
    certificate: parts.certificate,
    keys: parts.keys,
    journal: parts.journal,
    clock: parts.clock,
    random: parts.random,
    log: parts.log.child('uplink'),
    state: () => executor.state,
    onHeard: (heard) => executor.dispatch({ type: 'heard', heard }),
    onUnheard: (refused) => executor.dispatch({ type: 'unheard', refused }),
    onLink: (up) => executor.dispatch({ type: 'link', up }),
  });
}

/** Orders that somebody carries here; what became of one is what the journal says. */
function openInbox(of: AgentDeps & { executor: Executor; journal: Journal }): OrderInbox {
  const { config, clock, log, executor, journal } = of;
  return new OrderInbox({
    dir: inboxDir(config.dataDir),
    clock,
    log: log.child('orders'),
    take(note) {
      const before = journal.tip.lastSeq;
      executor.dispatch({ type: 'order', note });
      return ordersIn(journal.everyRecord(before));
    },
    known: () => ordersIn(journal.everyRecord()),
  });
}

function layoutForKiosk(layout: BankLayout, name: string) {
  const compartments = layout.compartments.map(
    ({ n, size, column, row, heightUnits, middleCm, accessible }) => ({
      n,
      size,
      column,
      row,
      heightUnits,
      middleCm,
      accessible,
    }),
  );
  return { name, columns: layout.columns, compartments };
}

function healthOf(executor: Executor, journal: Journal, keys: BankKeys) {
  const { state } = executor;
  const boards = Object.entries(state.volatile.boards).map(([board, present]) => ({
    board: Number(board),
    present,
  }));
  return {
    ready: rosterOf(state) !== undefined && boards.length > 0 && boards.every((board) => board.present),
    bank: state.standing.bank,
    fingerprint: keys.fingerprint,
    rosterVersion: rosterOf(state)?.version ?? 0,
    online: isOnline(state, executor.moment()),
    lastSeq: journal.tip.lastSeq,
    acknowledgedSeq: journal.tip.acknowledgedSeq,
    boards,
    orderNonce: state.orderBook[ONLY]?.nonce ?? null,
  };
}
