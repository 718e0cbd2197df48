/** Another bank of the same make, with keys and live codes of its own: what a stolen disk is tried against. */
import { join } from 'node:path';
import { newKey } from '../../src/crypto/aead.ts';
import { holdKey } from '../../src/crypto/key.ts';
import { type BankId, idFrom } from '../../src/domain/ids.ts';
import { type CodeBook, drawCode } from '../../src/edge/codes.ts';
import { Journal } from '../../src/edge/journal.ts';
import { type BankKeys, openBankKeys } from '../../src/edge/keys.ts';
import type { Grant } from '../../src/edge/plan/state.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';

const GRANTS = 3;
const DIGITS = 9;

export type Elsewhere = {
  dataDir: string;
  bank: BankId;
  sealingKey: Uint8Array;
  keys: BankKeys;
  book: CodeBook;
  grants: Grant[];
  /** The codes of `grants`, which its own recipients know. */
  codes: { pin: string; qr: string }[];
};

export async function newElsewhere(dataDir: string): Promise<Elsewhere> {
  const id = <K extends 'bank' | 'grant' | 'parcel' | 'person'>(kind: K) =>
    idFrom(kind, systemRandom.bytes(16));
  const bank = id('bank');
  const sealingKey = newKey();
  const keys = await openBankKeys({ dataDir, bank, sealingKey, log: silentLog });
  new Journal({ dataDir, bank, storageKey: keys.storage, random: systemRandom }).close();
  const book = { key: holdKey(keys.codes), bank };
  const grants: Grant[] = [];
  const codes: Elsewhere['codes'] = [];
  for (let n = 1; n <= GRANTS; n++) {
    const grant = { grant: id('grant'), issue: 1 };
    const drawn = drawCode(book, systemRandom, { ...grant, digits: DIGITS, others: grants });
    codes.push({ pin: drawn.pin, qr: drawn.qr });
    grants.push({
      id: grant.grant,
      parcel: id('parcel'),
      compartment: n,
      recipient: id('person'),
      flat: String(n),
      issue: 1,
      pinVerifier: drawn.pinVerifier,
      qrVerifier: drawn.qrVerifier,
      untilMs: Number.MAX_SAFE_INTEGER,
      state: 'live',
      session: null,
      endedAtMs: null,
    });
  }
  return { dataDir, bank, sealingKey, keys, book, grants, codes };
}

export const sealedFileOf = ({ dataDir }: Pick<Elsewhere, 'dataDir'>): string =>
  join(dataDir, 'keys', 'bank.sealed');
