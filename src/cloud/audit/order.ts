/** In which order records stand in a log, and how far each journal does. */
import type { LogRow } from '../log/log.ts';
import type { Auditing } from './journals.ts';
import type { JournalRow } from './rows.ts';

const ROWS_A_READ = 500;

/** Spans lie one behind the other, and give each journal's records in their order, each once. */
export async function auditOrder(
  { rows, findings, indexOf }: Auditing,
  { generation, origin, size }: LogRow,
  journals: readonly JournalRow[],
): Promise<void> {
  const next = new Map<string, number>();
  let index = 0;
  for (let more = true; more; ) {
    const spans = await rows.spans(generation, index, ROWS_A_READ);
    more = spans.length === ROWS_A_READ;
    for (const { first, source, seq, count } of spans) {
      if (first !== index)
        findings.add('order', `${origin} entry ${index}`, `the next entry that is there is ${first}`, index);
      const wanted = next.get(source) ?? 1;
      if (seq !== wanted)
        findings.add(
          'order',
          `${origin} entry ${first}`,
          `is record ${seq} of ${source}, where ${wanted} is next`,
          first,
        );
      next.set(source, seq + count);
      index = first + count;
    }
  }
  if (index !== size)
    findings.add(
      'order',
      origin,
      `${size} records have an index, and ${index} are there`,
      Math.min(index, size),
    );
  await auditEnds({ origin, findings, indexOf }, { next, journals, ends: await rows.ends(generation) });
}

async function auditEnds(
  { origin, findings, indexOf }: Pick<LogRow, 'origin'> & Pick<Auditing, 'findings' | 'indexOf'>,
  of: {
    next: ReadonlyMap<string, number>;
    journals: readonly JournalRow[];
    ends: { source: string; last_seq: number }[];
  },
): Promise<void> {
  const { next, journals, ends } = of;
  const last = new Map(ends.map(({ source, last_seq }) => [source, last_seq]));
  for (const source of new Set([...next.keys(), ...last.keys()])) {
    const there = (next.get(source) ?? 1) - 1;
    const said = last.get(source);
    // The last record at which one of the two still says that the log has it.
    const lastOf = async (other: number) =>
      (await indexOf(source, Math.max(1, Math.min(there, other)))) ?? null;
    if (said !== there)
      findings.add(
        'order',
        `${origin} ${source}`,
        `stands in the log up to ${there}, and is said to up to ${said}`,
        await lastOf(said ?? 0),
      );
    const journal = journals.find((one) => one.source === source);
    if (!journal || journal.last_seq < there)
      findings.add(
        'order',
        `${origin} ${source}`,
        `stands in the log up to ${there}, and its journal ends at ${journal?.last_seq ?? 0}`,
        await lastOf(journal?.last_seq ?? 0),
      );
  }
}
