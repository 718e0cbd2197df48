/** What a witness answers, and what of it is taken: the answer is a stranger's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logHead } from '../../contract/http/proofs.ts';
import { signCheckpoint } from '../../ledger/log/checkpoint.ts';
import { cosignatureLine } from '../../ledger/log/signatures.ts';
import { RFC_SECRETS, signerOf } from '../../ledger/log/test-model.ts';
import { readAnswer } from './answer.ts';
import { momentOf } from './cosignatures.ts';

const [LOG, WITNESS] = [
  signerOf('log.example/a', RFC_SECRETS[0]),
  signerOf('witness.example/1', RFC_SECRETS[1]),
];
const NOW_S = 1_790_000_000;
const DAY_S = 86_400;
const note = signCheckpoint({ origin: LOG.name, size: 5, root: new Uint8Array(32).fill(1) }, LOG);
const { name, publicKey } = WITNESS;
const sent = {
  ...{ note, size: 5, oldSize: 0, nowMs: NOW_S * 1_000 },
  witness: { type: 'cosignature' as const, name, publicKey },
};
const saidAt = (atS: number) => {
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  return readAnswer({ status: 200, body: cosignatureLine({ text, signer: WITNESS, atS }) }, sent);
};

test('a cosignature of a witness whose clock is a day ahead is taken, and one of no moment that comes is not', () => {
  for (const atS of [1, NOW_S - 90 * DAY_S, NOW_S, NOW_S + DAY_S]) {
    const said = saidAt(atS);
    assert.deepEqual([said.is, said.is === 'cosigned' && said.atS], ['cosigned', atS]);
  }
  for (const atS of [NOW_S + DAY_S + 1, 8.65e12, 9_007_199_254_741, Number.MAX_SAFE_INTEGER])
    assert.deepEqual(saidAt(atS), { is: 'failed', error: 'signature-wrong' });
});

test('one that an earlier version kept is shown as a moment all the same', () => {
  for (const at_s of [NOW_S, 8.65e12, Number.MAX_SAFE_INTEGER]) {
    const witnesses = [{ witness: name, size: 5, atMs: momentOf({ at_s }) }];
    const shown = logHead.parse({ origin: LOG.name, vkey: 'v', size: 5, atMs: 1, witnesses });
    assert.ok(new Date(shown.witnesses[0]?.atMs ?? Number.NaN).toISOString());
  }
});
