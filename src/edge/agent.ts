/**
 * The edge agent: the composition root of one bank. Start order matters: the journal first (nothing may
 * happen without it), then the planner with what the journal holds, then boards, kiosk, uplink.
 */
import canonicalize from 'canonicalize';
import type { KioskAction } from '../contract/kiosk.ts';
import { type Commissioning, commissioning as commissioningSchema } from '../contract/uplink.ts';
import { base64url, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { hpke } from '../crypto/hpke.ts';
import { type BankLayout, LAYOUT_24 } from '../domain/bank.ts';
import { DEFAULT_POLICY } from '../domain/roster.ts';
import { pinDigits } from '../domain/scan.ts';
import type { Clock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { makePrivateDir } from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { Certificates } from './certificates.ts';
import type { EdgeConfig } from './config.ts';
import { Executor } from './execute.ts';
import { Journal } from './journal.ts';
import { JournalFull } from './journal-disk.ts';
import { type BankKeys, keyTexts, openBankKeys } from './keys.ts';
import { type KioskServer, startKiosk } from './kiosk/server.ts';
import { openBoards } from './lockboard/boards.ts';
import { inboxDir, OrderInbox, ordersIn } from './order-inbox.ts';
import { logEvidence, logStatus } from './plan/auditor.ts';
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
import { ROOM_MIB_MIN, RoomWatch } from './room.ts';
import { requireSameLayout } from './same-layout.ts';
import { readSealingKey } from './sealing-key.ts';
import { Uplink } from './uplink.ts';

const TICK_MS = 1000;
/** How often the journal's room is looked at. */
const ROOM_MS = 10_000;

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
  const { executor, boards, parts, room, happened } = makeExecutor(deps, bank);
  const { config, clock } = deps;
  const { journal, layout, layoutHash } = bank;
  const first = journal.tip.lastSeq === 0;
  executor.dispatch({ type: 'started', build: layoutHash, first, layout: layoutHash });
  // A bank that was there before waits for room, closed; one that never was has nothing to wait with.
  if (first && executor.isBehind) {
    journal.close();
    throw new JournalFull(undefined);
  }
  const lookForRoom = () => happened({ type: 'room', ...room.look() });
  lookForRoom();
  const act = async (action: KioskAction) => {
    executor.dispatch({ type: 'action', action, fresh: executor.fresh() });
  };
  parts.kiosk = await startKiosk({
    ...config.kiosk,
    clock,
    view: () => view(executor.state, executor.moment()),
    layout: () => layoutForKiosk(layout, bank.commissioning.name),
    health: () => healthOf(executor, journal, bank.keys),
    log: () => logEvidence(executor.state),
    act,
  });
  parts.uplink = openUplink({ ...deps, ...bank, executor, happened });
  boards.driver.start();
  const onScan = (text: string) =>
    happened({ type: 'action', action: { do: 'scan', text }, fresh: executor.fresh() });
  const scanner = config.scanner ? openScanner({ ...config.scanner, clock, onScan }) : null;
  parts.uplink.start();
  const inbox = openInbox({ ...deps, journal, happened });
  const cancelTick = clock.every(TICK_MS, () => happened({ type: 'tick', fresh: executor.fresh() }));
  const cancelRoom = clock.every(ROOM_MS, () => {
    lookForRoom();
    boards.tellPresence();
  });
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
      cancelRoom();
      inbox.stop();
      await scanner?.stop();
      await boards.driver.stop();
      await executor.settled();
      happened({ type: 'stopping' });
      await parts.uplink?.stop();
      await parts.kiosk?.stop();
      journal.close();
    },
  };
}

type OpenBank = {
  commissioning: Commissioning;
  layout: BankLayout;
  layoutHash: string;
  keys: BankKeys;
  certificates: Certificates;
  journal: Journal;
};

/** What must be there before anything may happen: the bank's papers, keys, certificate and journal. */
async function openBank({ config, clock, random, log }: AgentDeps): Promise<OpenBank> {
  const { dataDir } = config;
  makePrivateDir(dataDir);
  const commissioning = readConfig(config.commissioningFile, commissioningSchema);
  const sealingKey = readSealingKey({ source: config.sealingKey, dataDir });
  const keys = await openBankKeys({ dataDir, bank: commissioning.bank, sealingKey, log });
  const certificates = await Certificates.open({
    ...{ dataDir, commissioning, keys, clock },
    log: log.child('certificate'),
  });
  const journal = new Journal({ dataDir, bank: commissioning.bank, storageKey: keys.storage, random });
  // A file from before layouts came with it is of a bank of 24.
  const layout = commissioning.layout ?? LAYOUT_24;
  const layoutHash = base64url(sha256(utf8(canonicalize(layout) ?? '')));
  try {
    requireSameLayout(journal, { layoutHash, file: config.commissioningFile });
  } catch (error) {
    journal.close();
    throw error;
  }
  return { commissioning, layout, layoutHash, keys, certificates, journal };
}

