/**
 * The files of a bundle while it is made: each written beside the bundle as it grows, its owner's alone, with its
 * length and hash; then all of them put behind each other. The bundle has its name only when it is whole, verified
 * and recorded. Until then what lies there is encrypted under keys that this process alone has and never writes: one
 * that is encrypted to its receiver is on no disk in clear, not even for a while.
 *
 * Of all this only the bundle itself is flushed: what one writes for oneself is worth nothing after a power cut, and a
 * thousand flushes in a row hold up everybody else. It is flushed by its handle, for the cloud runs under Node's
 * permission model, which refuses `fsync` of a number.
 */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../../crypto/bytes.ts';
import { type Envelope, writeEnvelope } from '../../crypto/cms/envelope.ts';
import { type RunningHash, runningSha256 } from '../../crypto/hash.ts';
import { type ScratchCipher, scratchCipher } from '../../crypto/stream.ts';
import type { Steps } from '../../ledger/export/steps.ts';
import { type ByteSource, TAR_END, tarHeader, tarPadding } from '../../ledger/export/tar.ts';
import { flushStored, nameStored } from '../../platform/durable-store.ts';

const BUFFER_BYTES = 65_536;

/** A file that only grows, with the hash of what is in it; for oneself when it has a cipher. */
class GrowingFile {
  readonly path: string;
  readonly #cipher: ScratchCipher | null;
  #file: number | undefined;
  readonly #hash: RunningHash = runningSha256();
  #waiting: Uint8Array[] = [];
  #waits = 0;
  bytes = 0;

  constructor(path: string, cipher: ScratchCipher | null) {
    this.path = path;
    this.#cipher = cipher;
  }

  add(bytes: Uint8Array): void {
    this.#hash.add(bytes);
    this.bytes += bytes.length;
    this.#waiting.push(bytes);
    this.#waits += bytes.length;
    if (this.#waits >= BUFFER_BYTES) this.#flush();
  }

  #flush(): void {
    // Opened late: a bundle has up to a thousand small files, and a process not so many descriptors.
    this.#file ??= openSync(this.path, 'wx', 0o600);
    const waiting = Buffer.concat(this.#waiting);
    const all = this.#cipher?.write(waiting) ?? waiting;
    for (let at = 0; at < all.length; ) at += writeSync(this.#file, all, at);
    this.#waiting = [];
    this.#waits = 0;
  }

  end(): Uint8Array {
    this.#flush();
    if (this.#file !== undefined) {
      closeSync(this.#file);
    }
    return this.#hash.end();
  }

  *chunks(): Generator<Uint8Array> {
    for (const chunk of chunksIn(this.path)) yield this.#cipher?.read(chunk) ?? chunk;
  }
}

export type Part = { name: string; bytes: number; sha256: Uint8Array };

/** What lies where, how long it is, and the hash of the bundle inside; without an envelope the file is the bundle. */
export type Packed = {
  path: string;
  bytes: number;
  fileSha256: Uint8Array;
  sha256: Uint8Array;
  /** The bundle, of the file where that lies. */
  content(file: ByteSource): ByteSource;
};

const archived = (bytes: number) => tarHeader('size', 0).length + bytes + tarPadding(bytes).length;

export class BundleParts {
  readonly #out: string;
  readonly #folder: string;
  readonly #growing = new Map<string, GrowingFile>();
  #isTaken = false;

  constructor(out: string) {
    this.#out = out;
    this.#folder = `${out}.${process.pid}.parts`;
    // What an own predecessor left when it died; nobody else has this number.
    this.abandon();
    mkdirSync(this.#folder, { mode: 0o700 });
  }

  add(name: string, text: string): void {
    this.addBytes(name, utf8(text));
  }

  addBytes(name: string, bytes: Uint8Array): void {
    const known = this.#growing.get(name) ?? new GrowingFile(this.#pathOf(name), scratchCipher());
    this.#growing.set(name, known);
    known.add(bytes);
  }

  #pathOf(name: string): string {
    return join(this.#folder, name.replaceAll('/', '-'));
  }

  /** The parts as they are now; nothing is added to them afterwards. */
  end(): Part[] {
    return [...this.#growing].map(([name, file]) => ({ name, sha256: file.end(), bytes: file.bytes }));
  }

  /** Puts the manifest and then each part into one archive, and that into an envelope where it has a receiver. */
  *pack(manifest: string, parts: readonly Part[], envelope: Envelope | null): Steps<Packed> {
    const first = utf8(manifest);
    const sizes = [first.length, ...parts.map(({ bytes }) => bytes)];
    const size = sizes.reduce((sum, bytes) => sum + archived(bytes), TAR_END.length);
    const writer = envelope && writeEnvelope(envelope, size);
    const file = new GrowingFile(join(this.#folder, 'bundle'), null);
    const hash = runningSha256();
    const put = (part: Uint8Array) => {
      hash.add(part);
      file.add(writer?.add(part) ?? part);
    };
    if (writer) file.add(writer.head);
    for (const part of [tarHeader('manifest.json', first.length), first, tarPadding(first.length)]) put(part);
    for (const { name, bytes } of parts) {
      put(tarHeader(name, bytes));
      for (const chunk of this.#growing.get(name)?.chunks() ?? []) {
        put(chunk);
        yield;
      }
      put(tarPadding(bytes));
      rmSync(this.#pathOf(name));
    }
    put(TAR_END);
    if (writer) file.add(writer.end());
    const [fileSha256, sha256] = [file.end(), hash.end()];
    return {
      ...{ path: file.path, bytes: file.bytes, fileSha256, sha256 },
      content: (source) => writer?.opened(source) ?? source,
    };
  }

  /** Makes the archive last: from here on a power cut takes nothing of it. */
  flush({ path }: Packed): Promise<void> {
    return flushStored(path);
  }

  /**
   * Takes the name that the archive will have: an empty file, made so that nothing which has the name is overwritten,
   * however late it came, and on file systems without links as well.
   */
  take(): void {
    closeSync(openSync(this.#out, 'wx', 0o600));
    this.#isTaken = true;
  }

  /** Gives the archive its name. */
  async name({ path }: Packed): Promise<void> {
    await nameStored(path, this.#out);
    this.#isTaken = false;
    this.abandon();
  }

  /** Of what was given its name, and is handed to nobody. */
  takeBack(): void {
    rmSync(this.#out, { force: true });
  }

  abandon(): void {
    if (this.#isTaken) rmSync(this.#out, { force: true });
    this.#isTaken = false;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function* chunksIn(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const chunk = new Uint8Array(BUFFER_BYTES);
      const length = readSync(file, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** Reads a file where it lies, for as long as `use` takes. */
export async function withBytesOf<T>(
  of: { path: string; bytes: number },
  use: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const file = openSync(of.path, 'r');
  try {
    return await use({
      size: of.bytes,
      read(at, length, target = new Uint8Array(length)) {
        const into = target.length >= length ? target : new Uint8Array(length);
        return into.subarray(0, readSync(file, into, 0, length, at));
      },
    });
  } finally {
    closeSync(file);
  }
}
