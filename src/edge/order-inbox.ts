/**
 * Orders carried by hand: files that somebody puts into `<dataDir>/orders/`. Each is given to the planner,
 * which believes its signatures and the bank's own nonce alone, and then moved, durably, to `done/` or to
 * `refused/` under its hash, with the reason in its name. A stick that is mounted and copied needs no more.
 *
 * What lies there is foreign: no link is followed, nothing but a small plain file is read, a file that still
 * grows is left alone, and a minute has its limit, because each look may cost a record.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { join } from 'node:path';
import { base64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { parseRecord } from '../ledger/record.ts';
import { noteHash } from '../ledger/roster.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { codeOf, makePrivateDir, syncDir } from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';

export const ORDER_FILE = '.order';
export const ORDER_BYTES_MAX = 8192;
const LOOK_MS = 1000;
const MINUTE_MS = 60_000;
const FILES_PER_MINUTE = 20;
/** Stands for the folder itself: no file of an order is called so. */
const LIST = 'list';

export const inboxDir = (dataDir: string): string => join(dataDir, 'orders');
export const doneName = (hash: string): string => `${hash}${ORDER_FILE}`;

/** What the journal says of orders that came by hand: the hash, how many had signed, and the reason of a refusal. */
export type Said = { hash: string; signatures: number; refused: string | null };

export type OrderInboxDeps = {
  dir: string;
  clock: Clock;
  log: Log;
  /** Plans the order; answers what the journal says of orders since. */
  take(note: string): Said[];
  /** What the journal says of orders from its beginning; asked at start only, and only when a file lies here. */
  known(): Said[];
};

/** Acceptances and refusals among these records, of orders that were carried by hand. */
export function ordersIn(records: readonly Uint8Array[]): Said[] {
  return records.flatMap((bytes): Said[] => {
    const parsed = parseRecord(bytes);
    if (!parsed.ok || parsed.record.facts.road !== 'hand') return [];
    const { kind, facts } = parsed.record;
    const said = { hash: String(facts.hash), signatures: Number(facts.signatures ?? 0) };
    if (kind === 'order.accepted') return [{ ...said, refused: null }];
    return kind === 'order.refused' ? [{ ...said, refused: String(facts.reason) }] : [];
  });
}

type Read = { hash: string; note: string; signatures: number } | { hash: string; reason: string } | undefined;

export class OrderInbox {
  readonly #deps: OrderInboxDeps;
  readonly #cancel: Cancel;
  /** How each file looked a moment ago: one that still changes is still being written. */
  #looks = new Map<string, string>();
  /** Files that were answered and could not be moved: they are not answered again. */
  readonly #stuck = new Set<string>();
  /** Why a step fails, by step and file: said when it begins, and not with every look. */
  readonly #told = new Map<string, string>();
  #takenMs: number[] = [];
  #isFirst = true;

