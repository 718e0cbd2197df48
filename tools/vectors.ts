/**
 * Writes the vectors of the formats that are final: records, batches and rosters, under
 * `src/contract/vectors/`. Ids, salts and times are fixed and the keys are published test keys, so that
 * another implementation can start from the same inputs. ECDSA draws a nonce for every signature: a new
 * run changes the notes' signatures and nothing else. It also writes the table of kinds into
 * `docs/reference/record.md`.
 *
 *     node tools/vectors.ts         everything
 *     node tools/vectors.ts kinds   the table only
 */
import { createECDH, createPrivateKey } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { base64url, fromBase64url, hex, utf8 } from '../src/crypto/bytes.ts';
import { sha256 } from '../src/crypto/hash.ts';
import { fingerprint, publicKeyOf, type SigningKey } from '../src/crypto/sign.ts';
import { type IdKind, idFrom } from '../src/domain/ids.ts';
import { kindSpec, RECORD_KINDS } from '../src/domain/kinds.ts';
import type { Order } from '../src/domain/order.ts';
import { DEFAULT_POLICY, type Roster } from '../src/domain/roster.ts';
import { type BatchHead, batchRoot, headHash, headText, NO_HEAD, signHead } from '../src/ledger/batch.ts';
import { claimHash, signOrder } from '../src/ledger/order.ts';
import {
  leafHash,
  NO_HASH,
  type RecordDraft,
  type RecordTime,
  type WrittenRecord,
  writeRecord,
} from '../src/ledger/record.ts';
import { badgeHash, noteHash, signRoster } from '../src/ledger/roster.ts';
import { inclusionPath } from '../src/ledger/tree.ts';

const FOLDER = new URL('../src/contract/vectors/', import.meta.url);
const MADE_BY = 'tools/vectors.ts';

const bytesOf = (name: string, count: number): Uint8Array =>
  sha256(utf8(`holdfast vector ${name}`)).subarray(0, count);
const id = <K extends IdKind>(kind: K) => idFrom(kind, bytesOf(kind, 16));

