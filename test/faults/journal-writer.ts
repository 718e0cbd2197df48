/**
 * A process that keeps a journal by real plans, and says each commit once it was answered for. What it says
 * is enough to judge every later state of the disk by. Started by the crash tests under strace or alone:
 * `journal-writer.ts <data folder> <storage key> <journeys> closed|killed`.
 */
import { createHash } from 'node:crypto';
import { statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { Journal } from '../../src/edge/journal.ts';
import type { Planned } from '../../src/edge/plan/draft.ts';
import type { Event } from '../../src/edge/plan/plan.ts';
import { BANK, beginDropOff, signIn, TestBank } from '../../src/edge/plan/test-bank.ts';
import { batchRoot, headHash, signHead } from '../../src/ledger/batch.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { digestOf, type Said } from './said.ts';

const STDOUT = 1;
const BATCH_JOURNEYS = 4;
const [, , dataDir = '', storageKey = '', journeys = '', end = ''] = process.argv;
const journal = new Journal({
  dataDir,
  bank: BANK,
  storageKey: fromBase64url(storageKey) ?? new Uint8Array(0),
  random: systemRandom,
});
const key = newSigningKey();

function say(): void {
  const wal = statSync(join(dataDir, 'journal.sqlite-wal'), { throwIfNoEntry: false });
  const said: Said = { digest: digestOf(journal), lastSeq: journal.tip.lastSeq, walBytes: wal?.size ?? 0 };
  writeSync(STDOUT, `${JSON.stringify(said)}\n`);
}

/** A bank whose every plan is committed before anything comes of it, as the executor does. */
class WrittenBank extends TestBank {
  override do(event: Event): Planned {
    this.holdAnswers = true;
    const before = this.state;
    const planned = super.do(event);
    // The first plan brings the compartments with it, so that the journal alone tells the whole state.
    journal.commit(before.lastSeq === 0 ? { ...before, compartment: {} } : before, planned);
    say();
    this.deliver();
    return planned;
  }
}

/** Signs and keeps a head over everything that has none, then has it acknowledged: openings and wishes go. */
function upload(): void {
  const rows = journal.unsigned(1024);
  const [first] = rows;
  const last = rows.at(-1);
  if (!first || !last) throw new Error('there is nothing to sign');
  const head = {
    bank: BANK,
    first: first.seq,
    last: last.seq,
    previous: journal.tip.lastHead,
    root: batchRoot(rows.map((row) => row.bytes)),
  };
  journal.keepHead({ first: first.seq, last: last.seq, note: signHead({ head, key }), hash: headHash(head) });
  say();
  journal.acknowledge(last.seq);
  say();
}

const bank = new WrittenBank();
bank.boardsPresent();
bank.roster();
bank.epoch();
bank.directory();
for (const { n } of bank.state.standing.layout.compartments) bank.sense(n, 'closed', 'no');
for (let journey = 1; journey <= Number(journeys); journey++) {
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  bank.act({ do: 'leave' });
  // A bank sends so many pulses a minute at most.
  bank.wait(61_000);
  if (journey % 2 === 0) {
    bank.act({ do: 'pin', pin: bank.newestCode().pin });
    bank.sense(n, 'closed', 'no');
    bank.act({ do: 'collected' });
    bank.act({ do: 'cancel' });
  }
  journal.keepRefused(
    createHash('sha256').update(String(journey)).digest('base64url'),
    journey,
    'x'.repeat(900),
  );
  say();
  if (journey % BATCH_JOURNEYS === 0) upload();
}
if (end === 'closed') journal.close();
// Without this the process would close the journal on its way out, and leave no log to look at.
else process.kill(process.pid, 'SIGKILL');
