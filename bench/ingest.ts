/**
 * Batches of 1,000 records, from a bank's bytes to the acknowledgement: signature and chain judged, everything
 * sealed opened, checked and sealed again under the keys of those it is about, appended, followed by every noun,
 * committed. The limit is COPY of the same rows over as many connections.
 */
import type { BatchMessage } from '../src/contract/uplink.ts';
import { type BenchBank, BenchCloud } from './cloud.ts';
import { copyIn, copyText } from './copy.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

/** So many banks send at once, each over its own connection to the database. */
export const CONNECTIONS = 4;
const BATCHES_A_ROUND = 3;
const BATCH_RECORDS = 1_000;
const WARM_UPS = 3;
const RATIO_MIN = 0.3;

export type Prepared = { bank: BenchBank; message: BatchMessage; payload: Uint8Array };

export async function ingest(say: (line: string) => void): Promise<Row[]> {
  say(`ingest: ${CONNECTIONS} banks, ${BATCHES_A_ROUND} batches of ${BATCH_RECORDS} each a round`);
  const cloud = await BenchCloud.open();
  try {
    const banks = await Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => cloud.newBank(n + 1)));
    const measured = await measure(['ingest', 'copy', 'told'], WARM_UPS, async () => {
      const plain = await prepare(banks, { batches: BATCHES_A_ROUND, wishes: false });
      const copy = await copyRate(cloud, plain);
      const ingest = await ingestRate(cloud, plain);
      const told = await ingestRate(cloud, await prepare(banks, { batches: 1, wishes: true }));
      await cloud.check(banks);
      return { ingest: [ingest], copy: [copy], told: [told] };
    });
    const ratio = (of: 'ingest' | 'told') => overRounds(measured, (round) => round[of] / round.copy);
    const row = (
      name: string,
      of: 'ingest' | 'copy' | 'told',
      ratio: number | null,
      bar: number | null,
    ): Row => ({
      name,
      value: overRounds(measured, (round) => round[of]),
      unit: 'rows/s',
      ratio,
      bar,
      better: 'higher',
      holds: ratio === null || bar === null ? null : measured.rounds.length >= ROUNDS_MIN && ratio >= bar,
      median: median(measured.samples[of]),
      p99: quantile(measured.samples[of], 0.01),
      rounds: measured.rounds.length,
      discarded: measured.discarded,
    });
    return [
      row('ingest', 'ingest', ratio('ingest'), RATIO_MIN),
      row('ingest, a notice for each parcel', 'told', ratio('told'), null),
      row('COPY of the same rows', 'copy', null, null),
    ];
  } finally {
    await cloud.close();
  }
}

/** Batch by batch of each bank, so that every bank has its own in their order. */
export async function prepare(
  banks: readonly BenchBank[],
  of: { batches: number; records?: number; wishes: boolean },
): Promise<Prepared[][]> {
  const all: Prepared[][] = [];
  for (const bank of banks) {
    const own: Prepared[] = [];
    for (let batch = 0; batch < of.batches; batch++) {
      const message = await bank.batch(of.records ?? BATCH_RECORDS, of.wishes);
      own.push({ bank, message, payload: Buffer.from(JSON.stringify(message)) });
    }
    all.push(own);
  }
  return all;
}

/** Rows a second of what runs for each bank beside the others. */
async function rate(all: readonly Prepared[][], run: (own: Prepared[]) => Promise<void>): Promise<number> {
  const rows = all.flat().reduce((sum, { message }) => sum + message.records.length, 0);
  const startMs = performance.now();
  await Promise.all(all.map(run));
  return (rows / (performance.now() - startMs)) * 1000;
}

export function ingestRate(cloud: BenchCloud, all: readonly Prepared[][]): Promise<number> {
  return rate(all, async (own) => {
    for (const { bank, payload } of own) await cloud.take(bank, payload);
  });
}

async function copyRate(cloud: BenchCloud, all: readonly Prepared[][]): Promise<number> {
  const { pool } = cloud.stand.cloud.database;
  const texts = new Map(
    all.flat().map((one) => [one, copyText(cloud.rowsOf(one.bank, one.message))] as const),
  );
  const clients = await Promise.all(all.map(() => pool.connect()));
  try {
    let next = 0;
    return await rate(all, async (own) => {
      const client = clients[next++];
      for (const one of own) if (client) await copyIn(client, texts.get(one) ?? Buffer.alloc(0));
    });
  } finally {
    for (const client of clients) client.release();
  }
}
