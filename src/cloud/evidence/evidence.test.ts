/** Evidence before a real database and a real folder: what is kept of it where, who reads it, and how it ends. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { hex, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { EVIDENCE_BYTES_MAX, EVIDENCE_PER_PARCEL_MAX } from '../../domain/evidence.ts';
import { idFrom } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { checkCloud } from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { erasePerson, liftParcelHolds, placeParcelHold, settle } from '../privacy/privacy.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addCourier, addResident, type Filled, filledTenant } from '../test-tenants.ts';
import { type AboutWhom, attach, checkEvidence, evidenceOfParcel, handOutEvidence } from './evidence.ts';
import { openInside, sealObject } from './sealed.ts';
import { findEvidence } from './store.ts';
import { sweepEvidence } from './sweep.ts';

const DAY_MS = 86_400_000;
const SAID = 'Wolpertinger-Kratzer an der linken Kante';
const WHY = 'Beschwerde des Empfaengers Quastenflosser';
let stand: Stand;
let filled: Filled;
let bank: TestBank;

before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: stand.root, mark: 'Alder' });
  bank = await enrolledBank(stand.cloud, filled.tenant, filled.site);
});
after(() => stand.close());

/** Of two persons of its own; it was collected, so that both can be erased. */
async function newParcel(): Promise<{ parcel: string; recipient: string; courier: string }> {
  const { cloud } = stand;
  const { tenant, site, carrier, people: known } = filled;
  const recipient = await addResident(cloud, { tenant, site, name: 'Quastenflosser' });
  const courier = await addCourier(cloud, { tenant, carrier, name: 'Mauersegler', by: known.admin });
  const parcel = bank.writeJourney({
    courier,
    recipient,
    compartment: 2,
    carrier,
    tracking: 'T',
    collect: true,
  });
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  return { parcel, recipient, courier };
}

const attached = (parcel: string, about: AboutWhom = 'recipient', text = SAID) =>
  attach(stand.cloud, filled.tenant, {
    ...{ parcel, about, purpose: WHY, bytes: utf8(text), by: filled.people.admin },
  });
const inFilled = <T>(run: Parameters<typeof stand.cloud.database.tenant<T>>[1]) =>
  stand.cloud.database.tenant(filled.tenant, run);
const listOf = (parcel: string) => inFilled((tx) => evidenceOfParcel(stand.cloud, tx, parcel));
const read = (id: string, tenant = filled.tenant) =>
  handOutEvidence(
    stand.cloud,
    { tenant, person: filled.people.admin, role: 'admin' },
    { id, purpose: 'the insurer asks' },
  );
const fileOf = (parcel: string, id: string) =>
  join(stand.home, 'cloud', 'evidence', filled.tenant, parcel, id);
const writtenLongAgo = (parcel: string, id: string) => {
  const atS = (stand.cloud.clock.nowMs() - 3 * DAY_MS) / 1000;
  utimesSync(fileOf(parcel, id), atS, atS);
};
const filesOf = (parcel: string) => readdirSync(join(stand.home, 'cloud', 'evidence', filled.tenant, parcel));
const erase = async (person: string) => {
  const erasure = await inFilled((tx) => erasePerson(stand.cloud, tx, { person, by: null }));
  if (erasure.is === 'erased') await settle(stand.cloud, filled.tenant);
  return erasure;
};
const checked = async () => [
  ...(await checkCloud(stand.cloud, filled.tenant)),
  ...(await checkEvidence(stand.cloud, filled.tenant)),
];

