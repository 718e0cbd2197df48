/**
 * Three holders of a site's root on machines of their own, two of whom have to sign: a roster goes from one to the next in
 * a file, by the commands that they would type, up to a bank that applies it. Then one key is stolen, and replaced.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fromUtf8 } from '../../src/crypto/bytes.ts';
import { privateKeyFromPem, publicKeyOf, type SigningKey } from '../../src/crypto/sign.ts';
import { readUnverifiedRoster, signRoster } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { makeRoot } from '../../src/signer/root.ts';
import { operatorAccess, submitNote } from '../../src/signer/roster-desk.ts';
import { waitFor } from '../../src/up/wait.ts';
import {
  at,
  closeEstate,
  cloud,
  drained,
  health,
  idIn,
  openEstate,
  read,
  refused,
  run,
  running,
  start,
  stop,
} from './estate.ts';

before(openEstate);
after(closeEstate);

const pub = (...names: string[]) => names.flatMap((name) => ['--root-key', at(name, 'site-root.pub')]);
const sign = (name: string, ...args: string[]) => [
  'admin',
  'roster',
  'sign',
  '--root',
  at(name),
  '--yes',
  ...args,
];
const send = (file: string) => ['admin', 'roster', 'send', at(file), '--root', at('a')];
const textOf = (file: string) => fromUtf8(readFileSync(at(file)));
const signatures = (note: string) => note.slice(note.lastIndexOf('\n\n') + 2);
let site = '';

/** What the cloud makes of a note that somebody hands over who has a way to it. */
const taken = (note: string): Promise<void> =>
  submitNote(operatorAccess.parse(read(at('a', 'operator.json'))), note);
const denied = (note: string, what: string) =>
  assert.rejects(taken(note), /the cloud did not take the roster \(403\)/, what);

function keyOf(name: string): SigningKey {
  const privateKey = privateKeyFromPem(readFileSync(at(name, 'site-root.key.pem'), 'utf8'));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

function bankHolds(version: number): Promise<void> {
  return waitFor({
    ...{ clock: systemClock, what: `the bank to hold roster ${version}`, msMax: 60_000 },
    holds: async () => (await health()).rosterVersion === version,
  });
}

test('two of three holders sign on machines of their own, and a bank applies what they signed', async () => {
  run('admin', 'root', 'init', '--root', at('a'));
  for (const name of ['b', 'c', 'stranger']) await makeRoot(at(name));
  cloud('init');
  cloud('tenant');
  cloud('log');
  site = idIn(cloud('site', '--name', 'Alder Court', ...pub('a', 'b', 'c'), '--signatures', '2'));
  cloud('bank', '--site', site, '--name', 'Lobby', '--out', at('commissioning.json'));
  // One of them has a way to the cloud.
  cloud('access', '--site', site, '--out', at('a', 'operator.json'));
  run('edge', 'sealing-key', 'init', '--out', at('seal', 'bank.key'));
  await start('cloud', '--config', at('cloud.json'));
  await start('edge', '--config', at('edge.json'));

  assert.match(refused(...sign('a')), /needs 2 signatures, and the roster has 1: write it with --out/);
  const first = run(...sign('a', '--out', at('one.note')));
  assert.match(
    first,
    /every row is shown[\s\S]*\+ bank bank_[\s\S]*needs 2 signatures, and the roster has 1/,
  );
  assert.match(refused(...send('one.note')), /the cloud did not take the roster \(403\)/, '1 of 3');
  await refuseForgeries();
  assert.equal((await health()).rosterVersion, 0, 'nothing of all that reached the bank');

  const second = run(...sign('b', '--add', at('one.note'), '--out', at('two.note')));
  assert.match(second, /^signed by \S{43}$[\s\S]*it is whole/m);
  assert.match(run(...send('two.note')), /handed to the cloud/);
  await bankHolds(1);
  await denied(textOf('two.note'), 'once');
});

/** One key twice, a signature over another roster, and a stranger's: none of them is a second signature. */
async function refuseForgeries(): Promise<void> {
  const one = textOf('one.note');
  const roster = readUnverifiedRoster(one) ?? assert.fail('a roster');
  const elsewhere = signatures(signRoster({ ...roster, madeAtMs: roster.madeAtMs + 1 }, [keyOf('b')]));
  await denied(one + signatures(one), 'one signature twice');
  await denied(one + signatures(signRoster(roster, [keyOf('a')])), 'one key twice');
  await denied(one + elsewhere, 'a signature over another roster');
  await denied(one + signatures(signRoster(roster, [keyOf('stranger')])), 'a stranger');
  writeFileSync(at('elsewhere.note'), one + elsewhere);
  assert.match(
    refused(...sign('c', '--add', at('elsewhere.note'), '--out', at('x'))),
    /it is not signed too/,
  );
}

test('a stolen root key is replaced by those that are left, and a bank that was away follows', async () => {
  await makeRoot(at('d'));
  const root = [...pub('b', 'c', 'd'), '--signatures', '2'];
  assert.match(
    cloud('site-root', '--site', site, ...root),
    /^roster 2 of site_\w+ is drafted and names this root/m,
  );
  await stop(running.pop() ?? assert.fail('the agent runs'));
  copyFileSync(at('a', 'operator.json'), at('b', 'operator.json'));

  assert.match(refused(...sign('a', '--out', at('x'))), /does not name this root key; signing it would lock/);
  assert.match(refused(...sign('b', '--out', at('x'))), /names another root than the last roster/);
  const shown = run(...sign('b', ...root, '--out', at('b2.note')));
  assert.match(shown, new RegExp(`comes in {2}${read(at('d', 'site-root.pub')).fingerprint}`));
  assert.match(shown, new RegExp(`leaves {4}${read(at('a', 'site-root.pub')).fingerprint}`));
  const held = run(...sign('c', '--add', at('b2.note'), '--out', at('c2.note')));
  assert.match(held, /it is whole, unless it changes the root, which this key cannot tell/);
  await denied(textOf('c2.note'), 'nobody has shown to hold the new key');
  assert.match(run(...sign('d', '--add', at('c2.note'), '--out', at('d2.note'))), /it is whole/);
  run(...send('d2.note'));

  // One more, which only the new root signs, before the bank is back.
  cloud('carrier', '--name', 'UPS');
  run(...sign('b', '--out', at('b3.note')));
  assert.match(
    run(...sign('d', '--add', at('b3.note'), '--out', at('d3.note'))),
    /\+ carrier[\s\S]*it is whole/,
  );
  run(...send('d3.note'));
  await start('edge', '--config', at('edge.json'));
  await bankHolds(3);

  await thiefSigns();
  cloud('bank', '--site', site, '--name', 'Second', '--out', at('second.json'));
  const keys = ['b', 'c', 'd'].map((name) => read(at(name, 'site-root.pub')).key);
  assert.deepEqual(read(at('second.json')).rootKeys, keys, 'a bank of today begins with the root of today');
  await drained();
  assert.match(cloud('check'), /everything holds/);
});

/** The thief of A has the address and the token too, and finds that what it signs is nobody's. */
async function thiefSigns(): Promise<void> {
  const roster = readUnverifiedRoster(textOf('d3.note')) ?? assert.fail('a roster');
  const own = { keys: [read(at('a', 'site-root.pub')).key], k: 1 };
  await denied(signRoster({ ...roster, version: 4, root: own }, [keyOf('a')]), 'a root of the thief');
  await denied(
    signRoster({ ...roster, version: 4 }, [keyOf('a'), keyOf('b')]),
    'the stolen one and one that is left',
  );
}
