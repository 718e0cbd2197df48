/**
 * Somebody who has everything that a cloud has on its disks, the root key included, and who had copied what was sealed
 * before somebody was erased. Rows are of no use to him; he searches the files of the database, dead rows and
 * write-ahead log, for keys: whatever stands near an id, and is as long as a wrapped key, is tried.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '../../src/crypto/aead.ts';
import { fromUtf8 } from '../../src/crypto/bytes.ts';
import { deriveHeldKey } from '../../src/crypto/derive.ts';
import { deriveKey } from '../../src/crypto/hash.ts';
import { holdKey } from '../../src/crypto/key.ts';
import { readIfExists } from '../../src/platform/durable.ts';

/** Version, nonce, key, tag; and before it the one byte that PostgreSQL writes for a value of that length. */
const WRAPPED_BYTES = 1 + 12 + 32 + 16;
const LENGTH_BYTE = ((WRAPPED_BYTES + 1) << 1) | 1;
const VERSION = 1;
const NEAR_BYTES = 400;
const EPOCHS_TRIED = 12;

export type Loot = { home: string; rootKey: Uint8Array; tenant: string };
/** A value as it was sealed for a person, and where. */
export type Copied = { person: string; place: string; sealed: Uint8Array };

function filesOf(home: string): Buffer[] {
  return (
    readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      // A database that runs replaces files of its own meanwhile: what is gone from the disk is no loot.
      .flatMap((entry) => readIfExists(join(entry.parentPath, entry.name)) ?? [])
      .map((bytes) => Buffer.from(bytes))
  );
}

/** Each different one once: a row is written to the log, to its page, and to the page's copy in the log. */
function wrappedNear(files: readonly Buffer[], text: string): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  const needle = Buffer.from(text);
  for (const bytes of files)
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1))
      for (let from = Math.max(1, at - NEAR_BYTES); from < at + NEAR_BYTES; from++) {
        if (bytes[from - 1] !== LENGTH_BYTE || bytes[from] !== VERSION) continue;
        const one = bytes.subarray(from, from + WRAPPED_BYTES);
        if (one.length === WRAPPED_BYTES) found.set(one.toString('latin1'), new Uint8Array(one));
      }
  return [...found.values()];
}

/** What he reads of what he had copied; undefined when it opens under none of the keys that he finds. */
export function readAll(
  { home, rootKey, tenant }: Loot,
  { person, place, sealed }: Copied,
): string | undefined {
  const files = filesOf(home);
  const tenants = holdKey(deriveKey(rootKey, 'tenant-keys/v1'));
  const alone = files.filter((bytes) => bytes.length === WRAPPED_BYTES).map((bytes) => new Uint8Array(bytes));
  const nearTenant = [...alone, ...wrappedNear(files, tenant)];
  const nearPerson = wrappedNear(files, person);
  for (const one of nearTenant) {
    const key = open(tenants, one, `tenant-key/v1\0${tenant}`);
    if (!key) continue;
    const wrap = deriveHeldKey(holdKey(key), 'wrap/v1');
    for (const epoch of nearTenant.flatMap((wrapped) => epochIn(wrap, wrapped, tenant)))
      for (const wrapped of nearPerson) {
        const subject = open(epoch, wrapped, `subject-key/v1\0${tenant}\0${person}`);
        const text = subject && open(subject, sealed, `person/v1\0${person}\0${place}`);
        if (text) return fromUtf8(text);
      }
  }
  return undefined;
}

function epochIn(wrap: ReturnType<typeof holdKey>, wrapped: Uint8Array, tenant: string): Uint8Array[] {
  for (let epoch = 1; epoch <= EPOCHS_TRIED; epoch++) {
    const key = open(wrap, wrapped, `wrapping-epoch/v1\0${tenant}\0${epoch}`);
    if (key) return [key];
  }
  return [];
}
