/**
 * Evidence in a bundle: photos and documents, each a CMS message of its own to the receiver, under the entry whose
 * record committed to its SHA-256. Whoever has no key learns that it is here, as long as it was recorded, and
 * unopened; whoever has the key, or the file itself, learns whether it is the one that was recorded.
 */
import { hex } from '../../crypto/bytes.ts';
import {
  ENVELOPE_REFUSALS,
  type EnvelopeRefusal,
  envelopeContentBytes,
  openEnvelope,
} from '../../crypto/cms/envelope.ts';
import { type Opener, PassphraseKeys } from '../../crypto/cms/recipients.ts';
import { runningSha256 } from '../../crypto/hash.ts';
import type { Media } from '../../domain/evidence.ts';
import type { LedgerRecord, Openings } from '../record.ts';
import { evidenceName, isEvidenceName, MEMBERS_MAX } from './format.ts';
import { need, type Say } from './refusal.ts';
import { type ByteSource, chunksOf, type Member, tarMembers } from './tar.ts';

type OpenedEvidence = { ok: true; sha256: string } | { ok: false; why: EnvelopeRefusal };

export type EvidenceAtHand = {
  /** What came of opening each evidence object of the bundle, by its name in it; empty when nobody had a key. */
  opened: ReadonlyMap<string, OpenedEvidence>;
  /** Files that are said to be the evidence, opened elsewhere: their names, and SHA-256 in hex. */
  given: readonly { name: string; sha256: string }[];
};

type Recorded = { index: number; name: string; sha256: string; bytes: number };

const SHA256 = /^[0-9a-f]{64}$/;

function within(source: ByteSource, { at, size }: Member): ByteSource {
  return { size, read: (from, length) => source.read(at + from, length) };
}

/** Opens every evidence object of a bundle; one that does not open is an answer. Nothing is written anywhere. */
export async function openEvidence(source: ByteSource, opener: Opener): Promise<Map<string, OpenedEvidence>> {
  const results = new Map<string, OpenedEvidence>();
  const found = tarMembers(source, MEMBERS_MAX);
  // What is no archive is told by whoever verifies it.
  if (!found.ok) return results;
  // Nothing of the bundle was verified yet: all objects together may ask for as much work as one file.
  const keys = new PassphraseKeys();
  for (const member of found.members.filter(({ name }) => isEvidenceName(name))) {
    const opened = await openEnvelope(within(source, member), opener, keys);
    results.set(member.name, opened.ok ? { ok: true, sha256: hashOf(opened.content) } : opened);
  }
  return results;
}

function hashOf(content: Pick<ByteSource, 'size' | 'read'>): string {
  const hash = runningSha256();
  for (const chunk of chunksOf(content, { name: '', at: 0, size: content.size })) hash.add(chunk);
  return hex(hash.end());
}

/** Takes records as they come by, and judges the objects when all have. */
export class EvidenceObjects {
  readonly #source: ByteSource;
  readonly #members: Map<string, Member>;
  readonly #recorded: Recorded[] = [];

  constructor({ source, members }: { source: ByteSource; members: ReadonlyMap<string, Member> }) {
    this.#source = source;
    this.#members = new Map([...members].filter(([name]) => isEvidenceName(name)));
  }

  take(index: number, { record, openings }: { record: LedgerRecord; openings: Openings }): void {
    if (record.kind !== 'evidence.attached') return;
    const sha256 = openings.evidence?.value;
    if (sha256 === undefined) return;
    need(SHA256.test(sha256), () => `entry ${index}: the hash of its evidence is none`);
    const name = evidenceName(index, record.facts.media as Media);
    this.#recorded.push({ index, name, sha256, bytes: Number(record.facts.bytes) });
  }

  end(hand: EvidenceAtHand = { opened: new Map(), given: [] }, say: Say): void {
    const named = new Set(this.#recorded.map(({ name }) => name));
    const stranger = [...this.#members.keys()].find((name) => !named.has(name));
    need(stranger === undefined, `${stranger} is evidence that no record here commits to openly`);
    for (const one of this.#recorded) this.#judge(one, hand, say);
    const hashes = new Set(this.#recorded.map(({ sha256 }) => sha256));
    const other = hand.given.find(({ sha256 }) => !hashes.has(sha256));
    need(
      other === undefined,
      `${other?.name}, which was given, is no evidence that a record here commits to`,
    );
  }

  #judge({ index, name, sha256, bytes }: Recorded, { opened, given }: EvidenceAtHand, say: Say): void {
    const file = given.find((one) => one.sha256 === sha256);
    if (file) say(`${file.name} is, byte for byte, the evidence that entry ${index} recorded`);
    const member = this.#members.get(name);
    if (!member) {
      if (!file) say(`entry ${index}: its evidence, SHA-256 ${sha256}, is not in this bundle`, null);
      return;
    }
    const form = envelopeContentBytes(within(this.#source, member));
    need(form.ok, () => `${name}: ${form.ok ? '' : ENVELOPE_REFUSALS[form.why]}`);
    need(form.bytes === bytes, () => `${name} holds ${form.bytes} bytes, and ${bytes} were recorded`);
    const result = opened.get(name);
    if (!result) {
      if (!file) say(`${name} is here, ${bytes} bytes, and unopened; its SHA-256 has to be ${sha256}`, null);
      return;
    }
    need(result.ok, () => `${name}: ${result.ok ? '' : ENVELOPE_REFUSALS[result.why]}`);
    need(
      result.sha256 === sha256,
      () => `${name}: what is inside has the SHA-256 ${result.sha256}, and ${sha256} was recorded`,
    );
    say(`${name} opens, and is, byte for byte, the evidence that entry ${index} recorded`);
  }
}
