/**
 * The log beside the intake, in one process as it is in a cloud. How much slower batches are taken while the log grows
 * under them; and, at half the rate at which they can be taken, how long an acknowledged record waits for the signed
 * checkpoint that covers it, shown in the folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { hear } from '../src/cloud/core.ts';
import type { Cloud } from '../src/cloud/deps.ts';
import { createLog, drain, folderOfLogs, startSequencer } from '../src/cloud/log/log.ts';
import { fromUtf8 } from '../src/crypto/bytes.ts';
import { CHECKPOINT_PATH } from '../src/ledger/log/layout.ts';
import { sleep, systemClock } from '../src/platform/clock.ts';
import { type BenchBank, BenchCloud } from './cloud.ts';
import { CONNECTIONS, ingestRate, type Prepared, prepare } from './ingest.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const HOST = 'ledger.example.org';
const BATCHES_A_ROUND = 4;
const WARM_UPS = 2;
const RATIO_MIN = 0.85;
/** Those of `ingest`, as after an outage, which the bar is for; and the fewer that a bank sends at once while its line is good. */
const PACED = [
  { records: 1_000, full: 2, batches: 6, bar: true },
  { records: 100, full: 10, batches: 30, bar: false },
] as const;
const RATE_KEPT_MIN = 0.95;
const P99_MS_MAX = 500;

/** A cloud that keeps a log in a folder, and hears of what is committed as the real one does. */
class LedgerBench {
  readonly bench: BenchCloud;
  readonly cloud: Cloud;
  readonly banks: BenchBank[] = [];
  /** Each checkpoint that was shown: of how many entries, and when. */
  readonly shown: { size: number; atMs: number }[] = [];
  readonly #folder: string;
  #poke: Parameters<typeof hear>[1]['onChanged'] = () => undefined;

  static async open(): Promise<LedgerBench> {
    const opened = new LedgerBench(await BenchCloud.open(), await mkdtemp(join(tmpdir(), 'holdfast-bench-')));
    const { bench, cloud, banks } = opened;
    await createLog(cloud, { tenant: bench.stand.tenant, host: HOST, succeeds: false });
    for (let n = 0; n < CONNECTIONS; n++) banks.push(await bench.newBank(n + 1));
    await hear(cloud, {
      onChanged: (...heard) => opened.#poke(...heard),
      onTell: () => undefined,
      onGap: () => undefined,
    });
    return opened;
  }

  private constructor(bench: BenchCloud, folder: string) {
    this.bench = bench;
    this.#folder = folder;
    const { cloud } = bench.stand;
    const objects = folderOfLogs(folder);
    const write: typeof objects.write = async (place, object) => {
      await objects.write(place, object);
      if (object.path !== CHECKPOINT_PATH) return;
      const [, size] = fromUtf8(object.bytes).split('\n');
      this.shown.push({ size: Number(size), atMs: performance.now() });
    };
    this.cloud = { ...cloud, ledger: { ...cloud.ledger, objects: { ...objects, write } } };
  }

  /** Runs something while the log grows, after it was worked off. */
  async withLog<T>(run: () => Promise<T>): Promise<T> {
    await drain(this.cloud, this.bench.stand.tenant);
    const sequencer = startSequencer(this.cloud);
    this.#poke = (tenant) => sequencer.poke(tenant);
    try {
      return await run();
    } finally {
      this.#poke = () => undefined;
      await sequencer.stop();
    }
  }

  /** Resolves when a checkpoint covers every record. */
  async covered(): Promise<void> {
    const { rows } = await this.bench.stand.inTenant((tx) =>
      sql<{ records: number }>`select sum(last_seq)::bigint as records from journals`.execute(tx),
    );
    const records = rows[0]?.records ?? 0;
    while ((this.shown.at(-1)?.size ?? 0) < records) await sleep(systemClock, 2);
  }

  /** The index of the last record of each of a bank's batches. */
  async indexOf(source: string, seqs: readonly number[]): Promise<number[]> {
    const { rows } = await this.bench.stand.inTenant((tx) =>
      sql<{ index: number }>`select s.first + w.seq - s.seq as index
        from unnest(${sql.val(seqs)}::bigint[]) with ordinality as w (seq, ord) join log_spans s
          on s.source = ${source} and w.seq between s.seq and s.seq + s.count - 1 order by w.ord`.execute(tx),
    );
    return rows.map(({ index }) => index);
  }

