/** Residents from a list, over HTTP: what a preview says, what a step does, and what neither does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Ask, codeOf, type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import * as imports from '../../src/cloud/imports/imports.ts';
import { recordsBetween } from '../../src/cloud/journal/journal.ts';
import * as people from '../../src/cloud/people/people.ts';
import { newToken } from '../../src/cloud/signin/sessions.ts';
import * as signin from '../../src/cloud/signin/signin.ts';
import { insertLink } from '../../src/cloud/signin/store.ts';
import type { Filled } from '../../src/cloud/test-tenants.ts';
import { personRow } from '../../src/contract/http/admin.ts';
import { CSRF_HEADER, problem } from '../../src/contract/http/common.ts';
import {
  FILE_BYTES_MAX,
  FILE_ROWS_MAX,
  type ImportAct,
  type ImportPreviewed,
  importPreviewed,
  importStepDone,
  peopleAlike,
  STEP_ROWS_MAX,
} from '../../src/contract/http/people-import.ts';
import { base64, base64url, utf8 } from '../../src/crypto/bytes.ts';
import { systemRandom } from '../../src/platform/random.ts';

const PREVIEW = '/api/admin/people/import/preview';
const STEP = '/api/admin/people/import';

/** Ten thousand go in in the long tier (test/long/import.test.ts). */
const ROWS = 1_000;

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
});
after(() => http.close());

type Settings = { country?: string; fields?: (string | null)[]; header?: boolean };

const post = (list: string | Uint8Array, settings: Settings = {}, ask: Ask = {}) =>
  http.ask('POST', PREVIEW, {
    ...ask,
    body: { file: base64(typeof list === 'string' ? utf8(list) : list), ...settings },
  });

async function preview(list: string, settings: Settings = {}, ask: Ask = {}): Promise<ImportPreviewed> {
  const answer = await post(list, settings, ask);
  assert.equal(answer.status, 200, answer.text);
  return importPreviewed.parse(answer.body);
}

async function alike(of?: Filled) {
  const answer = await http.ask('GET', '/api/admin/people/alike', of ? { tenant: of } : {});
  assert.equal(answer.status, 200, answer.text);
  return peopleAlike.parse(answer.body);
}

type StepRow = { row: number; act: ImportAct };

const actsOf = ({ rows }: ImportPreviewed): StepRow[] =>
  rows.flatMap(({ row, act }) => (act === null ? [] : [{ row, act }]));

async function step(rows: readonly StepRow[], ask: Ask = {}) {
  const answer = await http.ask('POST', STEP, { ...ask, body: { rows } });
  assert.equal(answer.status, 200, answer.text);
  return importStepDone.parse(answer.body).rows;
}

const newKey = () => base64url(systemRandom.bytes(24));

function residents(of: Filled = http.alder): Promise<people.Person[]> {
  const { cloud } = http.stand;
  return cloud.database.tenant(of.tenant, (tx) => people.residents(cloud, tx, of.site));
}

const verdictsOf = ({ rows }: ImportPreviewed) => rows.map(({ row, verdict }) => [row, verdict]);

test('a preview says what each row would do, and does nothing', async () => {
  const rows = await residents();
  const before = await http.stand.dump();
  const said = await preview(
    'Name,Flat,Email,Mobile\nBea Long,10,bea@list.example,+447700900200\nBea  LONG,Flat 10,,\nCal,,,\n',
    {},
    { key: newKey() },
  );
  assert.deepEqual(verdictsOf(said), [
    [2, 'new'],
    [3, 'duplicate'],
    [4, 'bad'],
  ]);
  assert.equal(said.rows[1]?.duplicateOf, 2);
  assert.deepEqual(said.rows[2]?.faults, [{ fault: 'flat-missing', column: 1 }]);
  assert.deepEqual(
    said.absent.map(({ id }) => id),
    rows.map(({ person }) => person),
  );
  assert.equal(await http.stand.dump(), before, 'not even an answer is kept');
});

