/** What happens by itself stays within its organisation too: jobs, streams of changes, and what banks are told. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import type { SiteId, TenantId } from '../domain/ids.ts';
import { NOUNS } from './cloud.ts';
import { hear } from './core.ts';
import type { Cloud, JobPayload } from './deps.ts';
import { Intake } from './intake/intake.ts';
import * as people from './people/people.ts';
import { AccessStand } from './test-access.ts';
import { ALONE } from './test-leases.ts';
import type { Filled } from './test-tenants.ts';

let stand: AccessStand;
let alder: Filled;
let birch: Filled;
let superuser: pg.Client;

before(async () => {
  stand = await AccessStand.open();
  [alder, birch] = stand.tenants;
  superuser = new pg.Client({ connectionString: stand.stand.superuserUrl() });
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  await stand.close();
});

const JOBS = Object.assign({}, ...NOUNS.map((noun) => noun.jobs ?? {})) as NonNullable<
  (typeof NOUNS)[number]['jobs']
>;

async function ids(of: Filled): Promise<{ notice: string; parcel: string; exported: string }> {
  const { rows } = await stand.stand.cloud.database.tenant(of.tenant, (tx) =>
    sql<{ notice_id: string }>`select notice_id from notices where what = 'sign-in'`.execute(tx),
  );
  assert.ok(rows[0]);
  return { notice: rows[0].notice_id, parcel: of.parcel, exported: of.exported };
}

/** Jobs that are told what to work on. All others go by the clock, and do every organisation's work in turn. */
const TOLD: Readonly<
  Record<
    string,
    (tenant: TenantId, things: { notice: string; parcel: string; exported: string }) => JobPayload
  >
> = {
  'notices.send': (tenant, { notice }) => ({ tenant, notice }),
  'notices.remind': (tenant, { parcel }) => ({ tenant, parcel, days: 1 }),
  'privacy.settle': (tenant) => ({ tenant }),
  'exports.make': (tenant, { exported }) => ({ tenant, export: exported }),
};

/** Every row of an organisation, as the role that no wall stops. */
async function rowsOf(tenant: TenantId): Promise<string> {
  const { rows: names } = await superuser.query<{ name: string }>(
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id' order by 1`,
  );
  const parts: string[] = [];
  for (const { name } of names) {
    const { rows } = await superuser.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${name} t where tenant_id = $1 order by 1`,
      [tenant],
    );
    parts.push(name, ...rows.map(({ row }) => row));
  }
  return parts.join('\n');
}

/** The cloud, and the organisations whose transactions it opened, one beside the other being a fault. */
function watched(cloud: Cloud): { cloud: Cloud; opened: Set<string> } {
  const opened = new Set<string>();
  let under: string | undefined;
  const database: Cloud['database'] = {
    ...cloud.database,
    async tenant(tenant, run) {
      assert.equal(under, undefined, `a transaction of ${tenant} within one of ${under}`);
      under = tenant;
      opened.add(tenant);
      try {
        return await cloud.database.tenant(tenant, run);
      } finally {
        under = undefined;
      }
    },
  };
  return { cloud: { ...cloud, database }, opened };
}

test('a job by the clock opens one organisation at a time', async () => {
  const byClock = Object.keys(JOBS).filter((name) => !(name in TOLD));
  const scheduled = NOUNS.flatMap((noun) => noun.schedule ?? []).map(({ job }) => job);
  assert.deepEqual(byClock.sort(), scheduled.sort(), 'a job goes by the clock, or TOLD says what it is told');
  for (const name of byClock) await JOBS[name]?.(watched(stand.stand.cloud).cloud, {});
});

test('a job that is told an organisation and a thing of another finds nothing and changes nothing', async () => {
  const before = [await rowsOf(alder.tenant), await rowsOf(birch.tenant)];
  for (const [name, payloadOf] of Object.entries(TOLD)) {
    for (const [own, foreign] of [
      [alder, birch],
      [birch, alder],
    ] as const) {
      const { cloud, opened } = watched(stand.stand.cloud);
      await JOBS[name]?.(cloud, payloadOf(own.tenant, await ids(foreign)));
      assert.deepEqual([...opened], [own.tenant], name);
    }
  }
  assert.deepEqual([await rowsOf(alder.tenant), await rowsOf(birch.tenant)], before);
});

test('the same job, told the right organisation, works there and leaves the other as it was', async () => {
  const { cloud } = stand.stand;
  const things = await ids(birch);
  await cloud.database.tenant(birch.tenant, (tx) =>
    people.removePerson(cloud, tx, birch.people.resident, birch.people.admin),
  );
  const before = [await rowsOf(alder.tenant), await rowsOf(birch.tenant)];
  const { cloud: seen, opened } = watched(cloud);
  await JOBS['notices.send']?.(seen, { tenant: birch.tenant, notice: things.notice });
  assert.deepEqual([...opened], [birch.tenant]);
  assert.equal(await rowsOf(alder.tenant), before[0]);
  assert.notEqual(await rowsOf(birch.tenant), before[1]);
});

/** The first event that an administrator's stream brings, once it is open. */
function stream(of: Filled): { isOpen: Promise<void>; first: Promise<string> } {
  const open = Promise.withResolvers<void>();
  const first = Promise.withResolvers<string>();
  const port = stand.servers.httpPort;
  const headers = { host: `localhost:${port}`, cookie: `holdfast_admin=${of.tokens.admin}` };
  const going = request(
    { host: '127.0.0.1', port, path: '/api/admin/events', headers, agent: false },
    (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.includes('retry:')) open.resolve();
        const told = /data: (.*)\n/.exec(text)?.[1];
        if (told === undefined) return;
        first.resolve(told);
        going.destroy();
      });
    },
  );
  going.on('error', (error) => (going.destroyed ? undefined : first.reject(error))).end();
  return { isOpen: open.promise, first: first.promise };
}

test('a stream of changes brings what its own organisation committed, and nothing of another', async () => {
  const { cloud } = stand.stand;
  const told: string[] = [];
  await hear(cloud, {
    onChanged: stand.servers.events.publish,
    onTell: (tenant, site) => void told.push(`${tenant} ${site}`),
    onGap: () => assert.fail('the line did not break'),
  });
  const streams = [stream(alder), stream(birch)];
  await Promise.all(streams.map(({ isOpen }) => isOpen));
  // In this order: had the first been for everybody, the second stream would bring it first.
  await cloud.database.tenant(alder.tenant, (tx) => cloud.changed(tx, ['parcels']));
  await cloud.database.tenant(birch.tenant, (tx) => cloud.changed(tx, ['banks']));
  assert.deepEqual(await Promise.all(streams.map(({ first }) => first)), [
    '{"topics":["parcels"]}',
    '{"topics":["banks"]}',
  ]);
});

test('nobody has the banks of another organisation told anything', async () => {
  const sent: string[] = [];
  const { cloud } = stand.stand;
  const intake = new Intake({
    cloud,
    nouns: NOUNS,
    leases: ALONE,
    send: async (bank) => void sent.push(bank),
  });
  await intake.tellSite(alder.tenant, birch.site as SiteId);
  assert.deepEqual(sent, []);
  await intake.tellSite(birch.tenant, birch.site);
  assert.ok(sent.length > 0 && sent.every((bank) => bank === birch.bank));
  await intake.stop();
});
