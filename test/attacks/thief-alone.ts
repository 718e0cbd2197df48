/** What can be tried with a bank's disk and nothing else. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { SEAL_INFO } from '../../src/contract/uplink.ts';
import { newKey, open } from '../../src/crypto/aead.ts';
import { base64url, concat, fromBase64url, utf8 } from '../../src/crypto/bytes.ts';
import { deriveKey, sha256 } from '../../src/crypto/hash.ts';
import { hpkeOpen } from '../../src/crypto/hpke.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { openBankKeys } from '../../src/edge/keys.ts';
import { sealingKeyId } from '../../src/edge/sealing-key.ts';
import { parseRecord } from '../../src/ledger/record.ts';
import { silentLog } from '../../src/platform/log.ts';
import {
  answer,
  type Disk,
  forgeBatch,
  type Rows,
  readRows,
  refusalOf,
  type Said,
  type Tries,
} from './thief.ts';

/** Everything that can be tried with the disk and nothing else. */
export async function attackAlone({
  disk,
  home,
  known,
  attempt,
}: Tries & { known: string[] }): Promise<void> {
  const rows = readRows(disk);
  const guesses = guessesFor(disk);
  await attempt('this bank', 'guess the sealing key', () => {
    const found = guesses.filter((key) => opensKeys(disk, key));
    const count = `${guesses.length} guesses: zeros, words, names, hashes of files, texts on the disk`;
    return answer(found.length > 0, found.length > 0 ? 'a guess opens the keys' : `${count}; none opens`);
  });
  await attempt('this bank', 'find a key lying in the bytes of the disk', () => findKeyInBytes(disk, rows));
  await attempt('this bank', 'open the sealed rows (verifiers, flats, names, numbers)', () => {
    const opened = rows.sealed.filter(({ bytes, place }) => guesses.some((key) => open(key, bytes, place)));
    return answer(
      opened.length > 0,
      `${opened.length} of ${rows.sealed.length} rows open with ${guesses.length} guesses`,
    );
  });
  await attempt('this bank', 'find PINs by comparing with their verifiers', () => {
    const visible = rows.sealed.filter(({ bytes }) => Buffer.from(bytes).includes('Verifier'));
    return answer(
      visible.length > 0,
      `${visible.length} of ${rows.sealed.length} rows show a verifier: nothing to compare a guess with`,
    );
  });
  await attempt('this bank', 'open the codes under way to the notifier', () =>
    openWishes(disk, rows, guesses),
  );
  await attempt('this bank', 'guess what a commitment stands for', () => guessCommitments(rows, known));
  await attempt('elsewhere', 'be this bank: its certificate with a key of one’s own', () =>
    refusalOf(() =>
      createSecureContext({ cert: disk.certificate, key: privateKeyPem(newSigningKey().privateKey) }),
    ),
  );
  await attempt('elsewhere', 'go on with its journal under a key of one’s own', () =>
    forgeBatch({
      rows,
      signer: { name: disk.bank, ...newSigningKey() },
      judged: { name: disk.bank, publicKey: disk.identity },
    }),
  );
  await attempt('elsewhere', 'start its keys on another machine, with another sealing key', async () => {
    const dataDir = join(home, 'machine');
    cpSync(disk.dataDir, dataDir, { recursive: true });
    return refusalOf(() => openBankKeys({ log: silentLog, dataDir, bank: disk.bank, sealingKey: newKey() }));
  });
  await attempt('elsewhere', 'the same, with the file made to name that sealing key', async () => {
    const dataDir = join(home, 'relabelled');
    const sealingKey = newKey();
    cpSync(disk.dataDir, dataDir, { recursive: true });
    const relabelled = { ...JSON.parse(disk.sealedText), sealedBy: sealingKeyId(sealingKey) };
    writeFileSync(join(dataDir, 'keys', 'bank.sealed'), JSON.stringify(relabelled));
    return refusalOf(() => openBankKeys({ log: silentLog, dataDir, bank: disk.bank, sealingKey }));
  });
}

