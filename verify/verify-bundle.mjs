/**
 * Checks a bundle of evidence (docs/reference/export.md) without Holdfast: no packages, no network, any Node from 20 on.
 * It stands beside verify.mjs, which knows notes, keys, heads and records, and shares no line with the program whose word
 * it checks. The bundle is read where it lies and held by a line at a time, however long it is.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  canonical,
  canonicalJson,
  countOf,
  explain,
  hashOf,
  isObject,
  main,
  NotUnderstood,
  need,
  needKeys,
  needRootKeys,
  nodeHash,
  openCheckpoint,
  openFields,
  openHead,
  openRecord,
  optionsOf,
  parsed,
  parseProof,
  Refusal,
  readText,
  rootBy,
  runningSha256,
  trustedBy,
  vouchedBy,
} from './verify.mjs';

const USAGE = `node verify-bundle.mjs BUNDLE [--root-key FILE …] [--signatures K] [--policy POLICY]

Status: 0 verified, 1 not verified, 2 not understood.
`;

const NAMES =
  /^(?:manifest\.json|keys\.json|checkpoint|(?:records|heads|opened)\.jsonl|tree\.txt|records\.csv|report\.html|proofs\/\d{16}\.tlog-proof|evidence\/\d{16}\.[a-z]{3,4}\.p7m)$/;
const [MEMBERS_MAX, WHOLE_MAX, LINE_MAX, BATCH_MAX] = [1_020, 67_108_864, 262_144, 1_024];

function readAt(file, at, length) {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, at));
}

function* chunksOf(file, { at, length }) {
  for (let done = 0; done < length; done += 65_536)
    yield readAt(file, at + done, Math.min(65_536, length - done));
}

function* linesOf(file, member) {
  let left = Buffer.alloc(0);
  for (const chunk of chunksOf(file, member)) {
    left = Buffer.concat([left, chunk]);
    for (let end = left.indexOf(10); end >= 0; end = left.indexOf(10)) {
      yield left.toString('utf8', 0, end);
      left = left.subarray(end + 1);
    }
    need(left.length <= LINE_MAX, 'a line is too long');
  }
  need(left.length === 0, 'a file is cut off within a line');
}

/** IEEE 1003.1, pax, "ustar Interchange Format": plain files of known names, nothing hidden between or behind. */
function membersOf(file) {
  const members = new Map();
  const { size } = fstatSync(file);
  const isZero = (bytes) => bytes.every((byte) => byte === 0);
  for (let at = 0; ; ) {
    const header = readAt(file, at, 512);
    need(header.length === 512, 'the archive is cut off');
    if (isZero(header)) {
      need(
        size - at === 1_024 && isZero(readAt(file, at, 1_024)),
        'bytes stand behind the end of the archive',
      );
      return members;
    }
    const text = header.toString('latin1');
    const name = text.slice(0, text.indexOf('\0'));
    const sum = header.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
    const isPlain =
      text[156] === '0' && text.slice(257, 265) === 'ustar\x0000' && isZero(header.subarray(345));
    const isSound =
      isPlain && /^[0-7]{11}$/.test(text.slice(124, 135)) && Number.parseInt(text.slice(148, 154), 8) === sum;
    need(
      isSound && NAMES.test(name) && !members.has(name),
      `the header at byte ${at} is none of a bundle’s file, or its second`,
    );
    const length = Number.parseInt(text.slice(124, 135), 8);
    members.set(name, { at: at + 512, length });
    const end = at + 512 + length;
    at = Math.ceil(end / 512) * 512;
    need(at <= size && isZero(readAt(file, end, at - end)), `${name} is cut off, or bytes hide behind it`);
    need(members.size <= MEMBERS_MAX, `there are more than ${MEMBERS_MAX} files`);
  }
}

/** The root from leaves that are shown and, in order, from the roots of the largest parts that hold none of them. */
function rootOfShown(shown, begin, end) {
  const index = shown.next();
  if (index === undefined || index >= end) return shown.hash();
  if (end - begin === 1) return shown.leaf();
  let half = 1;
  while (half * 2 < end - begin) half *= 2;
  const left = rootOfShown(shown, begin, begin + half);
  return nodeHash(left, rootOfShown(shown, begin + half, end));
}

function closeBatch({ bank, first, last, root, hashes, leaves }) {
  let [at, used] = [0, 0];
  const hash = () => hashOf(hashes[used++], 'base64', 'a hash of heads.jsonl');
  const shown = { next: () => leaves[at]?.index, leaf: () => leaves[at++].leaf, hash };
  const holds = rootOfShown(shown, 0, last - first + 1).equals(root) && used === hashes.length;
  need(holds, `the records are not those of batch ${first} to ${last} that ${bank} signed`);
}