test('what is imported is what is added by hand: profile, records, directory, and the banks are told', async () => {
  const told = http.stand.told.length;
  const [one] = await step(
    actsOf(await preview('Name,Flat,Email,Mobile\nDora Vale,20,Dora@List.example,+447700900201\n')),
  );
  assert.deepEqual(one, { row: 2, done: 'added', left: null });
  assert.equal(http.stand.told.length, told + 1);
  const byHand = personRow.parse(
    (
      await http.ask('POST', '/api/admin/people', {
        body: {
          name: 'Dora Hand',
          flat: '20',
          email: 'Hand@List.example',
          phone: '+447700900202',
          accessible: false,
        },
      })
    ).body,
  );
  const all = await residents();
  const imported = all.find(({ profile }) => profile.name === 'Dora Vale');
  const hand = all.find(({ person }) => person === byHand.id);
  assert.ok(imported && hand);
  assert.deepEqual(
    { ...imported.profile, name: '', email: '', phone: '' },
    { ...hand.profile, name: '', email: '', phone: '' },
  );
  assert.equal(imported.profile.email, 'dora@list.example');
  const { cloud } = http.stand;
  const { records, openings } = await cloud.database.tenant(http.alder.tenant, async (tx) => {
    const tenant = http.alder.tenant;
    const end = (await cloud.journal.endOf(tx, tenant))?.lastSeq ?? 0;
    const range = { first: end - 1, last: end };
    return {
      records: await recordsBetween(tx, tenant, range),
      openings: await cloud.journal.openOpenings(tx, tenant, range),
    };
  });
  assert.deepEqual(
    records.map(({ kind }) => kind),
    ['person.added', 'person.added'],
  );
  const subjects = records.map(({ seq }) => {
    const { subject, person } = (openings.get(seq) ?? {}) as Record<string, { value: string }>;
    return [subject?.value, person?.value];
  });
  assert.deepEqual(subjects, [
    [imported.person, http.alder.people.admin],
    [hand.person, http.alder.people.admin],
  ]);
  const found = await cloud.database.tenant(http.alder.tenant, (tx) =>
    people.directory(cloud, tx, http.alder.site),
  );
  assert.ok(found.entries.some(({ label, flat }) => label === 'D. Vale' && flat === '20'));
});

test('a change says the field, from and to; it is done only when asked for, and an empty cell takes nothing away', async () => {
  await step(actsOf(await preview('Name,Flat,Email,Mobile\nEmil Roth,30,emil@list.example,+447700900210\n')));
  const said = await preview('Name,Flat,Email,Mobile\nRoth Emil,Apt. 30,,+447700900211\nFinn,31,,\n');
  assert.deepEqual(verdictsOf(said), [
    [2, 'change'],
    [3, 'new'],
  ]);
  assert.deepEqual(said.rows[0]?.changes, [{ field: 'phone', from: '+447700900210', to: '+447700900211' }]);
  assert.deepEqual(
    said.rows[1]?.cautions.map(({ caution }) => caution),
    ['contact-none'],
  );
  const phoneOf = async (name: string) =>
    (await residents()).find(({ profile }) => profile.name === name)?.profile.phone;
  const [change, add] = actsOf(said);
  assert.ok(change && add);
  await step([add]);
  assert.equal(await phoneOf('Emil Roth'), '+447700900210', 'nobody asked for the change');
  assert.deepEqual(await step([change]), [{ row: 2, done: 'changed', left: null }]);
  assert.equal(await phoneOf('Emil Roth'), '+447700900211');
  const emil = (await residents()).find(({ profile }) => profile.name === 'Emil Roth');
  assert.equal(emil?.profile.email, 'emil@list.example');
});

test('another mail address from a list ends what was signed in by the one before, and its links; a number ends nothing', async () => {
  await step(actsOf(await preview('Name,Flat,Email\nEve Moreno,881,stranger@list.example\n')));
  const eve = (await residents()).find(({ profile }) => profile.name === 'Eve Moreno');
  assert.ok(eve);
  const { cloud } = http.stand;
  // The address was typed wrongly: whoever reads there has followed one link, and has another.
  const link = newToken(cloud);
  const session = await cloud.database.tenant(http.alder.tenant, async (tx) => {
    await insertLink(tx, {
      tokenHash: link.tokenHash,
      person: eve.person,
      app: 'resident',
      nowMs: cloud.clock.nowMs(),
    });
    return signin.beginSession(cloud, tx, {
      app: 'resident',
      person: eve.person,
      role: 'resident',
      replaces: undefined,
    });
  });
  const cookie = { cookie: `holdfast_resident=${session}` };
  const asStranger = async () => (await http.ask('GET', '/api/resident/me', { headers: cookie })).status;
  await step(actsOf(await preview('Name,Flat,Mobile\nEve Moreno,881,+447700900250\n')));
  assert.equal(await asStranger(), 200);
  const [done] = await step(actsOf(await preview('Name,Flat,Email\nEve Moreno,881,eve@list.example\n')));
  assert.equal(done?.done, 'changed');
  assert.equal(await asStranger(), 401);
  const entered = await http.ask('POST', '/api/resident/sign-in', {
    body: { token: link.token },
    headers: { [CSRF_HEADER]: 'resident', cookie: '' },
  });
  assert.deepEqual([entered.status, codeOf(entered)], [401, 'sign-in-denied']);
});