/** P-256 private keys that stand in RFCs, so that nobody can take them for secrets. */
const BANK_KEY = published('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
const ROOT_KEY = published(
  hex(fromBase64url('jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI') ?? new Uint8Array(0)),
);
const KEY_SOURCES = { bank: 'RFC 6979 appendix A.2.5', root: 'RFC 7515 appendix A.3' };

function published(scalarHex: string): SigningKey {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(scalarHex, 'hex');
  const point = pair.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: Buffer.from(scalarHex, 'hex'),
    x: point.subarray(1, 33),
    y: point.subarray(33),
  };
  const texts = { ...jwk, d: base64url(jwk.d), x: base64url(jwk.x), y: base64url(jwk.y) };
  const privateKey = new Uint8Array(
    createPrivateKey({ key: texts, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' }),
  );
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

const NOON_MS = Date.UTC(2026, 0, 15, 12);
const drafts: { name: string; draft: RecordDraft; time: RecordTime }[] = [
  {
    name: 'the first record of a bank, by its own clock',
    draft: { kind: 'journal.created', facts: { key: fingerprint(BANK_KEY.publicKey) } },
    time: { atMs: NOON_MS, source: 'clock', uncertaintyMs: 60_000 },
  },
  {
    name: 'a parcel put in: six fields committed to, one recipient',
    draft: {
      kind: 'parcel.deposited',
      compartment: 7,
      facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs: NOON_MS + 7 * 86_400_000 },
      fields: {
        parcel: id('parcel'),
        tracking: '1Z999AA10123456784',
        carrier: id('carrier'),
        person: id('person'),
        counterpart: idFrom('person', bytesOf('recipient', 16)),
        grant: id('grant'),
      },
    },
    time: { atMs: NOON_MS + 1000, source: 'cloud', uncertaintyMs: 250 },
  },
  {
    name: 'a wrong code: a decision that denies, no compartment, nobody named',
    draft: {
      kind: 'attempt.decided',
      decision: { allow: false, reason: 'code-wrong' },
      facts: { method: 'pin', work: 'pick-up' },
    },
    time: { atMs: NOON_MS + 2000, source: 'cloud', uncertaintyMs: 250 },
  },
  {
    name: 'a right code: a decision that allows',
    draft: {
      kind: 'attempt.decided',
      compartment: 7,
      decision: { allow: true, right: 'pick-up' },
      facts: { method: 'qr', work: 'pick-up' },
      fields: { grant: id('grant'), parcel: id('parcel'), session: id('session') },
    },
    time: { atMs: NOON_MS + 3000, source: 'cloud', uncertaintyMs: 250 },
  },
  {
    name: 'a release decided, caused by the attempt before it',
    draft: {
      kind: 'release.decided',
      cause: 4,
      compartment: 7,
      decision: { allow: true, right: 'pick-up' },
      facts: { work: 'pick-up', pulse: 1 },
      fields: { session: id('session') },
    },
    time: { atMs: NOON_MS + 3001, source: 'cloud', uncertaintyMs: 251 },
  },
  {
    name: 'a release that nobody answered: unknown, never failed',
    draft: {
      kind: 'release.answered',
      cause: 5,
      compartment: 7,
      outcome: 'unknown',
      facts: { afterMs: 2000, by: 'time' },
    },
    time: { atMs: NOON_MS + 5001, source: 'frozen', uncertaintyMs: 900_000 },
  },
  {
    name: 'a text of more than ASCII behind a commitment, and a negative number',
    draft: {
      kind: 'clock.set',
      facts: { stepMs: -90_061, by: 'person' },
      fields: { person: 'Zoë Łukasiewicz \u{1f511} "q" \\ \n' },
    },
    time: { atMs: NOON_MS - 85_060, source: 'set', uncertaintyMs: 1000 },
  },
];

const cloudDrafts: typeof drafts = [
  {
    name: 'the first record of a tenant',
    draft: { kind: 'tenant.created' },
    time: { atMs: NOON_MS, source: 'clock', uncertaintyMs: 100 },
  },
  {
    name: 'a sign-in allowed',
    draft: {
      kind: 'sign-in.decided',
      decision: { allow: true, right: 'sign-in' },
      facts: { method: 'totp', role: 'admin' },
      fields: { person: id('person'), address: '192.0.2.7' },
    },
    time: { atMs: NOON_MS + 10, source: 'clock', uncertaintyMs: 100 },
  },
];

function chain(source: string, all: typeof drafts): { name: string; written: WrittenRecord }[] {
  let prev = NO_HASH;
  let salts = 0;
  return all.map(({ name, draft, time }, index) => {
    const drawSalt = () => bytesOf(`salt ${source} ${++salts}`, 16);
    const written = writeRecord({ draft, source, seq: index + 1, prev, time, drawSalt });
    prev = written.hash;
    return { name, written };
  });
}

const bankChain = chain(id('bank'), drafts);
const recordVectors = [...bankChain, ...chain(id('tenant'), cloudDrafts)].map(({ name, written }) => ({
  name,
  record: written.record,
  canonicalHex: hex(written.bytes),
  leafHash: written.hash,
  openings: written.openings,
}));

function batchVectors() {
  const all = bankChain.map(({ written }) => written.bytes);
  let previous = NO_HEAD;
  return [
    [1, 5],
    [6, 7],
  ].map(([first = 0, last = 0]) => {
    const records = all.slice(first - 1, last);
    const head: BatchHead = { bank: id('bank'), first, last, previous, root: batchRoot(records) };
    previous = headHash(head);
    const leaves = records.map(leafHash);
    return {
      head,
      text: headText(head),
      headHash: headHash(head),
      note: signHead({ head, key: BANK_KEY }),
      recordsHex: records.map(hex),
      paths: leaves.map((leaf, index) => ({
        index,
        leaf: base64url(leaf),
        path: inclusionPath(leaves, index).map(base64url),
      })),
    };
  });
}

/** The point of a key, as HPKE takes it: the last 65 bytes of its SubjectPublicKeyInfo. */
const pointOf = (key: SigningKey) => base64url(key.publicKey.subarray(-65));

const roster: Roster = {
  v: 1,
  tenant: id('tenant'),
  site: id('site'),
  version: 2,
  madeAtMs: NOON_MS,
  root: { keys: [base64url(ROOT_KEY.publicKey)], k: 1 },
  banks: [{ bank: id('bank'), key: base64url(BANK_KEY.publicKey), sealKey: pointOf(BANK_KEY) }],
  pins: {
    current: base64url(bytesOf('pin current', 32)),
    next: base64url(bytesOf('pin next', 32)),
    offline: null,
  },
  keys: { intake: pointOf(ROOT_KEY), notifier: base64url(ROOT_KEY.publicKey), ledger: null },
  carriers: [{ carrier: id('carrier'), name: 'Example Parcel "Ü" Co.', key: null }],
  couriers: [
    {
      person: id('person'),
      carrier: id('carrier'),
      badgeHash: badgeHash(`HFB1${'A'.repeat(26)}`),
      untilMs: null,
    },
  ],
  staff: [],
  policy: DEFAULT_POLICY,
};

const claim = `HFO1${'A'.repeat(26)}`;
const order: Order = {
  v: 1,
  order: id('order'),
  tenant: id('tenant'),
  site: id('site'),
  bank: id('bank'),
  nonce: base64url(bytesOf('order nonce', 16)),
  madeAtMs: NOON_MS,
  untilMs: NOON_MS + 86_400_000,
  purpose: 'the recipient moved away; Zoë has the parcel list',
  act: { do: 'staff-release', compartment: 7, claim: claimHash(claim), restore: false },
};

async function write(noun: string, content: object): Promise<void> {
  const folder = new URL(`${noun}/`, FOLDER);
  await mkdir(folder, { recursive: true });
  await writeFile(
    new URL('v1.json', folder),
    `${JSON.stringify({ madeBy: MADE_BY, ...content }, null, 2)}\n`,
  );
}

async function writeVectors(): Promise<void> {
  await write('record', { vectors: recordVectors });
  await write('batch', {
    key: {
      source: KEY_SOURCES.bank,
      privateKey: base64url(BANK_KEY.privateKey),
      publicKey: base64url(BANK_KEY.publicKey),
    },
    batches: batchVectors(),
  });
  const orderNote = signOrder(order, [ROOT_KEY]);
  await write('order', {
    key: {
      source: KEY_SOURCES.root,
      privateKey: base64url(ROOT_KEY.privateKey),
      publicKey: base64url(ROOT_KEY.publicKey),
    },
    claim: { text: claim, hash: claimHash(claim) },
    order,
    note: orderNote,
    noteHash: noteHash(orderNote),
  });
  const rosterNote = signRoster(roster, [ROOT_KEY]);
  await write('roster', {
    key: {
      source: KEY_SOURCES.root,
      privateKey: base64url(ROOT_KEY.privateKey),
      publicKey: base64url(ROOT_KEY.publicKey),
    },
    badge: { secret: `HFB1${'A'.repeat(26)}`, hash: badgeHash(`HFB1${'A'.repeat(26)}`) },
    roster,
    note: rosterNote,
    noteHash: noteHash(rosterNote),
  });
}

function kindsTable(): string {
  const rows = RECORD_KINDS.map((kind) => {
    const { by, facts, commits, has } = kindSpec(kind);
    const cells = [
      `\`${kind}\``,
      by,
      Object.keys(facts).join(', '),
      commits.join(', '),
      (has ?? []).join(', '),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  return `| kind | by | facts | commitments | parts |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

async function writeTable(): Promise<void> {
  const page = new URL('../docs/reference/record.md', import.meta.url);
  const text = await readFile(page, 'utf8');
  const table = `<!-- kinds -->\n\n${kindsTable()}\n<!-- /kinds -->`;
  await writeFile(
    page,
    text.replace(/<!-- kinds -->[\s\S]*<!-- \/kinds -->/, () => table),
  );
}

if (process.argv[2] !== 'kinds') await writeVectors();
await writeTable();
