/** Who may do what: the table against a model that was written apart from it, alone and over HTTP. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { TenantId } from '../domain/ids.ts';
import { NOUNS } from './cloud.ts';
import { ACCESS, decide, ROLES } from './http/http.ts';
import { AccessStand, allCells, drawFrom, names, randomCell } from './test-access.ts';
import { modelled } from './test-access-model.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const DECISIONS = 1_000_000;
/** Twenty thousand of them are in the long tier. */
const REQUESTS = 1_500;

let stand: AccessStand;
before(async () => {
  stand = await AccessStand.open();
});
after(() => stand.close());

test('every route has a row, every row a route, and a resident or a courier names nothing but a parcel, for its receipt', () => {
  const SYSTEM = [
    'GET /api',
    'GET /api/health',
    'GET /api/ready',
    'GET /api/start',
    'GET /metrics',
    'GET /openapi.json',
  ];
  const mounted = NOUNS.flatMap((noun) => noun.routes ?? []).map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual([...mounted, ...SYSTEM].sort(), Object.keys(ACCESS).sort());
  assert.deepEqual(
    Object.keys(ACCESS).filter((name) => / \/api\/(resident|courier)\//.test(name) && names(name)),
    ['GET /api/resident/parcels/:id/receipt', 'GET /api/courier/drops/:id/receipt'],
  );
});

test('a million questions have one answer, from the table and from the model', (t) => {
  const draw = drawFrom(seed);
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)] as T;
  const routes = Object.keys(ACCESS);
  const tenants = ['tenant_a', 'tenant_b', 'tenant_c', '', null] as (TenantId | null)[];
  const counts: Record<string, number> = {};
  for (let n = 0; n < DECISIONS; n++) {
    const role = pick(ROLES);
    const [ofTenant, tenant] = [pick(tenants), pick(tenants)];
    const route = pick(routes);
    const [method = '', url = ''] = route.split(' ');
    const verdict = decide(ACCESS, { asker: { role, tenant: ofTenant }, route, tenant });
    const said = verdict.allow ? 'allowed' : verdict.reason;
    if (said !== modelled({ role, ofTenant, method, url, tenant }))
      assert.fail(`${role} of ${ofTenant} for ${route} into ${tenant}: ${said}`);
    counts[said] = (counts[said] ?? 0) + 1;
  }
  t.diagnostic(`${DECISIONS} decisions, ${JSON.stringify(counts)}; HOLDFAST_SEED=${seed}`);
  assert.ok(Object.values(counts).every((count) => count > 10_000) && Object.keys(counts).length === 3);
});

test('no question leads out of the table', () => {
  const asker = { role: 'super-admin', tenant: 'tenant_a' as TenantId } as const;
  for (const route of ['GET /api/nothing', 'constructor', '__proto__', 'toString'])
    assert.throws(() => decide(ACCESS, { asker, route, tenant: null }), /no row/);
  const strange = { role: 'root' as never, tenant: 'tenant_a' as TenantId };
  assert.ok(!decide(ACCESS, { asker: strange, route: 'GET /api/health', tenant: null }).allow);
});

test('every role, for every route, about every organisation, over HTTP', async (t) => {
  const counts: Record<string, number> = {};
  for (const cell of allCells()) {
    const said = await stand.judge(cell);
    counts[said] = (counts[said] ?? 0) + 1;
  }
  t.diagnostic(
    `${allCells().length} cells: ${ROLES.length} roles, ${Object.keys(ACCESS).length} routes, 2 organisations; ${JSON.stringify(counts)}`,
  );
});

test('random requests over HTTP are answered as the model says', async (t) => {
  const draw = drawFrom(seed);
  const counts: Record<string, number> = {};
  for (let n = 0; n < REQUESTS; n++) {
    const said = await stand.judge(randomCell(draw));
    counts[said] = (counts[said] ?? 0) + 1;
  }
  t.diagnostic(`${REQUESTS} requests, ${JSON.stringify(counts)}; HOLDFAST_SEED=${seed}`);
  assert.equal(Object.keys(counts).length, 6);
});