/** Numbers and hashes of each journal follow each other, and each bank signed its batches, in their order. */
function takeRecord({ source, seq, prev }, leaf, { journals, heads, signers }) {
  const about = `record ${seq} of ${source}`;
  const journal = journals.get(source) ?? { source, first: seq, last: seq - 1, records: 0, whole: true };
  journals.set(source, journal);
  need(seq > journal.last, `${about} stands behind record ${journal.last}`);
  const follows = seq === journal.last + 1;
  const expected = seq === 1 ? 'A'.repeat(43) : journal.hash;
  need(!follows || expected === undefined || prev === expected, `${about} names another record before it`);
  const whole = journal.whole && follows;
  Object.assign(journal, {
    last: seq,
    records: journal.records + 1,
    whole,
    hash: leaf.toString('base64url'),
  });
  if (!source.startsWith('bank_')) return;
  const before = journal.batch;
  if (!before || seq > before.last) {
    if (before) closeBatch(before);
    const line = parsed(heads.next().value ?? '', 'the line of heads.jsonl that is needed next');
    needKeys(line, ['bank', 'key', 'head', 'hashes'], 'a line of heads.jsonl');
    need(line.bank === source && Array.isArray(line.hashes), `heads.jsonl has no head for ${about}`);
    const head = openHead(String(line.head), { bank: source, bankKey: line.key });
    const isHere = head.first <= seq && seq <= head.last && head.last - head.first < BATCH_MAX;
    need(
      isHere && head.first > (before?.last ?? 0),
      `${about} does not stand in batch ${head.first} to ${head.last}`,
    );
    const isNext = !before || head.first !== before.last + 1 || head.previous.equals(before.hash);
    need(isNext, `batch ${head.first} to ${head.last} of ${source} names another batch before it`);
    signers.set(`${source} ${line.key}`, { bank: source, bankKey: line.key });
    journal.batch = { ...head, hashes: line.hashes, leaves: [] };
  }
  journal.batch.leaves.push({ index: seq - journal.batch.first, leaf });
}

const RECORD_LINE = /^\{"index":(\d{1,20}),"record":(\{.*\})\}$/;

/** Every record at its place in the tree; answers what came by. */
function readRecords({ linesIn, isProven }, { size, root }, ok) {
  const [records, tree, opened] = ['records.jsonl', 'tree.txt', 'opened.jsonl'].map(linesIn);
  const seen = {
    journals: new Map(),
    heads: linesIn('heads.jsonl'),
    signers: new Map(),
    records: 0,
    fields: new Set(),
    leaves: new Map(),
    isProven,
  };
  const takeOpened = () => {
    const { done, value } = opened.next();
    return done ? undefined : parsed(value, 'a line of opened.jsonl');
  };
  const take = (before) => {
    const { done, value } = records.next();
    if (done) return undefined;
    const [, digits, text] = RECORD_LINE.exec(value) ?? [];
    const index = countOf(digits ?? '', 'the index of a record');
    need(index > before && index < size, `entry ${index} stands behind entry ${before} in a tree of ${size}`);
    return { index, text };
  };
  let [next, opening] = [take(-1), takeOpened()];
  const leaf = () => {
    const { index, text } = next;
    const { record, leaf: hash } = openRecord(text);
    takeRecord(record, hash, seen);
    if (opening?.index === index) {
      openFields(record, opening.openings);
      for (const field of Object.keys(opening.openings)) seen.fields.add(field);
      opening = takeOpened();
    }
    seen.records += 1;
    if (seen.isProven(index)) seen.leaves.set(index, hash);
    next = take(index);
    return hash;
  };
  const hash = () => hashOf(tree.next().value, 'base64', 'a hash of tree.txt');
  const found = rootOfShown({ next: () => next?.index, leaf, hash }, 0, size);
  need(
    found.equals(root) && tree.next().done,
    'records and tree.txt do not lead to the root that the log signed',
  );
  need(opening === undefined, 'opened.jsonl opens a record that is not here');
  ok(`${seen.records} records lead, each at its place, to the root that the log signed`);
  for (const { batch } of seen.journals.values()) if (batch) closeBatch(batch);
  need(seen.heads.next().done, 'heads.jsonl has a head that no record needs');
  return seen;
}

const MANIFEST_KEYS =
  'format madeAtMs madeBy purpose tenant selection opened log records proofs sources files'.split(' ');

function openManifest(file, members, whole) {
  const manifest = canonicalJson(whole('manifest.json'), 'manifest.json');
  needKeys(manifest, MANIFEST_KEYS, 'manifest.json');
  const isSound =
    manifest.format === 'holdfast/export/v1' && [manifest.files, manifest.sources].every(Array.isArray);
  need(isSound && isObject(manifest.log) && isObject(manifest.selection), 'manifest.json is malformed');
  const names = new Set(manifest.files.map((one) => one?.name));
  const areSame =
    names.size === manifest.files.length && names.size === members.size - 1 && !names.has('manifest.json');
  need(
    areSame && [...names].every((name) => members.has(name)),
    'the manifest does not name the files that are here',
  );
  for (const { name, bytes, sha256: expected } of manifest.files) {
    const hash = runningSha256();
    for (const chunk of chunksOf(file, members.get(name))) hash.update(chunk);
    const holds = members.get(name).length === bytes && hash.digest('base64url') === expected;
    need(holds, `${name} has another length or SHA-256 than the manifest says`);
  }
  return manifest;
}

