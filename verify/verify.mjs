/** Checks what Holdfast hands out (a proof, a receipt, a bundle of evidence) without Holdfast: one file, no packages, no network, any Node from 20.
 * Written from the standards cited below, it shares no line with the program that it checks. How to use it, and its hash: docs/reference/verify.md */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const USAGE = `node verify.mjs proof PROOF --policy POLICY --entry ENTRY
node verify.mjs receipt RECEIPT --root-key FILE … [--signatures K] [--policy POLICY]
node verify.mjs bundle BUNDLE [--root-key FILE …] [--signatures K] [--policy POLICY]\nStatus: 0 verified, 1 not verified, 2 not understood.`;
const [MIB, FILE_MAX, NOTE_MAX, ENTRY_MAX, LINE_MAX, CHUNK, HASH_BYTES] = [1_048_576, 67_108_864, 1_048_576, 65_535, 262_144, 65_536, 32];
const [PATH_MAX, DEPTH_MAX, MEMBERS_MAX, BATCH_MAX, JOURNALS_MAX, SEEN_MAX] = [63, 32, 1_020, 1_024, 10_000, 100_000];
/** A check that did not hold, or before all checks a question that is none. What else is thrown is a fault of this file. */
class Refusal extends Error {}
function need(value, why) {
  if (value === undefined || value === null || value === false) throw new Refusal(why);
  return value;
}
function read(parse, why) {
  try {
    return parse();
  } catch {
    throw new Refusal(why);
  }
}
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const [utf8, inText] = [(text) => Buffer.from(text, 'utf8'), (bytes) => bytes.toString('base64url')];
const fatal = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textOf = (bytes, what) => read(() => fatal().decode(bytes), `${what} is no UTF-8`);
const parsed = (text, what) => read(() => JSON.parse(text), `${what} is no JSON`);
const [isText, isCount] = [(value) => typeof value === 'string', (value) => Number.isSafeInteger(value) && value >= 0];
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const TYPES = { n: isCount, t: isText, m: (value) => value === null || isText(value), l: Array.isArray, o: isObject };
/** An object with the members that `shape` names and no others, each a number, a text, a text or null, a list, or an object. */
function shaped(value, shape, what) {
  const members = shape.split(' ').map((one) => one.split(':'));
  const isSound = isObject(value) && members.every(([name, type]) => Object.hasOwn(value, name) && TYPES[type](value[name]));
  return need(isSound && Object.keys(value).length === members.length && value, `${what} is malformed, or has other members`);
}
/** RFC 8785: what ECMAScript writes, with members in the order of their UTF-16 code units. */
function canonical(value, depth = 0) {
  need(depth < DEPTH_MAX, `the JSON has more than ${DEPTH_MAX} levels`);
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name], depth + 1)}`).join(',')}}`;
}
const isCanonical = (value, text) => isObject(value) && text.isWellFormed() && canonical(value) === text && value;
const canonicalJson = (text, what) => need(isCanonical(parsed(text, what), text), `${what} is not canonical JSON (RFC 8785)`);
const bytesOf = (text, encoding, length, bytes = Buffer.from(isText(text) ? text : '', encoding)) =>
  bytes.toString(encoding) === text && (length ?? bytes.length) === bytes.length ? bytes : undefined;
