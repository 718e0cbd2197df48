/** A site's list of residents is bounded by what one message to a bank holds; what does not fit is refused before. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { directoryEntries, MESSAGE_BYTES_MAX, readDown } from '../../contract/uplink.ts';
import { base64, utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { attention } from '../admin/admin.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import * as imports from '../imports/imports.ts';
import { Intake } from '../intake/intake.ts';
import { enrolledBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { signDraft } from '../test-tenants.ts';
import * as people from './people.ts';
import { DIRECTORY_BYTES_MAX, labelOf, SURELY_FIT, sizeOf } from './room.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

const resident = (name: string) => ({ name, flat: '7', email: null, phone: null, accessible: false });
const add = (name: string) =>
  stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, { ...resident(name), site: stand.site, by: null }),
  );
/** As if so many were there already; adding thousands tells no more. */
const pretend = (of: { people: number; bytes: number }) =>
  stand.inTenant((tx) =>
    sql`update directory_versions set people = ${of.people}, bytes = ${of.bytes}
      where site_id = ${stand.site}`.execute(tx),
  );

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => assert.fail('it was done'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError && error.code === 'conflict');
  return error.message;
}

async function known(): Promise<number> {
  const { entries } = await stand.inTenant((tx) => people.directory(stand.cloud, tx, stand.site));
  return entries.length;
}

test('as many as surely fit do, whatever they are called, and a label is never longer than a bank takes', () => {
  const entries = Array.from({ length: SURELY_FIT }, () => ({
    ...{ person: `person_${'a'.repeat(26)}`, flat: '\u6f22'.repeat(40) },
    ...{ label: labelOf('\u6f22'.repeat(120)), accessible: false },
  }));
  const clear = utf8(JSON.stringify(entries));
  assert.ok(clear.length <= sizeOf(entries).bytes + 2);
  const box = { enc: 'A'.repeat(87), ciphertext: Buffer.alloc(clear.length + 16, 1).toString('base64url') };
  const message = utf8(JSON.stringify({ v: 1, type: 'directory', version: 9_999_999, entries: box }));
  assert.ok(message.length <= MESSAGE_BYTES_MAX && message.length > MESSAGE_BYTES_MAX * 0.9);
  assert.ok(readDown(message).ok);
  for (const name of ['\u{1f600}'.repeat(100), `Ada ${'\u{20000}'.repeat(70)}`, 'x'.repeat(120)])
    assert.ok(directoryEntries.safeParse([{ ...entries[0], label: labelOf(name) }]).success, name);
});

test('whoever does not fit is refused with the count and the bound, and is not there', async () => {
  await add('Ada Okafor');
  const before = await known();
  await pretend({ people: 15_000, bytes: DIRECTORY_BYTES_MAX - 20 });
  const says = await refusal(add('Ben Okafor'));
  assert.match(says, /15001 people/);
  assert.ok(says.includes(`${DIRECTORY_BYTES_MAX} bytes`));
  assert.equal(await known(), before);
  await pretend({ people: before, bytes: 100 * before });
  await add('Ben Okafor');
  assert.equal(await known(), before + 1);
});

test('a file that does not fit is refused by its preview, before a row of it is done', async () => {
  const name = '\u6f22'.repeat(60);
  const rows = Array.from({ length: 8000 }, (_, n) => `${name},${n + 1}`);
  const bytes = utf8(`Name,Flat\n${rows.join('\n')}\n`);
  assert.ok(base64(bytes).length < 4_194_304);
  const asked = { bytes, header: true, fields: ['name', 'flat'], country: null } as const;
  const place = { tenant: stand.tenant, site: async () => stand.site };
  const says = await refusal(imports.preview(stand.cloud, place, { ...asked, fields: [...asked.fields] }));
  assert.match(says, /^Nobody is added: .* with these 800\d people/);
});

test('a list that is too long all the same is not sent, and a person is told', async () => {
  const bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  await signDraft(stand.cloud, stand);
  const hello = {
    ...{ v: 1 as const, type: 'hello' as const, boot: 'b', lastSeq: 0, acknowledgedSeq: 0 },
    ...{ epoch: null, directory: 0, roster: { version: 0, hash: null }, development: false },
  };
  await stand.inTenant((tx) => banks.heardHello(stand.cloud, tx, bank.bank, { ...hello, suspensions: [] }));
  const tell = async () => {
    const sent: string[] = [];
    const send = async (_bank: string, { type }: { type: string }) => void sent.push(type);
    const intake = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send });
    await intake.tellBank(stand.tenant, bank.bank);
    return sent;
  };
  assert.ok((await tell()).includes('directory'));
  const shown = () => stand.inTenant((tx) => attention(stand.cloud, tx));
  const isShown = async () => (await shown()).find(({ kind }) => kind === 'directory-too-long');
  assert.equal(await isShown(), undefined);
  await pretend({ people: 16_000, bytes: DIRECTORY_BYTES_MAX + 1 });
  assert.match((await isShown())?.says ?? '', /16000 residents/);
  // What it has is counted anew before it is told, so what fits again is told again.
  assert.ok((await tell()).includes('directory'));
  assert.equal(await isShown(), undefined);
  const entries = Array.from({ length: 20_000 }, (_, n) => ({
    ...{ person: `person_${'a'.repeat(26)}`, flat: String(n), label: 'A. Okafor', accessible: false },
  }));
  const version = await stand.inTenant((tx) => people.directoryVersion(tx, stand.site));
  const fits = await stand.inTenant((tx) =>
    people.fitsMessage(stand.cloud, tx, { site: stand.site, version, entries: entries as never }),
  );
  assert.equal(fits, false);
  assert.match((await isShown())?.says ?? '', /20000 residents/);
});
