/** The apps' interfaces end to end, over HTTP and a real database: who may, who sees what, what is asked of banks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import {
  attention,
  couriers as courierList,
  me,
  odds,
  people as peoplePage,
  personRow,
  rosters as rosterList,
} from '../../contract/http/admin.ts';
import { CSRF_HEADER, problem } from '../../contract/http/common.ts';
import { courierDrops, courierMe, residentMe, residentParcels } from '../../contract/http/resident.ts';
import { base64url } from '../../crypto/bytes.ts';
import { totpCode, totpStep } from '../../crypto/password.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { type BankId, idFrom, type PersonId } from '../../domain/ids.ts';
import { rosterSchema } from '../../domain/roster.ts';
import { signRoster } from '../../ledger/roster.ts';
import { systemRandom } from '../../platform/random.ts';
import * as banks from '../banks/banks.ts';
import { couriers } from '../couriers/couriers.ts';
import { type App, type HttpServers, operatorTokenHash, startHttp, type Use } from '../http/http.ts';
import { follow, projectionsOf } from '../intake/intake.ts';
import { log } from '../log/log.ts';
import { notices } from '../notices/notices.ts';
import type { Noun, Told } from '../noun.ts';
import { parcels } from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { reconciliation } from '../reconciliation/reconciliation.ts';
import { residents } from '../residents/residents.ts';
import { rosters } from '../rosters/rosters.ts';
import * as signin from '../signin/signin.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { admin } from './admin.ts';

const totpSecret = new Uint8Array(20).fill(3);
const email = 'maria@example.org';
const password = 'a long and quiet river';
const operatorToken = base64url(systemRandom.bytes(32));
const nouns: readonly Noun[] = [
  ...[notices, signin.signin, parcels, rosters, residents, couriers, reconciliation, log, admin],
];
const routes = nouns.flatMap((noun) => noun.routes ?? []);

let stand: Stand;
let servers: HttpServers;
let maria: PersonId;
let bank: BankId;
const cookies: Partial<Record<App, string>> = {};

type Answer = { status: number; body: unknown; response: Response };

async function ask(
  method: string,
  path: string,
  options: { as?: App | 'operator'; body?: unknown } = {},
): Promise<Answer> {
  const { as, body } = options;
  const headers: Record<string, string> = { [CSRF_HEADER]: as ?? 'admin' };
  if (as === 'operator') headers.authorization = `Bearer ${operatorToken}`;
  else if (as) headers.cookie = `holdfast_${as}=${cookies[as] ?? ''}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(`http://127.0.0.1:${servers.httpPort}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), response };
}

const codeOf = (answer: Answer) => problem.parse(answer.body).code;

async function enter(app: App, person: PersonId, role: string): Promise<void> {
  cookies[app] = await stand.inTenant((tx) =>
    signin.beginSession(stand.cloud, tx, { app, person, role, replaces: undefined }),
  );
}

before(async () => {
  stand = await openStand(nouns);
  const keeper = {
    authenticate: (app: App, token: string, use: Use) => signin.authenticate(stand.cloud, app, token, use),
    operatorTokenHash: operatorTokenHash(operatorToken),
  };
  servers = await startHttp({
    cloud: stand.cloud,
    routes,
    keeper,
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
  maria = await stand.inTenant((tx) =>
    signin.addAdmin(stand.cloud, tx, {
      role: 'admin',
      name: 'Maria Keller',
      email,
      password,
      totpSecret,
      by: null,
    }),
  );
  bank = await stand.inTenant((tx) =>
    banks.registerBank(stand.cloud, tx, { site: stand.site, name: 'North Lobby', layout: LAYOUT_24 }),
  );
  await stand.inTenant((tx) => people.addCarrier(stand.cloud, tx, { name: 'Parcel Runner', key: null }));
});

after(async () => {
  await servers.stop();
  await stand.close();
});

test('signing in over HTTP sets the cookie; signing out ends it', async () => {
  const totp = totpCode(totpSecret, totpStep(stand.cloud.clock.nowMs()));
  const denied = await ask('POST', '/api/admin/sign-in', { body: { email, password: 'wrong', totp } });
  assert.equal(codeOf(denied), 'sign-in-denied');
  const answer = await ask('POST', '/api/admin/sign-in', { body: { email, password, totp } });
  assert.equal(answer.status, 204);
  const cookie = answer.response.headers.getSetCookie()[0] ?? '';
  assert.match(
    cookie,
    /^holdfast_admin=[\w-]{43}; Max-Age=43200; Path=\/api\/admin; HttpOnly; Secure; SameSite=Strict$/,
  );
  cookies.admin = /=([^;]+)/.exec(cookie)?.[1] ?? '';
  assert.equal(me.parse((await ask('GET', '/api/admin/me', { as: 'admin' })).body).name, 'Maria Keller');
  assert.equal((await ask('POST', '/api/admin/sign-out', { as: 'admin' })).status, 204);
  assert.equal(codeOf(await ask('GET', '/api/admin/me', { as: 'admin' })), 'not-signed-in');
  await enter('admin', maria, 'admin');
});

test('no route that is not public answers without its own kind of sign-in', async () => {
  for (const row of routes.filter((known) => known.access !== 'public')) {
    const path = row.url.replaceAll(/:\w+/g, idFrom('person', systemRandom.bytes(16)));
    for (const as of [undefined, 'admin', 'resident', 'courier', 'operator'] as const) {
      if (as === row.access || (as !== undefined && as !== 'operator' && cookies[as] === undefined)) continue;
      const answer = await ask(row.method, path, as === undefined ? {} : { as });
      assert.equal(
        answer.status,
        row.access === 'bank' ? 404 : 401,
        `${row.method} ${row.url} as ${as ?? 'nobody'}`,
      );
    }
  }
});

const add = async (name: string, flat: string) =>
  personRow.parse(
    (
      await ask('POST', '/api/admin/people', {
        as: 'admin',
        body: {
          name,
          flat,
          email: `${name.split(' ')[0]?.toLowerCase()}@example.org`,
          phone: '+15550100',
          accessible: false,
        },
      })
    ).body,
  );

describe('people', () => {
  test('are added, changed, listed page by page, and removed; the directory follows, and the banks are told', async () => {
    const toldBefore = stand.told.length;
    const ada = await add('Ada Okafor', '4B');
    const bo = await add('Bo Lindqvist', '4B');
    const directory = () => stand.inTenant((tx) => people.directory(stand.cloud, tx, stand.site));
    const first = await directory();
    assert.deepEqual(
      first.entries.map((entry) => entry.label),
      ['A. Okafor', 'B. Lindqvist'],
    );
    const changed = personRow.parse(
      (await ask('PATCH', `/api/admin/people/${ada.id}`, { as: 'admin', body: { flat: '5C' } })).body,
    );
    assert.deepEqual(changed, { ...ada, flat: '5C' });
    const page = peoplePage.parse(
      (await ask('GET', '/api/admin/people?role=resident&limit=1', { as: 'admin' })).body,
    );
    assert.deepEqual(page.items, [changed]);
    const next = peoplePage.parse(
      (await ask('GET', `/api/admin/people?role=resident&limit=1&cursor=${page.nextCursor}`, { as: 'admin' }))
        .body,
    );
    assert.deepEqual(next, {
      ...{ items: [bo], nextCursor: null },
      sites: [{ id: stand.site, name: 'Riverside' }],
    });
    assert.equal((await ask('DELETE', `/api/admin/people/${bo.id}`, { as: 'admin' })).status, 204);
    assert.equal(codeOf(await ask('DELETE', `/api/admin/people/${bo.id}`, { as: 'admin' })), 'not-found');
    const last = await directory();
    assert.deepEqual(
      last.entries.map((entry) => [entry.label, entry.flat]),
      [['A. Okafor', '5C']],
    );
    assert.ok(last.version > first.version);
    assert.equal(stand.told.length - toldBefore, 4);
    assert.equal((await stand.records('person.removed')).length, 1);
  });

  test('an administrator neither removes themselves nor another', async () => {
    assert.equal(codeOf(await ask('DELETE', `/api/admin/people/${maria}`, { as: 'admin' })), 'not-allowed');
    await enter('admin', maria, 'super-admin');
    assert.equal(codeOf(await ask('DELETE', `/api/admin/people/${maria}`, { as: 'admin' })), 'conflict');
  });

  test('of another organisation are not there', async () => {
    const other = await createTenant(stand.cloud);
    const [site, stranger] = await stand.cloud.database.tenant(other, async (tx) => {
      const place = await banks.addSite(stand.cloud, tx, {
        name: 'Elsewhere',
        rootKeys: [base64url(stand.root.publicKey)],
        rootSignatures: 1,
      });
      return [
        place,
        await people.addResident(stand.cloud, tx, {
          site: place,
          name: 'Eve Stranger',
          flat: '1',
          email: null,
          phone: null,
          accessible: false,
          by: null,
        }),
      ] as const;
    });
    for (const [method, body] of [
      ['PATCH', { name: 'Taken' }],
      ['DELETE', undefined],
    ] as const) {
      assert.equal(
        codeOf(await ask(method, `/api/admin/people/${stranger}`, { as: 'admin', body })),
        'not-found',
      );
    }
    const everybody = peoplePage.parse(
      (await ask('GET', '/api/admin/people?limit=200', { as: 'admin' })).body,
    );
    assert.ok(!everybody.items.some((row) => row.id === stranger));
    assert.deepEqual((await stand.inTenant((tx) => people.directory(stand.cloud, tx, site))).entries, []);
  });
});

test('another mail address ends what was signed in by the one before; another flat ends nothing', async () => {
  await enter('admin', maria, 'super-admin');
  const eve = await add('Eve Moreno', '8');
  const sessionsLeft = async () => {
    const found = await stand.inTenant((tx) =>
      sql`select 1 from sessions where person_id = ${eve.id}`.execute(tx),
    );
    return found.rows.length;
  };
  const change = async (body: object) =>
    personRow.parse((await ask('PATCH', `/api/admin/people/${eve.id}`, { as: 'admin', body })).body);
  // The address was typed wrongly, and a stranger who reads there has followed a link.
  await enter('resident', eve.id as PersonId, 'resident');
  await change({ flat: '9', email: eve.email });
  assert.equal(await sessionsLeft(), 1);
  await change({ email: 'e.moreno@example.org' });
  assert.equal(await sessionsLeft(), 0);
  assert.equal(codeOf(await ask('GET', '/api/resident/me', { as: 'resident' })), 'not-signed-in');
  assert.equal((await ask('DELETE', `/api/admin/people/${eve.id}`, { as: 'admin' })).status, 204);
});

describe('couriers and rosters', () => {
  const list = async () => courierList.parse((await ask('GET', '/api/admin/couriers', { as: 'admin' })).body);
  const state = async (id: string) => (await list()).items.find((row) => row.id === id)?.state;
  const sites = async () =>
    rosterList.parse((await ask('GET', '/api/admin/rosters', { as: 'admin' })).body).items;
  const badgeHash = () => base64url(systemRandom.bytes(32));
  let courier: string;

  test('a new courier waits for the roster, which the operator fetches, signs and hands in', async () => {
    const [carrier] = (await list()).carriers;
    const body = { name: 'Ben Ito', email: 'ben@example.org', carrier: carrier?.id, badgeHash: badgeHash() };
    // The same 32 bytes in another text, which no roster would take: it is refused here and not there.
    const other = { ...body, badgeHash: `${body.badgeHash.slice(0, 42)}B` };
    assert.equal(
      codeOf(await ask('POST', '/api/admin/couriers', { as: 'admin', body: other })),
      'input-invalid',
    );
    const added = await ask('POST', '/api/admin/couriers', { as: 'admin', body });
    assert.equal(added.status, 201);
    courier = (added.body as { id: string }).id;
    assert.equal(
      codeOf(await ask('POST', '/api/admin/couriers', { as: 'admin', body })),
      'conflict',
      'a badge is of one courier',
    );
    assert.equal(await state(courier), 'waiting-for-roster');
    const [site] = await sites();
    assert.equal(site?.draft?.command, 'npm run holdfast -- admin roster sign');
    assert.ok(site?.draft?.changes.some((row) => row.what === `courier ${courier}`));
    const draft = (await ask('GET', `/api/operator/rosters/${stand.site}/draft`, { as: 'operator' }))
      .body as { rosterJson: string };
    const note = signRoster(rosterSchema.parse(JSON.parse(draft.rosterJson)), [stand.root]);
    assert.equal(
      (await ask('PUT', `/api/operator/rosters/${stand.site}`, { as: 'operator', body: { note } })).status,
      204,
    );
    const refused = await ask('PUT', `/api/operator/rosters/${stand.site}`, {
      as: 'operator',
      body: { note },
    });
    assert.deepEqual([codeOf(refused), problem.parse(refused.body).reason], ['denied', 'roster-version-old']);
    assert.equal(
      (await ask('GET', `/api/operator/rosters/${stand.site}/draft`, { as: 'operator' })).status,
      204,
    );
    assert.equal((await sites())[0]?.desired?.version, 1);
    assert.equal(await state(courier), 'waiting-for-roster', 'the bank has not applied it');
  });

  test('suspended at once at the banks, lifted again, removed for good', async () => {
    const inForce = () =>
      stand.inTenant((tx) =>
        banks.suspensionsOf(tx, { site: stand.site, bank, nowMs: stand.cloud.clock.nowMs() }),
      );
    assert.equal(
      (
        await ask('POST', `/api/admin/couriers/${courier}/suspend`, {
          as: 'admin',
          body: { reason: 'badge lost' },
        })
      ).status,
      204,
    );
    assert.deepEqual(
      (await inForce()).map((message) => [message.scope, message.subject]),
      [['courier', courier]],
    );
    assert.equal(await state(courier), 'suspended');
    assert.ok(
      (await sites())[0]?.draft?.changes.some(
        (row) => row.what === `courier ${courier}` && row.becomes === '',
      ),
    );
    assert.equal(
      (await ask('POST', `/api/admin/couriers/${courier}/lift`, { as: 'admin', body: { reason: 'found' } }))
        .status,
      204,
    );
    assert.deepEqual(await inForce(), []);
    assert.equal((await sites())[0]?.draft, null);
    assert.equal(
      codeOf(
        await ask('POST', `/api/admin/couriers/${courier}/lift`, { as: 'admin', body: { reason: 'again' } }),
      ),
      'conflict',
    );
    assert.equal((await ask('DELETE', `/api/admin/couriers/${courier}`, { as: 'admin' })).status, 204);
    assert.equal(await state(courier), 'removed');
    assert.equal((await inForce()).length, 1);
    assert.equal((await stand.records('suspension.asked')).length, 2);
  });
});

test('a resident sees their own parcels, a courier their own drops, and nothing else', async () => {
  const by = null;
  const of = { site: stand.site, phone: null, accessible: false, by };
  const [one, two, first, second] = await stand.inTenant(async (tx) => {
    const [carrier] = await people.carriers(tx);
    const courier = { email: null, carrier: carrier?.carrier ?? '', by };
    return [
      await people.addResident(stand.cloud, tx, {
        ...of,
        name: 'Cy One',
        flat: '1',
        email: 'cy@example.org',
      }),
      await people.addResident(stand.cloud, tx, {
        ...of,
        name: 'Di Two',
        flat: '2',
        email: 'di@example.org',
      }),
      await people.addCourier(stand.cloud, tx, {
        ...courier,
        name: 'Ed First',
        badgeHash: base64url(systemRandom.bytes(32)),
      }),
      await people.addCourier(stand.cloud, tx, {
        ...courier,
        name: 'Flo Second',
        badgeHash: base64url(systemRandom.bytes(32)),
      }),
    ] as const;
  });
  await deposit({ tracking: 'ONE1', recipient: one, courier: first, compartment: 3 });
  await deposit({ tracking: 'TWO2', recipient: two, courier: second, compartment: 4 });
  await enter('resident', one, 'resident');
  await enter('courier', second, 'courier');
  const parcelList = residentParcels.parse(
    (await ask('GET', '/api/resident/parcels', { as: 'resident' })).body,
  );
  assert.deepEqual(
    parcelList.items.map((row) => [row.tracking, row.compartment, row.state, row.bankName, row.carrier]),
    [['ONE1', 3, 'waiting', 'North Lobby', 'Parcel Runner']],
  );
  assert.deepEqual(
    parcelList.items.map(({ middleCm, told }) => [middleCm, told]),
    [[LAYOUT_24.compartments[2]?.middleCm, []]],
  );
  const drops = courierDrops.parse((await ask('GET', '/api/courier/drops', { as: 'courier' })).body);
  assert.deepEqual(
    drops.items.map((row) => [row.tracking, row.bankName]),
    [['TWO2', 'North Lobby']],
  );
  assert.deepEqual(courierMe.parse((await ask('GET', '/api/courier/me', { as: 'courier' })).body), {
    name: 'Flo Second',
    carrier: 'Parcel Runner',
    state: 'waiting-for-roster',
  });
});

test('a courier asks for what was left since a moment, or is in one state', async () => {
  const ofAll = courierDrops.parse((await ask('GET', '/api/courier/drops', { as: 'courier' })).body);
  const dropped = async (query: string) =>
    courierDrops.parse((await ask('GET', `/api/courier/drops?${query}`, { as: 'courier' })).body).items
      .length;
  const atMs = ofAll.items[0]?.atMs ?? 0;
  assert.deepEqual(
    await Promise.all([
      dropped(`sinceMs=${atMs}`),
      dropped(`sinceMs=${atMs + 1}`),
      dropped('state=waiting'),
      dropped(`state=waiting&sinceMs=${atMs + 1}`),
      dropped('state=held'),
    ]),
    [1, 0, 1, 0, 0],
  );
  for (const wrong of ['sinceMs=-1', 'sinceMs=soon', 'state=accepted', 'since=1'])
    assert.equal(
      codeOf(await ask('GET', `/api/courier/drops?${wrong}`, { as: 'courier' })),
      'input-invalid',
      wrong,
    );
});

test('a resident chooses how to be told, but not no way at all', async () => {
  const patch = (body: unknown) => ask('PATCH', '/api/resident/me', { as: 'resident', body });
  assert.equal(codeOf(await patch({ channels: { sms: true, email: true } })), 'conflict');
  assert.equal(codeOf(await patch({ channels: { sms: false, email: false } })), 'conflict');
  assert.equal(residentMe.parse((await patch({ accessible: true })).body).accessible, true);
  assert.equal(codeOf(await patch({ name: 'Somebody Else' })), 'input-invalid');
  assert.equal((await stand.records('person.changed')).at(-1)?.facts.preferencesChanged, true);
});

test('the overview counts what is live and names what needs a person', async () => {
  const counted = odds.parse((await ask('GET', '/api/admin/odds', { as: 'admin' })).body);
  assert.deepEqual(
    counted.items.map(({ liveCodes, digits, guessesPerDay }) => [liveCodes, digits, guessesPerDay]),
    [[2, 9, 20]],
  );
  assert.ok(Math.abs((counted.items[0]?.perKioskDay ?? 0) - 4e-8) < 1e-15 && counted.fleetPerDay < 1e-6);
  const shown = async () =>
    attention.parse((await ask('GET', '/api/admin/attention', { as: 'admin' })).body).items;
  const before = await shown();
  assert.deepEqual(before.map((item) => item.kind).sort(), ['not-enrolled', 'roster-waiting']);
  stand.step(60_000);
  assert.deepEqual(await shown(), before, 'it stands since it began, and not since somebody looked');
});

/** Through the same projections that a bank's records go through; only that they were verified is left out. */
async function deposit(of: {
  tracking: string;
  recipient: PersonId;
  courier: PersonId;
  compartment: number;
}): Promise<void> {
  const parcel = idFrom('parcel', systemRandom.bytes(16));
  await stand.inTenant(async (tx) => {
    const [carrier] = await people.carriers(tx);
    const fields = {
      parcel,
      tracking: of.tracking,
      carrier: carrier?.carrier ?? '',
      person: of.courier,
      counterpart: of.recipient,
    };
    const atMs = stand.cloud.clock.nowMs();
    const told: Told[] = [];
    for (const [seq, kind, facts] of [
      [1, 'parcel.accepted', { size: 'M', offline: false }],
      [2, 'parcel.deposited', { size: 'M', untilMs: atMs + 1000 }],
    ] as const) {
      const time = { atMs, source: 'cloud', uncertaintyMs: 0 } as const;
      const record = {
        v: 1,
        kind,
        source: bank,
        seq: seq + of.compartment * 10,
        prev: '',
        time,
        compartment: of.compartment,
        facts,
        commitments: {},
      } as const;
      await sql`insert into records (source, seq, kind, at_ms, hash, bytes) values (${bank}, ${record.seq}, ${kind}, ${atMs}, ${systemRandom.bytes(32)}, '')`.execute(
        tx,
      );
      told.push({ record, fields, wish: undefined });
    }
    const { tenant, site } = stand;
    const projections = projectionsOf([banks.banks, parcels]);
    await follow(stand.cloud, tx, projections, { tenant, site, bank, told });
  });
}