test('a first number that a list or a hand brings is one that messages go to; a chosen channel stays chosen', async () => {
  await step(actsOf(await preview('Name,Flat,Email\nUma,35,uma@list.example\nVic,36,\n')));
  const said = actsOf(await preview('Name,Flat,Mobile\nUma,35,+447700900240\n'));
  await step(said);
  const profileOf = async (name: string) => {
    const found = (await residents()).find(({ profile }) => profile.name === name);
    assert.ok(found);
    return { person: found.person, ...found.profile };
  };
  assert.deepEqual((await profileOf('Uma')).channels, { sms: true, email: true });
  const vic = await profileOf('Vic');
  await http.ask('PATCH', `/api/admin/people/${vic.person}`, { body: { email: 'vic@list.example' } });
  assert.deepEqual((await profileOf('Vic')).channels, { sms: false, email: true });
  const { cloud } = http.stand;
  const uma = await profileOf('Uma');
  await cloud.database.tenant(http.alder.tenant, (tx) =>
    people.patchPerson(cloud, tx, uma.person, { channels: { sms: false, email: true }, by: null }),
  );
  await step(actsOf(await preview('Name,Flat,Mobile\nUma,35,+447700900241\n')));
  const after = await profileOf('Uma');
  assert.deepEqual([after.phone, after.channels], ['+447700900241', { sms: false, email: true }]);
});

test('what one process reads at the same time is bounded: a third long list is told to come again', async () => {
  const { cloud } = http.stand;
  const { tenant, site } = http.alder;
  const bytes = utf8(`Name,Flat\nAda,1\n${`,${' '.repeat(30_000)}\n`.repeat(130)}`);
  const asked = { bytes, header: null, fields: null, country: null };
  const read = () => imports.preview(cloud, { tenant, site: async () => site }, asked);
  const all = await Promise.allSettled([read(), read(), read()]);
  assert.deepEqual(
    all.map((one) => (one.status === 'fulfilled' ? one.value.rows.length : one.reason.code)),
    [1, 1, 'rate-limited'],
  );
  assert.equal((await read()).rows.length, 1, 'and its turn comes');
});

test('whoever moved is the same person, and a list names who is not in it', async () => {
  await step(actsOf(await preview('Name,Flat,Email\nGita Rao,40,gita@list.example\n')));
  const said = await preview('Name,Flat,Email\nGita Rao,41,gita@list.example\n');
  assert.deepEqual(said.rows[0]?.changes, [{ field: 'flat', from: '40', to: '41' }]);
  assert.ok(!said.absent.some(({ name }) => name === 'Gita Rao'));
  assert.ok(said.absent.length > 0);
  await step(actsOf(said));
  assert.deepEqual(verdictsOf(await preview('Name,Flat\nGita Rao,41\n')), [[2, 'same']]);
});

test('what has changed since the preview is left alone, and the rest of the step is not', async () => {
  await step(actsOf(await preview('Name,Flat,Mobile\nHana,50,+447700900220\n')));
  const said = actsOf(await preview('Name,Flat,Mobile\nHana,50,+447700900221\nIvo,51,\nJan,52,\n'));
  const hana = (await residents()).find(({ profile }) => profile.name === 'Hana');
  await http.ask('PATCH', `/api/admin/people/${hana?.person}`, { body: { phone: '+447700900229' } });
  await http.ask('POST', '/api/admin/people', {
    body: { name: 'IVO', flat: 'Flat 51', email: null, phone: null, accessible: false },
  });
  assert.deepEqual(await step(said), [
    { row: 2, done: null, left: 'not-as-previewed' },
    { row: 3, done: null, left: 'there-already' },
    { row: 4, done: 'added', left: null },
  ]);
  const now = (await residents()).find(({ person }) => person === hana?.person);
  assert.equal(now?.profile.phone, '+447700900229');
});