test('what was attached is handed out byte for byte, and both are on record', async () => {
  const { parcel } = await newParcel();
  const { id, sha256: hash, media } = await attached(parcel);
  assert.deepEqual([hash, media], [hex(sha256(utf8(SAID))), 'text']);
  const list = await listOf(parcel);
  assert.deepEqual(
    list?.attached.map((one) => [one.id, one.purpose, one.sha256, one.attachedBy]),
    [[id, WHY, hash, 'Alder admin']],
  );
  assert.equal(list?.room, EVIDENCE_PER_PARCEL_MAX - 1);
  const handed = await read(id);
  assert.equal(Buffer.from(handed.bytes).toString(), SAID);
  const [source, seq] = list?.attached[0]?.record.split('.') ?? [];
  const openings = await inFilled((tx) =>
    stand.cloud.journal.openOpenings(tx, String(source), { first: Number(seq), last: Number(seq) + 1 }),
  );
  const told = openings.get(Number(seq));
  assert.deepEqual(
    [
      told?.evidence?.value,
      told?.subject?.value,
      told?.parcel?.value,
      told?.person?.value,
      told?.purpose?.value,
    ],
    [hash, id, parcel, filled.people.admin, WHY],
  );
  const looked = openings.get(Number(seq) + 1);
  assert.deepEqual(
    [looked?.subject?.value, looked?.purpose?.value, looked?.person?.value],
    [id, 'the insurer asks', filled.people.admin],
  );
  const { rows } = await inFilled((tx) =>
    sql<{ text: string }>`select convert_from(bytes, 'UTF8') as text from records
      where source = ${source} and seq = ${Number(seq)}`.execute(tx),
  );
  const text = rows[0]?.text ?? '';
  assert.match(text, /"facts":\{"bytes":\d+,"media":"text","origin":"staff"\}/);
  for (const secret of [hash, id, parcel, WHY]) assert.ok(!text.includes(secret), secret);
});

test('no disk and no table has a byte of it in clear, nor why it was attached', async () => {
  const { parcel } = await newParcel();
  const { id, sha256: hash } = await attached(parcel, 'both');
  const object = readFileSync(fileOf(parcel, id));
  assert.equal(statSync(fileOf(parcel, id)).mode & 0o777, 0o600);
  const dump = await stand.dump();
  for (const secret of [SAID, SAID.slice(0, 12), WHY, hash]) {
    assert.ok(!object.includes(secret), secret);
    assert.ok(!dump.includes(secret) && !dump.includes(Buffer.from(secret).toString('hex')), secret);
  }
});

test('what it is, its bytes say; what is too long, too much or about nobody is refused, and nothing is kept', async () => {
  const { parcel, recipient } = await newParcel();
  const { cloud } = stand;
  const give = (bytes: Uint8Array, more: object = {}) =>
    attach(cloud, filled.tenant, {
      ...{ parcel, about: 'recipient', purpose: WHY, bytes, by: filled.people.admin, ...more },
    });
  await assert.rejects(give(utf8('')), /none of: a JPEG/);
  await assert.rejects(give(Uint8Array.of(0x4d, 0x5a, 0x90, 0)), /none of: a JPEG/);
  await assert.rejects(give(new Uint8Array(EVIDENCE_BYTES_MAX + 1).fill(65)), /at most 10 MB/);
  for (const strange of ['parcel_x', recipient, idFrom('parcel', systemRandom.bytes(16))])
    await assert.rejects(give(utf8('x'), { parcel: strange }), /no such parcel/);
  assert.deepEqual((await listOf(parcel))?.attached, []);
  const all = await Promise.allSettled(
    Array.from({ length: EVIDENCE_PER_PARCEL_MAX + 5 }, (_, n) => attached(parcel, 'both', `${n}`)),
  );
  assert.equal(all.filter(({ status }) => status === 'fulfilled').length, EVIDENCE_PER_PARCEL_MAX);
  assert.equal((await listOf(parcel))?.room, 0);
  await assert.rejects(attached(parcel), /has 20 files already/);
  assert.equal((await give(new Uint8Array(EVIDENCE_BYTES_MAX).fill(65), await newParcel())).media, 'text');
});

test('nobody of another organisation lists it, attaches beside it, or reads it', async () => {
  const { parcel } = await newParcel();
  const { id } = await attached(parcel);
  const { cloud, tenant } = stand;
  assert.equal(await cloud.database.tenant(tenant, (tx) => evidenceOfParcel(cloud, tx, parcel)), undefined);
  await assert.rejects(read(id, tenant), /no such evidence/);
  const beside = {
    parcel,
    about: 'recipient',
    purpose: WHY,
    bytes: utf8('x'),
    by: filled.people.admin,
  } as const;
  await assert.rejects(attach(cloud, tenant, beside), /no such parcel/);
});

