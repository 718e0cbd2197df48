/**
 * Checks what Holdfast hands out, without Holdfast: one file, no packages, no network, any Node from 20 on. It was
 * written from the standards (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy; RFC 6962,
 * RFC 8785, RFC 9162) and shares no line with the program whose word it checks. How to use it, and the hash of this
 * file: docs/reference/verify.md.
 */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const USAGE = `node verify.mjs proof PROOF --policy POLICY --entry ENTRY
node verify.mjs receipt RECEIPT --root-key FILE … [--signatures K] [--policy POLICY]

Status: 0 verified, 1 not verified, 2 not understood.
`;
const NOTE_LENGTH_MAX = 1_048_576;
const ENTRY_BYTES_MAX = 65_535;
const [SIGNATURES_MAX, HASH_BYTES, PATH_MAX, DEPTH_MAX] = [64, 32, 63, 32];
const PROOF_TO_COME = 'to come: fetch this receipt again';

/** A check that did not hold. Everything else that is thrown is a fault of this file. */
export class Refusal extends Error {}
/** A question that is not one: a policy or a key that cannot be read. */
export class NotUnderstood extends Error {}

export function need(holds, why, Kind = Refusal) {
  if (!holds) throw new Kind(why);
}

export const runningSha256 = () => createHash('sha256');
const sha256 = (...parts) => runningSha256().update(Buffer.concat(parts)).digest();
const utf8 = (text) => Buffer.from(text, 'utf8');