test('a row that no preview said, or that was edited after it, is not imported', async () => {
  const [said] = actsOf(await preview('Name,Flat\nKit,60\n'));
  assert.ok(said?.act.what === 'new');
  const { act } = said;
  const before = (await residents()).length;
  const forged = [
    { row: 1, act: { ...act, resident: { ...act.resident, flat: '61' } } },
    { row: 2, act: { ...act, mark: base64url(systemRandom.bytes(32)) } },
    {
      row: 3,
      act: { what: 'change', person: http.alder.people.courier, set: { flat: '1' }, mark: act.mark },
    },
    {
      row: 4,
      act: { what: 'change', person: http.alder.people.resident, set: { flat: '1' }, mark: act.mark },
    },
  ] as const;
  assert.deepEqual(
    (await step(forged)).map(({ left }) => left),
    forged.map(() => 'not-as-previewed'),
  );
  assert.equal((await residents()).length, before);
});

test('rows that were previewed in another organisation are not imported, and its people cannot be named', async () => {
  const { alder, birch } = http;
  const theirs = await preview(
    'Name,Flat,Mobile\nLea,70,\nBirch Ada,1,+447700900230\n',
    {},
    { tenant: birch },
  );
  assert.deepEqual(verdictsOf(theirs), [
    [2, 'new'],
    [3, 'change'],
  ]);
  const before = [await residents(alder), await residents(birch)];
  assert.deepEqual(
    (await step(actsOf(theirs), { tenant: alder })).map(({ left }) => left),
    ['not-as-previewed', 'not-as-previewed'],
  );
  assert.deepEqual([await residents(alder), await residents(birch)], before);
  const ours = await preview('Name,Flat\nBirch Ada,1\n', {}, { tenant: alder });
  assert.deepEqual(verdictsOf(ours), [[2, 'new']], 'who lives elsewhere is nobody here');
  assert.ok(!JSON.stringify(ours.absent).includes('Birch'));
});

test('a step that is sent again under its key is done once, and under another finds everybody there', async () => {
  const rows = actsOf(await preview('Name,Flat\nMo,80\nNia,81\n'));
  const key = newKey();
  const first = await step(rows, { key });
  assert.deepEqual(await step(rows, { key, server: 1 }), first);
  const again = await step(rows, { key: newKey() });
  assert.deepEqual(
    again.map(({ left }) => left),
    ['there-already', 'there-already'],
  );
  const both = [rows, rows].map((all) => step(all, { key: newKey() }));
  await Promise.all(both);
  assert.equal((await residents()).filter(({ profile }) => profile.name === 'Mo').length, 1);
});

test('two steps with the same people at the same time add them once', async () => {
  const rows = actsOf(await preview('Name,Flat\nOda,90\nPip,91\n'));
  const all = (await Promise.all([step(rows), step(rows, { server: 1 })])).flat();
  assert.equal(all.filter(({ done }) => done === 'added').length, 2);
  assert.equal(all.filter(({ left }) => left === 'there-already').length, 2);
});

test('nobody but an administrator previews or imports', async () => {
  for (const path of [PREVIEW, STEP])
    for (const as of ['resident', 'courier'] as const) {
      const token = http.alder.tokens[as];
      const answer = await http.ask('POST', path, {
        body: {},
        headers: { cookie: `holdfast_admin=${token}; holdfast_${as}=${token}` },
      });
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'not-signed-in']);
    }
});

/** The first bytes of each, and the word by which a person knows it. */
const NO_LISTS: readonly (readonly [Uint8Array, RegExp])[] = [
  [Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0), /workbook.*CSV/],
  [Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), /old Excel.*CSV/],
  [utf8('%PDF-1.7 …'), /PDF.*CSV/],
  [utf8('<html><table><tr><td>Name'), /web page.*CSV/],
  [new Uint8Array(0), /empty.*CSV/],
  [new Uint8Array(600).fill(0), /no text.*CSV/],
  [utf8(' \n \n'), /no text.*CSV/],
  [utf8('Name\nAda\nBo\n'), /one column.*CSV/],
];

test('what is no list is refused with what it is and what to do', async () => {
  for (const [bytes, says] of NO_LISTS) {
    const answer = await post(bytes);
    assert.deepEqual([answer.status, codeOf(answer)], [422, 'file-unreadable'], String(says));
    assert.match(problem.parse(answer.body).detail, says);
  }
});

