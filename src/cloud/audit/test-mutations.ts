/** Random changes of what an audit reads. Each changes content that a record, a signature or a root vouches for. */
import assert from 'node:assert/strict';
import type { Ed25519Key } from '../../crypto/ed25519.ts';
import { CHECKPOINT_PATH } from '../../ledger/log/layout.ts';
import { FOLDED, type FoldedTable, OF_JOURNALS } from './rows.ts';
import type { Pick } from './test-audit.ts';
import type { Memory } from './test-memory.ts';
import { rechain, regrow } from './test-regrow.ts';

export type Draw = Pick & { below(count: number): number };
export type Ground = {
  memory: Memory;
  /** The same log some while ago, oldest first. */
  earlier: readonly Memory[];
  /** The log of somebody else. */
  other: Memory;
  key: Ed25519Key;
};

/** Undefined where the draw changes nothing, and another is drawn. */
type Make = (ground: Ground, draw: Draw) => Memory | undefined | Promise<Memory | undefined>;
export type Mutation = {
  name: string;
  /** Everything fits together again; only who remembers a head from outside can tell. */
  needsHead: boolean;
  /** No entry of the log is its first wrong one, or none can be known: what was changed is of a journal of nobody. */
  isUnplaced?: boolean;
  make: Make;
};

type Row = Record<string, unknown>;
/** `moved`: what goes with a row that changes its place. */
type Table = {
  rows: readonly Row[];
  columns: readonly string[];
  keys: readonly string[];
  moved?: readonly string[];
};

const TABLES = [
  ['records', ['kind', 'at_ms', 'hash', 'bytes', 'batch_last'], ['source', 'seq']],
  ['heads', ['first', 'note', 'hash', 'key'], ['source', 'last']],
  ['journals', ['last_seq', 'last_hash', 'last_head'], ['source']],
  ['rosters', ['note', 'json', 'version', 'signatures'], ['site', 'version']],
  [
    'banks',
    ['key', 'seal_key', 'site', 'roster_applied', 'roster_applied_at_ms', 'roster_refused'],
    ['bank'],
  ],
  ['openings', ['openings'], ['source', 'seq']],
  ['logs', ['origin', 'key', 'size', 'root', 'published_size', 'shown_size', 'state'], ['generation']],
  ['spans', ['first', 'source', 'seq', 'count'], ['first']],
  ['ends', ['source', 'last_seq'], ['source']],
  ['checkpoints', ['size', 'root', 'note'], ['size']],
] as const;
type Name = (typeof TABLES)[number][0];

/** Of these the first column is the key; some have one of the database's own. */
const NUMBERED: readonly FoldedTable[] = ['alarms', 'alarm_acts'];
const keyOf = (table: FoldedTable) =>
  table === 'parcel_events' ? 'seq' : NUMBERED.includes(table) ? 'none' : FOLDED[table][0];
/** What no record says (docs/reference/audit.md). */
const UNSAID: Readonly<Partial<Record<FoldedTable, readonly string[]>>> = {
  orders: ['received_at_ms'],
  // A number of the database's own.
  alarms: ['ord'],
};
/** What the cloud's own records say is read from its clock once more: of these columns another moment is one well apart. */
const NEAR: readonly string[] = ['raised_at_ms', 'ended_at_ms', 'resolved_at_ms', 'at_ms'];

