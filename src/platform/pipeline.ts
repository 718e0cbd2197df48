/**
 * Statements on their way to PostgreSQL. What a transaction asks at once travels together and is answered
 * together, in one round trip. The server runs them in their order and up to one Sync (PostgreSQL manual,
 * "Pipelining" in the chapter on its protocol): behind one that failed it runs none. So what has to come first,
 * the tenant above all, cannot be left out by a failure; and what stands between two Syncs without a `begin` is one
 * transaction.
 */
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import pg from 'pg';

/** `name`: under which a connection keeps its plan; undefined for one that is planned anew each time. */
export type Statement = { text: string; values: readonly unknown[]; name: string | undefined };

type Rows = Record<string, unknown>[];
type Outcome = { command: string; changed: number; rows: Rows };

/** Reads a column's text, by the number of its type. */
type ParserOf = (oid: number) => (text: string) => unknown;

let planned = 0;

/**
 * A statement that each connection plans once. Its text never varies, and it finds its rows by a key: a plan for
 * all values would be bad for one that filters by several optional ones. It names its columns, because a star
 * means another row after a migration, and PostgreSQL refuses that to a plan it has kept.
 */
export function plannedOnce(text: string): (...values: readonly unknown[]) => Statement {
  const name = `planned_${planned++}`;
  return (...values) => ({ text, values: values.map(prepareValue), name });
}

const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils;

/** Of the driver's connection what is needed here. */
type Wire = {
  stream: { cork(): void; uncork(): void };
  parsedStatements: Record<string, string>;
  parse(of: { name: string; text: string }): void;
  bind(of: { statement: string; values: readonly unknown[] }): void;
  describe(of: { type: 'P' }): void;
  execute(): void;
  sync(): void;
  sendCopyFail(why: string): void;
};

type Field = { name: string; dataTypeID: number };
type Asked = { statements: readonly Statement[]; parserOf: ParserOf };
type Hearing = { resolve(outcomes: Outcome[]): void; reject(error: unknown): void };
type Column = { name: string; parse(text: string): unknown };

/** By connection and name. The server refuses a plan whose columns have changed since, so that these hold. */
const columnsKept = new WeakMap<Wire, Map<string, readonly Column[]>>();

/** What the driver calls, message by message, until the server is ready again. */
class RoundTrip {
  readonly #statements: readonly Statement[];
  readonly #parserOf: ParserOf;
  readonly #hearing: Hearing;
  readonly #outcomes: Outcome[] = [];
  #known = new Map<string, readonly Column[]>();
  #columns: readonly Column[] | undefined;
  #rows: Rows = [];
  #failed: { error: unknown } | undefined;

  constructor({ statements, parserOf }: Asked, hearing: Hearing) {
    this.#statements = statements;
    this.#parserOf = parserOf;
    this.#hearing = hearing;
  }

  /** By these the driver remembers what the server has parsed under a name: it asks when the server says so. */
  get name(): string | undefined {
    return this.#statements[this.#outcomes.length]?.name;
  }
  get text(): string | undefined {
    return this.#statements[this.#outcomes.length]?.text;
  }

  submit(wire: Wire): null {
    const parsed = new Set<string>();
    this.#known = columnsKept.get(wire) ?? this.#known;
    columnsKept.set(wire, this.#known);
    wire.stream.cork();
    try {
      for (const { text, values, name } of this.#statements) {
        const isParsed = name !== undefined && (wire.parsedStatements[name] === text || parsed.has(name));
        if (!isParsed) wire.parse({ name: name ?? '', text });
        if (name !== undefined) parsed.add(name);
        wire.bind({ statement: name ?? '', values });
        if (name === undefined || !this.#known.has(name)) wire.describe({ type: 'P' });
        wire.execute();
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, parse: this.#parserOf(dataTypeID) }));
  }

  #columnsNow(): readonly Column[] {
    this.#columns ??= this.#known.get(this.name ?? '') ?? [];
    return this.#columns;
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const row: Rows[number] = {};
    const columns = this.#columnsNow();
    try {
      for (let index = 0; index < columns.length; index++) {
        const { name, parse } = columns[index] as Column;
        const text = fields[index] ?? null;
        row[name] = text === null ? null : parse(text);
      }
    } catch (error) {
      this.#failed ??= { error };
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { text: string }): void {
    if (this.name !== undefined) this.#known.set(this.name, this.#columnsNow());
    this.#columns = undefined;
    const [command = '', ...numbers] = text.split(' ');
    this.#outcomes.push({ command, changed: Number(numbers.at(-1) ?? 0), rows: this.#rows });
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handlePortalSuspended(): void {
    this.#failed ??= { error: new Error('rows were not asked for in parts') };
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('rows are not copied in here');
  }

  handleCopyData(): void {}

  /** Nothing more need follow it: a connection that broke is never ready again. */
  handleError(error: unknown): void {
    this.#hearing.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#failed) this.#hearing.reject(this.#failed.error);
    else this.#hearing.resolve(this.#outcomes);
  }
}

/** One round trip. Rejects with what failed first, and then nothing behind it was run. */
export function roundTrip(client: pg.ClientBase, asked: Asked): Promise<readonly Outcome[]> {
  return new Promise((resolve, reject) => {
    client.query(new RoundTrip(asked, { resolve, reject }) as unknown as pg.Submittable);
  });
}

/** Sends statements, and answers with an outcome for each of them. */
type Send = (statements: readonly Statement[]) => Promise<readonly Outcome[]>;
type Waiting = { statement: Statement; resolve(outcome: Outcome): void; reject(error: unknown): void };

const CHANGES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** The connection of one transaction, as the query builder sees it. */
export class Pipeline implements DatabaseConnection {
  readonly #send: Send;
  #waiting: Waiting[] = [];
  #isUnderWay = false;
  #hasEnded = false;

  constructor(send: Send) {
    this.#send = send;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const values = parameters.map(prepareValue);
    const { command, changed, rows } = await this.ask({ text: sql, values, name: undefined });
    return {
      rows: rows as Row[],
      ...(CHANGES.has(command) ? { numAffectedRows: BigInt(changed) } : {}),
    };
  }

  async ask(statement: Statement): Promise<Outcome> {
    if (this.#hasEnded) throw new Error('the transaction has ended');
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        this.#waiting.push({ statement, resolve, reject });
        this.#wake();
      });
    } catch (error) {
      // The error was made where the answer was read; whoever asked is wanted in its trace.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: rows are never asked for in parts.
  async *streamQuery(): AsyncGenerator<never> {
    throw new Error('rows are not asked for in parts');
  }

  end(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the transaction has ended'));
  }

  /** Sends when everything that can go on has gone on: what was asked at once is then there. */
  #wake(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    queueMicrotask(() => process.nextTick(() => void this.#go()));
  }

  async #go(): Promise<void> {
    const asked = this.#waiting.splice(0);
    // It ended meanwhile: what it would begin now, nobody would end, and the next on this connection would be inside.
    if (asked.length === 0) return;
    try {
      const outcomes = await this.#send(asked.map(({ statement }) => statement));
      for (const [index, { resolve, reject }] of asked.entries()) {
        const outcome = outcomes[index];
        if (outcome) resolve(outcome);
        else reject(new Error('the server answered fewer statements than it was sent'));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
    this.#isUnderWay = false;
    if (this.#waiting.length > 0) this.#wake();
  }
}