test('what is malformed or too large is refused before it is read', async () => {
  const refused = async (body: unknown, status: number, code: string) => {
    const answer = await http.ask('POST', PREVIEW, { body });
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
  };
  await refused({ file: 'not base64!' }, 400, 'input-invalid');
  await refused({ file: 'TmFtZSxGbGF0Cg==', fields: ['name'] }, 400, 'input-invalid');
  await refused({ file: 'TmFtZSxGbGF0Cg==', fields: ['flat', 'flat'] }, 400, 'input-invalid');
  await refused({ file: 'TmFtZSxGbGF0Cg==', country: 'Wales' }, 400, 'input-invalid');
  await refused({}, 400, 'input-invalid');
  await refused({ file: 'A'.repeat(Math.ceil(FILE_BYTES_MAX / 3) * 4 + 65_536) }, 413, 'too-large');
  const rows = Array.from({ length: FILE_ROWS_MAX + 1 }, (_, n) => `P,${n}`);
  await refused({ file: base64(utf8(`Name,Flat\n${rows.join('\n')}`)) }, 413, 'too-large');
  const [act] = actsOf(await preview('Name,Flat\nQuin,100\n'));
  const answer = await http.ask('POST', STEP, { body: { rows: Array(STEP_ROWS_MAX + 1).fill(act) } });
  assert.equal(codeOf(answer), 'input-invalid');
  assert.equal(codeOf(await http.ask('POST', STEP, { body: { rows: [] } })), 'input-invalid');
});

test('a long list goes in, in steps; none of it lies in clear, and the second time all are there', async () => {
  const { birch } = http;
  const before = (await residents(birch)).length;
  const list = ['Name;Flat;Email;Mobile'];
  for (let n = 0; n < ROWS; n++)
    list.push(`Zoë Zähler${n};${n % 70}-${n};zoe${n}@many.example;07700 9${String(n).padStart(5, '0')}`);
  const asked = { country: 'GB' };
  const rows = actsOf(await preview(list.join('\r\n'), asked, { tenant: birch }));
  assert.equal(rows.length, ROWS);
  let added = 0;
  for (let at = 0; at < rows.length; at += STEP_ROWS_MAX) {
    const done = await step(rows.slice(at, at + STEP_ROWS_MAX), { tenant: birch, key: newKey() });
    added += done.filter((row) => row.done === 'added').length;
  }
  assert.equal(added, ROWS);
  assert.equal((await residents(birch)).length, before + ROWS);
  const again = await preview(list.join('\r\n'), asked, { tenant: birch });
  assert.ok(again.rows.every(({ verdict, act }) => verdict === 'same' && act === null));
  const dump = await http.stand.dump();
  for (const mark of ['Zähler', 'many.example', '+4477009', Buffer.from('many.example').toString('hex')])
    assert.ok(!dump.includes(mark), mark);
});

test('who may be listed twice is told while a list is imported, and afterwards until one of the two is gone', async () => {
  const first = await preview(
    'Name,Flat,Email\nMila Twice,801,mila@alike.example\nOtto Twin,802,otto@alike.example\n',
  );
  await step(actsOf(first), { key: newKey() });
  assert.deepEqual(await alike(), { count: 0, pairs: [] });
  const again = await preview(
    'Name,Flat,Email\nMila Newname,801,mila@alike.example\nOtto Twin,803,otto@alike.example\nOtto Twin,804,otto@alike.example\n',
  );
  const told = again.rows.map(({ cautions }) => cautions.map(({ caution }) => caution).join());
  assert.deepEqual(told, ['perhaps-renamed', 'perhaps-moved', 'perhaps-moved']);
  await step(actsOf(again), { key: newKey() });
  const { count, pairs } = await alike();
  const said = pairs.map(
    ({ why, older, newer }) => `${why} ${older.name} ${older.flat} ${newer.name} ${newer.flat}`,
  );
  assert.deepEqual(said, [
    'renamed Mila Twice 801 Mila Newname 801',
    'moved Otto Twin 802 Otto Twin 803',
    'moved Otto Twin 802 Otto Twin 804',
    'moved Otto Twin 803 Otto Twin 804',
  ]);
  assert.equal(count, 4);
  assert.deepEqual(await alike(http.birch), { count: 0, pairs: [] }, 'another organisation’s are not told');
  for (const { newer } of pairs.slice(0, 3))
    assert.equal((await http.ask('DELETE', `/api/admin/people/${newer.id}`)).status, 204);
  assert.deepEqual(await alike(), { count: 0, pairs: [] });
});
