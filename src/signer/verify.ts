/** `holdfast verify FILE`: checks a parcel's receipt, or a bundle of evidence, and explains every line of the verdict. */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { hex } from '../crypto/bytes.ts';
import { beginsAsEnvelope, ENVELOPE_REFUSALS, openEnvelope, readPrivateKey } from '../crypto/cms/envelope.ts';
import type { Opener } from '../crypto/cms/recipients.ts';
import { runningSha256 } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { rosterSchema } from '../domain/roster.ts';
import { type EvidenceAtHand, openEvidence } from '../ledger/export/evidence.ts';
import type { ByteSource } from '../ledger/export/tar.ts';
import { type BundleTrust, verifyBundle } from '../ledger/export/verify.ts';
import { type PolicyFile, parsePolicyFile } from '../ledger/log/policy-file.ts';
import { successionFile } from '../ledger/log/succession.ts';
import { keptReceipt, type ReceiptTrust, verifyReceipt } from '../ledger/receipt.ts';
import { readCanonical } from '../ledger/roster.ts';
import { readConfig } from '../platform/config.ts';
import { visible } from './visible.ts';

/** Of a file that is read at once; a receipt of a thousand records has a tenth of it. */
const FILE_BYTES_MAX = 64 * 1_048_576;

/** A device or a pipe may have no end, and is not read. */
function bounded(path: string, bytesMax = FILE_BYTES_MAX): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new HoldfastError('input-invalid', `there is no file ${visible(path)}`);
  if (found.isFile() && found.size <= bytesMax) return path;
  throw new HoldfastError(
    'input-invalid',
    `${visible(path)} is no plain file, or has more than ${bytesMax} bytes`,
  );
}

const rootPublic = z.looseObject({ key: z.string() });

export async function runVerify(given: {
  file: string | undefined;
  rootKeys: readonly string[];
  signatures: string | undefined;
  policy: string | undefined;
  succession: string | undefined;
  key: string | undefined;
  passphraseFile: string | undefined;
  out: string | undefined;
  /** A folder with the evidence, opened elsewhere. */
  evidence: string | undefined;
}): Promise<number> {
  const { file } = given;
  const isBundle = file !== undefined && !beginsAsJson(bounded(file, Number.POSITIVE_INFINITY));
  if (file === undefined || (!isBundle && given.rootKeys.length === 0)) {
    throw new HoldfastError(
      'input-invalid',
      'say which receipt or bundle, and whose root: holdfast verify FILE --root-key site-root.pub',
    );
  }
  const rootKeys = given.rootKeys.map((path) => readConfig(bounded(path), rootPublic, 'root key').key);
  const k = Number(given.signatures ?? 1);
  if (!Number.isInteger(k) || k < 1 || k > Math.max(1, rootKeys.length))
    throw new HoldfastError(
      'input-invalid',
      `--signatures is a whole number from 1 to the number of keys, ${rootKeys.length}`,
    );
  if (new Set(rootKeys).size < rootKeys.length)
    throw new HoldfastError('input-invalid', 'a root key is given twice');
  const policy = readPolicy(given.policy);
  const followed =
    given.succession === undefined
      ? {}
      : { succession: readConfig(given.succession, successionFile, 'succession of keys').links };
  return isBundle
    ? verifyBundleFile(file, { trust: { rootKeys, signatures: k, policy, ...followed }, ...given })
    : verifyReceiptFile(file, { rootKeys, k, policy, ...followed });
}

function verifyReceiptFile(file: string, trust: Omit<ReceiptTrust, 'site'>): number {
  const receipt = readConfig(bounded(file), keptReceipt, 'receipt');
  const { verdicts, holds } = verifyReceipt(receipt, { site: siteOf(receipt.roster), ...trust });
  return sayVerdict(
    verdicts.map(({ check, ...line }) => ({ ...line, says: `${check}: ${line.says}` })),
    holds,
  );
}

function sayLine({ holds, says }: { holds: boolean | null; says: string }): void {
  process.stdout.write(`${holds === null ? '--  ' : holds ? 'ok  ' : 'FAIL'}  ${visible(says)}\n`);
}

function sayVerdict(lines: readonly { holds: boolean | null; says: string }[], holds: boolean): number {
  for (const line of lines) sayLine(line);
  const isOpen = lines.some(({ holds: one }) => one === null);
  process.stdout.write(
    holds ? `verified${isOpen ? ', as far as the lines above say' : ''}\n` : 'NOT verified\n',
  );
  return holds ? 0 : 1;
}

type WithOpener = {
  key: string | undefined;
  passphraseFile: string | undefined;
  out: string | undefined;
  evidence: string | undefined;
};