test('an object that was changed, cut, or put in another’s place is never handed out, and is found', async () => {
  const { parcel } = await newParcel();
  const [one, other] = [await attached(parcel), await attached(parcel, 'recipient', `${SAID}!`)];
  assert.deepEqual(await checked(), []);
  const path = fileOf(parcel, one.id);
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed[40] = (changed[40] ?? 0) ^ 1;
  const views = async () =>
    (
      await inFilled((tx) =>
        sql<{ n: number }>`select count(*)::int as n from records where kind = 'evidence.viewed'`.execute(tx),
      )
    ).rows[0]?.n;
  const before = await views();
  // Whoever has every key can seal other bytes in its place; the record has committed to the hash of these.
  const row = (await inFilled((tx) => findEvidence(tx, one.id))) ?? assert.fail();
  const inside = (await inFilled((tx) => openInside(stand.cloud, tx, row))) ?? assert.fail();
  const place = { tenant: filled.tenant, parcel: row.parcel, id: row.id };
  const resealed = sealObject(inside.key, utf8(SAID.toUpperCase()), place);
  const damages: [string, () => void][] = [
    ['sealed anew', () => writeFileSync(path, resealed)],
    ['changed', () => writeFileSync(path, changed)],
    ['cut', () => writeFileSync(path, whole.subarray(0, whole.length - 1))],
    ['empty', () => writeFileSync(path, '')],
    ['another’s', () => writeFileSync(path, readFileSync(fileOf(parcel, other.id)))],
    ['gone', () => renameSync(path, `${path}.away`)],
  ];
  for (const [what, damage] of damages) {
    damage();
    await assert.rejects(read(one.id), /not what was recorded, or is gone/, what);
    assert.deepEqual(await checked(), [
      { where: one.id, what: 'its object is gone, or is not what was recorded' },
    ]);
  }
  writeFileSync(path, whole);
  assert.deepEqual(await checked(), []);
  await inFilled((tx) => sql`update evidence set media = 'pdf' where evidence_id = ${one.id}`.execute(tx));
  assert.deepEqual(
    (await checked()).map(({ what }) => what),
    ['it is told otherwise than its record says'],
  );
  await inFilled((tx) => sql`update evidence set media = 'text' where evidence_id = ${one.id}`.execute(tx));
  await inFilled((tx) =>
    sql`update evidence e set record_seq = o.record_seq from evidence o
      where e.evidence_id = ${one.id} and o.evidence_id = ${other.id}`.execute(tx),
  );
  const said = (await checked()).map(({ what }) => what);
  assert.equal(said.length, 2, said.join('; '));
  assert.ok(said.some((what) => what.includes('says that evidence was attached, and there is none')));
  assert.ok(said.some((what) => what.includes('is told otherwise') || what.includes('committed to')));
  const [, seq] = (await listOf(parcel))?.attached.find(({ id }) => id === other.id)?.record.split('.') ?? [];
  await inFilled((tx) =>
    sql`update evidence set record_seq = ${Number(seq) - 1} where evidence_id = ${one.id}`.execute(tx),
  );
  assert.deepEqual(await checked(), []);
  assert.equal(await views(), before, 'what was not handed out was not looked at');
});

test('who is erased takes it with them, from everybody; the object goes, the record stays and verifies', async () => {
  for (const [about, whom] of [
    ['recipient', 'recipient'],
    ['both', 'recipient'],
    ['both', 'courier'],
    ['courier', 'courier'],
  ] as const) {
    const known = await newParcel();
    const { parcel } = known;
    const { id } = await attached(parcel, about);
    const stays =
      about === 'both' ? undefined : await attached(parcel, about === 'courier' ? 'recipient' : 'courier');
    await inFilled((tx) => people.removePerson(stand.cloud, tx, known.courier, null));
    const where = `${about}, ${whom}`;
    const erasure = await erase(known[whom]);
    assert.equal(erasure.is, 'erased', `${where} ${JSON.stringify(erasure)}`);
    await assert.rejects(read(id), /was erased; nobody can read it/, where);
    const list = (await listOf(parcel))?.attached ?? [];
    const gone = list.find((one) => one.id === id);
    assert.deepEqual([gone?.purpose, gone?.sha256, gone?.bytes], [null, null, SAID.length], where);
    await sweepEvidence(stand.cloud);
    assert.deepEqual(filesOf(parcel), stays ? [stays.id] : [], where);
    if (stays) assert.equal(Buffer.from((await read(stays.id)).bytes).toString(), SAID, where);
    assert.deepEqual(await checked(), [], where);
    assert.ok(
      !(await stand.dump()).split('\n').some((line) => line.includes(id) && line.includes(known[whom])),
    );
  }
});

