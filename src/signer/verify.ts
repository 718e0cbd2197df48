/** `holdfast verify FILE`: checks a parcel's receipt, or a bundle of evidence, and explains every line of the verdict. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors.ts';
import { rosterSchema } from '../domain/roster.ts';
import type { ByteSource } from '../ledger/export/tar.ts';
import { type BundleTrust, verifyBundle } from '../ledger/export/verify.ts';
import { type PolicyFile, parsePolicyFile } from '../ledger/log/policy-file.ts';
import { keptReceipt, type ReceiptTrust, verifyReceipt } from '../ledger/receipt.ts';
import { readConfig } from '../platform/config.ts';
import { visible } from './visible.ts';

const rootPublic = z.looseObject({ key: z.string() });

export async function runVerify(given: {
  file: string | undefined;
  rootKeys: readonly string[];
  signatures: string | undefined;
  policy: string | undefined;
}): Promise<number> {
  const { file } = given;
  const isBundle = file !== undefined && !beginsAsJson(file);
  if (file === undefined || (!isBundle && given.rootKeys.length === 0)) {
    throw new HoldfastError(
      'input-invalid',
      'say which receipt or bundle, and whose root: holdfast verify FILE --root-key site-root.pub',
    );
  }
  const rootKeys = given.rootKeys.map((path) => rootPublic.parse(JSON.parse(readFileSync(path, 'utf8'))).key);
  const k = Number(given.signatures ?? 1);
  if (!Number.isInteger(k) || k < 1 || k > Math.max(1, rootKeys.length))
    throw new HoldfastError(
      'input-invalid',
      `--signatures is a whole number from 1 to the number of keys, ${rootKeys.length}`,
    );
  if (new Set(rootKeys).size < rootKeys.length)
    throw new HoldfastError('input-invalid', 'a root key is given twice');
  const policy = readPolicy(given.policy);
  return isBundle
    ? verifyBundleFile(file, { rootKeys, signatures: k, policy })
    : verifyReceiptFile(file, { rootKeys, k, policy });
}

function verifyReceiptFile(file: string, trust: Omit<ReceiptTrust, 'site'>): number {
  const receipt = readConfig(file, keptReceipt);
  const { verdicts, holds } = verifyReceipt(receipt, { site: siteOf(receipt.roster), ...trust });
  return sayVerdict(
    verdicts.map(({ check, ...line }) => ({ ...line, says: `${check}: ${line.says}` })),
    holds,
  );
}

function sayVerdict(lines: readonly { holds: boolean | null; says: string }[], holds: boolean): number {
  for (const { holds: one, says } of lines)
    process.stdout.write(`${one === null ? '--  ' : one ? 'ok  ' : 'FAIL'}  ${visible(says)}\n`);
  const isOpen = lines.some(({ holds: one }) => one === null);
  process.stdout.write(
    holds ? `verified${isOpen ? ', as far as the lines above say' : ''}\n` : 'NOT verified\n',
  );
  return holds ? 0 : 1;
}

function verifyBundleFile(path: string, trust: BundleTrust): number {
  const file = openSync(path, 'r');
  try {
    const source: ByteSource = {
      size: fstatSync(file).size,
      read(at, length, target = new Uint8Array(length)) {
        const into = target.length >= length ? target : new Uint8Array(length);
        return into.subarray(0, readSync(file, into, 0, length, at));
      },
    };
    const { lines, holds } = verifyBundle(source, trust);
    return sayVerdict(lines, holds);
  } finally {
    closeSync(file);
  }
}

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
  const read = parsePolicyFile(readFileSync(path, 'utf8'));
  if (!read.ok) throw new HoldfastError('input-invalid', `${path}: ${visible(read.why)}`);
  return read.policy;
}

/** Which site a roster note claims to be of; the signature check that follows binds the claim to the root. */
function siteOf(note: string | null): string {
  const json = note?.split('\n')[2];
  if (json === undefined) return '';
  const parsed = rosterSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data.site : '';
}
