/**
 * A state that an earlier version left: its database as plain SQL, its data folder, and a page that says which
 * commit made it. Both are compressed, and nothing in them was ever a secret of anybody (README.md).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

const STATES = join(import.meta.dirname, 'states');
const FILES = { about: 'about.json', database: 'database.sql.gz', folder: 'folder.json.br' };
/** As the folders of the first three states were kept. */
const FOLDER_BEFORE = 'folder.json.gz';
/** A log's partial tiles begin alike (C2SP tlog-tiles), further apart than the 32 KiB that gzip looks back. */
const WIDE = { params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS } };

export type About = {
  says: string;
  commit: string;
  madeAtMs: number;
  /** The parcel that was put in and is still there. */
  waiting: { compartment: number; tracking: string };
  /** The one that was put in and taken out. */
  collected: { tracking: string };
};

/** What the people of that state know, beside what the seed had answered. */
export type Known = { seeded: unknown; pin: string; pinUsed: string; rootKey: string };

export type State = {
  name: string;
  about: About;
  sql: string;
  known: Known;
  /** By their paths in the data folder. */
  files: ReadonlyMap<string, Uint8Array>;
};

type Packed = { known: Known; files: Record<string, string> };

export function writeState({ name, about, sql, known, files }: State): void {
  const dir = join(STATES, name);
  mkdirSync(dir);
  const inBase64 = [...files].sort().map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
  const packed: Packed = { known, files: Object.fromEntries(inBase64) };
  writeFileSync(join(dir, FILES.about), `${JSON.stringify(about, null, 2)}\n`);
  writeFileSync(join(dir, FILES.database), gzipSync(sql, { level: 9 }));
  writeFileSync(join(dir, FILES.folder), brotliCompressSync(JSON.stringify(packed), WIDE));
}

/** Every state that is kept, oldest first. */
export function everyState(): State[] {
  return readdirSync(STATES).sort().map(readState);
}

function readState(name: string): State {
  const read = (file: string) => readFileSync(join(STATES, name, file));
  const isWide = existsSync(join(STATES, name, FILES.folder));
  const folder = isWide ? brotliDecompressSync(read(FILES.folder)) : gunzipSync(read(FOLDER_BEFORE));
  const packed = JSON.parse(folder.toString('utf8')) as Packed;
  return {
    name,
    about: JSON.parse(read(FILES.about).toString('utf8')) as About,
    sql: gunzipSync(read(FILES.database)).toString('utf8'),
    known: packed.known,
    files: new Map(
      Object.entries(packed.files).map(([path, text]) => [path, new Uint8Array(Buffer.from(text, 'base64'))]),
    ),
  };
}

/** Lays the files down as they lay, for nobody else to read. */
export function layDown({ files }: State, folder: string): void {
  for (const [path, bytes] of files) {
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
    writeFileSync(at, bytes, { mode: 0o600 });
  }
}
