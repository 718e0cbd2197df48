/** What the supervised cloud cannot do, and so may not try: Node's permission model refuses these calls to it. */
import { isTest, matches, type Problem, type Source } from './model.ts';

/** What a cloud process loads. */
const LOADED: readonly string[] = [
  ...['src/cloud/', 'src/ledger/', 'src/crypto/', 'src/contract/', 'src/domain/', 'src/platform/'],
];

/** Where they are written, and what only commands do, which run unfenced, as their operator. */
const UNFENCED: readonly string[] = [
  ...['src/platform/durable.ts', 'src/cloud/backup/file.ts'],
  ...['src/platform/postgres.ts', 'src/platform/postgres-data.ts', 'src/platform/postgres-folders.ts'],
  ...['src/cloud/establish.ts', 'src/cloud/files.ts', 'src/cloud/log-keys.ts'],
  'src/cloud/broker/mosquitto.ts',
];

/** Of a file by its number; a handle of `node:fs/promises` may be flushed. And what is made of these calls. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['fsync', 'fdatasync', 'fchmod', 'fchown', 'futimes'].flatMap((name) => [name, `${name}Sync`]),
  ...['syncDir', 'writeDurable', 'replaceSecret', 'blankDurable', 'removeDurable'],
]);

export function checkFenced({ path, code }: Source): Problem[] {
  if (!matches(path, LOADED) || matches(path, UNFENCED) || isTest(path)) return [];
  return code
    .filter(({ kind, text }) => kind === 'name' && REFUSED.has(text))
    .map(({ line, text }) => ({
      ...{ file: path, line, rule: 'fenced' },
      advice: `${text} is refused to a cloud under the permission model; see src/platform/durable-store.ts`,
    }));
}
