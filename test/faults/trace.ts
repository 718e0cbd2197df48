/**
 * Reads what strace wrote down of a process (`-f -y -xx`): everything that it did to the files of one folder,
 * and what it said, in the order of the kernel's answers.
 */

export type DiskOp =
  | { do: 'create' | 'unlink' | 'sync'; file: string }
  | { do: 'write'; file: string; at: number; bytes: Buffer }
  | { do: 'truncate'; file: string; size: number }
  /** The folder itself: names made and removed before it last. */
  | { do: 'sync-names' }
  | { do: 'said'; text: string };

/** Calls that change files. A `?` before a name: not every machine has it. */
export const TRACED =
  'openat,pwrite64,write,fsync,fdatasync,ftruncate,?unlink,unlinkat,?rename,?renameat,?renameat2,pwritev,?pwritev2,writev,fallocate,?truncate,?copy_file_range,?sync_file_range';

const STDOUT = '1';
const LINE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/s;
const BROKEN_OFF = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/s;
const TAKEN_UP = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/s;
/** A file's number with its path, then the other arguments. */
const ON_FILE = /^(\d+)<([^>]*)>(?:, (.*))?$/s;
const TEXT = /^"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/;

export function readTrace(trace: string, folder: string): DiskOp[] {
  const reader = new TraceReader(folder);
  for (const line of trace.split('\n')) reader.take(line);
  return reader.ops;
}

class TraceReader {
  readonly ops: DiskOp[] = [];
  readonly #folder: string;
  readonly #begun = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  take(line: string): void {
    const brokenOff = BROKEN_OFF.exec(line);
    if (brokenOff) {
      const [, pid = '', call, args] = brokenOff;
      this.#begun.set(pid, `${pid} ${call}(${args}`);
      return;
    }
    const takenUp = TAKEN_UP.exec(line);
    const whole = takenUp ? `${this.#begun.get(takenUp[1] ?? '') ?? ''}${takenUp[3]}` : line;
    const [, , call = '', args = '', answer = ''] = LINE.exec(whole) ?? [];
    // A call that failed changed nothing.
    if (call === '' || answer.startsWith('-')) return;
    this.#called(call, args, Number(answer));
  }

  #called(call: string, args: string, answer: number): void {
    if (call === 'openat') return this.#opened(args);
    if (call === 'unlink' || call === 'unlinkat') return this.#unlinked(args);
    const [, number = '', hidden = '', rest = ''] = ON_FILE.exec(args) ?? [];
    if (call === 'write' && number === STDOUT) {
      this.ops.push({ do: 'said', text: bytesOf(rest).toString('utf8') });
      return;
    }
    const path = plain(hidden);
    if (path === this.#folder && call === 'fsync') return void this.ops.push({ do: 'sync-names' });
    const file = this.#fileOf(path);
    if (file === undefined) {
      if (args.includes(this.#folder)) throw new Error(`the crash images know no ${call}`);
      return;
    }
    if (call === 'fsync' || call === 'fdatasync') return void this.ops.push({ do: 'sync', file });
    const last = Number(rest.slice(rest.lastIndexOf(', ') + 1));
    if (call === 'ftruncate') return void this.ops.push({ do: 'truncate', file, size: Number(rest) });
    if (call !== 'pwrite64') throw new Error(`the crash images know no ${call} of ${file}`);
    // What was really written, should it have been less than was asked.
    this.ops.push({ do: 'write', file, at: last, bytes: bytesOf(rest).subarray(0, answer) });
  }

  #opened(args: string): void {
    const file = this.#fileOf(bytesOf(args.slice(args.indexOf('"'))).toString('utf8'));
    if (file === undefined || !args.includes('O_CREAT') || this.#known.has(file)) return;
    this.#known.add(file);
    this.ops.push({ do: 'create', file });
  }

  #unlinked(args: string): void {
    const file = this.#fileOf(bytesOf(args.slice(args.indexOf('"'))).toString('utf8'));
    if (file === undefined) return;
    this.#known.delete(file);
    this.ops.push({ do: 'unlink', file });
  }

  #fileOf(path: string): string | undefined {
    const inside = path.startsWith(`${this.#folder}/`);
    return inside ? path.slice(this.#folder.length + 1) : undefined;
  }
}

/** A path as strace shows it, in hexadecimal or as it is. */
function plain(shown: string): string {
  return shown.startsWith('\\x') ? bytesOf(`"${shown}"`).toString('utf8') : shown;
}

function bytesOf(shown: string): Buffer {
  const [, escaped, cut] = TEXT.exec(shown) ?? [];
  if (escaped === undefined) throw new Error(`strace shows no bytes here: ${shown.slice(0, 80)}`);
  if (cut !== undefined) throw new Error('strace has cut bytes off; -s is too small');
  return Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
}
