/**
 * What can be tried with a bank's disk and its sealing key. Much of it works, at that bank, and says how long
 * it takes; none of it works at another bank.
 */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { holdKey } from '../../src/crypto/key.ts';
import { type CodeBook, findGrant, pinVerifier, qrVerifier } from '../../src/edge/codes.ts';
import { Journal } from '../../src/edge/journal.ts';
import { type BankKeys, openBankKeys } from '../../src/edge/keys.ts';
import type { Grant, Kept } from '../../src/edge/plan/state.ts';
import { sealSecrets } from '../../src/edge/sealed-keys.ts';
import { readSealingKey } from '../../src/edge/sealing-key.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Elsewhere, newElsewhere, sealedFileOf } from './elsewhere.ts';
import { guesser } from './guesser.ts';
import { answer, type Disk, forgeBatch, readRows, refusalOf, type Said, type Tries } from './thief.ts';

/** What is searched of a PIN's whole space, which is a thousand times this. */
const REDUCED = 1_000_000;
const PIN_DIGITS = 9;
const COURIER_DIGITS = 6;
const RATE_GUESSES = 200_000;

export type WithKey = Tries & { sealingKeyFile: string; near: string | null };

/** What the thief holds once the keys are open, and what the search has found. */
type Loot = {
  disk: Disk;
  sealingKey: Uint8Array;
  keys: BankKeys;
  kept: Kept;
  live: Grant[];
  book: CodeBook;
  pins: string[];
};

export async function attackWithKey({ disk, home, sealingKeyFile, near, attempt }: WithKey): Promise<void> {
  const loot = await openDisk({ disk, sealingKeyFile });
  const { live, kept } = loot;
  await attempt('this bank', 'open the keys with the sealing key', () =>
    answer(true, 'identity, seal, storage and code keys are open'),
  );
  await attempt('this bank', 'read the state', () =>
    answer(
      true,
      `${live.length} live grants, ${Object.keys(kept.parcel).length} parcels with numbers and flats, ${kept.directory.only?.entries.length ?? 0} residents, ${Object.keys(kept.courier).length} couriers`,
    ),
  );
  await attempt('this bank', 'how fast PINs are guessed', () => measure(loot));
  await attempt('this bank', `find a PIN in ${REDUCED} of its 10^9 numbers`, () => searchNear(loot, near));
  await attempt('this bank', `find couriers’ codes of ${COURIER_DIGITS} digits, all of them`, () =>
    searchCouriers(loot),
  );
  await attempt('this bank', 'find a QR code', () => guessQr(loot));
  await attempt('this bank', 'speak to the cloud in its name', () =>
    forgeBatch({
      rows: readRows(disk),
      signer: { name: disk.bank, ...loot.keys.identity },
      judged: { name: disk.bank, publicKey: loot.keys.identity.publicKey },
    }),
  );
  await attackElsewhere({ loot, attempt, elsewhere: await newElsewhere(join(home, 'elsewhere')), home });
}

async function openDisk({ disk, sealingKeyFile }: { disk: Disk; sealingKeyFile: string }): Promise<Loot> {
  const { dataDir, bank } = disk;
  const sealingKey = readSealingKey({ source: { kind: 'file', path: sealingKeyFile }, dataDir });
  const keys = await openBankKeys({ dataDir, bank, sealingKey, log: silentLog });
  const journal = new Journal({ dataDir, bank, storageKey: keys.storage, random: systemRandom });
  const kept = journal.readState();
  journal.close();
  const live = Object.values(kept.grant).filter((grant) => grant.state === 'live');
  return { disk, sealingKey, keys, kept, live, book: { key: holdKey(keys.codes), bank }, pins: [] };
}

const pinGuesser = ({ keys, book }: Loot, { id, issue, pinVerifier: verifier }: Grant) =>
  guesser({
    key: keys.codes,
    before: `pin/v1\0${book.bank}\0${id}\0${issue}\0`,
    digits: PIN_DIGITS,
    verifier: verifier ?? '',
  });

/** One core, this language, no graphics card: others are far faster. */
function measure(loot: Loot): Said {
  const [grant] = loot.live;
  if (!grant) return answer(false, 'no grant is live');
  const isPin = pinGuesser(loot, grant);
  const beganMs = performance.now();
  for (let guess = 0; guess < RATE_GUESSES; guess++) isPin(guess);
  const perSecond = RATE_GUESSES / ((performance.now() - beganMs) / 1000);
  const minutes = (guesses: number) => Math.ceil(guesses / perSecond / 60);
  const whole = 10 ** PIN_DIGITS;
  return answer(
    true,
    `${Math.round(perSecond)} guesses a second on one core; one PIN of ${PIN_DIGITS} digits: ${minutes(whole / 2)} min expected, ${minutes(whole)} min at worst; all ${loot.live.length} live PINs: ${minutes(whole * loot.live.length)} min at worst`,
  );
}

function searchNear(loot: Loot, near: string | null): Said {
  if (near === null) return answer(false, 'not tried: no PIN was named with --near');
  const middle = Number(near);
  const first = middle - (middle % REDUCED);
  for (const grant of loot.live) {
    const isPin = pinGuesser(loot, grant);
    for (let guess = first; guess < first + REDUCED; guess++) {
      if (!isPin(guess)) continue;
      loot.pins.push(String(guess).padStart(PIN_DIGITS, '0'));
      return answer(
        true,
        `the PIN of door ${grant.compartment} is found, in a reduced range (${REDUCED} of 10^${PIN_DIGITS}, around the truth)`,
      );
    }
  }
  return answer(false, `no live PIN lies among the ${REDUCED} numbers around ${near}`);
}

