/**
 * Records that wait, through the sequencer: indices and root in one transaction, tiles and bundles in their files,
 * checkpoint and tree in another, the checkpoint shown; every flush is waited for. The limit is COPY of the same rows,
 * one commit a batch, over one connection, for one process at a time works at a log.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import type { Cloud } from '../src/cloud/deps.ts';
import { createLog, drain, folderOfLogs } from '../src/cloud/log/log.ts';
import { utf8 } from '../src/crypto/bytes.ts';
import { signCheckpoint, type TreeHead } from '../src/ledger/log/checkpoint.ts';
import type { LogObject } from '../src/ledger/log/growth.ts';
import { CHECKPOINT_PATH } from '../src/ledger/log/layout.ts';
import { Chain, keep, templatesOf } from './chained.ts';
import { BenchCloud } from './cloud.ts';
import { type CopyRow, copyIn, copyText } from './copy.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const BANKS = 4;
const RECORDS_TEMPLATES = 1_000;
/** As many as one turn of the sequencer takes. */
const ROWS_A_ROUND = 16_000;
const WARM_UPS = 2;
const RATIO_MIN = 0.7;
const SIZES = [256, 1_000] as const;

export class LogBench {
  readonly cloud: Cloud;
  readonly bench: BenchCloud;
  readonly superuser: pg.Client;
  readonly chains: Chain[] = [];
  readonly #folder: string;
  /** Entries that no record stands for. */
  #pretended = 0;

  static async open(): Promise<LogBench> {
    const bench = await BenchCloud.open();
    const superuser = new pg.Client({ connectionString: bench.stand.superuserUrl() });
    await superuser.connect();
    const opened = new LogBench(bench, superuser, await mkdtemp(join(tmpdir(), 'holdfast-bench-')));
    const { tenant } = bench.stand;
    await createLog(opened.cloud, { tenant, host: 'ledger.example.org', succeeds: false });
    await drain(opened.cloud, tenant);
    for (let n = 0; n < BANKS; n++) {
      const bank = await bench.newBank(n + 1);
      opened.chains.push(new Chain(bank.bank.bank, templatesOf(bank.bank.bank, RECORDS_TEMPLATES)));
    }
    return opened;
  }

  private constructor(bench: BenchCloud, superuser: pg.Client, folder: string) {
    this.bench = bench;
    this.superuser = superuser;
    this.#folder = folder;
    const { cloud } = bench.stand;
    this.cloud = { ...cloud, ledger: { ...cloud.ledger, objects: folderOfLogs(folder) } };
  }

  /** So many records in each of `batches` batches, the banks in turn; they wait for the log then. */
  async feed(batches: number, records: number): Promise<CopyRow[][]> {
    const { tenant } = this.bench.stand;
    const all: CopyRow[][] = [];
    for (let batch = 0; batch < batches; batch++) {
      const chain = this.chains[batch % this.chains.length] as Chain;
      const rows = chain.rows(tenant, records);
      await keep(this.superuser, chain, rows);
      all.push(rows);
    }
    return all;
  }

  async sequence(records: number, batch: number): Promise<number> {
    const startMs = performance.now();
    await drain(this.cloud, this.bench.stand.tenant, batch);
    return (records / (performance.now() - startMs)) * 1000;
  }

  /** Has the log go on from a tree that it did not grow. As the database's owner; no process of ours could. */
  async pretend(of: { head: TreeHead; state: Uint8Array; objects: readonly LogObject[] }): Promise<void> {
    const { tenant } = this.bench.stand;
    const { size, root } = of.head;
    const place = { tenant, generation: 1 };
    const { rows } = await this.superuser.query('select origin, size from logs where tenant_id = $1', [
      tenant,
    ]);
    const { origin, size: before } = rows[0];
    const note = signCheckpoint({ origin, size, root }, { name: origin, ...this.cloud.ledger.key });
    await this.superuser.query(
      'insert into log_checkpoints (tenant_id, generation, size, root, note, at_ms) values ($1, 1, $2, $3, $4, 0)',
      [tenant, size, Buffer.from(root), note],
    );
    await this.superuser.query(
      'update logs set size = $2, published_size = $2, shown_size = $2, root = $3, state = $4 where tenant_id = $1',
      [tenant, size, Buffer.from(root), Buffer.from(of.state)],
    );
    for (const object of of.objects) await this.cloud.ledger.objects.write(place, object);
    await this.cloud.ledger.objects.write(place, { path: CHECKPOINT_PATH, bytes: utf8(note) });
    this.#pretended = size - Number(before);
  }

  /** Throws unless every record stands in the log, under a checkpoint. */
  async check(): Promise<void> {
    const { rows } = await this.bench.stand.inTenant((tx) =>
      sql<{ records: number; size: number }>`select (select count(*) from records) as records,
        (select published_size from logs) as size`.execute(tx),
    );
    const [{ records, size } = { records: -1, size: -2 }] = rows;
    const grown = size - this.#pretended;
    if (records !== grown) throw new Error(`of ${records} records ${grown} are in the log`);
  }

  async close(): Promise<void> {
    await this.superuser.end();
    await this.bench.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function sequence(say: (line: string) => void): Promise<Row[]> {
  say(`sequence: ${ROWS_A_ROUND} records of ${BANKS} banks a round, in batches of ${SIZES.join(' and of ')}`);
  const log = await LogBench.open();
  try {
    const rows: Row[] = [];
    for (const size of SIZES) rows.push(...(await ofSize(log, size)));
    return rows;
  } finally {
    await log.close();
  }
}

async function ofSize(log: LogBench, size: number): Promise<Row[]> {
  const batches = Math.floor(ROWS_A_ROUND / size);
  const measured = await measure(['sequence', 'copy'], WARM_UPS, async () => {
    const fed = await log.feed(batches, size);
    const copy = await copyRate(log, fed);
    const sequenced = await log.sequence(batches * size, size);
    await log.check();
    return { sequence: [sequenced], copy: [copy] };
  });
  const ratio = overRounds(measured, (round) => round.sequence / round.copy);
  const row = (name: string, of: 'sequence' | 'copy'): Row => ({
    ...{ name, unit: 'rows/s', better: 'higher', ratio: null, bar: null, holds: null },
    value: overRounds(measured, (round) => round[of]),
    median: median(measured.samples[of]),
    p99: quantile(measured.samples[of], 0.01),
    rounds: measured.rounds.length,
    discarded: measured.discarded,
  });
  return [
    {
      ...row(`sequence, batches of ${size}`, 'sequence'),
      ...{ ratio, bar: RATIO_MIN, holds: measured.rounds.length >= ROUNDS_MIN && ratio >= RATIO_MIN },
    },
    row(`COPY of the same rows, ${size} a commit`, 'copy'),
  ];
}

async function copyRate({ bench, superuser }: LogBench, batches: readonly CopyRow[][]): Promise<number> {
  // It grows with nothing, as a table of its own would: whatever it held in the round before is not part of it.
  await superuser.query('truncate raw_records');
  const texts = batches.map(copyText);
  const client = await bench.stand.cloud.database.pool.connect();
  try {
    const rows = batches.reduce((sum, batch) => sum + batch.length, 0);
    const startMs = performance.now();
    for (const text of texts) await copyIn(client, text);
    return (rows / (performance.now() - startMs)) * 1000;
  } finally {
    client.release();
  }
}
