/**
 * The boards of one bank: the declared driver on the declared line, and what it senses as events. Which
 * place of the layout a look is about is known here, and nowhere on the wire.
 */
import type { BankLayout } from '../../domain/bank.ts';
import type { Clock } from '../../platform/clock.ts';
import type { BoardsConfig } from '../config.ts';
import type { Event } from '../plan/plan.ts';
import { KERONG_BOARDS_MAX, kerongCu } from './kerong-cu.ts';
import type { BoardStatus, Line, LockBoard, LockBoardListener } from './lockboard.ts';
import { serialLine } from './serial-line.ts';
import { tcpLine } from './tcp-line.ts';
import { XOR_8A_BOARDS_MAX, xor8a } from './xor-8a.ts';

export type BoardsDeps = {
  config: BoardsConfig;
  clock: Clock;
  layout: BankLayout;
  dispatch(event: Event): void;
  fresh(): Extract<Event, { type: 'sensed' }>['fresh'];
};

export type Boards = {
  driver: LockBoard;
  /** Every door is told anew at its next look. */
  lookAnew(): void;
  /** Tells which boards are there; the planner takes what it knows already as no news. */
  tellPresence(): void;
};

export function openBoards(deps: BoardsDeps): Boards {
  const { config, clock, layout, dispatch } = deps;
  checkLayout(config, layout);
  const seen = new Map<number, string>();
  const presence = new Map<number, boolean>();
  const tell = (board: number, present: boolean) => dispatch({ type: 'board', board, present });
  const opened = driver({
    config,
    clock,
    boards: [...new Set(layout.compartments.map((place) => place.board))],
    listener: {
      onStatus: sensing(deps, seen),
      onPresence(board, present) {
        presence.set(board, present);
        tell(board, present);
      },
      onGarbled: (board, bytes) => dispatch({ type: 'garbled', board, bytes }),
    },
  });
  return {
    driver: opened,
    lookAnew: () => seen.clear(),
    tellPresence() {
      for (const [board, present] of presence) tell(board, present);
    },
  };
}

export type DriverDeps = {
  config: BoardsConfig;
  clock: Clock;
  boards: readonly number[];
  listener: LockBoardListener;
};

/** The driver of the declared family. */
export function driver({ config, clock, boards, listener }: DriverDeps): LockBoard {
  const { pollMs } = config;
  const line = openLine(config.line, clock);
  switch (config.family) {
    case 'kerong-cu':
      return kerongCu({ line, boards, profile: config.profile, pollMs, clock, listener });
    case 'xor-8a':
      return xor8a({ line, boards, profile: config.profile, pollMs, clock, listener });
  }
}

function openLine(line: BoardsConfig['line'], clock: Clock): Line {
  switch (line.kind) {
    case 'tcp':
      return tcpLine({ host: line.host, port: line.port, clock });
    case 'serial':
      return serialLine({ path: line.path, baud: line.baud, clock });
  }
}

/** A place that the profile has no lock for would be another lock on the wire, or none. */
function checkLayout({ family, profile }: BoardsConfig, layout: BankLayout): void {
  const boardsMax = family === 'kerong-cu' ? KERONG_BOARDS_MAX : XOR_8A_BOARDS_MAX;
  for (const { n, board, lock } of layout.compartments)
    if (board >= boardsMax || lock >= profile.locksPerBoard)
      throw new Error(
        `compartment ${n} is lock ${lock} of board ${board}, which "${profile.name}" does not have`,
      );
}

/** `seen`: what was told of each compartment last. */
function sensing(
  { layout, dispatch, fresh }: BoardsDeps,
  seen: Map<number, string>,
): (status: BoardStatus) => void {
  return (status) => {
    for (const { n, board, lock } of layout.compartments) {
      const closed = board === status.board ? (status.closed[lock] ?? null) : null;
      if (closed === null) continue;
      const door = closed ? 'closed' : 'open';
      const inside = status.occupied?.[lock] ?? null;
      const occupied = inside === null ? 'unsensed' : inside ? 'yes' : 'no';
      const look = `${door} ${occupied}`;
      // Only what changed is an event: a look that finds the same says nothing.
      if (seen.get(n) === look) continue;
      seen.set(n, look);
      dispatch({ type: 'sensed', sensed: { compartment: n, door, occupied }, fresh: fresh() });
    }
  };
}
