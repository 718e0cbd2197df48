/**
 * Whose a data folder is. A start makes, changes and removes what stands in it, so one that is not known to be ours
 * is left as it is: `--data` is typed by hand, and names like `cloud`, `logs` and `secrets.json` are anybody's.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';
import { codeOf, syncDir } from '../platform/durable.ts';

/** Written first of all, so that whatever a start leaves behind, however early it ended, stands under it. */
export const MARK = '.holdfast-data';
const MARK_TEXT = 'Holdfast keeps its data in this folder. It makes, changes and removes what stands here.\n';
/** The top of a file system of its own has this in it (fsck(8)), and is empty all the same. */
const OF_FILE_SYSTEM = 'lost+found';
const OURS_BYTES_MAX = 65_536;

/**
 * Marks a folder that is new, empty or already ours, and refuses every other one before anything in it is changed.
 * The checkout's own `.holdfast` is ours by its place: the developer's commands keep things there as well.
 */
export function claimFolder({ root, data }: { root: string; data: string }): void {
  const names = namesOf(data);
  if (names?.includes(MARK) === true) return;
  const ours =
    names === null ||
    resolve(data) === join(root, '.holdfast') ||
    names.every((name) => name === OF_FILE_SYSTEM) ||
    isOfEarlierVersion(data, names);
  if (!ours)
    throw new HoldfastError(
      'conflict',
      `${data} is no data folder of Holdfast and is not empty; nothing in it was changed. Name a new or an empty folder: npm start -- --data DIR`,
    );
  mkdirSync(data, { recursive: true });
  try {
    writeFileSync(join(data, MARK), MARK_TEXT, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    // Another start was here first; the lock decides between the two.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  syncDir(data);
}

/** For what must not touch anything that is there already, a folder of ours neither. */
export function requireNew(data: string): void {
  if (namesOf(data) === null) return;
  throw new HoldfastError(
    'conflict',
    `${data} is there already; the demo makes a folder of its own. Name one that does not exist yet, or leave --data out`,
  );
}

/** The names in a folder, or null where there is none. */
function namesOf(data: string): string[] | null {
  try {
    return readdirSync(data);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (codeOf(error) === 'ENOTDIR') throw new HoldfastError('input-invalid', `${data} is no folder`);
    throw error;
  }
}

/** Earlier versions left no mark; what they kept between starts is like nothing of anybody else. */
function isOfEarlierVersion(data: string, names: readonly string[]): boolean {
  const read = (name: string) => (names.includes(name) ? objectIn(join(data, name)) : {});
  const state = read('state.json');
  if ('commissioned' in state && Object.keys(state).length === 1) return true;
  const secrets = read('secrets.json');
  return ['ownerPassword', 'appPassword', 'smtpPassword', 'smsToken', 'courier'].every(
    (key) => key in secrets,
  );
}

/** What a small JSON file holds; nothing of a file of another kind, which is not ours then. */
function objectIn(path: string): object {
  const found = lstatSync(path);
  if (!found.isFile() || found.size > OURS_BYTES_MAX) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
