/**
 * A stolen disk. A real bank works for a while: parcels come in, one goes out, records are uploaded and
 * acknowledged. Then its disk is copied as a power cut would leave it, without the sealing key, and everything
 * is tried with the copy. The codes that were planted are shown to be right at their own bank, before and
 * after; an attack on dead codes proves nothing.
 */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestRig, until } from '../../rig/test-rig.ts';
import type { DirectoryEntries } from '../../src/contract/uplink.ts';
import { holdKey } from '../../src/crypto/key.ts';
import { idFrom, type PersonId } from '../../src/domain/ids.ts';
import { badgeText, normalFlat } from '../../src/domain/scan.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { courierVerifier, pinVerifier } from '../../src/edge/codes.ts';
import { openBankKeys } from '../../src/edge/keys.ts';
import { readSealingKey } from '../../src/edge/sealing-key.ts';
import { batchRoot, headHash, signHead } from '../../src/ledger/batch.ts';
import { badgeHash } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openLog, silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import {
  bringIntoService,
  edgeConfigOf,
  newSite,
  removeSite,
  rosterFor,
  sealingKeyFile,
  startTestAgent,
  type TestSite,
} from '../bank.ts';
import { checkBank } from '../check-bank.ts';
import { filesUnder, formsOfText, type Planted, scanFor } from './byte-scan.ts';
import { guesser } from './guesser.ts';
import { type Dropped, KioskHand } from './kiosk-hand.ts';
import { attackDisk, linesOf } from './stolen-disk.ts';
import { type Attempt, isFiller } from './thief.ts';

const person = (): PersonId => idFrom('person', systemRandom.bytes(16));
/** Long and odd, so that no chance puts them on a disk. */
const RESIDENTS: DirectoryEntries = [
  { person: person(), flat: 'Northgate Tower 4417', label: 'Quillon Featherstone', accessible: false },
  { person: person(), flat: 'Mews Cottage 9023', label: 'Ottoline Varga-Brandt', accessible: true },
];
const COURIER_CODE = '739205518264';
/** Six digits are the fewest that a courier may choose. */
const SHORT = { person: person(), badge: badgeText(systemRandom.bytes(16)), code: '284917' };
const TRACKINGS = ['1Z999AA10123456784', 'JD014600006281230701', 'TBA902211774330', '9400111206206406260787'];

const rigs = [await startTestRig(), await startTestRig()] as const;
type Bank = { site: TestSite; agent: Agent; hand: KioskHand };
let victim: Bank;
let other: Bank;
let dropped: Dropped[];
let stolen: string;
const fatal: Error[] = [];

async function startBank(rig: (typeof rigs)[number]): Promise<Bank> {
  const site = await newSite();
  const dataDir = join(site.dir, 'edge');
  const ports = { serial: rig.ports.serial, scanner: null };
  mkdirSync(dataDir, { mode: 0o700 });
  const log = openLog({ name: 'edge', level: 'info', path: join(dataDir, 'edge.log') });
  const agent = await startTestAgent(site, ports, (error) => fatal.push(error), systemClock, log);
  const { couriers } = rosterFor(site, { key: '', sealKey: '' });
  const short = { ...couriers[0], person: SHORT.person, badgeHash: badgeHash(SHORT.badge) };
  await bringIntoService(site, agent, { couriers: [...couriers, short as (typeof couriers)[number]] });
  agent.dispatch({ type: 'directory-opened', opened: { version: 2, entries: RESIDENTS } });
  await until(() => Object.values(agent.state().compartment).every(({ door }) => door === 'closed'));
  return { site, agent, hand: new KioskHand({ rig, site, agent }) };
}

/** Signs, sends and acknowledges what waits, as the uplink does with a cloud that answers. */
async function upload({ site, agent }: Bank): Promise<void> {
  const { journal } = agent;
  const source = { kind: 'file', path: sealingKeyFile(site) } as const;
  const dataDir = join(site.dir, 'edge');
  const sealingKey = readSealingKey({ source, dataDir });
  const keys = await openBankKeys({ dataDir, bank: site.bank, sealingKey, log: silentLog });
  const waiting = journal.unsigned(1024);
  const range = { first: waiting[0]?.seq ?? 0, last: waiting.at(-1)?.seq ?? 0 };
  const root = batchRoot(waiting.map(({ bytes }) => bytes));
  const head = { bank: site.bank, ...range, previous: journal.tip.lastHead, root };
  journal.keepHead({ ...range, note: signHead({ head, key: keys.identity }), hash: headHash(head) });
  assert.ok((journal.nextBatch()?.openings.length ?? 0) > 0);
  journal.acknowledge(range.last);
}

/** The whole disk as an installer leaves it, in the middle of the bank's work; the sealing key stays behind. */
function steal({ site }: Bank, ports: { serial: number }): string {
  const folder = join(site.dir, 'stolen');
  // One call, in the agent's own process: nothing is written meanwhile, as when the power goes.
  cpSync(join(site.dir, 'edge'), join(folder, 'bank'), { recursive: true });
  cpSync(join(site.dir, 'commissioning.json'), join(folder, 'commissioning.json'));
  const config = edgeConfigOf(site, { ...ports, scanner: null });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2));
  return folder;
}

