/** Runs the verifier over many cases in one process, of whatever Node it is started with: true for each that holds, and its last line. */
import { openSync, readFileSync } from 'node:fs';
import { rootBy, verifyBundle, verifyProof, verifyReceipt } from '../../verify/verify.mjs';

const bytes = (text) => Buffer.from(text ?? '', 'base64');
const verdictOf = ({ kind, of }) => {
  if (kind === 'proof') return verifyProof({ ...of, entry: bytes(of.entry) });
  if (kind === 'bundle') return verifyBundle({ ...of, file: openSync(of.path, 'r') });
  return verifyReceipt(of);
};

function rootHolds(of) {
  try {
    const path = (of.proof ?? []).map(bytes);
    const claim = { leaf: bytes(of.leafHash), index: of.leafIdx, size: of.treeSize, path };
    return rootBy(claim).equals(bytes(of.root));
  } catch {
    return false;
  }
}

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const told = cases.map((one) => {
  if (one.kind === 'path') return { holds: rootHolds(one.of), says: [] };
  const { holds, lines } = verdictOf(one);
  return { holds, says: lines.map(({ says }) => says.slice(0, 500)) };
});
const verdicts = told.map(({ holds }) => holds);
process.stdout.write(
  JSON.stringify({ node: process.versions.node, verdicts, says: told.map(({ says }) => says) }),
);
