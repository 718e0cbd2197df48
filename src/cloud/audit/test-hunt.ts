/** Changes a log at random, again and again, and asks the audit each time what it finds. */
import assert from 'node:assert/strict';
import type { Stand } from '../test-stand.ts';
import { overStored } from './stored.ts';
import { type Audited, auditRows } from './tenant.ts';
import { newEstate, oneDay, picking } from './test-audit.ts';
import { type Memory, remember, rowsOf } from './test-memory.ts';
import { type Ground, MUTATIONS, mutate } from './test-mutations.ts';
import { acting, personsOf } from './test-persons.ts';

const QUIET = { heads: [] as readonly string[], progress: () => undefined };

/** A log of several banks over `days`, remembered after each day; and one of somebody else. */
export async function groundOn(stand: Stand, days: number): Promise<Ground> {
  const { cloud } = stand;
  const [estate, strange] = [await newEstate(cloud, 3), await newEstate(cloud, 2)];
  const earlier: Memory[] = [];
  for (let day = 0; day < days; day++) {
    for (const bank of estate.banks) await oneDay(cloud, estate, bank, day);
    if (day < 2) for (const bank of strange.banks) await oneDay(cloud, strange, bank, day);
    if (day === 0) for (const one of [estate, strange]) await personsOf(await acting(stand, one));
    if (day < days - 1) earlier.push(await overStored(cloud, estate.tenant, remember));
  }
  const [memory, other] = await Promise.all(
    [estate, strange].map(({ tenant }) => overStored(cloud, tenant, remember)),
  );
  assert.ok(memory && other);
  return { memory, earlier, other, key: cloud.ledger.key };
}

/** `named`: how often the first wrong index was named; null for a kind of which none can be. */
export type Tally = { name: string; applied: number; found: number; withHead: number; named: number | null };

export async function hunt(
  ground: Ground,
  { count, seed }: { count: number; seed: number },
): Promise<{ tallies: Tally[]; missed: string[] }> {
  const draw = picking(seed);
  const tallies = new Map(
    MUTATIONS.map(({ name, isUnplaced }): [string, Tally] => [
      name,
      { name, applied: 0, found: 0, withHead: 0, named: isUnplaced ? null : 0 },
    ]),
  );
  const missed: string[] = [];
  const note = ground.memory.checkpoints.at(-1)?.note ?? '';
  for (let n = 0; n < count; n++) {
    // Every kind in turn, so that a short hunt meets each of them.
    const mutation = MUTATIONS[n % MUTATIONS.length] ?? assert.fail();
    const made = await mutate(mutation, ground, draw);
    const { by, audited } = await judge(made, note);
    const tally = tallies.get(mutation.name) ?? assert.fail();
    tally.applied += 1;
    if (by === 'audit') tally.found += 1;
    if (by === 'head') tally.withHead += 1;
    const isNamed = audited.findings.told.some(({ index }) => index !== null);
    if (tally.named !== null && isNamed) tally.named += 1;
    if (tally.named !== null && !isNamed) missed.push(`${n} ${mutation.name}: no index named`);
    // Found without a head where one is said to be needed is wrong, too: the table would say too little.
    if (by !== (mutation.needsHead ? 'head' : 'audit')) missed.push(`${n} ${mutation.name}: ${by}`);
  }
  return { tallies: [...tallies.values()], missed };
}

/** Without a remembered head first, as whoever has none; the very code of the command. */
async function judge(
  made: Memory,
  note: string,
): Promise<{ by: 'audit' | 'head' | 'nobody'; audited: Audited }> {
  const alone = await auditRows(rowsOf(made), QUIET);
  if (alone.findings.total > 0) return { by: 'audit', audited: alone };
  const audited = await auditRows(rowsOf(made), { ...QUIET, heads: [note] });
  return { by: audited.findings.total > 0 ? 'head' : 'nobody', audited };
}

export function tableOf(tallies: readonly Tally[]): string[] {
  const width = Math.max(...tallies.map(({ name }) => name.length));
  const line = (...cells: (string | number)[]) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(width) : String(cell).padStart(9))).join('');
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, tally) => all + of(tally), 0);
  return [
    line('kind', 'applied', 'found', 'by head', 'named'),
    ...tallies.map(({ name, applied, found, withHead, named }) =>
      line(name, applied, found, withHead, named ?? 'none'),
    ),
    line(
      'all',
      sum(({ applied }) => applied),
      sum(({ found }) => found),
      sum(({ withHead }) => withHead),
      sum(({ named }) => named ?? 0),
    ),
  ];
}
