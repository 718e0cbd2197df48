/** `holdfast verify RECEIPT --root-key FILE …`: checks a parcel's receipt and explains every line of the verdict. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors.ts';
import { rosterSchema } from '../domain/roster.ts';
import { receiptSchema, verifyReceipt } from '../ledger/receipt.ts';
import { readConfig } from '../platform/config.ts';
import { visible } from './visible.ts';

const rootPublic = z.looseObject({ key: z.string() });

export async function runVerify(given: {
  receipt: string | undefined;
  rootKeys: readonly string[];
  signatures: string | undefined;
}): Promise<number> {
  if (given.receipt === undefined || given.rootKeys.length === 0) {
    throw new HoldfastError(
      'input-invalid',
      'say which receipt and whose root: holdfast verify RECEIPT --root-key site-root.pub',
    );
  }
  const receipt = readConfig(given.receipt, receiptSchema);
  const rootKeys = given.rootKeys.map((path) => rootPublic.parse(JSON.parse(readFileSync(path, 'utf8'))).key);
  const k = Number(given.signatures ?? 1);
  if (!Number.isInteger(k) || k < 1 || k > rootKeys.length)
    throw new HoldfastError(
      'input-invalid',
      `--signatures is a whole number from 1 to the number of keys, ${rootKeys.length}`,
    );
  const { verdicts, holds } = verifyReceipt(receipt, { site: siteOf(receipt.roster), rootKeys, k });
  for (const verdict of verdicts)
    process.stdout.write(`${verdict.holds ? 'ok  ' : 'FAIL'}  ${verdict.check}: ${visible(verdict.says)}\n`);
  process.stdout.write(holds ? 'verified\n' : 'NOT verified\n');
  return holds ? 0 : 1;
}

/** Which site a roster note claims to be of; the signature check that follows binds the claim to the root. */
function siteOf(note: string | null): string {
  const json = note?.split('\n')[2];
  if (json === undefined) return '';
  const parsed = rosterSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data.site : '';
}
