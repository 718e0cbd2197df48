/**
 * The tenant's key pairs: the *intake* key, to which banks seal what stands behind their commitments; and
 * the *notifier*, whose signing key the roster names and which signs the short-lived keys (epochs) that
 * pick-up codes are sealed to. An epoch's private half is destroyed two days after it ends; a code that
 * was not sent by then can only be issued again.
 */

import { SEAL_INFO, type SealedBox } from '../../contract/uplink.ts';
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { hpkeOpen, newHpkeKey } from '../../crypto/hpke.ts';
import { newSigningKey, type SigningKey } from '../../crypto/sign.ts';
import { idFrom } from '../../domain/ids.ts';
import { SIGNATURES_MAX } from '../../ledger/note.ts';
import { signEpoch } from '../../ledger/roster.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Random } from '../../platform/random.ts';
import type { KeyFact } from './chain.ts';
import type { Keys } from './keys.ts';
import * as store from './store.ts';

export type Pairs = {
  /** Makes the intake and the notifier key of a new tenant. */
  makePairs(tx: Tx): Promise<KeyFact[]>;
  /** What a roster's `keys` hold, base64url. */
  published(tx: Tx): Promise<{ intake: string; notifier: string }>;
  /** Puts another notifier key in today's place. The one before signs beside it until it is forgotten. */
  renewNotifier(tx: Tx): Promise<KeyFact>;
  /** Those that were replaced and still sign, newest first. */
  retiredNotifiers(tx: Tx): Promise<RetiredNotifier[]>;
  forgetNotifier(tx: Tx, hash: string): Promise<KeyFact>;
  /** Puts another intake key in today's place. The one before opens on until it is forgotten. */
  renewIntake(tx: Tx): Promise<KeyFact>;
  /** Those that were replaced and are kept, newest first. */
  retiredIntakes(tx: Tx): Promise<RetiredIntake[]>;
  noteUnneeded(tx: Tx, hash: string, fromMs: number | null): Promise<void>;
  forgetIntake(tx: Tx, hash: string): Promise<KeyFact>;
  /** Opens what a bank sealed beside a batch; `head` is the hash of the batch head. */
  openForIntake(tx: Tx, sealed: { box: SealedBox; head: string }): Promise<Uint8Array | undefined>;
  /** Opens the codes of one notice. Undefined once the epoch was destroyed. */
  openForNotifier(
    tx: Tx,
    sealed: { epoch: string; box: SealedBox; bank: string; reference: string },
  ): Promise<Uint8Array | undefined>;
  /** The newest epoch, as the signed note that a bank is sent. */
  currentEpoch(tx: Tx): Promise<{ epoch: string; note: string; notAfterMs: number } | undefined>;
  makeNotifierEpoch(tx: Tx): Promise<KeyFact>;
  destroyNotifierEpochs(tx: Tx, endedBeforeMs: number): Promise<KeyFact[]>;
};

/** `unneededFromMs`: since when no bank seals to it; null while one may. */
export type RetiredNotifier = { hash: string; retiredAtMs: number };
export type RetiredIntake = { hash: string; retiredAtMs: number; unneededFromMs: number | null };

const DAY_MS = 86_400_000;
const EPOCH_DAYS = 7;
/** The next epoch is made while the last has this long to run, so that a bank offline for a while has it. */
const OVERLAP_DAYS = 2;
/** A code sealed in an epoch's last minute can still be sent for this long. */
const LATE_DAYS = 2;

type Needs = Pick<Keys, 'sealBytesForTenant' | 'openBytesForTenant'> & {
  random: Random;
  nowMs: () => number;
};

