/**
 * Evidence in a bundle: each object a CMS message of its own, to the receiver, whether or not the rest is encrypted.
 * It goes in where the receiver may see the field `evidence`, which is its hash: whoever may know the one may see the
 * other. All messages of a bundle have one key, drawn for it, and a nonce each (NIST SP 800-38D section 8.2.2).
 */
import { type Envelope, writeEnvelope } from '../../crypto/cms/envelope.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { TenantId } from '../../domain/ids.ts';
import { EVIDENCE_MAX, evidenceName } from '../../ledger/export/format.ts';
import type { Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { bytesOfEvidence, evidenceOfRecords, type ReadableEvidence } from '../evidence/evidence.ts';
import type { BundleParts } from './parts.ts';
import type { ExportReceiver } from './receiver.ts';

/** Of the objects of one bundle: more are asked for in parts of the time. */
const BYTES_MAX = 1_000_000_000;

type Wanting = { opened: readonly CommittedField[]; receiver: ExportReceiver };

/** Evidence never leaves in clear, not even to who is handed everything else so. */
export function requireEvidenceReceiver({ opened, receiver }: Wanting): void {
  if (opened.includes('evidence') && receiver.evidence === null)
    throw new HoldfastError(
      'input-invalid',
      'evidence leaves only encrypted to somebody: beside --opened evidence say --certificate FILE or --passphrase-file FILE',
    );
}

export class EvidenceParts {
  readonly #cloud: Cloud;
  readonly #tenant: TenantId;
  readonly #envelope: Envelope | null;
  readonly #taken: { name: string; seq: number; evidence: ReadableEvidence }[] = [];
  #bytes = 0;

  constructor(cloud: Cloud, { tenant, opened, receiver }: Wanting & { tenant: TenantId }) {
    this.#cloud = cloud;
    this.#tenant = tenant;
    this.#envelope = opened.includes('evidence') ? receiver.evidence : null;
  }

  /** Of the organisation's own records with these numbers, those whose evidence goes in. */
  async readable(tx: Tx, seqs: readonly number[]): Promise<ReadonlyMap<number, ReadableEvidence>> {
    return this.#envelope ? evidenceOfRecords(this.#cloud, tx, seqs) : new Map();
  }

  /** Answers the name under which it will be in the bundle. */
  take(
    index: number,
    of: { evidence: ReadableEvidence | undefined; openings: Openings; seq: number },
  ): string | undefined {
    const { evidence, openings, seq } = of;
    if (!evidence || openings.evidence?.value !== evidence.inside.sha256) return undefined;
    this.#bytes += evidence.bytes;
    if (this.#taken.length >= EVIDENCE_MAX || this.#bytes > BYTES_MAX)
      throw new HoldfastError(
        'too-large',
        `more than ${EVIDENCE_MAX} pieces of evidence, or ${BYTES_MAX / 1_000_000} MB of it; ask for a part of the time`,
      );
    const name = evidenceName(index, evidence.media);
    this.#taken.push({ name, seq, evidence });
    return name;
  }

  /** Whether all that was taken can be read still: nobody was erased whom it is about. */
  async isReadable(tx: Tx): Promise<boolean> {
    const seqs = this.#taken.map(({ seq }) => seq);
    return (await this.readable(tx, seqs)).size === seqs.length;
  }

  get count(): number {
    return this.#taken.length;
  }

  /** One after the other, each held while it is encrypted. */
  async write(parts: BundleParts): Promise<void> {
    for (const { name, evidence } of this.#taken) {
      const bytes = await bytesOfEvidence(this.#cloud, this.#tenant, evidence);
      if (!this.#envelope) throw new Error('evidence is encrypted to somebody');
      const writer = writeEnvelope(this.#envelope, bytes.length);
      for (const part of [writer.head, writer.add(bytes), writer.end()]) parts.addBytes(name, part);
    }
  }
}