before(async () => {
  victim = await startBank(rigs[0]);
  other = await startBank(rigs[1]);
  const { hand, site } = victim;
  const [first, second] = RESIDENTS.map(({ flat }) => flat) as [string, string];
  await hand.signIn(site.courier.badge, COURIER_CODE);
  dropped = [];
  for (const [index, tracking] of TRACKINGS.slice(0, 2).entries())
    dropped.push(await hand.dropOff({ tracking, flat: index === 0 ? first : second, size: 'S' }));
  await hand.act({ do: 'leave' });
  await hand.collect(dropped[0] as Dropped);
  await upload(victim);
  await hand.signIn(SHORT.badge, SHORT.code);
  for (const tracking of TRACKINGS.slice(2))
    dropped.push(await hand.dropOff({ tracking, flat: first, size: 'M' }));
  await hand.act({ do: 'leave' });
  assert.equal((await hand.act({ do: 'pin', pin: '000000000' })).message, 'code-not-accepted');
  stolen = steal(victim, { serial: rigs[0].ports.serial });
});
after(async () => {
  for (const bank of [victim, other]) {
    await bank?.agent.stop();
    if (bank) removeSite(bank.site);
  }
  assert.deepEqual(fatal, []);
});

/** The 128 bits behind an id, a badge or a QR code: what base32 says in text. */
function rawOf(text: string): Uint8Array {
  const letters = text.slice(-26).toLowerCase();
  const bits = [...letters].map((letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter));
  const joined = bits.map((five) => five.toString(2).padStart(5, '0')).join('');
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(joined.slice(index * 8, index * 8 + 8), 2),
  );
}

function planted(): Planted[] {
  const { site, agent } = victim;
  const ids = [
    ...RESIDENTS.map((resident) => resident.person),
    site.courier.person,
    SHORT.person,
    ...Object.keys(agent.state().parcel),
    ...Object.keys(agent.state().grant),
  ];
  const badges = [site.courier.badge, SHORT.badge];
  const hashes = badges.map((badge) => badgeHash(badge));
  return [
    ...dropped.flatMap(({ pin, qr, n }) => [
      { what: `PIN of door ${n}`, text: pin },
      { what: `QR of door ${n}`, text: qr, raw: rawOf(qr) },
    ]),
    { what: 'courier code', text: COURIER_CODE },
    ...badges.map((text) => ({ what: 'badge', text, raw: rawOf(text) })),
    ...hashes.map((text) => ({ what: 'badge’s hash', text })),
    ...RESIDENTS.flatMap(({ flat, label }) => [
      { what: 'flat', text: flat },
      { what: 'flat as compared', text: normalFlat(flat) },
      { what: 'label', text: label },
    ]),
    ...TRACKINGS.map((text) => ({ what: 'tracking number', text })),
    ...ids.map((text) => ({ what: 'id', text, raw: rawOf(text) })),
  ];
}

test('the scan finds a planted row in every form, so that finding nothing means something', () => {
  const secret = 'Xq7-planted-4410';
  const control = join(victim.site.dir, 'control');
  cpSync(stolen, control, { recursive: true });
  const forms = formsOfText(secret);
  for (const { pattern } of forms) appendFileSync(join(control, 'bank', 'journal.sqlite-wal'), pattern);
  const hits = scanFor(
    [{ what: 'planted', text: secret }],
    filesUnder(control).filter(({ file }) => !isFiller(file)),
  );
  assert.deepEqual(hits.map(({ form }) => form).sort(), forms.map(({ form }) => form).sort());
  for (const before of [0, 1, 2]) {
    const inside = Buffer.from(`${'#'.repeat(before)}${secret}!`);
    const texts = [inside.toString('base64'), inside.toString('base64url')];
    for (const text of texts) {
      const file = { file: 'made', bytes: Buffer.from(text) };
      assert.ok(scanFor([{ what: 'planted', text: secret }], [file]).length > 0, `base64+${before}`);
    }
  }
});

test('no byte of the disk holds a PIN, a QR secret, a courier’s code, a flat, a name, a number or an id', () => {
  const files = filesUnder(stolen);
  const names = files.map(({ file }) => file.replaceAll('\\', '/')).sort();
  assert.deepEqual(names, [
    'bank/edge.log',
    'bank/journal.reserve',
    'bank/journal.sqlite',
    'bank/journal.sqlite-wal',
    'bank/keys/bank.sealed',
    'bank/keys/certificate.pem',
    'bank/keys/enrolled-with',
    'commissioning.json',
    'config.json',
  ]);
  assert.ok((files.find(({ file }) => file.endsWith('-wal'))?.bytes.length ?? 0) > 0, 'the log is not empty');
  const all = planted();
  assert.ok(all.length > 25);
  const written = files.filter(({ file }) => !isFiller(file));
  assert.deepEqual(scanFor(all, written), []);
});

const opened = (tried: readonly Attempt[]) =>
  tried.filter((attempt) => attempt.opened).map(({ attempt }) => attempt);

