/**
 * A process that commits to a journal until it is killed, and says every number that it was answered for.
 * Started by journal.test.ts: `test-writer.ts <data folder> <storage key>`.
 */
import { writeSync } from 'node:fs';
import { fromBase64url } from '../crypto/bytes.ts';
import { systemRandom } from '../platform/random.ts';
import { Journal } from './journal.ts';
import type { Planned } from './plan/draft.ts';
import { BANK, TestBank } from './plan/test-bank.ts';

const STDOUT = 1;
const [, , dataDir = '', storageKey = ''] = process.argv;
const journal = new Journal({
  dataDir,
  bank: BANK,
  storageKey: fromBase64url(storageKey) ?? new Uint8Array(0),
  random: systemRandom,
});
const { state } = new TestBank();
let before = { ...state, ...journal.readState(), lastSeq: journal.tip.lastSeq };

for (;;) {
  const lastSeq = before.lastSeq + 1;
  const after = { ...before, lastSeq, heard: { only: { atMs: lastSeq } } };
  const planned: Planned = {
    state: after,
    records: [
      {
        kind: 'attempt.counted',
        facts: { method: 'pin', kioskDay: 1, guess: lastSeq },
        fields: { person: `person ${lastSeq}` },
      },
    ],
    wishes: [],
    effects: [],
    time: { atMs: lastSeq, source: 'clock', uncertaintyMs: 0 },
  };
  journal.commit(before, planned);
  before = after;
  writeSync(STDOUT, `${lastSeq}\n`);
}