export function openPairs(needs: Needs): Pairs {
  const keep = async (tx: Tx, name: store.PairName, pair: SigningKey) => {
    const sealed = await needs.sealBytesForTenant(tx, placeOfPair(name), pair.privateKey);
    await store.insertPair(tx, { name, public: pair.publicKey, private_sealed: sealed });
  };
  const pairOf = async (tx: Tx, name: store.PairName): Promise<SigningKey> => {
    const row = await store.pair(tx, name);
    const privateKey = row && (await needs.openBytesForTenant(tx, placeOfPair(name), row.private_sealed));
    if (!row || !privateKey) throw new Error(`the tenant's ${name} key is missing or does not open`);
    return { privateKey, publicKey: new Uint8Array(row.public) };
  };

  const { signers, ...notifier } = openNotifier(needs, pairOf);

  return {
    ...openIntake(needs, pairOf),
    ...notifier,
    async makePairs(tx) {
      const intake = await newHpkeKey();
      await keep(tx, 'intake', intake);
      await keep(tx, 'notifier', newSigningKey());
      return [{ what: 'intake', hash: publicCheck(intake.publicKey) }];
    },
    async published(tx) {
      const intake = await store.pair(tx, 'intake');
      const notifier = await store.pair(tx, 'notifier');
      if (!intake || !notifier) throw new Error('the tenant has no intake or notifier key');
      return { intake: base64url(intake.public), notifier: base64url(notifier.public) };
    },
    async openForNotifier(tx, { epoch, box, bank, reference }) {
      const row = await store.notifierEpoch(tx, epoch);
      if (!row?.private_sealed) return undefined;
      const privateKey = await needs.openBytesForTenant(tx, placeOfEpoch(epoch), row.private_sealed);
      if (!privateKey) throw new Error('the notifier epoch key does not open');
      return openBox(privateKey, box, { info: SEAL_INFO.notice, aad: `${bank}\0${reference}` });
    },
    async currentEpoch(tx) {
      const row = await store.newestNotifierEpoch(tx);
      return row && { epoch: row.epoch_id, note: row.note, notAfterMs: row.not_after_ms };
    },
    async makeNotifierEpoch(tx) {
      // The newest epoch is the one that banks are sent: none may be signed by a key that is being replaced beside it.
      await store.lockPair(tx, 'notifier');
      const key = await newHpkeKey();
      const epoch = idFrom('epoch', needs.random.bytes(16));
      const nowMs = needs.nowMs();
      const statement = {
        v: 1 as const,
        tenant: tenantOf(tx),
        epoch,
        key: base64url(key.publicKey),
        notBeforeMs: nowMs,
        notAfterMs: nowMs + EPOCH_DAYS * DAY_MS,
      };
      await store.insertNotifierEpoch(tx, {
        epoch_id: epoch,
        public: key.publicKey,
        private_sealed: await needs.sealBytesForTenant(tx, placeOfEpoch(epoch), key.privateKey),
        note: signEpoch(statement, ...(await signers(tx))),
        not_before_ms: statement.notBeforeMs,
        not_after_ms: statement.notAfterMs,
      });
      return { what: 'notifier-epoch', hash: publicCheck(key.publicKey) };
    },
    async destroyNotifierEpochs(tx, endedBeforeMs) {
      const gone = await store.destroyNotifierEpochs(tx, endedBeforeMs);
      return gone.map((row) => ({ what: 'notifier-epoch', hash: publicCheck(row.public) }));
    },
  };
}

type PairOf = (tx: Tx, name: store.PairName) => Promise<SigningKey>;
type Notifier = Pick<Pairs, 'renewNotifier' | 'retiredNotifiers' | 'forgetNotifier'> & {
  /** The key of now, and those before it that a roster may still name. */
  signers(tx: Tx): Promise<SigningKey[]>;
};

/** The notifier key and those that it replaced. A bank asks for the one that its roster names (`rotation.ts` says until when). */
function openNotifier(needs: Needs, pairOf: PairOf): Notifier {
  return {
    async signers(tx) {
      const all = [await pairOf(tx, 'notifier')];
      // A note has so many signatures; a bank that is further behind has no epoch until its next roster.
      for (const row of (await store.retiredNotifiers(tx)).slice(0, SIGNATURES_MAX - 1)) {
        const place = placeOfRetiredNotifier(row.hash);
        const privateKey = await needs.openBytesForTenant(tx, place, row.private_sealed);
        if (!privateKey) throw new Error('a retired notifier key does not open');
        all.push({ privateKey, publicKey: new Uint8Array(row.public) });
      }
      return all;
    },
    async renewNotifier(tx) {
      // Two commands at once: the second waits here, and retires what the first has made.
      await store.lockPair(tx, 'notifier');
      const old = await pairOf(tx, 'notifier');
      const hash = publicCheck(old.publicKey);
      await store.insertRetiredNotifier(tx, {
        hash,
        public: old.publicKey,
        private_sealed: await needs.sealBytesForTenant(tx, placeOfRetiredNotifier(hash), old.privateKey),
        retired_at_ms: needs.nowMs(),
      });
      return await putInPlace(needs, tx, { name: 'notifier', fresh: newSigningKey() });
    },
    async retiredNotifiers(tx) {
      const rows = await store.retiredNotifiers(tx);
      return rows.map(({ hash, retired_at_ms }) => ({ hash, retiredAtMs: retired_at_ms }));
    },
    async forgetNotifier(tx, hash) {
      await store.deleteRetiredNotifier(tx, hash);
      return { what: 'notifier', hash };
    },
  };
}

