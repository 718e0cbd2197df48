/** A bank for tests of the intake: it writes records, signs heads and seals openings as a real one does. */

import { type BatchMessage, type BatchOpenings, type NoticeWish, SEAL_INFO } from '../contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { type HpkeKey, hpkeSeal, newHpkeKey } from '../crypto/hpke.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import { certificateRequest } from '../crypto/x509.ts';
import { LAYOUT_24 } from '../domain/bank.ts';
import { type BankId, idFrom, type PersonId, type SiteId, type TenantId } from '../domain/ids.ts';
import {
  type BatchHead,
  batchRoot,
  type Committed,
  headHash,
  NOTHING_COMMITTED,
  signHead,
} from '../ledger/batch.ts';
import { type RecordDraft, type WrittenRecord, writeRecord } from '../ledger/record.ts';
import { systemRandom } from '../platform/random.ts';
import * as banks from './banks/banks.ts';
import type { Cloud } from './deps.ts';

const FIRST_MS = 1_760_000_000_000;

export class TestBank {
  readonly bank: BankId;
  readonly key: SigningKey;
  readonly sealKey: HpkeKey;
  /** The tenant's public intake key, as the roster of this bank names it. */
  intake: Uint8Array;
  readonly certificate: string;
  end: Committed = NOTHING_COMMITTED;
  #waiting: WrittenRecord[] = [];
  #seq = 0;
  #prev = NOTHING_COMMITTED.lastHash;

  constructor(of: {
    bank: BankId;
    key: SigningKey;
    sealKey: HpkeKey;
    intake: Uint8Array;
    certificate: string;
  }) {
    this.bank = of.bank;
    this.key = of.key;
    this.sealKey = of.sealKey;
    this.intake = of.intake;
    this.certificate = of.certificate;
  }

  /** Writes a record; it waits for the next batch. */
  write(draft: RecordDraft): number {
    this.#seq += 1;
    const written = writeRecord({
      draft,
      source: this.bank,
      seq: this.#seq,
      prev: this.#prev,
      time: { atMs: FIRST_MS + this.#seq * 1000, source: 'cloud', uncertaintyMs: 5 },
      drawSalt: () => systemRandom.bytes(16),
    });
    this.#prev = written.hash;
    this.#waiting.push(written);
    return this.#seq;
  }

  /** Signs and seals what waits. `change` spoils the openings before they are sealed. */
  async batch(
    wishes: NoticeWish[] = [],
    change: (openings: BatchOpenings) => BatchOpenings = (openings) => openings,
  ): Promise<BatchMessage> {
    const written = this.#waiting;
    this.#waiting = [];
    const first = written[0]?.record.seq ?? 0;
    const last = written.at(-1)?.record.seq ?? 0;
    const head: BatchHead = {
      bank: this.bank,
      first,
      last,
      previous: this.end.lastHead,
      root: batchRoot(written.map((record) => record.bytes)),
    };
    this.end = { lastSeq: last, lastHash: this.#prev, lastHead: headHash(head) };
    const openings = written.map(({ record, openings: own }) => ({
      seq: record.seq,
      openings: own,
    })) as BatchOpenings;
    const sealed = await hpkeSeal(this.intake, utf8(JSON.stringify(change(openings))), {
      info: SEAL_INFO.intake,
      aad: headHash(head),
    });
    return {
      v: 1,
      type: 'batch',
      head: signHead({ head, key: this.key }),
      records: written.map((record) => fromUtf8(record.bytes)),
      openings: { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) },
      notices: wishes,
    };
  }

  /** Goes back to an earlier end, as a bank whose disk was restored would. */
  goBack(to: Committed): void {
    this.end = to;
    this.#seq = to.lastSeq;
    this.#prev = to.lastHash;
    this.#waiting = [];
  }

  /** The records of one parcel from the courier's hands to the recipient's. */
  writeJourney(of: {
    courier: PersonId;
    recipient: PersonId;
    compartment: number;
    carrier: string;
    tracking: string;
    collect: boolean;
    untilMs?: number;
  }): string {
    const parcel = idFrom('parcel', systemRandom.bytes(16));
    const session = idFrom('session', systemRandom.bytes(16));
    const grant = idFrom('grant', systemRandom.bytes(16));
    const { compartment } = of;
    const untilMs = of.untilMs ?? FIRST_MS + 7 * 86_400_000;
    const fields = {
      parcel,
      tracking: of.tracking,
      carrier: of.carrier,
      person: of.courier,
      counterpart: of.recipient,
      session,
    };
    this.write({ kind: 'parcel.accepted', compartment, facts: { size: 'M', offline: false }, fields });
    this.write({ kind: 'door.opened', compartment, facts: { expected: true } });
    this.write({ kind: 'door.closed', compartment, facts: { openMs: 4000, occupied: 'yes' } });
    this.write({
      kind: 'parcel.deposited',
      compartment,
      facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs },
      fields: { ...fields, grant },
    });
    this.write({
      kind: 'grant.issued',
      compartment,
      facts: { issue: 1, fromMs: FIRST_MS, untilMs, digits: 9 },
      fields: { grant, parcel, counterpart: of.recipient },
    });
    if (!of.collect) return parcel;
    const picked = { ...fields, person: of.recipient, counterpart: of.courier };
    this.write({
      kind: 'parcel.collected',
      compartment,
      facts: { basis: 'person', occupied: 'no' },
      fields: { ...picked, grant },
    });
    return parcel;
  }
}

/** Registers and enrols a bank as a person and the bank itself would. */
export async function enrolledBank(cloud: Cloud, tenant: TenantId, site: SiteId): Promise<TestBank> {
  const { bank, code, intake } = await cloud.database.tenant(tenant, async (tx) => {
    const made = await banks.registerBank(cloud, tx, { site, name: 'Lobby', layout: LAYOUT_24 });
    return {
      bank: made,
      code: await banks.enrolmentCode(cloud, tx, made),
      intake: (await cloud.keys.published(tx)).intake,
    };
  });
  const key = newSigningKey();
  const sealKey = await newHpkeKey();
  const request = await certificateRequest({ commonName: bank, privateKey: key.privateKey });
  const { certificate } = await banks.enrol(cloud, {
    v: 1,
    code,
    request,
    sealKey: base64url(sealKey.publicKey),
  });
  return new TestBank({
    bank,
    key,
    sealKey,
    certificate,
    intake: fromBase64url(intake) ?? new Uint8Array(0),
  });
}
