/** The series of the plots against the same numbers counted one millisecond rule at a time, without SQL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { z } from 'zod';
import { type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import { usageOf } from '../../src/cloud/parcels/usage.ts';
import { drawFrom } from '../../src/cloud/test-access.ts';
import { DWELL_EDGES_MS, usage } from '../../src/contract/http/usage.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';

let http: HttpStand;
const SEED = Number(process.env.HOLDFAST_SEED ?? 7);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Long after everything that the filled organisation holds. */
const NOW_MS = 1_900_000_000_000 + 5 * HOUR_MS + 1234;

type Lay = { sinceMs: number; endMs: number | null; state: 'waiting' | 'collected' | 'removed' };
const lays: Lay[] = [];

before(async () => {
  http = await openHttpStand();
  const { tenant, bank } = http.alder;
  const draw = drawFrom(SEED);
  for (let n = 0; n < 120; n++) {
    const sinceMs = NOW_MS - draw(12 * 24 * 60) * 60_000;
    const endMs = sinceMs + draw(9 * 24 * 60) * 60_000;
    const state = (['collected', 'collected', 'removed'] as const)[draw(3)] ?? 'collected';
    lays.push(endMs > NOW_MS ? { sinceMs, endMs: null, state: 'waiting' } : { sinceMs, endMs, state });
  }
  await http.stand.cloud.database.tenant(tenant, async (tx) => {
    await sql`delete from parcel_events`.execute(tx);
    await sql`delete from parcels`.execute(tx);
    for (const { sinceMs, endMs, state } of lays)
      await sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, accepted_at_ms, deposited_at_ms, until_ms, ended_at_ms)
        values (${idFrom('parcel', systemRandom.bytes(16))}, ${bank}, 1, 'M', ${state}, 'bank', ${sinceMs}, ${sinceMs}, ${NOW_MS}, ${endMs})`.execute(
        tx,
      );
  });
});
after(() => http?.close());

const asked = (of: { days: 1 | 7 | 30; offsetMinutes?: number; bank?: string }) =>
  http.stand.cloud.database.tenant(http.alder.tenant, (tx) =>
    usageOf(tx, { bank: undefined, site: undefined, offsetMinutes: 0, nowMs: NOW_MS, ...of }),
  );

const levelAt = (atMs: number) =>
  lays.filter(({ sinceMs, endMs }) => sinceMs <= atMs && (endMs === null || endMs > atMs)).length;

/** By the plainest rule: the level holds between two moments at which anything changes. */
function plainly(fromMs: number, toMs: number): { average: number; peak: number } {
  const moments = lays.flatMap(({ sinceMs, endMs }) => [sinceMs, endMs ?? toMs]);
  const cuts = [...new Set([fromMs, ...moments.filter((at) => at > fromMs && at < toMs), toMs])].sort(
    (a, b) => a - b,
  );
  let area = 0;
  let peak = 0;
  for (const [index, at] of cuts.slice(0, -1).entries()) {
    const level = levelAt(at);
    area += level * ((cuts[index + 1] ?? toMs) - at);
    peak = Math.max(peak, level);
  }
  return { average: area / (toMs - fromMs), peak };
}

function checkSteps(told: z.infer<typeof usage>): void {
  const seen = `HOLDFAST_SEED=${SEED}`;
  for (const { fromMs, average, peak, deposited, ended } of told.steps) {
    const toMs = Math.min(fromMs + told.stepMs, told.toMs);
    const plain = plainly(fromMs, toMs);
    assert.ok(Math.abs(average - plain.average) < 1e-9, `${seen} ${fromMs}: ${average}, ${plain.average}`);
    assert.equal(peak, plain.peak, seen);
    const within = (at: number | null) => at !== null && at >= fromMs && at < toMs;
    assert.equal(deposited, lays.filter(({ sinceMs }) => within(sinceMs)).length, seen);
    assert.equal(ended, lays.filter(({ endMs }) => within(endMs)).length, seen);
  }
}

test('average, peak, deposits and ends of every step are those that counting by hand gives', async () => {
  for (const [days, steps] of [
    [1, 24],
    [7, 28],
    [30, 30],
  ] as const) {
    const told = usage.parse(await asked({ days }));
    assert.equal(told.steps.length, steps);
    assert.equal(told.compartments, 24);
    assert.ok(told.steps.some(({ average }) => average > 0) && told.toMs === NOW_MS);
    checkSteps(told);
  }
});

test('a day begins at the midnight of who asks', async () => {
  const told = usage.parse(await asked({ days: 30, offsetMinutes: 330 }));
  for (const { fromMs } of told.steps) assert.equal((fromMs + 330 * 60_000) % DAY_MS, 0);
  checkSteps(told);
});

test('dwell times: every collected parcel in one bin, median and ninth tenth by the definition', async () => {
  const { dwell, fromMs } = usage.parse(await asked({ days: 7 }));
  const lay = lays
    .filter(({ state, endMs }) => state === 'collected' && endMs !== null && endMs >= fromMs)
    .map(({ sinceMs, endMs }) => (endMs ?? 0) - sinceMs)
    .sort((a, b) => a - b);
  assert.equal(dwell.collected, lay.length);
  assert.ok(lay.length > 5);
  const edges = [0, ...DWELL_EDGES_MS, Number.POSITIVE_INFINITY];
  assert.deepEqual(
    dwell.bins.map(({ count }) => count),
    edges
      .slice(0, -1)
      .map((from, bin) => lay.filter((ms) => ms >= from && ms < (edges[bin + 1] ?? 0)).length),
  );
  const between = (part: number) => {
    const place = part * (lay.length - 1);
    const low = lay[Math.floor(place)] ?? 0;
    return Math.round(low + (place % 1) * ((lay[Math.ceil(place)] ?? 0) - low));
  };
  assert.equal(dwell.medianMs, between(0.5));
  assert.equal(dwell.longMs, between(0.9));
  assert.equal(dwell.inside, lays.filter(({ state }) => state === 'waiting').length);
});

test('over HTTP: of one bank, of a site, and nothing of another organisation; no name in it', async () => {
  const ask = (query: string, tenant = http.alder) => http.ask('GET', `/api/admin/usage${query}`, { tenant });
  assert.equal(usage.parse((await ask(`?days=1&bank=${http.alder.bank}`)).body).compartments, 24);
  assert.equal(usage.parse((await ask(`?site=${http.alder.site}`)).body).days, 7);
  const foreign = await ask(`?bank=${http.birch.bank}`);
  const missing = await ask(`?bank=${idFrom('bank', systemRandom.bytes(16))}`);
  assert.equal(foreign.status, 404);
  assert.equal(foreign.text, missing.text);
  const own = await ask('?days=90');
  assert.ok(http.alder.marks.every((mark) => !own.text.includes(mark)));
  assert.equal((await ask('?days=8')).status, 400);
});
