/** The log over HTTP: what a C2SP reader fetches, how long it may be kept, and who is shown a closed one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { fromUtf8 } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { openCheckpoint } from '../../ledger/log/checkpoint.ts';
import { headOf, readState } from '../../ledger/log/growth.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import { NOUNS } from '../cloud.ts';
import { type HttpServers, operatorTokenHash, startHttp } from '../http/http.ts';
import * as signin from '../signin/signin.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import { createLog, drain } from './log.ts';
import { record, shownHead } from './test-log.ts';

const host = 'ledger.example.org';
let stand: Stand;
let servers: HttpServers;
let closed: Filled;
let other: Filled;

before(async () => {
  stand = await openStand(NOUNS);
  const { cloud } = stand;
  servers = await startHttp({
    cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: {
      authenticate: (app, token, use) => signin.authenticate(cloud, app, token, use),
      operatorTokenHash: operatorTokenHash('none'),
    },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
  closed = await filledTenant(cloud, { root: newSigningKey(), mark: 'Alder' });
  other = await filledTenant(cloud, { root: newSigningKey(), mark: 'Birch' });
});
after(async () => {
  await servers.stop();
  await stand.close();
});

async function get(path: string, token?: string) {
  const answer = await fetch(`http://127.0.0.1:${servers.httpPort}${path}`, {
    headers: token === undefined ? {} : { cookie: `holdfast_admin=${token}` },
  });
  const { headers, status } = answer;
  return {
    status,
    bytes: new Uint8Array(await answer.arrayBuffer()),
    type: headers.get('content-type'),
    cache: headers.get('cache-control'),
  };
}

test('an open log is read by anybody, from its checkpoint down to a proof, with nothing but HTTP', async () => {
  const { cloud } = stand;
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host, succeeds: false, open: true });
  await record(cloud, tenant, 300);
  await drain(cloud, tenant);
  const prefix = `/log/${tenant}/1`;
  const shown = await get(`${prefix}/checkpoint`);
  assert.equal(shown.status, 200);
  assert.equal(shown.type, 'text/plain; charset=utf-8');
  assert.equal(shown.cache, 'public, max-age=2');
  const origin = `${host}${prefix}`;
  const key = { type: 'signature', name: origin, publicKey: cloud.ledger.key.publicKey } as const;
  const opened = openCheckpoint(fromUtf8(shown.bytes), { origin, logKeys: [key], witnesses: [] });
  assert.ok(opened.ok);
  const head = opened.value.checkpoint;
  const asked: string[] = [];
  const tiles = {
    async read(path: string) {
      asked.push(path);
      const { status, bytes, type, cache } = await get(`${prefix}/${path}`);
      if (status === 404) return undefined;
      assert.equal(type, 'application/octet-stream');
      assert.equal(cache, 'public, max-age=31536000, immutable');
      return bytes;
    },
  };
  const state = await readState(tiles, head);
  assert.ok(state.ok && headOf(state.value).size === head.size && head.size > 300);
  assert.ok((await proveInclusion(tiles, { index: 7, head })).ok);
  assert.ok((await tiles.read('tile/entries/000'))?.length);
  assert.ok(asked.length >= 4);
});

test('a closed log is shown to the administrators of its organisation, is kept by nobody, and is to others not there', async () => {
  const { size } = await shownHead(stand.cloud, closed.tenant);
  for (const part of ['checkpoint', `tile/entries/000.p/${size}`, `tile/0/000.p/${size}`]) {
    const mine = await get(`/api/admin/log/1/${part}`, closed.tokens.admin);
    assert.equal(mine.status, 200, part);
    assert.equal(mine.cache, 'no-store', part);
    const stranger = await get(`/log/${closed.tenant}/1/${part}`);
    const nowhere = await get(`/log/${closed.tenant}/9/${part}`);
    assert.equal(stranger.status, 404, part);
    assert.equal(stranger.cache, 'no-store', part);
    assert.deepEqual(fromUtf8(stranger.bytes), fromUtf8(nowhere.bytes), part);
    assert.equal((await get(`/log/${closed.tenant}/1/${part}`, other.tokens.admin)).status, 404);
    assert.equal((await get(`/api/admin/log/1/${part}`)).status, 401);
    assert.equal((await get(`/api/admin/log/1/${part}`, closed.tokens.resident)).status, 401);
  }
  const foreign = await get('/api/admin/log/1/checkpoint', other.tokens.admin);
  assert.ok(
    fromUtf8(foreign.bytes).includes(other.tenant) && !fromUtf8(foreign.bytes).includes(closed.tenant),
  );
});

test('only paths of the layout lead anywhere', async () => {
  const { size } = await shownHead(stand.cloud, closed.tenant);
  const token = closed.tokens.admin;
  const beside = { path: 'beside', bytes: Uint8Array.of(1) };
  await stand.cloud.ledger.objects.write({ tenant: closed.tenant, generation: 1 }, beside);
  for (const part of [
    ...[
      '1',
      '1/',
      '0/checkpoint',
      '01/checkpoint',
      '2/checkpoint',
      '1/checkpoint/',
      '1/Checkpoint',
      '1/..%2f1/checkpoint',
      '1/beside',
    ],
    ...[
      '1/tile/0/000',
      '1/tile/0/0',
      '1/tile/entries/000.p/256',
      `1/tile/0/000.p/${size + 1}`,
      '1/tile/0/000.p/0',
    ],
    ...[
      '1/tile/..%2f..%2fcheckpoint',
      '1/..%2f..%2f..%2fkeys%2fledger.key',
      '1/tile/64/000',
      `1/${'x'.repeat(190)}`,
    ],
  ]) {
    const { status } = await get(`/api/admin/log/${part}`, token);
    assert.equal(status, 404, part);
  }
});

test('a checkpoint is served with its own cosignatures, also where the next is shown at that moment', async () => {
  const { cloud } = stand;
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host, succeeds: false, open: true });
  const sizes: number[] = [];
  for (const count of [3, 4]) {
    await record(cloud, tenant, count);
    await drain(cloud, tenant);
    sizes.push((await shownHead(cloud, tenant)).size);
  }
  const superuser = new pg.Client({ connectionString: stand.superuserUrl() });
  await superuser.connect();
  try {
    const show = (size: number | undefined) =>
      superuser.query('update logs set shown_size = $2 where tenant_id = $1', [tenant, size]);
    for (const size of sizes)
      await superuser.query(
        "insert into log_cosignatures (tenant_id, generation, size, vkey, line, at_s, at_ms) values ($1, 1, $2, 'w', $3, 1, 1)",
        [tenant, size, `over ${size}\n`],
      );
    await show(sizes[0]);
    // Whoever reads the lines waits here, and goes on when the other checkpoint is shown.
    await superuser.query('begin');
    await superuser.query('lock table log_cosignatures in access exclusive mode');
    await show(sizes[1]);
    const asked = get(`/log/${tenant}/1/checkpoint`);
    for (let waits = false; !waits; )
      waits =
        (
          await superuser.query(
            "select 1 from pg_locks where relation = 'log_cosignatures'::regclass and not granted",
          )
        ).rows.length > 0;
    await superuser.query('commit');
    const note = fromUtf8((await asked).bytes);
    const [, size] = note.split('\n');
    assert.equal(note.match(/^over (.*)$/m)?.[1], size, note);
  } finally {
    await superuser.end();
  }
});