/** A value of the same kind that is another one. */
function another(value: unknown, draw: Draw): unknown {
  if (value instanceof Uint8Array) {
    const bytes = new Uint8Array(value);
    const at = draw.below(Math.max(bytes.length, 1));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
    return bytes;
  }
  if (typeof value === 'number') return Math.max(0, value + draw([-1, 1]) * (1 + draw.below(5)));
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return value.length > 0 ? value.slice(1) : [1 + draw.below(99)];
  if (value === null) return draw([1 + draw.below(99), 'something']);
  if (typeof value === 'object') return spoilt(value as Row, draw);
  const text = String(value);
  const at = draw.below(Math.max(text.length, 1));
  return `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
}

function spoilt(value: Row, draw: Draw): Row {
  const name = draw(Object.keys(value));
  return name === undefined ? value : { ...value, [name]: another(value[name], draw) };
}

function tableOf(memory: Memory, name: Name | FoldedTable): Table {
  const listed = TABLES.find(([known]) => known === name);
  if (listed) return { rows: memory[listed[0]] as readonly Row[], columns: listed[1], keys: listed[2] };
  const table = name as FoldedTable;
  const columns = FOLDED[table].filter((column) => !UNSAID[table]?.includes(column));
  const moved = table === 'alarms' ? FOLDED.alarms : columns;
  return { rows: memory.kept[table], columns, keys: ['bank', keyOf(table)], moved };
}

function withRows(memory: Memory, name: Name | FoldedTable, rows: readonly Row[]): Memory {
  if (TABLES.some(([known]) => known === name)) return { ...memory, [name]: rows } as Memory;
  return { ...memory, kept: { ...memory.kept, [name]: rows } } as Memory;
}

type Operation = (table: Table, draw: Draw, other: Table) => Row[] | undefined;

const replaced = (rows: readonly Row[], at: number, row: Row) =>
  rows.map((one, index) => (index === at ? row : one));

const OPERATIONS: Readonly<Record<string, Operation>> = {
  edit({ rows, columns }, draw) {
    const at = draw.below(rows.length);
    const column = draw(columns);
    const value = rows[at]?.[column];
    const isNear = NEAR.includes(column) && typeof value === 'number';
    const made = isNear ? value + draw([-1, 1]) * (20_000 + draw.below(9)) : another(value, draw);
    return replaced(rows, at, { ...rows[at], [column]: made });
  },
  delete({ rows }, draw) {
    const at = draw.below(rows.length);
    return rows.filter((_, index) => index !== at);
  },
  /** The contents of two rows change places; their keys stay. */
  reorder({ rows, columns, keys, moved: all = columns }, draw) {
    const [a, b] = [draw.below(rows.length), draw.below(rows.length)];
    const [one, two] = [rows[a], rows[b]];
    const moved = all.filter((column) => !keys.includes(column));
    if (!one || !two || a === b) return undefined;
    if (columns.every((column) => keys.includes(column) || same(one[column], two[column]))) return undefined;
    const takes = (to: Row, from: Row) => ({
      ...to,
      ...Object.fromEntries(moved.map((name) => [name, from[name]])),
    });
    return replaced(replaced(rows, a, takes(one, two)), b, takes(two, one));
  },
  /** Once more under the next free key. */
  duplicate({ rows, keys }, draw) {
    const row = rows[draw.below(rows.length)];
    const key = keys.at(-1) ?? '';
    if (!row) return undefined;
    if (typeof row[key] !== 'number')
      return [...rows, key === 'none' ? row : { ...row, [key]: another(row[key], draw) }];
    const next = Math.max(
      ...rows.filter((one) => one[keys[0] ?? ''] === row[keys[0] ?? '']).map((one) => Number(one[key])),
    );
    return [...rows, { ...row, [key]: next + 1 + draw.below(3) }];
  },
  truncate({ rows, keys }, draw) {
    const [place = ''] = keys;
    const of = rows[draw.below(rows.length)]?.[place];
    const own = rows.filter((row) => keys.length === 1 || row[place] === of);
    const gone = new Set(own.slice(own.length - 1 - draw.below(Math.min(3, own.length))));
    return rows.filter((row) => !gone.has(row));
  },
  splice({ rows, columns, keys }, draw, other) {
    const at = draw.below(rows.length);
    const [row, strange] = [rows[at], draw(other.rows)];
    if (!row || !strange) return undefined;
    const taken = columns.filter((column) => !keys.includes(column));
    return replaced(rows, at, {
      ...row,
      ...Object.fromEntries(taken.map((column) => [column, strange[column]])),
    });
  },
};

export const same = (a: unknown, b: unknown) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return [...value].map(([name, one]) => [name, plain(one)]).sort();
  if (Array.isArray(value))
    return value
      .map(plain)
      .map((one) => JSON.stringify(one))
      .sort();
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** Only what was made anew is compared: what is shared is the same. */
export function changes(before: Memory, after: Memory): boolean {
  return (Object.keys(before) as (keyof Memory)[]).some(
    (name) => before[name] !== after[name] && !same(before[name], after[name]),
  );
}

const names: readonly (Name | FoldedTable)[] = [
  ...TABLES.map(([name]) => name),
  ...(Object.keys(FOLDED) as FoldedTable[]),
];

/** A tenant has one log, and a journal or bank more or less is another estate's row. */
const NONE_OF: Readonly<Partial<Record<Name, readonly string[]>>> = {
  logs: ['duplicate', 'reorder', 'delete', 'truncate'],
  banks: ['duplicate', 'delete', 'truncate'],
  openings: ['duplicate'],
  rosters: ['reorder'],
};

/** A row under the name of a journal that is none. */
const UNPLACED: readonly string[] = ['journals: duplicate', 'ends: duplicate'];

const ofRows: Mutation[] = names.flatMap((name) =>
  Object.entries(OPERATIONS)
    .filter(([operation]) => !NONE_OF[name as Name]?.includes(operation))
    .map(([operation, run]) => ({
      name: `${name}: ${operation}`,
      needsHead: false,
      isUnplaced: UNPLACED.includes(`${name}: ${operation}`),
      make({ memory, other }: Ground, draw: Draw) {
        const rows = run(tableOf(memory, name), draw, tableOf(other, name));
        return rows && withRows(memory, name, rows);
      },
    })),
);

type Change = (objects: Map<string, Uint8Array>, path: string, draw: Draw, ground: Ground) => void;

const OBJECT_CHANGES: Readonly<Record<string, Change>> = {
  edit: (objects, path, draw) => void objects.set(path, another(objects.get(path), draw) as Uint8Array),
  delete: (objects, path) => void objects.delete(path),
  reorder(objects, path, draw) {
    const other = draw([...objects.keys()].filter((one) => kindOf(one) === kindOf(path)));
    const [a, b] = [objects.get(path), objects.get(other)];
    if (a && b) objects.set(path, b).set(other, a);
  },
  duplicate(objects, path, draw) {
    const name = path.replace(/(?:\.p\/[0-9]+)?$/, `.p/${1 + draw.below(255)}`);
    const bytes = objects.get(path);
    if (bytes && !objects.has(name) && path !== CHECKPOINT_PATH) objects.set(name, bytes);
  },
  truncate(objects, path, draw) {
    const bytes = objects.get(path) ?? new Uint8Array(0);
    objects.set(path, bytes.slice(0, draw.below(bytes.length)));
  },
  splice(objects, path, draw, { other }) {
    const bytes = other.objects.get(
      draw([...other.objects.keys()].filter((one) => kindOf(one) === kindOf(path))),
    );
    if (bytes) objects.set(path, bytes);
  },
};

function kindOf(path: string): 'tile' | 'bundle' | 'checkpoint' {
  if (path === CHECKPOINT_PATH) return 'checkpoint';
  return path.startsWith('tile/entries/') ? 'bundle' : 'tile';
}

const ofObjects: Mutation[] = (['tile', 'bundle', 'checkpoint'] as const).flatMap((kind) =>
  Object.entries(OBJECT_CHANGES)
    .filter(([operation]) => kind !== 'checkpoint' || !['reorder', 'duplicate'].includes(operation))
    .map(([operation, change]) => ({
      name: `${kind}: ${operation}`,
      needsHead: false,
      make(ground: Ground, draw: Draw) {
        const objects = new Map(ground.memory.objects);
        const path = draw([...objects.keys()].filter((one) => kindOf(one) === kind));
        change(objects, path, draw, ground);
        return { ...ground.memory, objects };
      },
    })),
);

/** One record of the journal says another time, and what follows it is chained to it. */
export function rewrittenAt(memory: Memory, source: string, seq: number): Memory {
  return rechain(memory, source, (record) =>
    record.seq === seq ? { ...record, time: { ...record.time, atMs: record.time.atMs + 1 } } : record,
  );
}

function rewritten(memory: Memory, source: string, draw: Draw): Memory {
  const own = memory.records.filter((row) => row.source === source);
  return rewrittenAt(memory, source, 1 + draw.below(own.length));
}

const bankOf = (memory: Memory, draw: Draw) => draw(memory.banks).bank;

/** The last records of the tenant's own journal never were. */
function withoutTail(memory: Memory, draw: Draw): Memory {
  const count = 1 + draw.below(3);
  const last = (memory.journals.find(({ source }) => source === memory.tenant)?.last_seq ?? 0) - count;
  const isGone = (row: { source: string; seq: number }) => row.source === memory.tenant && row.seq > last;
  let first = 0;
  const spans = [...memory.spans]
    .sort((a, b) => a.first - b.first)
    .flatMap(({ source, seq, count: had }) => {
      const left = source === memory.tenant ? Math.min(had, Math.max(0, last - seq + 1)) : had;
      first += left;
      return left > 0 ? [{ source, seq, count: left, first: first - left }] : [];
    });
  const cut: Memory = {
    ...memory,
    spans,
    records: memory.records.filter((row) => !isGone(row)),
    ends: memory.ends.map((row) => (row.source === memory.tenant ? { ...row, last_seq: last } : row)),
  };
  return rechain(cut, memory.tenant, (record) => record);
}

/** Two neighbours of different journals have each other's index. */
function reordered(memory: Memory, draw: Draw): Memory | undefined {
  const spans = [...memory.spans].sort((a, b) => a.first - b.first);
  const at = draw.below(spans.length - 1);
  const [one, two] = [spans[at], spans[at + 1]];
  if (!one || !two || one.source === two.source) return undefined;
  spans.splice(at, 2, { ...two, first: one.first }, { ...one, first: one.first + two.count });
  return { ...memory, spans };
}

/** One row more, of a journal that there is not; beside parcels, of the journal that no parcel is told in. */
const ofNobody: Mutation[] = [...OF_JOURNALS, 'parcel_events' as const].map((table) => ({
  name: `${table}: of another journal`,
  needsHead: false,
  isUnplaced: true,
  make({ memory, other }, draw) {
    if (table === 'parcel_events') {
      const row = { ...draw(memory.kept.parcel_events), bank: memory.tenant, also: [] };
      return { ...memory, kept: { ...memory.kept, [table]: [...memory.kept[table], row] } };
    }
    const row = { ...draw(memory[table] as readonly { source: string }[]), source: bankOf(other, draw) };
    return { ...memory, [table]: [...memory[table], row] };
  },
}));

const back = ({ earlier }: Ground, draw: Draw) => draw(earlier);

const whole: Mutation[] = [
  {
    name: 'database: roll back',
    needsHead: false,
    make: (ground, draw) => ({ ...back(ground, draw), objects: ground.memory.objects }),
  },
  {
    name: 'folder: roll back',
    needsHead: false,
    make: (ground, draw) => ({ ...ground.memory, objects: back(ground, draw).objects }),
  },
  { name: 'database and folder: roll back', needsHead: true, make: back },
  {
    name: 'a bank’s journal: fork, signed anew by the log',
    needsHead: false,
    make: ({ memory, key }, draw) => regrow(rewritten(memory, bankOf(memory, draw), draw), key),
  },
  {
    name: 'the tenant’s own journal: fork, not signed anew',
    needsHead: false,
    make: ({ memory }, draw) => rewritten(memory, memory.tenant, draw),
  },
  {
    name: 'the tenant’s own journal: fork, signed anew by the log',
    needsHead: true,
    // A head says that an entry below it is another one, and not which.
    isUnplaced: true,
    make: ({ memory, key }, draw) => regrow(rewritten(memory, memory.tenant, draw), key),
  },
  {
    name: 'the tenant’s own journal: truncate, signed anew by the log',
    needsHead: true,
    make: ({ memory, key }, draw) => regrow(withoutTail(memory, draw), key),
  },
  {
    name: 'the order of the log: reorder, signed anew by the log',
    needsHead: true,
    isUnplaced: true,
    make({ memory, key }, draw) {
      const other = reordered(memory, draw);
      return other && regrow(other, key);
    },
  },
];

export const MUTATIONS: readonly Mutation[] = [...ofRows, ...ofNobody, ...ofObjects, ...whole];

/** Draws until something is changed. */
export async function mutate(mutation: Mutation, ground: Ground, draw: Draw): Promise<Memory> {
  for (let tries = 0; tries < 500; tries++) {
    const made = await mutation.make(ground, draw);
    if (made && changes(ground.memory, made)) return made;
  }
  assert.fail(`${mutation.name} changes nothing`);
}