/** What is told of each plan; filled once the kiosk and the uplink stand. */
type Parts = { uplink: Uplink | null; kiosk: KioskServer | null };

function makeExecutor(deps: AgentDeps, { commissioning, keys, journal, layout }: OpenBank) {
  const { clock, random, log, onFatal, config } = deps;
  const parts: Parts = { uplink: null, kiosk: null };
  /** For what nobody waits for: when the journal broke, `onFatal` has been told and the agent is stopping. */
  const happened = (event: Event): void => {
    if (executor.broken) return;
    try {
      executor.dispatch(event);
    } catch (error) {
      if (error !== executor.broken) throw error;
    }
  };
  const boards = openBoards({
    config: config.boards,
    clock,
    layout,
    dispatch: happened,
    fresh: () => executor.fresh(),
  });
  const roomMiBMin = config.journal?.roomMiBMin ?? ROOM_MIB_MIN;
  const room = new RoomWatch({ dataDir: config.dataDir, roomMiBMin, random });
  const onForgotten = () => boards.lookAnew();
  const onPlanned = (_state: BankState, records: number) => {
    parts.kiosk?.changed();
    if (records > 0) parts.uplink?.kick();
  };
  const onRefusal = (refusal: { hash: string; reason: string }) => parts.uplink?.refusal(refusal);
  const onHello = () => parts.uplink?.hello();
  const executor: Executor = new Executor(
    {
      clock,
      random,
      log,
      journal,
      keys,
      hpke,
      boards: boards.driver,
      room,
      onPlanned,
      onRefusal,
      onHello,
      onForgotten,
      onFatal,
    },
    stateAtStart({ journal, standing: standingOf(commissioning, keys, layout), clock }),
  );
  return { executor, boards, parts, room, happened };
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

/** What a bank knows when it starts: its journal's state, and fresh volatile parts. */
export function stateAtStart(of: {
  journal: Pick<Journal, 'readState' | 'tip'>;
  standing: Standing;
  clock: Clock;
}): BankState {
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

type Happened = (event: Event) => void;

type UplinkParts = {
  config: EdgeConfig;
  commissioning: Commissioning;
  certificates: Certificates;
  keys: BankKeys;
  journal: Journal;
  clock: Clock;
  random: Random;
  log: Log;
  executor: Executor;
  happened: Happened;
};

function openUplink(parts: UplinkParts): Uplink {
  const { config, commissioning, executor, happened } = parts;
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
    certificates: parts.certificates,
    keys: parts.keys,
    journal: parts.journal,
    clock: parts.clock,
    random: parts.random,
    log: parts.log.child('uplink'),
    state: () => executor.state,
    onHeard: (heard) => happened({ type: 'heard', heard }),
    onUnheard: (refused) => happened({ type: 'unheard', refused }),
    onLink: (up) => happened({ type: 'link', up }),
  });
}

/** Orders that somebody carries here; what became of one is what the journal says. */
function openInbox(of: AgentDeps & { happened: Happened; journal: Journal }): OrderInbox {
  const { config, clock, log, happened, journal } = of;
  return new OrderInbox({
    dir: inboxDir(config.dataDir),
    clock,
    log: log.child('orders'),
    take(note) {
      const before = journal.tip.lastSeq;
      happened({ type: 'order', note });
      return ordersIn(journal.everyRecord(before));
    },
    known: () => ordersIn(journal.recordsOfOrders()),
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
    ready:
      rosterOf(state) !== undefined &&
      !state.volatile.full &&
      boards.length > 0 &&
      boards.every((board) => board.present),
    full: state.volatile.full,
    bank: state.standing.bank,
    fingerprint: keys.fingerprint,
    rosterVersion: rosterOf(state)?.version ?? 0,
    online: isOnline(state, executor.moment()),
    lastSeq: journal.tip.lastSeq,
    acknowledgedSeq: journal.tip.acknowledgedSeq,
    boards,
    orderNonce: state.orderBook[ONLY]?.nonce ?? null,
    log: logStatus(state, executor.moment()),
  };
}