function searchCouriers({ kept, keys, book }: Loot): Said {
  const couriers = Object.values(kept.courier).filter((courier) => courier.verifier !== null);
  let found = 0;
  for (const { person, verifier } of couriers) {
    const before = `courier/v1\0${book.bank}\0${person}\0`;
    const isCode = guesser({ key: keys.codes, before, digits: COURIER_DIGITS, verifier: verifier ?? '' });
    let guess = 0;
    while (guess < 10 ** COURIER_DIGITS && !isCode(guess)) guess++;
    if (guess < 10 ** COURIER_DIGITS) found++;
  }
  return answer(
    found > 0,
    `${found} of ${couriers.length} found by trying all 10^${COURIER_DIGITS}; each is good with its badge only, whose 128 bits are not on the disk`,
  );
}

function guessQr({ live, book }: Loot): Said {
  for (let guess = 0; guess < 10_000; guess++) {
    const code = Buffer.from(systemRandom.bytes(16)).toString('hex');
    if (findGrant(book, live, { method: 'qr', code })) return answer(true, 'a QR code was guessed');
  }
  return answer(false, '10000 guesses of 2^128; none fits, and no search ends');
}

type ElsewhereTries = Pick<Tries, 'attempt' | 'home'> & { loot: Loot; elsewhere: Elsewhere };

async function attackElsewhere({ loot, attempt, elsewhere, home }: ElsewhereTries): Promise<void> {
  const { disk, keys, sealingKey, live, pins } = loot;
  const there = { random: systemRandom, bank: elsewhere.bank };
  const copyTo = (name: string) => {
    const dataDir = join(home, name);
    cpSync(disk.dataDir, dataDir, { recursive: true });
    return dataDir;
  };
  await attempt('elsewhere', 'type the PINs that were found at another bank', () => {
    const taken = pins.filter((pin) =>
      findGrant(elsewhere.book, elsewhere.grants, { method: 'pin', code: pin }),
    );
    return answer(taken.length > 0, `refused: ${pins.length} PINs tried, ${taken.length} taken`);
  });
  await attempt('elsewhere', 'put its verifiers into the grants of another bank', () => {
    const own = elsewhere.grants.flatMap((grant) =>
      live.map((stolen) => ({ ...grant, pinVerifier: stolen.pinVerifier, qrVerifier: stolen.qrVerifier })),
    );
    const taken = pins.filter((pin) => findGrant(elsewhere.book, own, { method: 'pin', code: pin }));
    return answer(taken.length > 0, `refused: ${own.length} grants replayed, ${taken.length} open`);
  });
  await attempt('elsewhere', 'compare another bank’s codes under the stolen key of codes', () => {
    const book = { key: loot.book.key, bank: elsewhere.bank };
    const same = elsewhere.grants.filter((grant, index) => {
      const of = { grant: grant.id, issue: grant.issue };
      const { pin = '', qr = '' } = elsewhere.codes[index] ?? {};
      return (
        pinVerifier(book, of, pin) === grant.pinVerifier || qrVerifier(book, of, qr) === grant.qrVerifier
      );
    });
    return answer(same.length > 0, `${same.length} of ${elsewhere.grants.length} verifiers come out alike`);
  });
  await attempt('elsewhere', 'copy its journal to another bank', () =>
    refusalOf(
      () => new Journal({ ...there, dataDir: copyTo('journal'), storageKey: elsewhere.keys.storage }),
    ),
  );
  await attempt('elsewhere', 'copy it with its storage key, and make it name that bank', () => {
    const dataDir = copyTo('renamed');
    const db = new DatabaseSync(join(dataDir, 'journal.sqlite'));
    db.prepare("update meta set value = ? where name = 'bank'").run(elsewhere.bank);
    db.close();
    return refusalOf(() => new Journal({ ...there, dataDir, storageKey: keys.storage }));
  });
  await attempt('elsewhere', 'put its keys into another bank', () => {
    writeFileSync(sealedFileOf(elsewhere), disk.sealedText);
    return refusalOf(() => openBankKeys({ ...elsewhere, log: silentLog }));
  });
  await attempt('elsewhere', 'the same, sealed anew in that bank’s name with the stolen sealing key', () => {
    const secrets = {
      identity: keys.identity.privateKey,
      seal: Uint8Array.from([...keys.seal.privateKey, ...keys.seal.publicKey]),
      storage: keys.storage,
      codes: keys.codes,
    };
    writeFileSync(sealedFileOf(elsewhere), sealSecrets({ sealingKey, bank: elsewhere.bank }, secrets));
    return refusalOf(() => openBankKeys({ ...elsewhere, log: silentLog }));
  });
  await attempt('elsewhere', 'sign a batch in another bank’s name with the stolen identity', () =>
    forgeBatch({
      rows: { records: [], heads: [] },
      signer: { name: elsewhere.bank, ...keys.identity },
      judged: { name: elsewhere.bank, publicKey: elsewhere.keys.identity.publicKey },
    }),
  );
}
