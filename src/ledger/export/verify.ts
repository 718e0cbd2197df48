/**
 * Whether a bundle of evidence holds, line by line, without us and without a network. What has to be known beforehand
 * comes from somewhere that its maker does not control: the site root's public key, and the policy that says which log
 * and which witnesses count. Without them the lines say what the verdict is then worth.
 *
 * Nothing is read into memory as a whole but manifest, checkpoint and keys, which are bounded; records, hashes and
 * heads come by once, in the order of the log.
 */
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { equalBytes, runningSha256 } from '../../crypto/hash.ts';
import type { OpenedCheckpoint } from '../log/checkpoint.ts';
import { isIncluded } from '../log/inclusion.ts';
import { readDecimal } from '../log/numbers.ts';
import type { PolicyFile } from '../log/policy-file.ts';
import { parseProof } from '../log/proof-file.ts';
import { leadsTo, type SuccessionLink } from '../log/succession.ts';
import { parseVkey } from '../log/vkey.ts';
import { type LedgerRecord, leafHash, parseRecord } from '../record.ts';
import { placeByForm } from '../record-form.ts';
import { readCanonical } from '../roster.ts';
import { firstOtherLine, firstWrong, type Shown } from './blame.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import { rootInSteps } from './cover.ts';
import { type EvidenceAtHand, EvidenceObjects } from './evidence.ts';
import {
  type BundleKeys,
  EVIDENCE_FILE_BYTES_MAX,
  isBundleName,
  isEvidenceName,
  keysSchema,
  LINE_FILES,
  type Manifest,
  MEMBERS_MAX,
  manifestSchema,
  PEOPLES_FILES,
  PROOF_BYTES_MAX,
  PROOFS_MAX,
  parseRecordLine,
  proofIndexOf,
  proofName,
  WHOLE_FILES,
} from './format.ts';
import { isSame, type JournalEnd, Journals, readHash } from './journals.ts';
import { OpenedFields } from './opened.ts';
import { type BundleLine, BundleRefused, need, needValue, type Say } from './refusal.ts';
import { SeenHeads } from './seen.ts';
import { atOnce, type Steps } from './steps.ts';
import { type ByteSource, chunksOf, linesOf, type Member, tarMembers } from './tar.ts';
import { vouch } from './vouching.ts';

export type BundleTrust = {
  /** SubjectPublicKeyInfo of site roots, base64url; none: whatever the cloud says of its banks is the cloud's word. */
  rootKeys: readonly string[];
  /** How many of them must have signed a roster. */
  signatures: number;
  policy: PolicyFile | undefined;
  /** What somebody has who was handed evidence with the bundle: nothing, when unset. */
  evidence?: EvidenceAtHand;
  /** Of the log's keys, beside what the bundle holds of it. */
  succession?: readonly SuccessionLink[];
};
export type BundleVerdict = { lines: BundleLine[]; holds: boolean };

export function verifyBundle(source: ByteSource, trust: BundleTrust): BundleVerdict {
  return atOnce(verifyInSteps(source, trust));
}

export function* verifyInSteps(source: ByteSource, trust: BundleTrust): Steps<BundleVerdict> {
  const lines: BundleLine[] = [];
  const say: Say = (says, holds = true) => void lines.push({ holds, says });
  try {
    const bundle = yield* openBundle(source, say);
    const opened = verifyCheckpoint(bundle, trust, say);
    const { journals, evidence } = yield* verifyRecords(bundle, opened, say);
    vouch({ keys: bundle.keys, tenant: bundle.manifest.tenant }, trust, { journals, say });
    evidence.end(trust.evidence, say);
    sayUnchecked(bundle.manifest, journals, say);
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error;
    lines.push({ holds: false, says: error.message });
  }
  return { lines, holds: lines.every(({ holds }) => holds !== false) };
}

type Bundle = { source: ByteSource; members: Map<string, Member>; manifest: Manifest; keys: BundleKeys };

