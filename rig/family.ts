/**
 * What a family of lock boards is to the rig: a codec and its timing. What boards do, how they fail and
 * how their line carries frames is the same for all of them and stands in `board.ts` and `bus.ts`.
 *
 * Boards and locks count from 0 here, as the layout does, whatever they count from on the wire. A family
 * ends its frames in their sum, which is how `board.ts` can spoil one.
 */

export type BoardRequest =
  | { do: 'unlock'; board: number; lock: number }
  | { do: 'unlock-all'; board: number }
  /** Of one lock, where it names one. */
  | { do: 'status'; board: number; lock?: number }
  | { do: 'status-all' };

export type UnlockRequest = Extract<BoardRequest, { do: 'unlock' }>;
export type StatusRequest = Extract<BoardRequest, { do: 'status' | 'status-all' }>;

/** What a board's switches tell it of one lock. */
export type SeenLock = { closed: boolean; occupied: boolean };

/** One board, and what it sees of its locks. */
type Board = { board: number; seen: (lock: number) => SeenLock };

export type BoardFamily = {
  baud: number;
  /** Silence on the line between two frames. */
  quietMs: number;
  requestBytes: number;
  /** How long after a latch moved its board answers. */
  answerAfterMs: number;
  /** True where the adapter hears what it sends itself. */
  echo: boolean;
  /** True where no board hears anything while one speaks. */
  deafWhileSpeaking: boolean;
  /** Finds requests in bytes as they come; one for each connection. */
  decoder(): { push(bytes: Uint8Array): BoardRequest[] };
  // Each of these is null where the family says nothing.
  /** The answer to an unlock of lock `of`, which calls it `names`. */
  unlockAnswer(given: Board & { of: number; names: number }): Uint8Array | null;
  unlockAllAnswer(given: Board): Uint8Array | null;
  statusAnswer(given: Board & { request: StatusRequest }): Uint8Array | null;
  /** What a board says by itself when a door of its own changed. */
  stateChange(given: Board & { lock: number }): Uint8Array | null;
};
