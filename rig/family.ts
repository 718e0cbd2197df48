/**
 * What a family of lock boards is to the rig: a codec and its timing. What boards do, how they fail and
 * how their line carries frames is the same for all of them and stands in `board.ts` and `bus.ts`.
 *
 * Boards and locks count from 0 here, as the layout does, whatever they count from on the wire. A family
 * ends its frames in their sum, which is how `board.ts` can spoil one.
 */

export type BoardRequest =
  | { do: 'unlock'; board: number; lock: number }
  | { do: 'status'; board: number }
  | { do: 'status-all' };

export type UnlockRequest = Extract<BoardRequest, { do: 'unlock' }>;
export type StatusRequest = Exclude<BoardRequest, UnlockRequest>;

/** What a board's switches tell it of one lock. */
export type SeenLock = { closed: boolean; occupied: boolean };

export type BoardFamily = {
  baud: number;
  /** Silence on the line between two frames. */
  quietMs: number;
  requestBytes: number;
  /** Finds requests in bytes as they come; one for each connection. */
  decoder(): { push(bytes: Uint8Array): BoardRequest[] };
  /** The answer to an unlock of lock `of`, which calls it `names`; null where the family says nothing. */
  unlockAnswer(given: {
    board: number;
    of: number;
    names: number;
    seen: (lock: number) => SeenLock;
  }): Uint8Array | null;
  statusAnswer(given: {
    request: StatusRequest;
    board: number;
    seen: (lock: number) => SeenLock;
  }): Uint8Array;
};