/** The one that was there is kept by now, as far as anybody needs it. */
async function putInPlace(
  needs: Needs,
  tx: Tx,
  { name, fresh }: { name: store.PairName; fresh: SigningKey },
): Promise<KeyFact> {
  const sealed = await needs.sealBytesForTenant(tx, placeOfPair(name), fresh.privateKey);
  await store.replacePair(tx, { name, public: fresh.publicKey, private_sealed: sealed });
  return { what: name, hash: publicCheck(fresh.publicKey) };
}

type Intake = Pick<
  Pairs,
  'openForIntake' | 'renewIntake' | 'retiredIntakes' | 'noteUnneeded' | 'forgetIntake'
>;

/**
 * The intake key and those that it replaced. A bank seals to the one that its roster names, so the one before is needed
 * until every bank has applied another roster, and a while longer (`rotating.ts` says when it is forgotten).
 */
function openIntake(needs: Needs, pairOf: PairOf): Intake {
  return {
    async openForIntake(tx, { box, head }) {
      const at = { info: SEAL_INFO.intake, aad: head };
      const { privateKey } = await pairOf(tx, 'intake');
      const opened = await openBox(privateKey, box, at);
      if (opened) return opened;
      for (const row of await store.retiredIntakes(tx)) {
        const former = await needs.openBytesForTenant(tx, placeOfRetired(row.hash), row.private_sealed);
        if (!former) throw new Error('a retired intake key does not open');
        const late = await openBox(former, box, at);
        if (late) return late;
      }
      return undefined;
    },
    async renewIntake(tx) {
      // Two commands at once: the second waits here, and retires what the first has made.
      await store.lockPair(tx, 'intake');
      const old = await pairOf(tx, 'intake');
      const hash = publicCheck(old.publicKey);
      await store.insertRetiredIntake(tx, {
        hash,
        private_sealed: await needs.sealBytesForTenant(tx, placeOfRetired(hash), old.privateKey),
        retired_at_ms: needs.nowMs(),
        unneeded_from_ms: null,
      });
      return await putInPlace(needs, tx, { name: 'intake', fresh: await newHpkeKey() });
    },
    async retiredIntakes(tx) {
      return (await store.retiredIntakes(tx)).map((row) => ({
        hash: row.hash,
        retiredAtMs: row.retired_at_ms,
        unneededFromMs: row.unneeded_from_ms,
      }));
    },
    noteUnneeded: store.setUnneeded,
    async forgetIntake(tx, hash) {
      await store.deleteRetiredIntake(tx, hash);
      return { what: 'intake', hash };
    },
  };
}

export const placeOfPair = (name: string) => `pair\0${name}`;
export const placeOfRetired = (hash: string) => `retired-intake\0${hash}`;
export const placeOfRetiredNotifier = (hash: string) => `retired-notifier\0${hash}`;
export const placeOfEpoch = (epoch: string) => `notifier-epoch\0${epoch}`;

/** As records name an intake or a notifier key, of what a roster has of it. */
export function pairHash(published: string): string {
  return publicCheck(fromBase64url(published) ?? new Uint8Array(0));
}

/** Names a pair in a record, by its public half. */
function publicCheck(publicKey: Uint8Array): string {
  return base64url(sha256(publicKey));
}

async function openBox(
  privateKey: Uint8Array,
  box: SealedBox,
  place: { info: string; aad: string },
): Promise<Uint8Array | undefined> {
  const enc = fromBase64url(box.enc);
  const ciphertext = fromBase64url(box.ciphertext);
  return enc && ciphertext ? hpkeOpen(privateKey, { enc, ciphertext }, place) : undefined;
}

/** Sees to it that an epoch with time to run exists, and that no ended one can be opened. */
export async function keepEpochs(
  keys: Keys,
  tx: Tx,
  nowMs: number,
): Promise<{ made: KeyFact[]; destroyed: KeyFact[] }> {
  const newest = await keys.currentEpoch(tx);
  const due = !newest || newest.notAfterMs - nowMs < OVERLAP_DAYS * DAY_MS;
  const made = due ? [await keys.makeNotifierEpoch(tx)] : [];
  return { made, destroyed: await keys.destroyNotifierEpochs(tx, nowMs - LATE_DAYS * DAY_MS) };
}
