/** A receipt as an app hands it on: what its file is called, and how much of it waits for the log. */

/** What is read of one here; the whole is checked by programs that are not ours. */
export type Receipt = { log: string | null; entries: readonly { proof: string | null }[] };

/** How a proof of the log begins (C2SP tlog-proof, section "Format"); what stands there else says that it is to come. */
const PROOF = 'c2sp.org/tlog-proof@v1\n';

export function proofsToCome({ entries }: Receipt): number {
  return entries.filter(({ proof }) => proof !== null && !proof.startsWith(PROOF)).length;
}

/** By which a stranger checks the file, with our program and with the one that stands alone (docs/reference/verify.md). */
export function checksOf(file: string): string[] {
  const trust = `${file} --root-key site-root.pub`;
  return [`holdfast verify ${trust}`, `node verify.mjs receipt ${trust}`];
}

const DAY_LENGTH = 'yyyy-mm-dd'.length;
const NUMBER_LENGTH_MAX = 40;

type Named = { tracking: string; atMs: number; minutesAheadOfUtc: number };

/** After the number on the parcel and the day on which it came, which is what a person looks for; a shell reads it as one word. */
export function receiptName({ tracking, atMs, minutesAheadOfUtc }: Named): string {
  const day = new Date(atMs + minutesAheadOfUtc * 60_000).toISOString().slice(0, DAY_LENGTH);
  const plain = tracking
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, NUMBER_LENGTH_MAX);
  // Where the number is not known, words stand in its place.
  return `${/\d/.test(plain) ? plain : 'parcel'}-${day}.receipt.json`;
}