  constructor(deps: OrderInboxDeps) {
    this.#deps = deps;
    for (const dir of [deps.dir, join(deps.dir, 'done'), join(deps.dir, 'refused')]) makePrivateDir(dir);
    this.#cancel = deps.clock.every(LOOK_MS, () => this.look());
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const names = this.#names();
    const looks = new Map<string, string>();
    const answered = this.#isFirst && names.length > 0 ? this.#acceptedBefore() : new Map<string, number>();
    for (const name of names) {
      const look = this.#lookOf(name);
      if (look === undefined || this.#stuck.has(look)) continue;
      looks.set(name, look);
      const isStill = this.#looks.get(name) === look || this.#isFirst;
      if (!isStill || !this.#mayTake()) continue;
      this.#settle(name, look, answered);
    }
    this.#looks = looks;
    this.#isFirst = false;
    this.#forgetTold(names);
  }

  /** Of files that are gone; whoever comes back under that name is news. */
  #forgetTold(names: readonly string[]): void {
    const there = new Set([LIST, ...names]);
    for (const key of this.#told.keys())
      if (!there.has(key.slice(key.indexOf(' ') + 1))) this.#told.delete(key);
  }

  /**
   * The power may have gone between the record and the move: such a file was obeyed, and is no replay. One that
   * somebody has signed since is the same order with more below it, and has not been read yet.
   */
  #acceptedBefore(): Map<string, number> {
    const accepted = new Map<string, number>();
    for (const { hash, signatures, refused } of this.#deps.known())
      if (refused === null) accepted.set(hash, Math.max(signatures, accepted.get(hash) ?? 0));
    return accepted;
  }

  #settle(name: string, look: string, answered: ReadonlyMap<string, number>): void {
    const read = this.#read(name);
    if (!read) return;
    const { hash } = read;
    const isAnswered = 'note' in read && (answered.get(hash) ?? -1) >= read.signatures;
    const refused = 'reason' in read ? read.reason : isAnswered ? null : this.#plan(hash, read.note);
    // Without room in the journal an order is neither taken nor refused: the file stays, and is read again.
    if (refused === undefined) return;
    const moved = this.#move(
      name,
      refused === null ? ['done', doneName(hash)] : ['refused', `${hash}.${refused}${ORDER_FILE}`],
    );
    if (!moved) this.#stuck.add(look);
    this.#deps.log.info('an order was carried here', {
      hash,
      ...(refused === null ? {} : { reason: refused }),
    });
  }

  /** Undefined when the journal says nothing of it. */
  #plan(hash: string, note: string): string | null | undefined {
    return this.#deps.take(note).find((one) => one.hash === hash)?.refused;
  }

  #mayTake(): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#takenMs = this.#takenMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
    if (this.#takenMs.length >= FILES_PER_MINUTE) return false;
    this.#takenMs.push(nowMs);
    return true;
  }

  #names(): string[] {
    return (
      this.#try('list', LIST, () =>
        readdirSync(this.#deps.dir).filter((name) => name.endsWith(ORDER_FILE) && !name.startsWith('.')),
      ) ?? []
    );
  }

  #lookOf(name: string): string | undefined {
    return this.#try('look', name, () => {
      const { ino, size, mtimeMs } = lstatSync(join(this.#deps.dir, name));
      return `${name} ${ino} ${size} ${mtimeMs}`;
    });
  }

  /** A plain file of the right size, or why it is none; undefined when the disk did not let it be read now. */
  #read(name: string): Read {
    const path = join(this.#deps.dir, name);
    const strange = (reason: string) => ({ hash: base64url(sha256(utf8(name))), reason });
    return this.#try('read', name, (): Read => {
      if (!lstatSync(path).isFile()) return strange('not-a-file');
      // In between another file may have got this name: no link is followed, and no pipe is waited for.
      const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const found = fstatSync(file);
        if (!found.isFile()) return strange('not-a-file');
        if (found.size > ORDER_BYTES_MAX) return strange('message-oversized');
        return textOf(new Uint8Array(readFileSync(file)));
      } finally {
        closeSync(file);
      }
    });
  }

  #move(name: string, [folder, becomes]: [string, string]): boolean {
    const { dir } = this.#deps;
    const moved = this.#try('move', name, () => {
      renameSync(join(dir, name), join(dir, folder, becomes));
      syncDir(join(dir, folder));
      syncDir(dir);
      return true;
    });
    return moved === true;
  }

  /** What a foreign file or its disk does is no reason for a bank to stop, and is said once for each cause. */
  #try<T>(step: 'list' | 'look' | 'read' | 'move', name: string, run: () => T): T | undefined {
    const key = `${step} ${name}`;
    try {
      const done = run();
      this.#told.delete(key);
      return done;
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      if (this.#told.get(key) === code) return undefined;
      this.#told.set(key, code);
      this.#deps.log.warn('a file in the folder of orders cannot be used', {
        file: base64url(sha256(utf8(name))),
        code,
      });
      return undefined;
    }
  }
}

/** How many lines stand below the text, whoever's they are. */
function signatureLines(note: string): number {
  const split = note.lastIndexOf('\n\n');
  return split < 0
    ? 0
    : note
        .slice(split + 2)
        .split('\n')
        .filter((line) => line.startsWith('— ')).length;
}

function textOf(bytes: Uint8Array): Read {
  try {
    const note = fromUtf8(bytes);
    return { hash: noteHash(note), note, signatures: signatureLines(note) };
  } catch {
    // Bytes that are no UTF-8 are no note; the planner takes text only.
    return { hash: base64url(sha256(bytes)), reason: 'message-malformed' };
  }
}