  async close(): Promise<void> {
    await this.bench.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function ingestWithLog(say: (line: string) => void): Promise<Row[]> {
  say(
    `ingest-ledger: ${CONNECTIONS} banks, ${BATCHES_A_ROUND} batches each a round, with the log and without`,
  );
  const ledger = await LedgerBench.open();
  try {
    const measured = await measure(['on', 'off'], WARM_UPS, async () => {
      const of = { batches: BATCHES_A_ROUND, wishes: false };
      const on = await rateWithLog(ledger, await prepare(ledger.banks, of));
      const off = await ingestRate(ledger.bench, await prepare(ledger.banks, of));
      await ledger.bench.check(ledger.banks);
      return { on: [on], off: [off] };
    });
    const ratio = overRounds(measured, (round) => round.on / round.off);
    return [
      {
        name: 'ingest, the log on',
        value: overRounds(measured, (round) => round.on),
        unit: 'rows/s',
        ratio,
        bar: RATIO_MIN,
        better: 'higher',
        holds: measured.rounds.length >= ROUNDS_MIN && ratio >= RATIO_MIN,
        median: median(measured.samples.on),
        p99: quantile(measured.samples.on, 0.01),
        rounds: measured.rounds.length,
        discarded: measured.discarded,
      },
    ];
  } finally {
    await ledger.close();
  }
}

/** What is not under a checkpoint yet is not taken: the time ends with the one that covers the last record. */
function rateWithLog(ledger: LedgerBench, all: Prepared[][]): Promise<number> {
  return ledger.withLog(async () => {
    const rows = all.flat().reduce((sum, { message }) => sum + message.records.length, 0);
    const startMs = performance.now();
    await ingestRate(ledger.bench, all);
    await ledger.covered();
    return (rows / (performance.now() - startMs)) * 1000;
  });
}

export async function eventToCheckpoint(say: (line: string) => void): Promise<Row[]> {
  const ledger = await LedgerBench.open();
  try {
    const rows: Row[] = [];
    for (const paced of PACED) rows.push(await paceOf(ledger, paced, say));
    return rows;
  } finally {
    await ledger.close();
  }
}

async function paceOf(
  ledger: LedgerBench,
  { records, full: warm, batches, bar }: (typeof PACED)[number],
  say: (line: string) => void,
): Promise<Row> {
  say(`event-to-checkpoint: batches of ${records} records, at half of what can be taken of them`);
  const measured = await measure(['waits', 'kept', 'full'], WARM_UPS, async () => {
    const of = { records, wishes: false };
    const full = await ingestRate(ledger.bench, await prepare(ledger.banks, { ...of, batches: warm }));
    const paced = await prepare(ledger.banks, { ...of, batches });
    const { waits, rate } = await ledger.withLog(() =>
      pacedWaits(ledger, paced, { records, rate: full / 2 }),
    );
    return { waits, kept: [rate / (full / 2)], full: [full] };
  });
  const { waits } = measured.samples;
  const value = quantile(waits, 0.99);
  const kept = overRounds(measured, (round) => round.kept);
  const { discarded } = measured;
  const rounds = measured.rounds.length;
  say(`event-to-checkpoint: ${kept.toFixed(2)} of the pace was kept`);
  return {
    ...{ rounds, discarded, value, unit: 'ms', ratio: null, better: 'lower', p99: value },
    name: bar ? 'event-to-checkpoint, p99' : `event-to-checkpoint, batches of ${records}, p99`,
    bar: bar ? P99_MS_MAX : null,
    holds: bar ? rounds >= ROUNDS_MIN && kept >= RATE_KEPT_MIN && value <= P99_MS_MAX : null,
    median: median(waits),
  };
}

/** Sends at a pace, in turn for each bank, and never two batches of one bank at a time. */
async function pacedWaits(
  ledger: LedgerBench,
  all: Prepared[][],
  { records, rate }: { records: number; rate: number },
): Promise<{ waits: number[]; rate: number }> {
  const startMs = performance.now();
  const betweenMs = (records * all.length * 1000) / rate;
  const acks = await Promise.all(
    all.map(async (own, bank) => {
      const acked: { seq: number; atMs: number }[] = [];
      for (const [batch, { bank: from, message, payload }] of own.entries()) {
        const dueMs = startMs + (batch + bank / all.length) * betweenMs;
        await sleep(systemClock, Math.max(0, dueMs - performance.now()));
        await ledger.bench.take(from, payload);
        acked.push({ seq: JSON.parse(message.records.at(-1) ?? '{}').seq, atMs: performance.now() });
      }
      return acked;
    }),
  );
  const rows = all.flat().length * records;
  const kept = (rows / (Math.max(...acks.flat().map(({ atMs }) => atMs)) - startMs)) * 1000;
  await ledger.covered();
  const waits: number[] = [];
  for (const [bank, acked] of acks.entries()) {
    const source = all[bank]?.[0]?.bank.bank.bank ?? '';
    const indices = await ledger.indexOf(
      source,
      acked.map(({ seq }) => seq),
    );
    for (const [at, { atMs }] of acked.entries()) {
      const index = indices[at] ?? Number.POSITIVE_INFINITY;
      const covering = ledger.shown.find(({ size }) => size > index);
      if (!covering) throw new Error('a record that was acknowledged is under no checkpoint');
      // The acknowledgement comes behind the commit, and a checkpoint can be sooner than it.
      waits.push(Math.max(0, covering.atMs - atMs));
    }
  }
  return { waits, rate: kept };
}
