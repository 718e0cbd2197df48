/** An organisation with two sites: each resident lives at the one that was named, and each bank is told of its own alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { people as peoplePage, personRow } from '../../contract/http/admin.ts';
import { problem } from '../../contract/http/common.ts';
import { type ImportPreviewed, importPreviewed, importStepDone } from '../../contract/http/people-import.ts';
import {
  type DirectoryEntries,
  type DownMessage,
  type HelloMessage,
  SEAL_INFO,
} from '../../contract/uplink.ts';
import { base64, base64url, fromBase64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { hpkeOpen } from '../../crypto/hpke.ts';
import type { SiteId } from '../../domain/ids.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { signDraft } from '../test-tenants.ts';
import { type Answer, type HttpStand, openHttpStand } from './test-http-stand.ts';

type DirectoryMessage = Extract<DownMessage, { type: 'directory' }>;

const PEOPLE = '/api/admin/people';
const HELLO = {
  ...{ v: 1, type: 'hello', boot: 'b', lastSeq: 0, acknowledgedSeq: 0, epoch: null, directory: 0 },
  ...{ roster: { version: 0, hash: null }, development: false, suspensions: [] },
} as const satisfies HelloMessage;

let http: HttpStand;
let old: SiteId;
let second: SiteId;
const at = new Map<SiteId, TestBank>();

before(async () => {
  http = await openHttpStand();
  const { cloud, root } = http.stand;
  const { tenant, site } = http.alder;
  old = site;
  const of = { name: 'Alder Yard', rootKeys: [base64url(root.publicKey)], rootSignatures: 1 };
  second = await cloud.database.tenant(tenant, (tx) => banks.addSite(cloud, tx, of));
  for (const one of [old, second]) {
    const bank = await enrolledBank(cloud, tenant, one);
    await signDraft(cloud, { tenant, site: one, root });
    await cloud.database.tenant(tenant, (tx) => banks.heardHello(cloud, tx, bank.bank, HELLO));
    at.set(one, bank);
  }
});
after(() => http?.close());

const resident = (name: string, site?: string) => ({
  ...{ name, flat: '12', email: null, phone: '+15550100', accessible: false },
  ...(site === undefined ? {} : { site }),
});
const add = (name: string, site?: string) => http.ask('POST', PEOPLE, { body: resident(name, site) });

/** The labels that the bank of a site is told, as the bank opens them. */
async function told(site: SiteId): Promise<string[]> {
  const bank = at.get(site);
  assert.ok(bank);
  const { cloud } = http.stand;
  const lists: DirectoryMessage[] = [];
  const intake = new Intake({
    ...{ cloud, nouns: NOUNS, leases: ALONE },
    async send(to, message) {
      if (to === bank.bank && message.type === 'directory') lists.push(message);
    },
  });
  await intake.tellSite(http.alder.tenant, site);
  const [list] = lists;
  if (!list) return [];
  const [enc, ciphertext] = [fromBase64url(list.entries.enc), fromBase64url(list.entries.ciphertext)];
  assert.ok(enc && ciphertext);
  const place = { info: SEAL_INFO.directory, aad: `${bank.bank}\0${list.version}` };
  const opened = await hpkeOpen(bank.sealKey.privateKey, { enc, ciphertext }, place);
  assert.ok(opened);
  return (JSON.parse(fromUtf8(opened)) as DirectoryEntries).map(({ label }) => label);
}

function refusedForSite(answer: Answer): void {
  assert.equal(answer.status, 400, answer.text);
  const { code, fields } = problem.parse(answer.body);
  assert.deepEqual([code, fields?.map(({ path }) => path)], ['input-invalid', ['body/site']]);
  assert.ok(fields?.[0]?.expected.includes(second) && fields[0].expected.includes(old), 'it says which');
}

test('a resident of several sites is added to the one that is named, and each bank is told of its own alone', async () => {
  const before = http.stand.told.length;
  const yara = personRow.parse((await add('Yara Yard', second)).body);
  const cora = personRow.parse((await add('Cora Court', old)).body);
  assert.deepEqual([yara.site, cora.site], [second, old]);
  assert.deepEqual(http.stand.told.slice(before), [second, old]);
  assert.deepEqual(await told(second), ['Y. Yard']);
  const atOld = await told(old);
  assert.ok(atOld.includes('C. Court') && !atOld.includes('Y. Yard'), atOld.join());
  const page = peoplePage.parse((await http.ask('GET', `${PEOPLE}?role=resident&limit=100`)).body);
  assert.deepEqual(page.sites, [
    { id: old, name: 'Alder Court' },
    { id: second, name: 'Alder Yard' },
  ]);
  assert.equal(page.items.find(({ id }) => id === yara.id)?.site, second);
});

test('with several sites none is guessed: a resident and a list without one are refused by name, and so is another’s', async () => {
  refusedForSite(await add('Nobody Nowhere'));
  refusedForSite(await add('Nobody Nowhere', http.birch.site));
  const file = base64(utf8('Name,Flat\nLena List,3\n'));
  refusedForSite(await http.ask('POST', `${PEOPLE}/import/preview`, { body: { file } }));
  const act = { what: 'new', resident: resident('Lena List'), mark: 'm'.repeat(43) };
  refusedForSite(await http.ask('POST', `${PEOPLE}/import`, { body: { rows: [{ row: 2, act }] } }));
  const one = await http.ask('POST', PEOPLE, { tenant: http.birch, body: resident('Bea Birch') });
  assert.equal(personRow.parse(one.body).site, http.birch.site, 'where there is one it need not be said');
});

test('a list is imported at the site of its preview, and what was shown of one site is done at no other', async () => {
  const file = base64(utf8('Name,Flat\nLena List,3\n'));
  const preview = await http.ask('POST', `${PEOPLE}/import/preview`, { body: { file, site: second } });
  const { rows }: ImportPreviewed = importPreviewed.parse(preview.body);
  const steps = rows.map(({ row, act }) => ({ row, act }));
  const step = async (site: SiteId) =>
    importStepDone
      .parse((await http.ask('POST', `${PEOPLE}/import`, { body: { rows: steps, site } })).body)
      .rows.map(({ done, left }) => done ?? left);
  assert.deepEqual(await step(old), ['not-as-previewed']);
  assert.deepEqual(await step(second), ['added']);
  assert.ok((await told(second)).includes('L. List'));
  assert.ok(!(await told(old)).includes('L. List'));
});