async function verifyBundleFile(
  path: string,
  { trust, ...opener }: WithOpener & { trust: BundleTrust },
): Promise<number> {
  const file = openSync(path, 'r');
  try {
    const source: ByteSource = {
      size: fstatSync(file).size,
      read(at, length, target = new Uint8Array(length)) {
        const into = target.length >= length ? target : new Uint8Array(length);
        return into.subarray(0, readSync(file, into, 0, length, at));
      },
    };
    const isEncrypted = beginsAsEnvelope(source.read(0, 2));
    const content = isEncrypted ? await decrypted(source, opener) : source;
    if (isEncrypted) sayLine({ holds: true, says: 'decrypted; every byte is as it was encrypted' });
    const evidence = await evidenceAtHand(content, opener);
    const { lines, holds } = verifyBundle(content, { ...trust, evidence });
    if (holds && opener.out !== undefined) writeOut(content, opener.out);
    return sayVerdict(lines, holds);
  } finally {
    closeSync(file);
  }
}

/** Whoever can open the bundle can open the evidence in it; who was given that opened has it in a folder. */
async function evidenceAtHand(content: ByteSource, of: WithOpener): Promise<EvidenceAtHand> {
  const { key, passphraseFile, evidence: folder } = of;
  const hasOpener = key !== undefined || passphraseFile !== undefined;
  const opened = hasOpener ? await openEvidence(content, openerOf(key, passphraseFile)) : new Map();
  return { opened, given: folder === undefined ? [] : filesIn(folder) };
}

function filesIn(folder: string): { name: string; sha256: string }[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory())
    throw new HoldfastError(
      'input-invalid',
      `${folder} is no folder; --evidence DIR takes one with the opened files`,
    );
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, sha256: hashOfFile(join(folder, name)) }));
}

function hashOfFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    const hash = runningSha256();
    for (const part = new Uint8Array(PART_BYTES); ; ) {
      const length = readSync(file, part);
      if (length === 0) return hex(hash.end());
      hash.add(part.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}

/** What it is opened with says which receiver this is; nothing is written in clear unless it is asked for. */
async function decrypted(source: ByteSource, { key, passphraseFile }: WithOpener): Promise<ByteSource> {
  const opened = await openEnvelope(source, openerOf(key, passphraseFile));
  if (!opened.ok) throw new HoldfastError('input-invalid', ENVELOPE_REFUSALS[opened.why]);
  return opened.content;
}

function openerOf(keyFile: string | undefined, passphraseFile: string | undefined): Opener {
  const passphrase = passphraseFile === undefined ? undefined : firstLineOf(passphraseFile);
  if (keyFile !== undefined) {
    const key = readPrivateKey(readFileSync(bounded(keyFile), 'utf8'), passphrase);
    if (!key)
      throw new HoldfastError(
        'input-invalid',
        `${keyFile} is no private key in PEM that opens; where it is under a passphrase: --passphrase-file FILE`,
      );
    return { is: 'key', key };
  }
  if (passphrase !== undefined) return { is: 'passphrase', passphrase };
  throw new HoldfastError(
    'input-invalid',
    'this bundle is encrypted: say --key FILE, the key of the certificate it went to, or --passphrase-file FILE',
  );
}

const firstLineOf = (path: string) => readFileSync(bounded(path), 'utf8').split(/\r?\n/)[0] ?? '';

/** The bundle in clear, for whoever wants to unpack it; nothing is overwritten. */
function writeOut(content: ByteSource, path: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let at = 0; at < content.size; at += PART_BYTES) {
      const part = content.read(at, Math.min(PART_BYTES, content.size - at));
      for (let from = 0; from < part.length; ) from += writeSync(file, part, from);
    }
  } finally {
    closeSync(file);
  }
}

const PART_BYTES = 65_536;

/** A receipt is one JSON object; a bundle is an archive, and begins with the name of its first file. */
function beginsAsJson(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const first = new Uint8Array(64);
    return fromLatin1(first.subarray(0, readSync(file, first)))
      .trimStart()
      .startsWith('{');
  } finally {
    closeSync(file);
  }
}

const fromLatin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

function readPolicy(path: string | undefined): PolicyFile | undefined {
  if (path === undefined) return undefined;
  const read = parsePolicyFile(readFileSync(bounded(path), 'utf8'));
  if (!read.ok) throw new HoldfastError('input-invalid', `${path}: ${visible(read.why)}`);
  return read.policy;
}

/** Which site a roster note claims to be of; the signature check that follows binds the claim to the root. */
function siteOf(note: string | null): string {
  const json = note?.split('\n')[2];
  if (json === undefined) return '';
  return readCanonical(json, rosterSchema)?.site ?? '';
}