const hashOf = (text, encoding, what) => need(bytesOf(text, encoding, HASH_BYTES), `${what} is no hash`);
const countOf = (text, what) => Number(need(/^(?:0|[1-9]\d{0,15})$/.test(text) && isCount(Number(text)) && text, `${what} is no number: ${text}`));
const [leafHash, nodeHash] = [(entry) => sha256(Buffer.of(0), entry), (left, right) => sha256(Buffer.of(1), left, right)];
const halfOf = (size, half = 1) => (half * 2 < size ? halfOf(size, half * 2) : half);
/** The root of a tree by an audit path (RFC 6962 section 2.1.1), whose last hash is the one of the half in which the entry is not. */
export function rootBy({ leaf, index, size, path }) {
  need(path.length <= PATH_MAX && [leaf, ...path].every(({ length }) => length === HASH_BYTES) && index < size, `no path of ${index} in ${size}`);
  if (size === 1) return need(path.length === 0 && leaf, 'the path is too long');
  const [half, beside] = [halfOf(size), need(path.at(-1), 'the path is too short')];
  const inner = (at, of) => rootBy({ leaf, index: at, size: of, path: path.slice(0, -1) });
  return index < half ? nodeHash(inner(index, half), beside) : nodeHash(beside, inner(index - half, size - half));
}
const needPath = (of, root, what) => need(rootBy(of).equals(root), `the path does not lead from entry ${of.index} to the signed root: ${what}`);
/** The root from leaves that are shown and, in order, from the roots of the largest parts that hold none of them. */
function rootOfShown(shown, begin, end) {
  if (!(shown.next() < end)) return shown.hash();
  if (end - begin === 1) return shown.leaf();
  const half = begin + halfOf(end - begin);
  return nodeHash(rootOfShown(shown, begin, half), rootOfShown(shown, half, end));
}
function grow(parts, leaf) {
  let [size, hash] = [1, leaf];
  while (parts.at(-1)?.size === size) [size, hash] = [size * 2, nodeHash(parts.pop().hash, hash)];
  parts.push({ size, hash });
}
const sizeOf = (parts) => parts.reduce((all, { size }) => all + size, 0);
const rootOf = (parts) => parts.reduceRight((right, { hash }) => (right ? nodeHash(hash, right) : hash), undefined) ?? sha256();
/** Notes (C2SP signed-note): text without controls up to the last empty line, then at most 64 signature lines of five bytes or more. */
const LINE = '— ([^\\p{White_Space}\\0-\\x1f+]+) ([A-Za-z0-9+/]{7,}={0,2})\\n';
const [NOTE, LINES] = [new RegExp(`^([\\n\\u0020-\\u{10ffff}]*\\n)\\n((?:${LINE}){1,64})$`, 'u'), new RegExp(LINE, 'gu')];
const PROOF = /^c2sp\.org\/tlog-proof@v1\n(?:extra ([^\n]*)\n)?index ([^\n]*)\n((?:[^\n]+\n){0,63})\n([\s\S]*)$/;
const [CHECKPOINT, ROSTER] = [/^([^\n]+)\n([0-9]+)\n([^\n]+)\n$/, /^holdfast\/roster\/v1\n([^\n]+)\n([^\n]+)\n$/];
const HEAD = /^holdfast\/batch-head\/v1\n(bank_[a-z2-7]{26})\n([1-9][0-9]*) ([1-9][0-9]*)\n(\S{44})\n(\S{44})\n$/;
/** What a note of this form says, and which keys signed it, each with what it says besides: the time, or 0. */
function openNote(note, form, keysOf) {
  const [, text, lines] = need(note.length <= NOTE_MAX && note.isWellFormed() && NOTE.exec(note), 'the note is malformed, or too long');
  const [[, ...words], signers] = [need(form.exec(text), 'the note is of another form'), new Map()];
  const keys = keysOf(words);
  for (const [, name, encoded] of lines.matchAll(LINES)) {
    const bytes = need(bytesOf(encoded, 'base64'), 'a signature line is malformed');
    const key = keys.find((one) => one.name === name && one.id.equals(bytes.subarray(0, 4)));
    if (key) signers.set(key, Math.max(signers.get(key) ?? 0, need(key.check(text, bytes.subarray(4)), `the signature of ${name} is wrong`)));
  }
  return { text, words, signers };
}
const checkBy = (spki, digest, key = createPublicKey({ key: spki, format: 'der', type: 'spki' })) => {
  return (text, signature) => verifySignature(digest, utf8(text), key, signature) && 0;
};
/** The y of points of small order (RFC 8032 section 8.4 leaves them to the user of a key): anybody can sign for them. */
const [P, ORDER_8] = [2n ** 255n - 19n, 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n];
const SMALL_ORDER = [0n, 1n, P - 1n, ORDER_8, P - ORDER_8];
/** A vkey of type 1 (a log) or 4 (a witness, whose signature begins with its time); C2SP signed-note, "Verifier keys", and tlog-cosignature. */
function keyOfVkey(vkey, type) {
  const [, name, id, encoded] = /^([^\p{White_Space}\p{Cc}+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey) ?? [];
  const material = need(bytesOf(encoded, 'base64', 33), `no vkey: ${vkey}`);
  const [point, own] = [material.subarray(1), sha256(utf8(`${name}\n`), material).subarray(0, 4)];
  const y = BigInt.asUintN(255, BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`));
  need(material[0] === type && y < P && !SMALL_ORDER.includes(y) && own.toString('hex') === id, `no sound vkey of type ${type}: ${vkey}`);
  const isBy = checkBy(Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]), null);
  const cosignedAt = (text, signature, time = signature.length === 72 ? signature.readBigUInt64BE() : 0n) =>
    time > 0n && time < 2n ** 53n && isBy(`cosignature/v1\ntime ${time}\n${text}`, signature.subarray(8)) === 0 && Number(time);
  return { name, id: own, vkey, point: inText(point), check: type === 4 ? cosignedAt : isBy };
}
/** A key of a bank or a site root: ECDSA over P-256, note type 2, its id the hash of its SubjectPublicKeyInfo. */
function keyOfSpki(name, text) {
  const [spki, why] = [bytesOf(text, 'base64url', 91), `the key of ${name} is no P-256 key`];
  need(spki?.toString('hex', 0, 27) === '3059301306072a8648ce3d020106082a8648ce3d03010703420004', why);
  return { name, id: sha256(spki).subarray(0, 4), check: read(() => checkBy(spki, 'sha256'), why) };
}
/** C2SP tlog-policy, section "Policy file syntax and structure". No name has a space, so what is kept under one with a space is none. */
function readPolicy(text) {
  const [logs, witnesses, known] = [[], [], new Map([['none', () => true]])];
  const define = (name, value) => need(!known.has(name) && known.set(name, value), `${name} stands twice in the policy`);
  const defined = (name) => need(known.get(name), `the policy does not define ${name} before it is used`);
  const take = (list, key) => define(`the key ${key.point}`, list.push(key)) && ((cosigned) => cosigned.has(key));
  const group = (count, names) => {
    const k = count === 'any' ? 1 : count === 'all' ? names.length : countOf(count, 'a threshold');
    need(k >= 1 && k <= names.length && !names.includes('none'), `a group of the policy asks for ${count} of ${names.join(' ')}`);
    const members = names.map((name) => define(`the member ${name}`, true) && defined(name));
    return (cosigned) => members.filter((one) => one(cosigned)).length >= k;
  };
  for (const line of text.split('\n')) {
    const [word = '#', a, b, ...more] = line.split(/[ \t]+/).filter((part) => part !== '');
    if (word === 'log' && a && more.length === 0) take(logs, keyOfVkey(a, 1));
    else if (word === 'witness' && b && more.length <= 1) define(a, take(witnesses, keyOfVkey(b, 4)));
    else if (word === 'group' && more.length > 0) define(a, group(b, more));
    else if (word === 'quorum' && a && !b) define('the quorum', { name: a, holds: defined(a) });
    else need(word.startsWith('#'), `the policy has a line that is not understood: ${line}`);
  }
  return { logs: need(logs.length > 0 && logs, 'the policy has no log'), witnesses, quorum: defined('the quorum') };
}
/** Whose word counts for one log: the policy's; without one that of the key which the file names, and then nobody else's. */
function trustedBy(policy, vkey) {
  const [own, quorum] = [keyOfVkey(vkey, 1), { name: 'none', holds: () => true }];
  const { logs, ...rest } = policy ?? { logs: [own], witnesses: [], quorum, isOwn: true };
  return { ...rest, logs: logs.filter(({ name }) => name === own.name) };
}
/** A checkpoint (C2SP tlog-checkpoint) that a policy believes. Years above 9999 are beyond what a date is written for here. */
function openCheckpoint(note, { logs, witnesses, quorum, isOwn }, ok, open) {
  const timeText = (s) => (s < 253_402_300_800 ? new Date(s * 1000).toISOString() : `second ${s}`);
  const { words, signers } = openNote(note, CHECKPOINT, () => [...logs, ...witnesses]);
  const [origin, size, root] = [words[0], countOf(words[1], 'the size'), hashOf(words[2], 'base64', 'the root')];
  const signer = logs.find((key) => signers.has(key) && key.name === origin);
  const { vkey } = need(signer, `no log of the policy signed this checkpoint of ${origin}`);
  ok(`the log ${origin} signed a tree of ${size} entries${isOwn ? ', by the key that this file names' : ''}`);
  const cosigned = new Set(witnesses.filter((key) => signers.has(key)));
  for (const key of cosigned) ok(`${key.name} cosigned it at ${timeText(signers.get(key))}`);
  const count = `${cosigned.size} of ${witnesses.length} witnesses cosigned`;
  need(quorum.holds(cosigned), `${count}, which is not the quorum ${quorum.name}`);
  isOwn ? open('cosignatures: not judged, for no --policy says whose count') : ok(`${count}, which is the quorum ${quorum.name}`);
  return { origin, size, root, vkey };
}
/** Follows a tlog-proof (C2SP tlog-proof, section "Format") from a leaf to the head that `headOf` makes of its checkpoint. */
function follow(text, leaf, headOf, what) {
  const [, extra = '', place, hashes, checkpoint] = need(text.length <= NOTE_MAX && PROOF.exec(text), `${what} is no tlog-proof file, or too long`);
  const [index, path] = [countOf(place, 'the index'), (hashes.match(/[^\n]+/g) ?? []).map((line) => hashOf(line, 'base64', 'a line of the path'))];
  const { size, root } = headOf(need(bytesOf(extra, 'base64') && checkpoint, `${what}: the extra data is malformed`));
  needPath({ leaf, index, size, path }, root, what);
  return { index, says: `${what}: entry ${index} of the ${size} that the log signed` };
}
export const verifyProof = ({ proof, entry, ...trust }) =>
  judge(trust, ({ ok, policy }) => {
    need(entry.length <= ENTRY_MAX, `an entry has at most ${ENTRY_MAX} bytes`);
    ok(follow(proof, leafHash(entry), (text) => openCheckpoint(text, policy, ok), 'the proof').says);
  });
/** Says which roster of the site root names a bank's key (docs/reference/batch.md). Each is opened once; one that does not hold names nobody. */
function vouching(rosters, { rootKeys, signatures }, asked) {
  const newest = new Map();
  const take = (roster) => {
    const keysOf = ([site]) => rootKeys.map((key) => keyOfSpki(site, key));
    const { words, signers } = openNote(need(isText(roster) && roster, 'there is no roster'), ROSTER, keysOf);
    need(signers.size >= signatures, `${signers.size} of the given root keys signed, not ${signatures}`);
    const { v, tenant, site, version, banks } = canonicalJson(words[1], 'the roster');
    need(v === 1 && site === words[0] && isCount(version) && Array.isArray(banks), 'the roster is malformed');
    need([tenant, undefined].includes(asked), `the roster is one of ${tenant}, not of ${asked}`);
    const names = [site, ...banks.map((one) => canonical([one?.bank, one?.key]))];
    for (const name of names) if (!(newest.get(name)?.version > version)) newest.set(name, { version, site });
  };
  const why = rosters.flatMap((one) => judge({}, () => take(one)).lines).at(-1)?.says ?? 'no roster that the given root keys signed names its key';
  return ({ bank, bankKey }, { ok, open }) => {
    const { version, site } = need(newest.get(canonical([bank, bankKey])), `${bank}: vouched by the cloud only: ${why}`);
    ok(`the site root’s roster, version ${version} of ${site}, names the key of ${bank}`);
    if (newest.get(site).version > version) open(`${bank}: a newer roster of ${site} drops its key; which records are older is the cloud’s word`);
  };
}
function openHead(note, { bank, bankKey }) {
  const { text, words, signers } = openNote(note, HEAD, () => [keyOfSpki(bank, bankKey)]);
  const [first, last] = [countOf(words[1], 'the first number'), countOf(words[2], 'the last number')];
  const [previous, root] = words.slice(3).map((one) => hashOf(one, 'base64', 'a hash of the head'));
  need(signers.size === 1 && words[0] === bank && first <= last, 'the batch head is not signed by this bank, or malformed');
  return { bank, first, last, previous, root, hash: sha256(utf8(text)) };
}
function openRecord(text) {
  const [record, bytes] = [canonicalJson(text, 'the record'), utf8(text)];
  const { v, kind, source, prev, seq, facts, commitments } = record;
  const isSound = v === 1 && [kind, source, prev].every(isText) && isCount(seq) && seq > 0 && isObject(facts) && isObject(commitments);
  need(isSound && bytes.length <= ENTRY_MAX, 'the record is malformed, or too long');
  return { record, leaf: leafHash(bytes) };
}
const nameOfKey = (vkey) => inText(sha256(utf8(vkey)));
/** Keys that a log recorded (docs/reference/ledger.md, "Another key for a log"): each under the one before, in a tree that both have signed. */
function followKeys(links, { logs, ...trust }, { vkey, origin }, { ok, open }) {
  let [due, newest, since] = [logs, undefined, 0];
  const names = links.map((one) => {
    const [{ record: text, proof }, what] = [shaped(one, 'record:t proof:t', 'a link'), 'a link of the succession of keys'];
    const { record, leaf } = openRecord(text);
    const { before, key, id } = record.facts;
    const point = need(record.kind === 'log.key-rotated' && bytesOf(key, 'base64url', HASH_BYTES), `${what} names none`).toString('hex');
    const next = keyOfVkey(`${origin}+${Number(id).toString(16).padStart(8, '0')}+${Buffer.from(`01${point}`, 'hex').toString('base64')}`, 1);
    need(before === (newest ?? before), `${what} does not follow the one before it`);
    const from = due.find((known) => nameOfKey(known.vkey) === before);
    const headBy = (signer) => (note) => openCheckpoint(note, { ...trust, logs: [signer], isOwn: false }, () => 0);
    for (const signer of from ? [from, next] : []) since = follow(proof, leaf, headBy(signer), what).index + 1;
    if (from) ok(`the log recorded that from ${since} entries on the key ${next.vkey} signs it`);
    [due, newest] = [from ? [next] : due, nameOfKey(next.vkey)];
    return before;
  });
  need((newest ?? nameOfKey(vkey)) === nameOfKey(vkey), 'the succession of keys does not lead to the key that keys.json names');
  if (due === logs && names.length > 0) open(`${names.length} changes of the log’s key are not judged: no --policy names an earlier one`);
  return { since, names: new Set([...names, nameOfKey(vkey)]), trusted: { ...trust, logs: due } };
}
const openFields = ({ seq, commitments }, openings) =>
  Object.entries(openings).map(([field, opening]) => {
    const { salt, value } = shaped(opening, 'salt:t value:t', `the opening of ${field}`);
    const drawn = value.isWellFormed() && bytesOf(salt, 'base64url', 16);
    const holds = drawn && Object.hasOwn(commitments, field) && inText(sha256(drawn, utf8(value))) === commitments[field];
    return need(holds && field, `the opened field ${field} is not what record ${seq} committed to`);
  });
// Receipts (docs/reference/receipt.md): each record in its batch, and in the log. Who gives a policy asks that each of them has its proof.
export const verifyReceipt = ({ receipt, ...trust }) =>
  judge(trust, ({ ok, open, policy, ...roots }) => {
    const value = parsed(receipt, 'the receipt');
    const [more, mores] = value?.v === 1 ? ['', ''] : [' log:m', ' proof:m'];
    const of = shaped(value, `v:n parcel:t bank:t roster:m bankKey:t entries:l${more}`, 'the receipt');
    need((of.v === 1 || of.v === 2) && of.entries.length > 0, 'the receipt is of another version, or empty');
    vouching([of.roster], roots)(of, { ok, open });
    const [log, lacking] = [of.log ?? undefined, (says) => (policy === undefined ? open(says) : need(false, says))];
    if (log === undefined) lacking('not shown: that the records stand in a log; this receipt names none');
    const [trusted, heads] = [log === undefined ? undefined : trustedBy(policy, log), new Map()];
    const headOf = (text) => heads.get(text) ?? heads.set(text, openCheckpoint(text, trusted, ok, open)).get(text);
    let [before, tied] = [0, 0];
    for (const entry of of.entries) {
      const { openings, proof, head, path } = shaped(entry, `record:t openings:o head:t path:l${mores}`, 'an entry');
      const [{ record, leaf }, { first, last, root }] = [openRecord(entry.record), openHead(head, of)];
      const [{ seq, source, kind, commitments }, hashes] = [record, path.map((one) => hashOf(one, 'base64url', 'a line of the path'))];
      need(source === of.bank && seq >= first, 'the record is of another bank, or stands before its batch');
      const what = `record ${seq}, ${kind}, in batch ${first} to ${last} that the bank signed`;
      needPath({ leaf, index: seq - first, size: last - first + 1, path: hashes }, root, what);
      ok(`${what}; opened: ${openFields(record, openings).join(', ') || 'nothing'}`);
      if (log === undefined) need(!proof, 'there is a proof, and no log is named');
      else if (proof === 'to come: fetch this receipt again') lacking(`record ${seq}: the log’s proof is still to come; fetch the receipt again`);
      else ok(follow(String(proof), leaf, headOf, `record ${seq}`).says);
      need(seq > before, 'the records do not stand in the bank’s own order');
      need(commitments.parcel === undefined || openings.parcel?.value === of.parcel, `record ${seq} does not show that it speaks of this parcel`);
      [before, tied] = [seq, tied + (commitments.parcel === undefined ? 0 : 1)];
    }
    ok(`the records stand in the bank’s own order, and ${need(tied > 0 && tied, 'no record speaks of this parcel')} of them name ${of.parcel}`);
  });
// Bundles of evidence (docs/reference/export.md): the archive, whose files are read at once up to so many bytes, or come by.
const MOST = { 'manifest.json': 4 * MIB, checkpoint: MIB, 'keys.json': FILE_MAX };
const FILES = [...Object.keys(MOST), 'records.jsonl', 'heads.jsonl', 'opened.jsonl', 'tree.txt', 'records.csv', 'report.html'];
const nameIn = (folder, index, ending) => `${folder}/${String(index).padStart(16, '0')}.${ending}`;
const ENDINGS = new Map(Object.entries({ jpeg: 'jpg', png: 'png', webp: 'webp', pdf: 'pdf', text: 'txt' }));
const OTHERS = /^(?:proofs\/\d{16}\.tlog-proof|evidence\/\d{16}\.[a-z]{3,4}\.p7m)$/;
const mostOf = (name) => (FILES.includes(name) ? (MOST[name] ?? Infinity) : OTHERS.test(name) ? 16 * MIB : -1);
const readAt = (file, at, length, bytes = Buffer.alloc(length)) => bytes.subarray(0, readSync(file, bytes, 0, length, at));
const isZero = (bytes) => bytes.every((byte) => byte === 0);
/** IEEE 1003.1, pax, "ustar Interchange Format": a plain file of nobody and no time. Name, length and sum are read. */
const HEADER = /^([!-~]+)\0+0000600\0(?:0000000\0){2}([0-7]{11})\0[0]{11}\0([0-7]{6})\0 0\0{100}ustar\0[0]{2}\0{247}$/;
function membersOf(file, size) {
  let [members, at] = [new Map(), 0];
  while (at < size - 1_024) {
    const header = readAt(file, at, 512);
    const [, name, octal, sum] = need(HEADER.exec(header.toString('latin1')), `the header at byte ${at} is not one of a plain file in a bundle`);
    const found = header.fill(' ', 148, 156).reduce((all, byte) => all + byte, 0);
    const [length, isSound] = [Number.parseInt(octal, 8), Number.parseInt(sum, 8) === found && !members.has(name)];
    need(isSound && length <= mostOf(name), `${name} is no file of a bundle, or its second, or has more than ${mostOf(name)} bytes`);
    members.set(name, { at: at + 512, length });
    const end = at + 512 + length;
    at = Math.ceil(end / 512) * 512;
    need(at <= size && isZero(readAt(file, end, at - end)), `${name} is cut off, or bytes hide behind it`);
    need(members.size <= MEMBERS_MAX, `there are more than ${MEMBERS_MAX} files`);
  }
  need(at === size - 1_024 && isZero(readAt(file, at, 1_024)), 'the archive is cut off, or bytes stand behind its end');
  for (const name of FILES) need(members.has(name), `${name} is missing`);
  return members;
}
function* chunksOf(file, { at, length }) {
  for (let done = 0; done < length; done += CHUNK) yield readAt(file, at + done, Math.min(CHUNK, length - done));
}
function* linesOf(file, member, name, parse) {
  let [left, decoder] = ['', fatal()];
  for (const chunk of chunksOf(file, member)) {
    const lines = read(() => left + decoder.decode(chunk, { stream: true }), `${name} is no UTF-8`).split('\n');
    left = lines.pop();
    for (const line of lines) yield parse(line);
    need(left.length <= LINE_MAX, `a line of ${name} is too long`);
  }
  need(left === '' && read(() => decoder.decode(), `${name} is no UTF-8`) === '', `${name} is cut off within a line`);
}
const MANIFEST = 'format:t madeAtMs:n madeBy:m purpose:t tenant:t selection:o opened:l log:o records:n proofs:t sources:l files:l';
function openBundle(file) {
  const members = membersOf(file, fstatSync(file).size);
  const whole = (name) => textOf(readAt(file, members.get(name).at, members.get(name).length), name);
  const manifest = shaped(canonicalJson(whole('manifest.json'), 'manifest.json'), MANIFEST, 'manifest.json');
  const said = new Set(manifest.files.map((one) => canonical(one)));
  for (const [name, member] of members) {
    const hash = createHash('sha256');
    for (const chunk of chunksOf(file, member)) hash.update(chunk);
    const entry = canonical({ name, bytes: member.length, sha256: hash.digest('base64url') });
    need(name === 'manifest.json' || said.has(entry), `the manifest does not name ${name}, or with another length or SHA-256`);
  }
  need(manifest.files.length === members.size - 1, 'the manifest names a file that is not here, or one twice');
  const keys = shaped(canonicalJson(whole('keys.json'), 'keys.json'), 'log:o rosters:l', 'keys.json');
  shaped(keys.log, keys.log.succession === undefined ? 'origin:t vkey:t' : 'origin:t succession:l vkey:t', 'the log of keys.json');
  return { members, whole, manifest, keys, lines: (name, parse) => linesOf(file, members.get(name), name, parse) };
}
function closeBatch({ bank, first, last, root, hashes, leaves }) {
  const hash = () => hashOf(hashes.shift(), 'base64', 'a hash of heads.jsonl');
  const found = rootOfShown({ next: () => leaves[0]?.index, leaf: () => leaves.shift().leaf, hash }, 0, last - first + 1);
  need(found.equals(root) && hashes.length === 0, `the records are not those of batch ${first} to ${last} that ${bank} signed`);
}
/** Numbers and hashes of each journal follow each other, and each bank signed its batches, in their order. */
function readJournals(heads) {
  const [journals, signers] = [new Map(), new Map()];
  const take = ({ source, seq, prev }, leaf) => {
    const is = journals.get(source) ?? { source, first: seq, last: seq - 1, records: 0, whole: true, hash: seq === 1 ? NO_HASH : prev };
    const [about, follows] = [`record ${seq} of ${source}`, seq === is.last + 1];
    need(seq > is.last, `${about} stands behind record ${is.last}`);
    need(!follows || prev === is.hash, `${about} names another record before it`);
    journals.set(source, Object.assign(is, { last: seq, records: is.records + 1, whole: is.whole && follows, hash: inText(leaf) }));
    need(journals.size <= JOURNALS_MAX && signers.size <= JOURNALS_MAX, `there are more than ${JOURNALS_MAX} journals, or keys`);
    if (!source.startsWith('bank_')) return;
    const before = is.batch;
    if (!(seq <= before?.last)) {
      if (before) closeBatch(before);
      const { bank, key, head: note, hashes } = need(heads.next().value, 'heads.jsonl ends before the records do');
      is.batch = { ...openHead(need(bank === source && note, `heads.jsonl has no head for ${about}`), { bank, bankKey: key }), hashes, leaves: [] };
      const { first, last, previous } = is.batch;
      const isHere = first <= seq && seq <= last && last - first < BATCH_MAX && first > (before?.last ?? 0);
      const isNext = !before || first !== before.last + 1 || previous.equals(before.hash);
      need(isHere && isNext, `batch ${first} to ${last} of ${source} does not hold ${about}, or names another batch before it`);
      signers.set(`${bank} ${key}`, { bank, bankKey: key });
    }
    is.batch.leaves.push({ index: seq - is.batch.first, leaf });
  };
  const end = () => {
    for (const { batch } of journals.values()) if (batch) closeBatch(batch);
    need(heads.next().done, 'heads.jsonl has a head that no record needs');
    return { signers, found: [...journals.values()].map(({ hash, batch, ...journal }) => journal) };
  };
  return { take, end };
}
const [NO_HASH, SEES] = ['A'.repeat(43), ['log.seen', 'log.left', 'log.disputed', 'log.settled']];
/** What banks recorded that they had seen of this log: a log with two faces has to carry what the banks of the other face saw. */
function readSeen(lines, names) {
  const [parts, heads] = [[], []];
  let [compared, left, others] = [0, 0, 0];
  for (const line of lines) {
    const { index, text } = line.includes('"kind":"log.') ? recordIn(line) : {};
    const { kind, source, seq, facts } = text ? openRecord(text).record : {};
    if (!SEES.includes(kind) || facts.root === NO_HASH || (!names.has(facts.log) && ++others)) continue;
    need(isCount(facts.size) && facts.size <= index, `record ${seq} of ${source} saw more entries of this log than the ${index} before it`);
    const says = `record ${seq} of ${source} says that the log had another root at ${facts.size} entries`;
    if (left++ < SEEN_MAX) heads.push({ says, size: facts.size, root: facts.root });
  }
  heads.sort((a, b) => a.size - b.size);
  const take = (index, leaf) => {
    for (; heads[compared]?.size === sizeOf(parts); compared += 1) need(heads[compared].root === inText(rootOf(parts)), heads[compared].says);
    if (index === sizeOf(parts) && compared < heads.length) grow(parts, leaf);
  };
  const end = ({ ok, open }) => {
    take();
    if (compared > 0) ok(`${compared} heads that banks recorded of this log are heads of its tree`);
    if (left > compared) open(`${left - compared} heads that banks recorded of this log are not compared: not every entry before is here`);
    if (others > 0) open(`${others} heads that banks recorded are of another log, or under a key that this bundle does not name: not compared`);
  };
  return { take, end };
}
function recordIn(line) {
  const [, digits, text] = need(/^\{"index":(\d{1,20}),"record":(\{.*\})\}$/.exec(line), 'a line of records.jsonl is malformed');
  return { index: countOf(digits, 'the index of a record'), text };
}
const jsonIn = (shape, what) => (line) => shaped(parsed(line, what), shape, what);
function readRecords({ lines, members, manifest, whole }, { names, ...head }, judging) {
  const journals = readJournals(lines('heads.jsonl', jsonIn('bank:t key:t head:t hashes:l', 'a line of heads.jsonl')));
  const [records, tree] = [lines('records.jsonl', recordIn), lines('tree.txt', (line) => hashOf(line, 'base64', 'a line of tree.txt'))];
  const opened = lines('opened.jsonl', jsonIn('index:n openings:o', 'a line of opened.jsonl'));
  const [seen, checkpoint, objects] = [readSeen(lines('records.jsonl', String), names), whole('checkpoint'), new Map()];
  const headOf = (text) => need(text === checkpoint && head, 'a proof is for another checkpoint than the bundle’s');
  let [before, count, proven, absent, next, opening] = [-1, 0, 0, 0, records.next().value, opened.next().value];
  const leaf = () => {
    const [{ index, text }, name] = [next, nameIn('proofs', next.index, 'tlog-proof')];
    const { record, leaf: hash } = openRecord(need(index > before && text, `entry ${index} stands behind entry ${before}`));
    journals.take(record, hash);
    seen.take(index, hash);
    if (opening?.index === index) {
      for (const field of openFields(record, opening.openings)) need(manifest.opened.includes(field), `the manifest does not name ${field}`);
      const { evidence } = record.kind === 'evidence.attached' ? opening.openings : {};
      const object = nameIn('evidence', index, `${ENDINGS.get(record.facts.media)}.p7m`);
      if (evidence && members.has(object)) objects.set(object, hashOf(evidence.value, 'hex', `what is opened beside ${object}`));
      else if (evidence) absent += 1;
      opening = opened.next().value;
    }
    if (members.has(name)) proven += need(follow(whole(name), hash, headOf, name).index === index && 1, `${name} is a proof of another entry`);
    [before, count, next] = [index, count + 1, records.next().value];
    return hash;
  };
  const hash = () => need(tree.next().value, 'tree.txt ends before the tree does');
  const found = rootOfShown({ next: () => next?.index, leaf, hash }, 0, head.size);
  need(found.equals(head.root) && tree.next().done && !next && !opening, 'records, openings and tree.txt do not make the tree that the log signed');
  judging.ok(`${need(count > 0 && count, 'there is no record in it')} records lead, each at its place, to the root that the log signed`);
  const [proofs, promised] = [[...members.keys()].filter((name) => name.startsWith('proofs/')).length, manifest.proofs === 'each' ? count : 0];
  need(proofs === promised && proven === promised, `there are ${proofs} proofs, not ${promised}`);
  judging.ok(`${promised} proof files, of one record each, lead to the same root`);
  for (const name of members.keys()) need(!name.startsWith('evidence/') || objects.has(name), `${name}: no record here commits to it openly`);
  for (const [name, hash] of objects) judging.open(`${name}: unopened, held against no record; inside has to be SHA-256 ${hash.toString('hex')}`);
  if (absent > 0) judging.open(`${absent} objects of evidence that records here commit to openly are not in this bundle`);
  seen.end(judging);
  return { ...journals.end(), count };
}
export const verifyBundle = ({ file, ...trust }) =>
  judge(trust, (judging) => {
    const [{ ok, open, policy, rootKeys }, bundle] = [judging, openBundle(file)];
    const { members, manifest, keys } = bundle;
    ok(`${members.size} files, each with the length and the SHA-256 that the manifest names`);
    const { trusted, since, names } = followKeys(keys.log.succession ?? [], trustedBy(policy, keys.log.vkey), keys.log, judging);
    const { origin, size, root, vkey } = openCheckpoint(bundle.whole('checkpoint'), trusted, ok, open);
    need(origin === keys.log.origin && vkey === keys.log.vkey && size >= since, 'keys.json names another log, or another key, than signed');
    const { found, count, signers } = readRecords(bundle, { size, root, names }, judging);
    const mayHaveGaps = ['compartment', 'parcel', 'person'].some((name) => manifest.selection[name] !== null);
    for (const { source, first, last, records: n, whole } of found) {
      need(source.startsWith('bank_') || source === manifest.tenant, `${source}: records of another organisation than the manifest names`);
      need(whole || mayHaveGaps, `${source}: records are missing, and nothing in the selection leaves any out`);
      ok(`${source}: ${n} records from ${first} to ${last}, ${whole ? 'none missing' : 'others left out'}, in order`);
    }
    const here = { format: 'holdfast/export/v1', log: { origin, size }, sources: found, records: count };
    need(canonical({ ...manifest, ...here }) === canonical(manifest), 'the manifest says otherwise than what is here');
    const vouched = rootKeys.length > 0 && vouching(keys.rosters, judging, manifest.tenant);
    for (const signer of signers.values()) {
      ok(`${signer.bank}: each record stands in a batch that this bank signed`);
      vouched ? vouched(signer, judging) : open(`${signer.bank}: vouched by the cloud only, for no --root-key says whose roster counts`);
    }
    open('not checked: records.csv, report.html; not proved: purpose and selection');
  });
/** Each check is a line; the first that does not hold ends them, for the others stand on it. `holds` is null for what was not checked. */
function judge({ rootKeys = [], signatures = 1, policy }, checks) {
  const isEach = rootKeys.every((key) => keyOfSpki('a root', key)) && new Set(rootKeys).size === rootKeys.length;
  const isSome = rootKeys.length === 0 || (isCount(signatures) && signatures >= 1 && signatures <= rootKeys.length);
  need(isEach && isSome, `a root key is given twice, or --signatures is not 1 to ${rootKeys.length}`);
  const [lines, asked] = [[], policy === undefined ? undefined : readPolicy(policy)];
  const say = (holds) => (says) => lines.push({ holds, says });
  try {
    checks({ ok: say(true), open: say(null), rootKeys, signatures, policy: asked });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(false)(error.message);
  }
  return { lines, holds: lines.every(({ holds }) => holds !== false), isPartial: lines.some(({ holds }) => holds === null) };
}
const isFit = (found) => found.isFile() && found.size <= FILE_MAX;
const bytesAt = (path) => need(isFit(statSync(path)) && readFileSync(path), `${path} is no plain file, or has more than ${FILE_MAX} bytes`);
const textAt = (path) => textOf(bytesAt(path), path);
const COMMANDS = {
  proof: [['--policy', '--entry'], [], (path, { entry, ...trust }) => verifyProof({ proof: textAt(path), entry: bytesAt(entry), ...trust })],
  receipt: [['--root-key'], ['--signatures', '--policy'], (path, trust) => verifyReceipt({ receipt: textAt(path), ...trust })],
  bundle: [[], ['--root-key', '--signatures', '--policy'], (path, trust) => verifyBundle({ file: openSync(path, 'r'), ...trust })],
};
function main([what, path, ...rest]) {
  // What a stranger wrote must not command the terminal, nor fill it.
  const visible = (text) => text.slice(0, 1_000).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
  const told = ({ holds, says }) => `${holds === null ? '--  ' : holds ? 'ok  ' : 'FAIL'}  ${visible(says)}\n`;
  const given = new Map();
  try {
    const [needs, takes, run] = need(path && Object.hasOwn(COMMANDS, what) && COMMANDS[what], USAGE);
    for (let at = 0; at < rest.length; at += 2) given.set(rest[at], [...(given.get(rest[at]) ?? []), need(rest[at + 1], USAGE)]);
    const isKnown = ([name, values]) => [...needs, ...takes].includes(name) && (values.length === 1 || name === '--root-key');
    need(needs.every((name) => given.has(name)) && [...given].every(isKnown), USAGE);
    const [keys, [policy], [entry], [signatures = 1]] = ['--root-key', '--policy', '--entry', '--signatures'].map((name) => given.get(name) ?? []);
    const rootKeys = keys.map((name) => parsed(textAt(name), `${name}, a root key,`)?.key);
    const { lines, holds, isPartial } = run(path, { entry, rootKeys, policy: policy && textAt(policy), signatures: Number(signatures) });
    process.stdout.write(`${lines.map(told).join('')}${holds ? `verified${isPartial ? ', as far as the lines above say' : ''}` : 'NOT verified'}\n`);
    return holds ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Refusal) && error.syscall === undefined) throw error;
    process.stderr.write(`${error.message.split('\n').map(visible).join('\n')}\n`);
    return 2;
  }
}
if (process.argv[1] && pathToFileURL(realpathSync(process.argv[1])).href === import.meta.url) process.exitCode = main(process.argv.slice(2));