function* openBundle(source: ByteSource, say: Say): Steps<Bundle> {
  const found = tarMembers(source, MEMBERS_MAX);
  need(found.ok, found.ok ? '' : found.why);
  const members = new Map<string, Member>();
  for (const member of found.members) {
    const { name, size } = member;
    need(isBundleName(name), `${name} is no file of a bundle`);
    need(!members.has(name), `${name} stands twice in the bundle`);
    const max = bytesMaxOf(name);
    need(size <= max, `${name} has ${size} bytes, and may have ${max}`);
    members.set(name, member);
  }
  for (const name of [...Object.keys(WHOLE_FILES), ...LINE_FILES, ...PEOPLES_FILES])
    need(members.has(name), `${name} is missing`);
  const manifest = readCanonical(wholeOf({ source, members }, 'manifest.json'), manifestSchema);
  need(manifest !== undefined, 'manifest.json is malformed, or not in canonical form (RFC 8785)');
  const keys = readCanonical(wholeOf({ source, members }, 'keys.json'), keysSchema);
  need(keys !== undefined, 'keys.json is malformed, or not in canonical form (RFC 8785)');
  const named = manifest.files.map(({ name }) => name);
  need(
    new Set([...named, 'manifest.json']).size === named.length + 1,
    'the manifest names a file twice, or itself',
  );
  const stranger = [...members.keys()].find((name) => name !== 'manifest.json' && !named.includes(name));
  need(stranger === undefined, `the manifest does not name ${stranger}`);
  for (const file of manifest.files) {
    const member = members.get(file.name);
    need(member !== undefined, `${file.name}, which the manifest names, is not in the bundle`);
    need(
      member.size === file.bytes,
      `${file.name} has ${member.size} bytes, the manifest says ${file.bytes}`,
    );
    const hash = runningSha256();
    for (const chunk of chunksOf(source, member)) {
      hash.add(chunk);
      yield;
    }
    need(base64url(hash.end()) === file.sha256, `${file.name} has another SHA-256 than the manifest says`);
  }
  say(`${members.size} files, each with the length and the SHA-256 that the manifest names`);
  say(
    `made ${new Date(manifest.madeAtMs).toISOString()} by ${manifest.madeBy ?? 'nobody who is named'}, for: ${manifest.purpose}`,
  );
  return { source, members, manifest, keys };
}

function bytesMaxOf(name: string): number {
  if (isEvidenceName(name)) return EVIDENCE_FILE_BYTES_MAX;
  return WHOLE_FILES[name] ?? (proofIndexOf(name) === undefined ? Number.MAX_SAFE_INTEGER : PROOF_BYTES_MAX);
}

function wholeOf({ source, members }: Pick<Bundle, 'source' | 'members'>, name: string): string {
  const member = members.get(name);
  need(member !== undefined, `${name} is missing`);
  try {
    return fromUtf8(source.read(member.at, member.size));
  } catch {
    // Bytes that are no text are an answer, given as such.
    need(false, `${name} is no UTF-8`);
  }
}

function linesIn({ source, members }: Bundle, name: string): Iterator<string | undefined> {
  const member = members.get(name);
  need(member !== undefined, `${name} is missing`);
  return linesOf(source, member);
}

type OpenedNote = OpenedCheckpoint & { note: string };
/** A record has at most as many neighbours as a tree has levels. */
const TREE_LINES_MAX = PROOFS_MAX * 63;

function verifyCheckpoint(bundle: Bundle, trust: BundleTrust, say: Say): OpenedNote {
  const { manifest, keys } = bundle;
  const { origin } = keys.log;
  need(manifest.log.origin === origin, 'manifest and keys name two logs');
  const note = wholeOf(bundle, 'checkpoint');
  const own = needValue(parseVkey(keys.log.vkey), 'the log’s key in keys.json');
  need(own.name === origin, `the key in keys.json is one of ${own.name}, not of the log ${origin}`);
  const links = keys.log.succession ?? [];
  need(leadsTo(links, own), 'the succession of keys in keys.json does not lead to the key that it names');
  const succession = trust.succession ?? links;
  const judging = { own, policy: trust.policy, namedBy: 'the bundle', succession };
  const opened = blaming(bundle, note, () => judgeCheckpoint(note, judging, say));
  if (!trust.policy && links.length > 0)
    say(`${links.length} changes of the log’s key are not judged: no --policy names an earlier one`, null);
  // Another key in its place would hide what banks recorded of the log under the true one.
  need(
    opened.signatures.some(({ key }) => key.type === own.type && equalBytes(key.publicKey, own.publicKey)),
    'keys.json names another key of the log than the one that signed the checkpoint',
  );
  const { size } = opened.checkpoint;
  need(
    size === manifest.log.size,
    `the checkpoint is of ${size} entries, the manifest says ${manifest.log.size}`,
  );
  return { ...opened, note };
}

