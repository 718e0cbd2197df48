/** The files of the logs' keys: what a change leaves on the disk, and what of it a death in between. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { initFiles, nextLedgerKey, openFiles, retireLedgerKey, waitingLedgerKey } from './files.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-log-keys-'));
after(() => rmSync(home, { recursive: true, force: true }));

let folders = 0;
async function newFolder() {
  folders += 1;
  const dataDir = join(home, String(folders));
  const places = {
    ...{ dataDir, rootKeyFile: join(dataDir, 'root.key') },
    operatorTokenFile: join(dataDir, 'operator.token'),
  };
  await initFiles(places, { clock: systemClock, random: systemRandom });
  return { places, files: await openFiles(places), keys: join(dataDir, 'keys') };
}

test('the next key is drawn once and lies beside today’s, and a process that began before finds it', async () => {
  const { places, files, keys } = await newFolder();
  assert.equal(waitingLedgerKey(places, files), undefined);
  const next = nextLedgerKey(places, files);
  assert.deepEqual(nextLedgerKey(places, files), next, 'given again it is the same');
  assert.deepEqual(waitingLedgerKey(places, files), next);
  assert.notDeepEqual(next.publicKey, files.ledgerKey.publicKey);
  assert.deepEqual(files.ledgerKeyOf(next.publicKey), next);
  assert.deepEqual(files.ledgerKeyOf(files.ledgerKey.publicKey), files.ledgerKey);
  assert.equal(files.ledgerKeyOf(new Uint8Array(32).fill(1)), undefined);
  assert.deepEqual((await openFiles(places)).ledgerKey, files.ledgerKey, 'today’s is today’s still');
  assert.ok(
    !readFileSync(join(keys, 'ledger-next.key')).includes(Buffer.from(next.privateKey)),
    'it is sealed',
  );
});

test('a key that is retired is nowhere any more, and the one that took over has its name', async () => {
  const { places, files, keys } = await newFolder();
  const next = nextLedgerKey(places, files);
  retireLedgerKey(places, files, next);
  const later = await openFiles(places);
  assert.deepEqual(later.ledgerKey, next);
  assert.equal(later.ledgerKeyOf(files.ledgerKey.publicKey), undefined);
  assert.equal(waitingLedgerKey(places, later), undefined);
  assert.deepEqual(
    readdirSync(keys).filter((name) => name.includes('ledger')),
    ['ledger.key'],
  );
});

test('a death between the two names of a key changes nothing, and the next change draws another key', async () => {
  const { places, files, keys } = await newFolder();
  const next = nextLedgerKey(places, files);
  const left = readFileSync(join(keys, 'ledger-next.key'));
  retireLedgerKey(places, files, next);
  // It died before the second name was gone.
  writeFileSync(join(keys, 'ledger-next.key'), left);
  const later = await openFiles(places);
  assert.deepEqual(later.ledgerKey, next);
  assert.equal(waitingLedgerKey(places, later), undefined);
  const third = nextLedgerKey(places, later);
  assert.notDeepEqual(third.publicKey, next.publicKey);
  assert.deepEqual(waitingLedgerKey(places, later), third);
});
