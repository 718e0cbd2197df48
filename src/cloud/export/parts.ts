/**
 * The files of a bundle while it is made: each written beside the bundle as it grows, its owner's alone, with its
 * length and hash; then all of them put behind each other. The bundle has its name only when it is whole, verified
 * and recorded.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { utf8 } from '../../crypto/bytes.ts';
import { type RunningHash, runningSha256 } from '../../crypto/hash.ts';
import { type ByteSource, TAR_END, tarHeader, tarPadding } from '../../ledger/export/tar.ts';
import { syncDir } from '../../platform/durable.ts';

const BUFFER_BYTES = 65_536;

/** A file that only grows, with the hash of what is in it. */
class GrowingFile {
  readonly path: string;
  #file: number | undefined;
  readonly #hash: RunningHash = runningSha256();
  #waiting: Uint8Array[] = [];
  #waits = 0;
  bytes = 0;

  constructor(path: string) {
    this.path = path;
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
    const all = Buffer.concat(this.#waiting);
    for (let at = 0; at < all.length; ) at += writeSync(this.#file, all, at);
    this.#waiting = [];
    this.#waits = 0;
  }

  end(): Uint8Array {
    this.#flush();
    if (this.#file !== undefined) {
      fsyncSync(this.#file);
      closeSync(this.#file);
    }
    return this.#hash.end();
  }
}

export type Part = { name: string; bytes: number; sha256: Uint8Array };

export class BundleParts {
  readonly #out: string;
  readonly #folder: string;
  readonly #growing = new Map<string, GrowingFile>();

  constructor(out: string) {
    this.#out = out;
    this.#folder = `${out}.${process.pid}.parts`;
    // What an own predecessor left when it died; nobody else has this number.
    this.abandon();
    mkdirSync(this.#folder, { mode: 0o700 });
  }

  add(name: string, text: string): void {
    const known = this.#growing.get(name) ?? new GrowingFile(this.#pathOf(name));
    this.#growing.set(name, known);
    known.add(utf8(text));
  }

  #pathOf(name: string): string {
    return join(this.#folder, name.replaceAll('/', '-'));
  }

  /** The parts as they are now; nothing is added to them afterwards. */
  end(): Part[] {
    return [...this.#growing].map(([name, file]) => ({ name, sha256: file.end(), bytes: file.bytes }));
  }

  /** Puts the manifest and then each part into one archive. Answers where it lies, how long it is, and its hash. */
  pack(manifest: string, parts: readonly Part[]): { path: string; bytes: number; sha256: Uint8Array } {
    const archive = new GrowingFile(join(this.#folder, 'bundle'));
    const first = utf8(manifest);
    archive.add(tarHeader('manifest.json', first.length));
    archive.add(first);
    archive.add(tarPadding(first.length));
    for (const { name, bytes } of parts) {
      archive.add(tarHeader(name, bytes));
      for (const chunk of chunksIn(this.#pathOf(name))) archive.add(chunk);
      archive.add(tarPadding(bytes));
      rmSync(this.#pathOf(name));
    }
    archive.add(TAR_END);
    return { path: archive.path, sha256: archive.end(), bytes: archive.bytes };
  }

  /** Gives the archive its name; nothing that has it already is overwritten, for the command has looked. */
  name(path: string): void {
    renameSync(path, this.#out);
    syncDir(dirname(this.#out));
    this.abandon();
  }

  abandon(): void {
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
export function withBytesOf<T>(of: { path: string; bytes: number }, use: (source: ByteSource) => T): T {
  const file = openSync(of.path, 'r');
  try {
    return use({
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