test('a legal hold over the parcel keeps all of it; what nobody names goes after a day, and never under a hold', async () => {
  const { parcel, recipient } = await newParcel();
  const { cloud } = stand;
  const { id } = await attached(parcel);
  const hold = { parcel, reason: 'case 12', by: null };
  await inFilled((tx) => placeParcelHold(cloud, tx, { ...hold, untilMs: null }));
  assert.deepEqual(await erase(recipient), { is: 'held' });
  assert.equal(Buffer.from((await read(id)).bytes).toString(), SAID);
  // A process that died between the object and its row.
  const dying = {
    ...cloud,
    database: { ...cloud.database, tenant: () => Promise.reject(new Error('dead')) },
  };
  const of = {
    parcel,
    about: 'recipient',
    purpose: WHY,
    bytes: utf8(SAID),
    by: filled.people.admin,
  } as const;
  await assert.rejects(attach(dying as typeof cloud, filled.tenant, of), /dead/);
  const orphan = filesOf(parcel).find((name) => name !== id) ?? assert.fail('it left its object');
  await sweepEvidence(cloud);
  assert.equal(filesOf(parcel).length, 2, 'a young one may be about to get its row');
  writtenLongAgo(parcel, orphan);
  await sweepEvidence(cloud);
  stand.step(DAY_MS);
  await sweepEvidence(cloud);
  assert.equal(filesOf(parcel).length, 2, 'under a hold nothing goes');
  await inFilled((tx) => liftParcelHolds(cloud, tx, hold));
  await sweepEvidence(cloud);
  assert.deepEqual(filesOf(parcel), [id]);
  assert.equal(Buffer.from((await read(id)).bytes).toString(), SAID);
});

test('a database that was put back gives what it does not name a day from then, however long ago it was attached', async () => {
  const { parcel } = await newParcel();
  const { cloud } = stand;
  const { id } = await attached(parcel);
  writtenLongAgo(parcel, id);
  const owner = new pg.Client({ connectionString: stand.superuserUrl() });
  await owner.connect();
  const move = (from: string, to: string) =>
    owner.query('update evidence set tenant_id = $3 where evidence_id = $1 and tenant_id = $2', [
      id,
      from,
      to,
    ]);
  try {
    // A backup of before it was attached.
    await move(filled.tenant, 'elsewhere');
    await sweepEvidence(cloud);
    assert.deepEqual(filesOf(parcel), [id], 'the first sweep only sees it');
    stand.step(DAY_MS - 1_000);
    await sweepEvidence(cloud);
    assert.deepEqual(filesOf(parcel), [id]);
    // The right one is put back in time: nothing of it is remembered against it.
    await move('elsewhere', filled.tenant);
    stand.step(DAY_MS);
    await sweepEvidence(cloud);
    assert.equal(Buffer.from((await read(id)).bytes).toString(), SAID);
    await move(filled.tenant, 'elsewhere');
    await sweepEvidence(cloud);
    assert.deepEqual(filesOf(parcel), [id], 'the day begins anew');
    stand.step(DAY_MS);
    await sweepEvidence(cloud);
    assert.deepEqual(filesOf(parcel), []);
  } finally {
    await owner.query('delete from evidence where evidence_id = $1', [id]);
    await owner.end();
  }
});

test('it cannot be about somebody who is not known any more', async () => {
  const { parcel, recipient } = await newParcel();
  await erase(recipient);
  await assert.rejects(attached(parcel, 'recipient'), /not known here, or was erased/);
  assert.ok((await attached(parcel, 'both')).id, 'the courier is');
});