/** A note that does not hold is compared with the copy of it that each proof has: one signature tells of no line. */
function blaming<T>(bundle: Bundle, note: string, judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    const name = [...bundle.members.keys()].find((one) => proofIndexOf(one) !== undefined);
    const proof = name === undefined ? undefined : parseProof(wholeOf(bundle, name));
    const line = proof?.ok ? firstOtherLine(note, proof.value.checkpoint) : undefined;
    if (!(error instanceof BundleRefused) || line === undefined) throw error;
    throw new BundleRefused(`${error.message}; line ${line} of it is another than in ${name}`);
  }
}

/** Takes records and openings in step; an opening is only believed beside the record that it is of. */
class Records {
  readonly #lines: Iterator<string | undefined>;
  readonly #size: number;
  #before = -1;
  next: { index: number; text: string } | undefined;

  constructor(lines: Iterator<string | undefined>, size: number) {
    this.#lines = lines;
    this.#size = size;
    this.advance();
  }

  advance(): void {
    const line = this.#lines.next();
    this.next = undefined;
    if (line.done === true) return;
    const parsed = parseRecordLine(line.value ?? '');
    need(parsed !== undefined, () => {
      const line = this.#before < 0 ? 'line 1' : `the line behind entry ${this.#before}`;
      return `records.jsonl: ${line} is too long, cut off, or malformed`;
    });
    const index = needValue(readDecimal(parsed.index), 'records.jsonl, an index');
    need(index < this.#size, () => `records.jsonl: there is no entry ${index} in a log of ${this.#size}`);
    need(index > this.#before, () => `records.jsonl: entry ${index} stands behind entry ${this.#before}`);
    this.#before = index;
    this.next = { index, text: parsed.record };
  }
}

type Read = { journals: Journals; evidence: EvidenceObjects };

function* verifyRecords(bundle: Bundle, opened: OpenedNote, say: Say): Steps<Read> {
  const { manifest } = bundle;
  const { size, root } = opened.checkpoint;
  const records = new Records(linesIn(bundle, 'records.jsonl'), size);
  const journals = new Journals(linesIn(bundle, 'heads.jsonl'));
  const seen = yield* SeenHeads.in(linesIn(bundle, 'records.jsonl'), bundle.keys.log);
  const openings = new OpenedFields(linesIn(bundle, 'opened.jsonl'), manifest.opened);
  const evidence = new EvidenceObjects(bundle);
  const tree = linesIn(bundle, 'tree.txt');
  const proven = new Map<number, Uint8Array>();
  const hasProofs = [...bundle.members.keys()].some((name) => proofIndexOf(name) !== undefined);
  let count = 0;
  const takeLeaf = (): Uint8Array => {
    const { index, text } = records.next ?? { index: -1, text: '' };
    const leaf = leafHash(text);
    const place = placeByForm(text);
    // What is written as it has to be needs not be taken apart, unless something in it is opened.
    const record = place && !openings.areOf(index) ? undefined : recordOf(index, text);
    journals.add(record ?? place ?? recordOf(index, text), leaf);
    seen.grow(index, leaf);
    if (record) evidence.take(index, { record, openings: openings.take(index, record) });
    if (hasProofs && bundle.members.has(proofName(index))) proven.set(index, leaf);
    count += 1;
    records.advance();
    return leaf;
  };
  let line = 0;
  const hash = () => {
    line += 1;
    return readHash(tree.next().value, `line ${line} of tree.txt`);
  };
  const found = yield* rootInSteps({ next: () => records.next?.index, leaf: takeLeaf, hash }, size);
  const said = (why: string) => {
    const first = firstWrong(pathsOf(bundle, proven), { head: opened.checkpoint, tree: wholeLines(bundle) });
    return first === undefined ? why : `${why}: ${first}`;
  };
  need(tree.next().done === true, () => said(`tree.txt has more than the ${line} lines that the tree needs`));
  need(equalBytes(found, root), () =>
    said('the records and tree.txt do not lead to the root that the log signed'),
  );
  need(
    count > 0 && count === manifest.records,
    `there are ${count} records, the manifest says ${manifest.records}`,
  );
  say(`${count} records lead, each at its place, to the root that the log signed`);
  if (count === size) say('they are every entry of the log of this checkpoint');
  yield* journals.end();
  yield* verifyProofs(bundle, opened, { proven, say });
  sameSources(manifest, journals);
  journals.say(say);
  seen.end(say);
  openings.end(say);
  return { journals, evidence };
}

function recordOf(index: number, text: string): LedgerRecord {
  const parsed = parseRecord(utf8(text));
  need(parsed.ok, () => `entry ${index} is no record: ${parsed.ok ? '' : parsed.why}`);
  return parsed.record;
}

/** Of a bundle that has a proof of each record, which are few. */
function wholeLines(bundle: Bundle): string[] {
  const lines: string[] = [];
  const tree = linesIn(bundle, 'tree.txt');
  for (let line = tree.next(); line.done !== true && lines.length < TREE_LINES_MAX; line = tree.next())
    lines.push(line.value ?? '');
  return lines;
}

function pathsOf(bundle: Bundle, proven: ReadonlyMap<number, Uint8Array>): Shown[] {
  return [...proven].map(([index, leaf]) => {
    const proof = parseProof(wholeOf(bundle, proofName(index)));
    return { index, leaf, path: proof.ok && proof.value.index === index ? proof.value.path : undefined };
  });
}

function* verifyProofs(
  bundle: Bundle,
  opened: OpenedNote,
  { proven, say }: { proven: ReadonlyMap<number, Uint8Array>; say: Say },
): Steps<void> {
  const names = [...bundle.members.keys()].filter((name) => proofIndexOf(name) !== undefined);
  need(names.length === proven.size, 'there is a proof of an entry whose record is not here');
  const wanted = bundle.manifest.proofs === 'each' ? bundle.manifest.records : 0;
  need(names.length === wanted, `there are ${names.length} proofs, and the manifest promises ${wanted}`);
  for (const [index, leaf] of proven) {
    yield;
    const name = proofName(index);
    const proof = needValue(parseProof(wholeOf(bundle, name)), name);
    need(proof.index === index, `${name} is a proof of entry ${proof.index}`);
    const line = firstOtherLine(opened.note, proof.checkpoint);
    need(
      line === undefined,
      () => `${name} is a proof for another checkpoint than the bundle’s, from line ${line} of it on`,
    );
    need(
      isIncluded({ leaf, index, head: opened.checkpoint, path: proof.path }),
      `${name} does not lead from the record to the signed root`,
    );
  }
  if (wanted > 0) say(`${wanted} proof files (C2SP tlog-proof), one for each record, lead to the same root`);
}

const numbersOf = ({ first, last, records, whole }: JournalEnd) =>
  `${records} ${whole ? 'in a row' : 'with gaps'}, records ${first} to ${last}`;

/** What the manifest says of each journal has to be what was found; what it calls whole is then whole. */
function sameSources(manifest: Manifest, journals: Journals): void {
  const found = journals.ends();
  for (const said of manifest.sources) {
    const end = found.find(({ source }) => source === said.source);
    need(end !== undefined, `${said.source}, which the manifest names, has no record here`);
    need(
      !said.whole || end.whole,
      `${said.source}: record ${end.missing} is missing; the manifest says that all from ${said.first} to ${said.last} are here`,
    );
    need(
      isSame(said, end),
      `${said.source}: the manifest says ${numbersOf(said)}; here are ${numbersOf(end)}`,
    );
  }
  need(
    found.length === manifest.sources.length,
    'there are records of a journal that the manifest does not name',
  );
  const foreign = found.find(({ source }) => !source.startsWith('bank_') && source !== manifest.tenant);
  need(foreign === undefined, `${foreign?.source}: records of another organisation than the manifest names`);
  const { compartment, parcel, person } = manifest.selection;
  const leavesOut = compartment !== null || parcel !== null || person !== null;
  const gap = found.find(({ whole }) => !whole);
  need(
    leavesOut || gap === undefined,
    `${gap?.source}: records are missing, the first of them record ${gap?.missing}, and nothing in the selection leaves any out`,
  );
}

function sayUnchecked(manifest: Manifest, journals: Journals, say: Say): void {
  const own = journals.ends().some(({ source }) => !source.startsWith('bank_'));
  if (own) say('not shown: who wrote the cloud’s own records; the log alone signed them', null);
  if (journals.ends().some(({ first }) => first > 1))
    say('not shown: what stands before the first record of a journal here', null);
  say('not shown: what came after this checkpoint, and that what was recorded is true', null);
  say(`not checked: ${PEOPLES_FILES.join(' and ')}, which are for reading and are proved by nothing`, null);
  say(
    `not proved: purpose, maker and selection${manifest.selection.person === null ? '' : ', and that these are all records of the person'}, which nobody signed`,
    null,
  );
}
