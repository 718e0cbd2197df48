/**
 * What the phone has received: one JSON file a message, so that tomorrow's phone still shows yesterday's
 * code. The folder is the person's own (0700, files 0600) and holds the latest messages only.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type RigMessage, rigMessage } from '../src/contract/rig.ts';
import { hex } from '../src/crypto/bytes.ts';
import type { Clock } from '../src/platform/clock.ts';
import { makePrivateDir, writeDurable } from '../src/platform/durable.ts';
import type { Random } from '../src/platform/random.ts';
import { Turns } from './turns.ts';

const messageFile = z.strictObject({
  v: z.literal(1),
  /** The sender's own reference of an SMS. */
  reference: z.string().nullable(),
  message: rigMessage,
});

export const MESSAGES_MAX = 500;

/** References outlive their messages, so that a late repetition is still recognised. */
const REFERENCES_MAX = 5_000;

const FILE_PATTERN = /^([0-9]{12})-(msg_[0-9a-f]{32})\.json$/;

type Kept = { file: string; message: RigMessage };

export type MessageBoxDeps = { folder: string; clock: Clock; random: Random };

/** What a carrier brings; the phone adds its own number and time. */
export type Delivery = Omit<RigMessage, 'id' | 'receivedAtMs'> & {
  /** The sender's own reference: one that was seen before is not delivered again. */
  reference: string | null;
};

export class MessageBox {
  readonly #deps: MessageBoxDeps;
  readonly #listeners = new Set<(message: RigMessage) => void>();
  /** One delivery at a time, so that order and references hold while the disk is busy. */
  readonly #turns = new Turns();
  readonly #references = new Map<string, string>();
  /** Oldest first. */
  #kept: Kept[] = [];
  #nextNumber = 1;

  /** Takes up the messages that are in `folder`. */
  static async open(deps: MessageBoxDeps): Promise<MessageBox> {
    const box = new MessageBox(deps);
    await box.#load();
    return box;
  }

  private constructor(deps: MessageBoxDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  list(): RigMessage[] {
    return this.#kept.map(({ message }) => message).reverse();
  }

  /** Keeps a message durably, tells whoever listens, and returns the id that it has. */
  receive(delivery: Delivery): Promise<string> {
    return this.#turns.take(() => this.#receive(delivery));
  }

  clear(): Promise<void> {
    return this.#turns.take(async () => {
      await this.#remove(this.#kept.splice(0));
    });
  }

  /** Calls `listener` with each new message, until the returned function is called. */
  onMessage(listener: (message: RigMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #receive({ reference, ...content }: Delivery): Promise<string> {
    const before = reference === null ? undefined : this.#references.get(reference);
    if (before !== undefined) return before;
    const { clock, folder, random } = this.#deps;
    const id = `msg_${hex(random.bytes(16))}`;
    const message: RigMessage = { ...content, id, receivedAtMs: Math.round(clock.nowMs()) };
    const file = `${String(this.#nextNumber).padStart(12, '0')}-${id}.json`;
    this.#nextNumber += 1;
    await writeDurable(join(folder, file), JSON.stringify({ v: 1, reference, message }, null, 1), 0o600);
    this.#kept.push({ file, message });
    this.#remember(reference, id);
    await this.#dropOldest();
    for (const listener of this.#listeners) listener(message);
    return id;
  }

  async #load(): Promise<void> {
    const { folder } = this.#deps;
    await makePrivateDir(folder);
    // The names begin with a number of fixed length: sorting them is sorting by arrival.
    for (const file of (await readdir(folder)).sort()) {
      const number = FILE_PATTERN.exec(file)?.[1];
      if (number === undefined) continue;
      const { message, reference } = messageFile.parse(
        JSON.parse(await readFile(join(folder, file), 'utf8')),
      );
      this.#kept.push({ file, message });
      this.#remember(reference, message.id);
      this.#nextNumber = Number(number) + 1;
    }
    await this.#dropOldest();
  }

  #remember(reference: string | null, id: string): void {
    if (reference === null) return;
    this.#references.set(reference, id);
    if (this.#references.size <= REFERENCES_MAX) return;
    const oldest = this.#references.keys().next();
    if (!oldest.done) this.#references.delete(oldest.value);
  }

  async #dropOldest(): Promise<void> {
    await this.#remove(this.#kept.splice(0, Math.max(0, this.#kept.length - MESSAGES_MAX)));
  }

  async #remove(gone: readonly Kept[]): Promise<void> {
    for (const { file } of gone) await rm(join(this.#deps.folder, file), { force: true });
  }
}