test('with everything but the sealing key the thief reads nothing and opens nothing, and is told why', async (t) => {
  const tried = await attackDisk({ disk: stolen, sealingKeyFile: null, near: null, known: TRACKINGS });
  for (const line of linesOf(tried)) t.diagnostic(line);
  assert.deepEqual(opened(tried), []);
  assert.equal(tried.length, 10);
  const says = (name: RegExp) => tried.find(({ attempt }) => name.test(attempt))?.says ?? '';
  assert.match(says(/sealed rows/), /^0 of [1-9]\d+ rows open with [1-9]\d+ guesses/);
  assert.match(says(/bytes of the disk/), /^[1-9]\d{3,} places of 32 bytes/);
  assert.match(says(/to the notifier/), /^0 of [1-9]\d* open/);
  assert.match(says(/commitment/), /^0 of [1-9]\d+ match [1-9]\d+ guesses/);
  assert.match(says(/under a key of one’s own/), /batch-head-wrong/);
  assert.match(says(/another machine/), /sealed with another sealing key/);
  assert.match(says(/name that sealing key/), /was changed, is not whole/);
});

test('the thief’s own HMAC is the one of the verifiers', () => {
  const key = systemRandom.bytes(32);
  const book = { key: holdKey(key), bank: victim.site.bank };
  const grant = idFrom('grant', systemRandom.bytes(16));
  const { person: courier } = SHORT;
  for (const code of [0, 7, 123_456, 999_999]) {
    const pin = String(code).padStart(9, '0');
    const isPin = guesser({
      key,
      before: `pin/v1\0${book.bank}\0${grant}\x001\0`,
      digits: 9,
      verifier: pinVerifier(book, { grant, issue: 1 }, pin),
    });
    assert.deepEqual([code, code + 1, 99_999_999].map(isPin), [true, false, false]);
    const verifier = courierVerifier(book, courier, String(code).padStart(6, '0'));
    const isCode = guesser({ key, before: `courier/v1\0${book.bank}\0${courier}\0`, digits: 6, verifier });
    assert.deepEqual([code, code + 1].map(isCode), [true, false]);
  }
});

test('with the sealing key it finds live PINs and says how long that takes; another bank refuses everything', async (t) => {
  const { pin } = dropped[2] as Dropped;
  const file = sealingKeyFile(victim.site);
  const tried = await attackDisk({ disk: stolen, sealingKeyFile: file, near: pin, known: [] });
  for (const line of linesOf(tried)) t.diagnostic(line);
  const own = tried.filter(({ at }) => at === 'this bank');
  assert.deepEqual(opened(own), [
    'open the keys with the sealing key',
    'read the state',
    'how fast PINs are guessed',
    'find a PIN in 1000000 of its 10^9 numbers',
    'find couriers’ codes of 6 digits, all of them',
    'speak to the cloud in its name',
  ]);
  const says = (name: RegExp) => tried.find(({ attempt }) => name.test(attempt))?.says ?? '';
  assert.match(says(/read the state/), /^3 live grants, 3 parcels .*, 2 residents, 2 couriers$/);
  assert.match(
    says(/how fast/),
    /^\d+ guesses a second .*: \d+ min expected, \d+ min at worst; all 3 live PINs/,
  );
  assert.match(says(/find a PIN/), new RegExp(`PIN of door ${dropped[2]?.n} is found, in a reduced range`));
  assert.match(says(/couriers’ codes/), /^1 of 2 found/);
  const elsewhere = tried.filter(({ at }) => at === 'elsewhere');
  assert.deepEqual(opened(elsewhere), []);
  assert.equal(elsewhere.length, 8);
  assert.match(says(/PINs that were found/), /^refused: 1 PINs tried, 0 taken$/);
  assert.match(says(/stolen key of codes/), /^0 of 3 verifiers come out alike$/);
  assert.match(says(/^copy its journal to/), /this journal belongs to bank_/);
  assert.match(says(/make it name that bank/), /sealed with another storage key/);
  assert.match(says(/put its keys into/), /holds the keys of bank_/);
  assert.match(says(/sealed anew/), /sealed with another sealing key/);
  assert.match(says(/batch in another bank’s name/), /batch-head-wrong/);
});

test('at the kiosk of another bank the stolen codes open no door, while that bank’s own code does', async () => {
  const { hand, site, agent } = other;
  await hand.signIn(site.courier.badge, COURIER_CODE);
  const own = await hand.dropOff({ tracking: 'TBA1', flat: RESIDENTS[0]?.flat ?? '', size: 'S' });
  await hand.act({ do: 'leave' });
  for (const { pin, qr } of dropped) {
    assert.equal((await hand.act({ do: 'pin', pin })).message, 'code-not-accepted');
    assert.equal((await hand.act({ do: 'scan', text: qr })).message, 'code-not-accepted');
  }
  assert.equal(agent.state().compartment[own.n]?.door, 'closed');
  await hand.collect(own);
  checkBank(agent);
});

test('the codes that were looked for are live at their own bank to the end', async () => {
  for (const parcel of dropped.slice(1)) await victim.hand.collect(parcel);
  checkBank(victim.agent);
});
