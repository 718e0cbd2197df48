/** Files in the folder of orders: taken whole, once, in order's own time; whatever else lies there harms nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { noteHash } from '../ledger/roster.ts';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { OrderInbox, type Said } from './order-inbox.ts';

const home = mkdtempSync(join(tmpdir(), 'hf-orders-'));
after(() => rmSync(home, { recursive: true, force: true }));

let dir: string;
let clock: ManualClock;
let taken: string[];
let known: Said[];
let warned: string[];
let folders = 0;
let full = false;

beforeEach(() => {
  folders += 1;
  dir = join(home, `bank-${folders}`);
  clock = new ManualClock(1_790_000_000_000);
  taken = [];
  warned = [];
  known = [];
  full = false;
});

function open(): OrderInbox {
  return new OrderInbox({
    dir,
    clock,
    log: { ...silentLog, warn: (_what, fields) => void warned.push(String(fields?.code)) },
    take(note) {
      taken.push(note);
      if (full) return [];
      const refused = note.startsWith('good') ? null : 'signature-wrong';
      return [{ hash: noteHash(note), signatures: 1, refused }];
    },
    known: () => known,
  });
}

const put = (name: string, text: string | Uint8Array) => writeFileSync(join(dir, name), text);
const names = (folder: string) => readdirSync(join(dir, folder)).sort();
const lying = () => readdirSync(dir).filter((name) => name.endsWith('.order'));

test('an order is read when it has stopped growing, given once, and moved under its hash; the folder is its owner’s', () => {
  open();
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  clock.advance(1000);
  put('a.order', 'go');
  clock.advance(1000);
  put('a.order', 'good order');
  clock.advance(1000);
  assert.deepEqual(taken, [], 'half of it was there a moment ago');
  clock.advance(1000);
  assert.deepEqual(taken, ['good order']);
  assert.deepEqual(names('done'), [`${noteHash('good order')}.order`]);
  put('b.order', 'forged order');
  clock.advance(2000);
  assert.deepEqual(names('refused'), [`${noteHash('forged order')}.signature-wrong.order`]);
  assert.deepEqual(lying(), []);
});

test('links, folders, pipes, big files and bytes that are no text are refused by name and never read as orders', () => {
  open();
  clock.advance(1000);
  writeFileSync(join(home, 'secret'), 'good secret');
  symlinkSync(join(home, 'secret'), join(dir, 'link.order'));
  mkdirSync(join(dir, 'folder.order'));
  assert.equal(spawnSync('mkfifo', [join(dir, 'pipe.order')]).status, 0);
  put('big.order', 'x'.repeat(8193));
  put('bytes.order', Uint8Array.of(0xff, 0xfe, 0x00));
  put('notes.txt', 'good, but no order');
  put('.half.order', 'good, but not yet');
  clock.advance(3000);
  assert.deepEqual(taken, []);
  assert.deepEqual(
    names('refused')
      .map((name) => name.split('.').slice(1).join('.'))
      .sort(),
    [
      'message-malformed.order',
      'message-oversized.order',
      'not-a-file.order',
      'not-a-file.order',
      'not-a-file.order',
    ],
  );
  put('after.order', 'good order');
  clock.advance(2000);
  assert.deepEqual(taken, ['good order'], 'what is right is still taken');
});

test('why the folder cannot be used is said once for each cause, and again when it comes anew', () => {
  open();
  clock.advance(1000);
  const away = () => renameSync(dir, `${dir}-away`);
  const back = () => renameSync(`${dir}-away`, dir);
  away();
  clock.advance(60_000);
  assert.deepEqual(warned, ['ENOENT']);
  writeFileSync(dir, 'no folder');
  clock.advance(60_000);
  assert.deepEqual(warned, ['ENOENT', 'ENOTDIR'], 'another cause is another sentence');
  rmSync(dir);
  back();
  put('a.order', 'good order');
  clock.advance(3000);
  assert.deepEqual(taken, ['good order']);
  away();
  clock.advance(60_000);
  assert.deepEqual(warned, ['ENOENT', 'ENOTDIR', 'ENOENT']);
});

test('a minute takes twenty files and no more', () => {
  open();
  clock.advance(1000);
  for (let n = 0; n < 30; n++) put(`${n}.order`, `forged ${n}`);
  clock.advance(30_000);
  assert.equal(taken.length, 20);
  clock.advance(60_000);
  assert.equal(taken.length, 30);
});

test('an order that was obeyed when the power went is no replay; one that was not is taken at start', () => {
  mkdirSync(dir, { mode: 0o700 });
  put('obeyed.order', 'good obeyed');
  put('new.order', 'good new');
  known = [{ hash: noteHash('good obeyed'), signatures: 1, refused: null }];
  open();
  clock.advance(1000);
  assert.deepEqual(taken, ['good new']);
  assert.deepEqual(
    names('done'),
    [`${noteHash('good new')}.order`, `${noteHash('good obeyed')}.order`].sort(),
  );
  put('again.order', 'good obeyed');
  clock.advance(2000);
  assert.deepEqual(taken, ['good new', 'good obeyed'], 'the same file again is for the planner to judge');
});

test('an obeyed order that a second person has signed while the agent was down is read again', () => {
  mkdirSync(dir, { mode: 0o700 });
  const signed = (by: readonly string[]) => `good order\n\n${by.map((name) => `— ${name} AAAA\n`).join('')}`;
  known = [{ hash: noteHash(signed(['a'])), signatures: 1, refused: null }];
  put('one.order', signed(['a']));
  put('two.order', signed(['a', 'b']));
  open();
  clock.advance(1000);
  assert.deepEqual(taken, [signed(['a', 'b'])]);
});

test('an order that cannot be moved is answered once', () => {
  open();
  clock.advance(1000);
  const inTheWay = join(dir, 'done', `${noteHash('good order')}.order`);
  mkdirSync(join(inTheWay, 'something'), { recursive: true });
  put('a.order', 'good order');
  clock.advance(10_000);
  assert.deepEqual(taken, ['good order']);
  assert.deepEqual(lying(), ['a.order']);
});

test('without room in the journal a file is neither taken nor refused; it is read again when there is room', () => {
  open();
  put('a.order', 'good order');
  full = true;
  clock.advance(3000);
  assert.deepEqual([lying(), names('done'), names('refused')], [['a.order'], [], []]);
  full = false;
  clock.advance(2000);
  assert.deepEqual([lying(), names('done')], [[], [`${noteHash('good order')}.order`]]);
});