/** Keys that a careless program might have used, and every text of the disk that is as long as one. */
function guessesFor({ bank, files, certificate }: Disk): Uint8Array[] {
  const words = ['', 'holdfast', 'password', 'bank', bank, certificate, 'holdfast-seal-v1', 'bank-keys/v1'];
  const texts = files.flatMap(({ bytes }) => bytes.toString('latin1').match(/[A-Za-z0-9_-]{43}/g) ?? []);
  return [
    new Uint8Array(32),
    new Uint8Array(32).fill(255),
    new Uint8Array(32).fill(1),
    ...words.map((word) => sha256(utf8(word))),
    ...files.map(({ bytes }) => sha256(bytes)),
    ...[...new Set(texts)].map((text) => new Uint8Array(Buffer.from(text, 'base64url'))),
  ];
}

/** As the sealing key, and as the key that is derived from it. */
function opensKeys({ bank, sealed }: Disk, key: Uint8Array): boolean {
  const keys = [key, deriveKey(key, 'holdfast/bank-keys/v1')];
  return keys.some((candidate) => open(candidate, sealed, `bank-keys/v1/${bank}`) !== undefined);
}

const KEY_BYTES = 32;
/** Of 32 random bytes fewer than this are distinct once in some 10^9: what is plainer is no key. */
const DISTINCT_MIN = 20;

/** Every 32 bytes in a row that look random, as the sealing key and as the storage key. */
function findKeyInBytes(disk: Disk, rows: Rows): Said {
  const [row] = rows.sealed.toSorted((a, b) => a.bytes.length - b.bytes.length);
  const seen = new Set<string>();
  for (const { bytes } of disk.files)
    for (let at = 0; at + KEY_BYTES <= bytes.length; at++) {
      const window = bytes.subarray(at, at + KEY_BYTES);
      if (new Set(window).size < DISTINCT_MIN || window.every((byte) => byte >= 32 && byte < 127)) continue;
      const name = window.toString('latin1', 0, 8);
      if (seen.has(name)) continue;
      seen.add(name);
      if (row && open(window, row.bytes, row.place)) return answer(true, 'a storage key lies in clear');
      if (opensKeys(disk, window)) return answer(true, 'a sealing key lies in clear');
    }
  return answer(false, `${seen.size} places of ${KEY_BYTES} bytes tried as a key; none opens anything`);
}

async function openWishes({ bank }: Disk, { wishes }: Rows, guesses: readonly Uint8Array[]): Promise<Said> {
  let opened = 0;
  for (const { reference, enc, ciphertext } of wishes)
    for (const key of guesses.slice(0, 20)) {
      const box = {
        enc: fromBase64url(enc) ?? new Uint8Array(0),
        ciphertext: fromBase64url(ciphertext) ?? new Uint8Array(0),
      };
      const aad = `${bank}\0${reference}`;
      // A number that is no private key of the curve is an error of its own: no key, no opening.
      const codes = await hpkeOpen(key, box, { info: SEAL_INFO.notice, aad }).catch(() => undefined);
      if (codes) opened++;
    }
  return answer(opened > 0, `${opened} of ${wishes.length} open: they are sealed for the notifier’s key`);
}

/** Flats, and what the thief knows, without a salt and with the salts that somebody lazy would take. */
function guessCommitments({ records }: Rows, known: readonly string[]): Said {
  const flats = Array.from({ length: 300 }, (_, index) => String(index + 1));
  const values = [...known, ...flats, ...flats.map((flat) => `${flat}A`)].map(utf8);
  const salts = [new Uint8Array(0), new Uint8Array(16), new Uint8Array(16).fill(255)];
  const guessed = new Set(
    values.flatMap((value) => salts.map((salt) => base64url(sha256(concat(salt, value))))),
  );
  const commitments = records.flatMap(({ bytes }) => {
    const parsed = parseRecord(bytes);
    return parsed.ok ? Object.values(parsed.record.commitments) : [];
  });
  const found = commitments.filter((commitment) => guessed.has(commitment));
  return answer(
    found.length > 0,
    `${found.length} of ${commitments.length} match ${guessed.size} guesses: each has 128 bits of salt of its own`,
  );
}
