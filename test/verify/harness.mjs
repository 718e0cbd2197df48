/** Runs the verifier over many cases in one process, of whatever Node it is started with: true for each that holds. */
import { openSync, readFileSync } from 'node:fs';
import { rootBy, verifyBundle, verifyProof, verifyReceipt } from '../../verify/verify.mjs';

const bytes = (text) => Buffer.from(text ?? '', 'base64');

function holds({ kind, of }) {
  if (kind === 'proof') return verifyProof({ ...of, entry: bytes(of.entry) }).holds;
  if (kind === 'bundle') return verifyBundle({ ...of, file: openSync(of.path, 'r') }).holds;
  if (kind === 'receipt') return verifyReceipt(of).holds;
  try {
    const path = (of.proof ?? []).map(bytes);
    const claim = { leaf: bytes(of.leafHash), index: of.leafIdx, size: of.treeSize, path };
    return rootBy(claim).equals(bytes(of.root));
  } catch {
    return false;
  }
}

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
process.stdout.write(JSON.stringify({ node: process.versions.node, verdicts: cases.map(holds) }));
