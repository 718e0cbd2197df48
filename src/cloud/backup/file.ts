/**
 * The form of a backup: lines of `name TAB json`. The first is the manifest, the last holds the counts, the
 * SHA-256 of every byte before it, and an HMAC of that under a key of the root key's; in between stands a row a
 * line, as PostgreSQL writes it, never parsed by us, so that no number is rounded. The file has its name only
 * when it is whole, and is its owner's alone.
 *
 * The hash finds damage. The HMAC finds people: who may write where backups lie, and has no root key, puts no
 * administrator's password and no carrier's key into what is restored.
 */
import { closeSync, createReadStream, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { deriveKey, equalBytes, hmacSha256, runningSha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { syncDir } from '../../platform/durable.ts';

const FORM = 'holdfast-backup';
const END = 'end';

const manifestSchema = z.strictObject({
  v: z.literal(1),
  /** The rows, or the epoch keys that belong to them; both name the same backup. */
  part: z.enum(['rows', 'keys']),
  backup: z.string(),
  madeAtMs: z.int(),
  migrations: z.array(z.strictObject({ id: z.string(), hash: z.string() })),
  /** The newest step of the engine of jobs. */
  jobsStep: z.int(),
  /** Says which root key opens it, and nothing about the key. */
  rootKeyCheck: z.string(),
  notInIt: z.array(z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;

const endSchema = z.strictObject({
  rows: z.record(z.string(), z.int()),
  sha256: z.string(),
  hmac: z.string(),
});
export type Whole = z.infer<typeof endSchema> & { bytes: number };

export class BackupWriter {
  readonly #path: string;
  readonly #fresh: string;
  readonly #file: number;
  readonly #rootKey: Uint8Array;
  readonly #hash = runningSha256();
  readonly #rows: Record<string, number> = {};
  #bytes = 0;

  constructor(path: string, manifest: Manifest, rootKey: Uint8Array) {
    this.#path = path;
    this.#rootKey = rootKey;
    this.#fresh = `${path}.${process.pid}.new`;
    rmSync(this.#fresh, { force: true });
    this.#file = openSync(this.#fresh, 'wx', 0o600);
    this.#line(FORM, JSON.stringify(manifest));
  }

  row(table: string, json: string): void {
    this.#rows[table] = (this.#rows[table] ?? 0) + 1;
    this.#line(table, json);
  }

  /** Flushes it and gives it its name. */
  end(): Whole {
    const sha256 = base64url(this.#hash.end());
    const end = { rows: this.#rows, sha256, hmac: base64url(hmacOf(this.#rootKey, sha256)) };
    const line = utf8(`${END}\t${JSON.stringify(end)}\n`);
    writeSync(this.#file, line);
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(this.#fresh, this.#path);
    syncDir(dirname(this.#path));
    return { ...end, bytes: this.#bytes + line.length };
  }

  abandon(): void {
    closeSync(this.#file);
    rmSync(this.#fresh, { force: true });
  }

  #line(name: string, json: string): void {
    const line = utf8(`${name}\t${json}\n`);
    this.#hash.add(line);
    this.#bytes += line.length;
    for (let at = 0; at < line.length; ) at += writeSync(this.#file, line, at);
  }
}

function hmacOf(rootKey: Uint8Array, sha256: string): Uint8Array {
  return hmacSha256(deriveKey(rootKey, 'backup-hmac/v1'), utf8(sha256));
}

/** Throws when it was not written by who has this root key. */
export function checkMaker(path: string, whole: Whole, rootKey: Uint8Array): void {
  const hmac = fromBase64url(whole.hmac);
  if (!hmac || !equalBytes(hmac, hmacOf(rootKey, whole.sha256)))
    throw refused(path, 'its HMAC is not by this root key: somebody else has written it');
}

const refused = (path: string, why: string) =>
  new HoldfastError('input-invalid', `${path} is not a whole backup: ${why}`);

/**
 * The lines of a file, each ended by LF alone. JSON leaves U+2028, U+2029 and others as they are, and Node's own
 * reader of lines takes those for ends as well: a backup with one in a name was whole and could not be read.
 */
async function* linesOf(path: string): AsyncGenerator<string> {
  let begun: string[] = [];
  for await (const chunk of createReadStream(path, 'utf8')) {
    const [first = '', ...others] = String(chunk).split('\n');
    begun.push(first);
    for (const next of others) {
      yield begun.join('');
      begun = [next];
    }
  }
  const last = begun.join('');
  if (last !== '') yield last;
}

/** Reads every line; the rows are handed on as they come. Throws when the file is not whole or was changed. */
export async function readBackup(
  path: string,
  onRow: (table: string, json: string) => Promise<void> | void,
): Promise<{ manifest: Manifest; whole: Whole }> {
  const hash = runningSha256();
  const rows: Record<string, number> = {};
  let bytes = 0;
  let manifest: Manifest | undefined;
  let end: z.infer<typeof endSchema> | undefined;
  for await (const line of linesOf(path)) {
    if (end) throw refused(path, 'something follows its end');
    const tab = line.indexOf('\t');
    const [name, json] = [line.slice(0, tab), line.slice(tab + 1)];
    bytes += Buffer.byteLength(line) + 1;
    if (!manifest) {
      if (name !== FORM) throw refused(path, 'its first line is no manifest');
      manifest = manifestOf(path, json);
    } else if (name === END) {
      end = parsed(path, endSchema, json);
      continue;
    } else {
      rows[name] = (rows[name] ?? 0) + 1;
      await onRow(name, json);
    }
    hash.add(utf8(`${line}\n`));
  }
  if (!manifest || !end) throw refused(path, 'it has no end');
  if (end.sha256 !== base64url(hash.end()))
    throw refused(path, 'its SHA-256 is another one: it was changed or damaged');
  return { manifest, whole: { ...end, bytes } };
}

function manifestOf(path: string, json: string): Manifest {
  const { v } = parsed(path, z.looseObject({ v: z.int() }), json);
  if (v !== 1)
    throw new HoldfastError(
      'input-invalid',
      `${path} has form ${v}, which this version does not know; restore it with the version that made it or a newer one`,
    );
  return parsed(path, manifestSchema, json);
}

function parsed<T extends z.ZodType>(path: string, schema: T, json: string): z.infer<T> {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new HoldfastError('input-invalid', `${path} is not a whole backup: a line of it does not read`, {
      cause,
    });
  }
}