/** Canonical text only: text that would be written otherwise is another text. */
function bytesOf(text, encoding) {
  const bytes = Buffer.from(String(text), encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}

export function hashOf(text, encoding, what) {
  const bytes = bytesOf(text, encoding);
  need(bytes?.length === HASH_BYTES, `${what} is no hash`);
  return bytes;
}

export function countOf(text, what, Kind = Refusal) {
  need(/^(?:0|[1-9][0-9]{0,15})$/.test(text), `${what} is no whole number: ${text}`, Kind);
  need(Number.isSafeInteger(Number(text)), `${what} is too large`, Kind);
  return Number(text);
}

/** RFC 8785: what ECMAScript writes, with members in the order of their UTF-16 code units. */
export function canonical(value, depth = 0) {
  need(depth < DEPTH_MAX, `the JSON has more than ${DEPTH_MAX} levels`);
  const inner = (one) => canonical(one, depth + 1);
  if (Array.isArray(value)) return `[${value.map(inner).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${inner(value[name])}`).join(',')}}`;
}

export function parsed(text, what, Kind = Refusal) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Kind(`${what} is no JSON`);
  }
}

export function canonicalJson(text, what) {
  const value = parsed(text, what);
  const isCanonical = isObject(value) && text.isWellFormed() && canonical(value) === text;
  need(isCanonical, `${what} is not in canonical form (RFC 8785)`);
  return value;
}

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

export function needKeys(value, keys, what) {
  need(isObject(value), `${what} is no object`);
  const found = Object.keys(value).sort().join(' ');
  need(found === [...keys].sort().join(' '), `${what} has the members ${found}`);
}

const leafHash = (entry) => sha256(Buffer.of(0), entry);
export const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 9162 section 2.1.3.2. */
export function rootBy({ leaf, index, size, path }) {
  const areHashes = [leaf, ...path].every(({ length }) => length === HASH_BYTES);
  need(areHashes && index < size, `no path of entry ${index} in a tree of ${size}`);
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of path) {
    need(sn > 0, 'the path is too long');
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else r = nodeHash(r, p);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  need(sn === 0, 'the path is too short');
  return r;
}

const needPath = (of, { size, root }) =>
  need(rootBy({ ...of, size }).equals(root), `the path does not lead from entry ${of.index} to that root`);

// Notes (C2SP signed-note) and keys.

const SIGNATURE_LINE = /^— ([^\p{White_Space}\p{Cc}+]+) ([A-Za-z0-9+/]+={0,2})$/u;

function splitNote(note) {
  need(note.length <= NOTE_LENGTH_MAX && note.isWellFormed(), 'the note is too long or no Unicode text');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the standard forbids controls but newline.
  need(!/[\u0000-\u0009\u000b-\u001f]/.test(note), 'the note holds a control character');
  const at = note.lastIndexOf('\n\n');
  need(at >= 0 && note.endsWith('\n'), 'the note has no empty line before its signatures, or no end');
  const lines = note.slice(at + 2, -1).split('\n');
  need(lines.length <= SIGNATURES_MAX, `the note has more than ${SIGNATURES_MAX} signatures`);
  const signatures = lines.map((line) => {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = bytesOf(encoded ?? '', 'base64');
    need(name !== undefined && bytes?.length > 4, 'a signature line is malformed');
    return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, at + 1), signatures };
}

/** Which of `keys` signed, by the first four bytes of what the key's type hashes, and what each says besides. */
function signersOf({ text, signatures }, keys) {
  const found = new Map();
  for (const { name, id, signature } of signatures) {
    const key = keys.find((one) => one.name === name && one.id.equals(id));
    // A line of an unknown key is ignored, as the standard asks.
    if (!key) continue;
    const said = key.check(text, signature);
    need(said !== undefined, `the signature of ${name} is wrong`);
    found.set(key, Math.max(found.get(key) ?? 0, said));
  }
  return found;
}

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
/** Points of small order (RFC 8032 section 8.4 leaves them to the user of a key): anybody can sign for them. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function isSoundPoint(bytes) {
  const y = Buffer.from(bytes);
  y[31] &= 0x7f;
  const isBelowP = y[0] < 0xed || y[31] !== 0x7f || y.subarray(1, 31).some((byte) => byte !== 0xff);
  return isBelowP && !SMALL_ORDER.has(y.toString('hex'));
}

/** A vkey of type 0x01 (a log) or 0x04 (a witness); C2SP signed-note, section "Verifier keys". */
export function keyOfVkey(vkey, type, Kind = NotUnderstood) {
  const [, name, id, encoded] =
    /^([^\p{White_Space}\p{Cc}+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey) ?? [];
  const material = bytesOf(encoded ?? '', 'base64');
  const sound = material?.length === 33 && material[0] === type && isSoundPoint(material.subarray(1));
  need(sound, `no vkey of type ${type}: ${vkey}`, Kind);
  const expected = sha256(utf8(`${name}\n`), material).subarray(0, 4);
  need(expected.toString('hex') === id, `the key id in ${vkey} is wrong`, Kind);
  const spki = Buffer.concat([SPKI_ED25519, material.subarray(1)]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const isBy = (message, signature) =>
    signature.length === 64 && verifySignature(null, utf8(message), key, signature);
  const signed = (text, signature) => (isBy(text, signature) ? 0 : undefined);
  const check = type === 1 ? signed : (text, signature) => cosignedAt(text, signature, isBy);
  return { name, id: expected, publicKey: material.toString('hex', 1), check };
}

/** The time of a cosignature in seconds since 1970 (C2SP tlog-cosignature), or undefined when it is wrong. */
function cosignedAt(text, signature, isBy) {
  if (signature.length !== 72) return undefined;
  const time = signature.readBigUInt64BE();
  const isSound = time > 0n && time <= BigInt(Number.MAX_SAFE_INTEGER);
  const message = `cosignature/v1\ntime ${time}\n${text}`;
  return isSound && isBy(message, signature.subarray(8)) ? Number(time) : undefined;
}

const SPKI_P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** A key of a bank or a site root: ECDSA over P-256, note type 0x02, its id the hash of its SubjectPublicKeyInfo. */
function keyOfSpki(name, text) {
  const spki = bytesOf(text, 'base64url');
  if (spki?.length !== 91 || !spki.subarray(0, 27).equals(SPKI_P256)) return undefined;
  let key;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
  const check = (text, signature) => (verifySignature('sha256', utf8(text), key, signature) ? 0 : undefined);
  return { name, id: sha256(spki).subarray(0, 4), check };
}

/** C2SP tlog-policy, section "Policy file syntax and structure". */
export function readPolicy(text) {
  const [logs, witnesses, names, seen] = [[], [], new Map([['none', () => true]]), new Set()];
  let quorum;
  const once = (value, what) => {
    need(!seen.has(value), `${what} stands twice in the policy`, NotUnderstood);
    seen.add(value);
  };
  const member = (name) => {
    need(names.has(name), `the policy does not define ${name} before it is used`, NotUnderstood);
    return names.get(name);
  };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.split(/[ \t]+/).filter((part) => part !== '');
    if (word === undefined || word.startsWith('#')) continue;
    if (word === 'log' && rest.length >= 1 && rest.length <= 2) {
      const key = keyOfVkey(rest[0], 1);
      once(key.publicKey, `the key of ${key.name}`);
      logs.push(key);
    } else if (word === 'witness' && rest.length >= 2 && rest.length <= 3) {
      const key = keyOfVkey(rest[1], 4);
      once(key.publicKey, `the key of ${key.name}`);
      need(!names.has(rest[0]), `${rest[0]} stands twice in the policy`, NotUnderstood);
      witnesses.push(key);
      names.set(rest[0], (cosigned) => cosigned.has(key));
    } else if (word === 'group' && rest.length >= 3) {
      const [name, count, ...members] = rest;
      need(!names.has(name) && !members.includes('none'), `the group ${name} is not right`, NotUnderstood);
      need(new Set(members).size === members.length, `a member of ${name} stands twice`, NotUnderstood);
      const k =
        count === 'any' ? 1 : count === 'all' ? members.length : countOf(count, 'a threshold', NotUnderstood);
      need(k >= 1 && k <= members.length, `${name} asks for ${count} of ${members.length}`, NotUnderstood);
      const all = members.map(member);
      names.set(name, (cosigned) => all.filter((one) => one(cosigned)).length >= k);
    } else if (word === 'quorum' && rest.length === 1) {
      need(quorum === undefined, 'the policy has two quorums', NotUnderstood);
      quorum = { name: rest[0], holds: member(rest[0]) };
    } else throw new NotUnderstood(`the policy has a line that is not understood: ${line}`);
  }
  need(quorum !== undefined && logs.length > 0, 'the policy has no quorum, or no log', NotUnderstood);
  return { logs, witnesses, quorum };
}

/** C2SP tlog-proof, section "Format". */
export function parseProof(text) {
  const at = text.indexOf('\n\n');
  need(at >= 0, 'no empty line before the checkpoint');
  const [title, ...lines] = text.slice(0, at).split('\n');
  need(title === 'c2sp.org/tlog-proof@v1', 'this is no tlog-proof file');
  if (lines[0]?.startsWith('extra '))
    need(bytesOf(lines.shift().slice(6), 'base64') !== undefined, 'the extra data is malformed');
  const indexLine = lines.shift() ?? '';
  need(indexLine.startsWith('index '), 'no line with the index');
  need(lines.length <= PATH_MAX, 'more hashes than a tree can ask for');
  const path = lines.map((line) => hashOf(line, 'base64', 'a line of the path'));
  return { index: countOf(indexLine.slice(6), 'the index'), path, checkpoint: text.slice(at + 2) };
}

function parseCheckpoint(text) {
  const lines = text.split('\n');
  need(lines.length === 4 && lines[3] === '' && lines[0] !== '', 'a checkpoint has three lines');
  const [size, root] = [countOf(lines[1], 'the size'), hashOf(lines[2], 'base64', 'the root')];
  return { origin: lines[0], size, root };
}

/** Whose word counts: the policy's; without one the log's whose key the file names, and then nobody else's. */
export function trustedBy(policy, vkey) {
  if (policy !== undefined) return readPolicy(policy);
  const quorum = { name: 'none, for no --policy says whose count', holds: () => true };
  return { logs: [keyOfVkey(vkey, 1, Refusal)], witnesses: [], quorum };
}

/** A checkpoint that a policy believes. */
export function openCheckpoint(text, { logs, witnesses, quorum }, ok) {
  const note = splitNote(text);
  const signers = signersOf(note, [...logs, ...witnesses]);
  const head = parseCheckpoint(note.text);
  const log = logs.find((key) => signers.has(key) && key.name === head.origin);
  need(log, `no log of the policy signed this checkpoint of ${head.origin}`);
  ok(`the log ${head.origin} signed a tree of ${head.size} entries`);
  const cosigned = new Set(witnesses.filter((key) => signers.has(key)));
  for (const key of cosigned) ok(`${key.name} cosigned it at ${timeText(signers.get(key))}`);
  const count = `${cosigned.size} of ${witnesses.length} witnesses`;
  need(quorum.holds(cosigned), `${count} cosigned, which is not the quorum ${quorum.name}`);
  ok(`${count} cosigned, which is the quorum ${quorum.name}`);
  return head;
}

/** Each check is a line; the first that does not hold ends them, for the others stand on it. */
export function verifyProof({ proof, policy, entry }) {
  const trusted = readPolicy(policy);
  return explain((ok) => {
    need(entry.length <= ENTRY_BYTES_MAX, `an entry has at most ${ENTRY_BYTES_MAX} bytes`);
    const { index, path, checkpoint } = parseProof(proof);
    ok(`the file is a proof of entry ${index}`);
    needPath({ leaf: leafHash(entry), index, path }, openCheckpoint(checkpoint, trusted, ok));
    ok(`the path leads from this entry at ${index} to the signed root`);
  });
}

/** Years above 9999 are beyond what a date is written for here. */
const timeText = (s) => (s < 253_402_300_800 ? new Date(s * 1000).toISOString() : `second ${s}`);

/** Receipts: docs/reference/receipt.md, record.md and batch.md. */
export function vouchedBy({ roster, bank, bankKey }, { rootKeys, signatures }) {
  need(typeof roster === 'string', 'vouched by the cloud only: there is no roster in the receipt');
  const note = splitNote(roster);
  const [title, site, json, end, ...rest] = note.text.split('\n');
  need(title === 'holdfast/roster/v1' && end === '' && rest.length === 0, 'the roster is malformed');
  const keys = rootKeys.map((key) => keyOfSpki(site, key));
  const signers = signersOf(note, keys);
  need(signers.size >= signatures, `${signers.size} of the given root keys signed, not ${signatures}`);
  const read = canonicalJson(json, 'the roster');
  need(read.v === 1 && read.site === site && Array.isArray(read.banks), 'the roster is malformed');
  const isNamed = read.banks.some((one) => one?.bank === bank && one.key === bankKey);
  need(isNamed, `the roster does not name this key for ${bank}`);
  return `the site root’s roster, version ${read.version} of ${site}, names the key of ${bank}`;
}

const HEAD =
  /^holdfast\/batch-head\/v1\n(bank_[a-z2-7]{26})\n([1-9][0-9]*) ([1-9][0-9]*)\n(\S{44})\n(\S{44})\n$/;

export function openHead(note, { bank, bankKey }) {
  const key = keyOfSpki(bank, bankKey);
  need(key, 'the bank’s key is no key');
  const split = splitNote(note);
  need(signersOf(split, [key]).size === 1, 'the batch head is not signed by this bank');
  const [, name, first, last, previous, root] = HEAD.exec(split.text) ?? [];
  need(name === bank, 'the batch head is malformed, or of another bank');
  const head = { bank, first: countOf(first, 'first'), last: countOf(last, 'last') };
  need(head.first <= head.last, 'the batch head is malformed');
  const [before, over] = [previous, root].map((text) => hashOf(text, 'base64', 'a hash of the head'));
  return { ...head, previous: before, root: over, hash: sha256(utf8(split.text)) };
}

export function openRecord(text) {
  const leaf = leafHash(utf8(text));
  need(Buffer.byteLength(text) <= ENTRY_BYTES_MAX, 'the record is too long');
  const record = canonicalJson(text, 'the record');
  const areTexts = [record.kind, record.source, record.prev].every((one) => typeof one === 'string');
  need(record.v === 1 && areTexts && isObject(record.commitments), 'the record is malformed');
  need(record.seq > 0 && Number.isSafeInteger(record.seq), 'the record is malformed');
  return { record, leaf };
}

export function openFields({ seq, commitments }, openings) {
  for (const [field, opening] of Object.entries(openings)) {
    needKeys(opening, ['salt', 'value'], `the opening of ${field}`);
    const salt = bytesOf(opening.salt, 'base64url');
    const committed = Object.hasOwn(commitments, field) ? commitments[field] : undefined;
    const isOpen = salt?.length === 16 && typeof opening.value === 'string' && opening.value.isWellFormed();
    const holds = isOpen && sha256(salt, utf8(opening.value)).toString('base64url') === committed;
    need(holds, `the opened field ${field} is not what record ${seq} committed to`);
  }
}

function verifyEntry(receipt, entry) {
  const { record, leaf } = openRecord(entry.record);
  need(record.source === receipt.bank, 'the record is of another bank');
  const head = openHead(entry.head, receipt);
  const path = entry.path.map((text) => hashOf(text, 'base64url', 'a line of the path'));
  need(record.seq >= head.first, 'the record stands before its batch');
  const of = { leaf, index: record.seq - head.first, size: head.last - head.first + 1, path };
  need(rootBy(of).equals(head.root), 'the record is not in the batch that the bank signed');
  openFields(record, entry.openings);
  const opened = Object.keys(entry.openings).join(', ') || 'nothing';
  const batch = `batch ${head.first} to ${head.last} that the bank signed`;
  return { record, leaf, says: `record ${record.seq}, ${record.kind}: in ${batch}; opened: ${opened}` };
}

/** Says of each record how it stands in the log. Who gives a policy asks that each of them has its proof. */
function logOf({ log = null }, policy, { ok, open }) {
  const [trusted, heads] = [(policy ?? log) === null ? undefined : trustedBy(policy, log), new Map()];
  const name = log === null ? undefined : keyOfVkey(log, 1, Refusal).name;
  const lacking = (says) => (policy === undefined ? open(says) : need(false, says));
  if (log === null) lacking('not shown: that the records stand in a log; this receipt names none');
  return ({ proof }, { seq }, leaf) => {
    if (log === null) return need(!proof, 'there is a proof, and no log is named');
    if (proof === PROOF_TO_COME)
      return lacking(`record ${seq}: the log’s proof is still to come; fetch the receipt again`);
    const { index, path, checkpoint } = parseProof(String(proof));
    const head = heads.get(checkpoint) ?? openCheckpoint(checkpoint, trusted, ok);
    heads.set(checkpoint, head);
    need(head.origin === name, 'the proof is of another log than the one that is named');
    needPath({ leaf, index, path }, head);
    ok(`record ${seq}: entry ${index} of the ${head.size} that the log signed`);
  };
}

/** Root keys come from somewhere that the maker of what they judge does not control. */
export function needRootKeys(rootKeys, signatures) {
  const isAsked =
    rootKeys.every((key) => keyOfSpki('root', key)) && new Set(rootKeys).size === rootKeys.length;
  need(isAsked, 'a root key is no P-256 key, or is given twice', NotUnderstood);
  const isPossible = Number.isInteger(signatures) && signatures >= 1 && signatures <= rootKeys.length;
  need(isPossible, `--signatures is 1 to ${rootKeys.length}`, NotUnderstood);
}

export function verifyReceipt({ receipt, rootKeys, signatures = 1, policy }) {
  needRootKeys(rootKeys, signatures);
  return explain((ok, open) => {
    const value = parsed(receipt, 'the receipt');
    const [more, mores] = value?.v === 1 ? [[], []] : [['log'], ['proof']];
    needKeys(value, ['v', 'parcel', 'bank', 'roster', 'bankKey', 'entries', ...more], 'the receipt');
    const isSound = [1, 2].includes(value.v) && Array.isArray(value.entries) && value.entries.length > 0;
    need(isSound && value.entries.every(isObject), 'the receipt is malformed');
    ok(vouchedBy(value, { rootKeys, signatures }));
    const sayProven = logOf(value, policy, { ok, open });
    let [before, tied] = [0, 0];
    for (const entry of value.entries) {
      needKeys(entry, ['record', 'openings', 'head', 'path', ...mores], 'an entry');
      const areTexts = typeof entry.record === 'string' && typeof entry.head === 'string';
      need(areTexts && Array.isArray(entry.path) && isObject(entry.openings), 'an entry is malformed');
      const { record, leaf, says } = verifyEntry(value, entry);
      ok(says);
      sayProven(entry, record, leaf);
      need(record.seq > before, 'the records do not stand in the bank’s own order');
      before = record.seq;
      if (record.commitments.parcel === undefined) continue;
      const isTied = entry.openings.parcel?.value === value.parcel;
      need(isTied, `record ${record.seq} does not show that it speaks of this parcel`);
      tied += 1;
    }
    need(tied > 0, 'no record speaks of this parcel');
    ok(`the records stand in the bank’s own order, and ${tied} of them name the parcel ${value.parcel}`);
  });
}

/** `holds` is null for what was not checked. */
export function explain(checks) {
  const lines = [];
  const say = (holds) => (says) => lines.push({ holds, says });
  try {
    checks(say(true), say(null));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    lines.push({ holds: false, says: error.message });
  }
  return { lines, holds: lines.every(({ holds }) => holds !== false) };
}

function read(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new NotUnderstood(`${path} cannot be read: ${error.code}`);
  }
}

export function readText(path) {
  const bytes = read(path);
  need(Buffer.from(bytes.toString('utf8')).equals(bytes), `${path} is no UTF-8`, NotUnderstood);
  return bytes.toString('utf8');
}

const rootKeyOf = (path) => String(parsed(readText(path), `${path}, a root key,`, NotUnderstood)?.key);

/** What stood behind the options of `options`, of which only --root-key may stand more than once. */
export function optionsOf(rest, options, usage) {
  const given = new Map();
  for (let at = 0; at < rest.length; at += 2)
    given.set(rest[at], [...(given.get(rest[at]) ?? []), rest[at + 1]]);
  const isKnown = ([name, values]) =>
    options.includes(name) && !values.includes(undefined) && (values.length === 1 || name === '--root-key');
  need([...given].every(isKnown), usage, NotUnderstood);
  const rootKeys = (given.get('--root-key') ?? []).map(rootKeyOf);
  return { given, rootKeys, signatures: Number(given.get('--signatures')?.[0] ?? 1) };
}

function answer([what, path, ...rest]) {
  const takes = { proof: ['--policy', '--entry'], receipt: ['--root-key', '--signatures', '--policy'] };
  need(Object.hasOwn(takes, what ?? '') && path !== undefined, USAGE, NotUnderstood);
  const { given, ...asked } = optionsOf(rest, takes[what], USAGE);
  need(given.has(takes[what][0]), USAGE, NotUnderstood);
  const policy = given.has('--policy') ? readText(given.get('--policy')[0]) : undefined;
  if (what === 'receipt') return verifyReceipt({ receipt: readText(path), policy, ...asked });
  need(given.has('--entry'), USAGE, NotUnderstood);
  return verifyProof({ proof: readText(path), policy, entry: read(given.get('--entry')[0]) });
}

export function main(args, answered) {
  // What a stranger wrote must not command the terminal.
  const visible = (text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
  const mark = (holds) => (holds === null ? '--  ' : holds ? 'ok  ' : 'FAIL');
  try {
    const { lines, holds } = answered(args);
    for (const line of lines) process.stdout.write(`${mark(line.holds)}  ${visible(line.says)}\n`);
    process.stdout.write(holds ? 'verified\n' : 'NOT verified\n');
    return holds ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    process.stderr.write(`${error.message.split('\n').map(visible).join('\n').trimEnd()}\n`);
    return 2;
  }
}

if (process.argv[1] && pathToFileURL(realpathSync(process.argv[1])).href === import.meta.url)
  process.exitCode = main(process.argv.slice(2), answer);