/** `policy` and `rootKeys` may be left out; the lines say what the verdict is then worth. */
export function verifyBundle({ file, rootKeys = [], signatures = 1, policy }) {
  if (rootKeys.length > 0) needRootKeys(rootKeys, signatures);
  return explain((ok, open) => {
    const members = membersOf(file);
    const memberOf = (name) => {
      need(members.has(name), `${name} is missing`);
      return members.get(name);
    };
    const whole = (name) => {
      need(memberOf(name).length <= WHOLE_MAX, `${name} is too long`);
      return readAt(file, memberOf(name).at, memberOf(name).length).toString('utf8');
    };
    const manifest = openManifest(file, members, whole);
    ok(`${members.size} files, each with the length and the SHA-256 that the manifest names`);
    const keys = canonicalJson(whole('keys.json'), 'keys.json');
    need(isObject(keys.log) && Array.isArray(keys.rosters), 'keys.json is malformed');
    const head = openCheckpoint(whole('checkpoint'), trustedBy(policy, String(keys.log.vkey)), ok);
    const isSame = head.origin === keys.log.origin && head.origin === manifest.log.origin;
    need(isSame && head.size === manifest.log.size, 'the checkpoint is not the one of the manifest');
    const linesIn = (name) => linesOf(file, memberOf(name));
    const isProven = (index) => members.has(proofName(index));
    const seen = readRecords({ linesIn, isProven }, head, ok);
    const proofs = [...members.keys()].filter((name) => name.startsWith('proofs/')).length;
    const promised = manifest.proofs === 'each' ? seen.records : 0;
    need(proofs === promised && seen.leaves.size === promised, `there are ${proofs} proofs, not ${promised}`);
    for (const [index, leaf] of seen.leaves)
      checkProof(whole(proofName(index)), { index, leaf, head, checkpoint: whole('checkpoint') });
    ok(`${promised} proof files, of one record each, lead to the same root`);
    const { compartment, parcel, person } = manifest.selection;
    const mayHaveGaps = [compartment, parcel, person].some((one) => one !== null);
    const found = [...seen.journals.values()].map(({ source, first, last, records, whole: isWhole }) => {
      need(
        isWhole || mayHaveGaps,
        `${source}: records are missing, and nothing in the selection leaves any out`,
      );
      ok(
        `${source}: ${records} records from ${first} to ${last}, ${isWhole ? 'none missing' : 'others left out'}, in order`,
      );
      return canonical({ source, first, last, records, whole: isWhole });
    });
    const areSame =
      found.join() === manifest.sources.map((one) => canonical(one)).join() &&
      manifest.records === seen.records;
    need(areSame, 'the manifest says other numbers than those of the records that are here');
    const stranger = [...seen.fields].find((field) => !manifest.opened?.includes(field));
    need(stranger === undefined, `${stranger} is opened, which the manifest does not name`);
    for (const { bank, bankKey } of seen.signers.values()) {
      ok(`${bank}: each record stands in a batch that this bank signed`);
      if (rootKeys.length === 0)
        open(`${bank}: vouched by the cloud only, for no --root-key says whose roster counts`);
      else ok(vouchedByOne(keys.rosters, { bank, bankKey }, { rootKeys, signatures }));
    }
    open('not checked: records.csv, report.html; not proved: purpose and selection');
  });
}

const proofName = (index) => `proofs/${String(index).padStart(16, '0')}.tlog-proof`;

function checkProof(text, { index, leaf, head, checkpoint }) {
  const proof = parseProof(text);
  need(proof.index === index, `${proofName(index)} is a proof of entry ${proof.index}`);
  need(
    proof.checkpoint === checkpoint,
    `${proofName(index)} is a proof for another checkpoint than the bundle’s`,
  );
  const root = rootBy({ leaf, index, size: head.size, path: proof.path });
  need(root.equals(head.root), `${proofName(index)} does not lead from the record to the signed root`);
}

function vouchedByOne(rosters, of, trust) {
  let last = new Refusal(`${of.bank}: vouched by the cloud only: there is no roster`);
  for (const roster of rosters) {
    try {
      return vouchedBy({ ...of, roster }, trust);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      last = new Refusal(`${of.bank}: vouched by the cloud only: ${error.message}`);
    }
  }
  throw last;
}

function answer([path, ...rest]) {
  need(path !== undefined && !path.startsWith('--'), USAGE, NotUnderstood);
  const { given, ...asked } = optionsOf(rest, ['--root-key', '--signatures', '--policy'], USAGE);
  const policy = given.has('--policy') ? readText(given.get('--policy')[0]) : undefined;
  const file = opened(path);
  try {
    return verifyBundle({ file, policy, ...asked });
  } finally {
    closeSync(file);
  }
}

function opened(path) {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new NotUnderstood(`${path} cannot be read: ${error.code}`);
  }
}

if (process.argv[1] && pathToFileURL(realpathSync(process.argv[1])).href === import.meta.url)
  process.exitCode = main(process.argv.slice(2), answer);
