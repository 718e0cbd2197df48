/**
 * The journal after a power cut, at any moment. A child process keeps a journal by real plans; every disk
 * that a cut may leave behind is built from what the kernel saw of it, and opened again. What was answered
 * for must be there, whole and in order, and at most one commit more; else the journal must be refused by a
 * named error. Never silently less.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newKey } from '../../src/crypto/aead.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { Journal } from '../../src/edge/journal.ts';
import { BANK } from '../../src/edge/plan/test-bank.ts';
import { leafHash, NO_HASH, parseRecord } from '../../src/ledger/record.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { findProgram } from '../../tools/peers.ts';
import { Chance, Disk, fingerprintOf, type Image, layDown, WAYS, type Way } from './images.ts';
import { digestOf, type Said } from './said.ts';
import { type DiskOp, readTrace, TRACED } from './trace.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
const IMAGES = process.env.HOLDFAST_LONG === 'true' ? 6000 : 200;
const JOURNEYS = 10;
const STRACE = findProgram(['strace'], process.env.PATH ?? '');
/** As SQLite lays its write-ahead log out: https://sqlite.org/fileformat2.html#the_write_ahead_log */
const WAL_HEAD_BYTES = 32;
const FRAME_BYTES = 24 + 4096;

/** In memory where there is such a folder: thousands of images need no disk under them. */
const home = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-crash-'));
after(() => rmSync(home, { recursive: true, force: true }));

/** What this process was preloaded with, a sabotage for one, its children are preloaded with as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);
const WRITER = join(import.meta.dirname, 'journal-writer.ts');

type Written = { ops: DiskOp[]; storageKey: Uint8Array };

async function write(dataDir: string, storageKey: Uint8Array, trace: string | null): Promise<string> {
  layDown(new Map(), dataDir);
  const program = [
    ...preloads,
    WRITER,
    dataDir,
    base64url(storageKey),
    String(JOURNEYS),
    trace === null ? 'killed' : 'closed',
  ];
  const [command, args] =
    trace === null
      ? [process.execPath, program]
      : [
          STRACE ?? '',
          [
            '-f',
            '-y',
            '-xx',
            '-s',
            '1048576',
            '-e',
            `trace=${TRACED}`,
            '-o',
            trace,
            process.execPath,
            ...program,
          ],
        ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
  });
  const ended = await once(child, 'close');
  assert.deepEqual(ended, trace === null ? [null, 'SIGKILL'] : [0, null], 'the writer came to its end');
  return said;
}

const readSaid = (text: string): Said[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said);

async function traced(): Promise<Written> {
  const dataDir = join(home, 'traced');
  const storageKey = newKey();
  const trace = join(home, 'trace');
  await write(dataDir, storageKey, trace);
  return { ops: readTrace(readFileSync(trace, 'latin1'), dataDir), storageKey };
}

type Judged = 'recovered' | { refused: string };

/** Opens an image as the next start would, and holds it to what had been said by then. */
function judge(
  image: Image,
  of: { said: readonly Said[]; at: number; storageKey: Uint8Array; what: string },
): Judged {
  const { said, at, storageKey, what } = of;
  const dataDir = join(home, 'image');
  layDown(image, dataDir);
  let journal: Journal;
  try {
    journal = new Journal({ dataDir, bank: BANK, storageKey, random: systemRandom });
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    // A name that a person can look up; anything else is a crash of ours.
    assert.ok(name === 'HoldfastError' || code === 'ERR_SQLITE_ERROR', `${what}: ${(error as Error).stack}`);
    return { refused: `${code}: ${message}` };
  }
  try {
    assertChained(journal, what);
    const { lastSeq } = journal.tip;
    const promised = at < 0 ? 0 : (said[at]?.lastSeq ?? 0);
    assert.ok(lastSeq >= promised, `${what}: ${promised} was answered for, only ${lastSeq} is there`);
    if (at < 0 && lastSeq === 0) return 'recovered';
    const held = digestOf(journal);
    const next = said[at + 1];
    assert.ok(
      held === said[at]?.digest || held === next?.digest,
      `${what}: it holds neither what was answered for (${promised}) nor one commit more (${next?.lastSeq}), but ${lastSeq}`,
    );
    return 'recovered';
  } finally {
    journal.close();
  }
}

/** Records that were read already: the images of one run share nearly all of theirs. */
const parsedRecords = new Map<string, { seq: number; prev: string }>();

function readRecord(bytes: Uint8Array, hash: string, what: string) {
  const known = parsedRecords.get(hash);
  if (known) return known;
  const parsed = parseRecord(bytes);
  assert.ok(parsed.ok, `${what}: a record does not parse`);
  parsedRecords.set(hash, parsed.record);
  return parsed.record;
}

function assertChained(journal: Journal, what: string): void {
  let prev = NO_HASH;
  for (const [index, bytes] of journal.everyRecord().entries()) {
    const hash = base64url(leafHash(bytes));
    const record = readRecord(bytes, hash, what);
    assert.equal(record.seq, index + 1, what);
    assert.equal(record.prev, prev, what);
    prev = hash;
  }
  assert.equal(journal.tip.lastHash, prev, what);
}

/** Moments to cut at: each one around a sync, an answer or a change of names or sizes, and others by chance. */
function cutsOf(ops: readonly DiskOp[], chance: Chance): number[] {
  const marked = ops.flatMap((op, at) => (op.do === 'write' ? [] : [at - 1, at, at + 1]));
  const drawn = Array.from({ length: ops.length }, () => chance.below(ops.length));
  const cuts = new Set(chance.shuffled([...new Set([...marked, ...drawn])]));
  return [...cuts].filter((at) => at >= 0 && at < ops.length);
}

type Tally = { images: number; recovered: number; refused: Map<string, number>; ways: Map<string, number> };

function tallied(tally: Tally, judged: Judged, way: string): void {
  tally.images++;
  tally.ways.set(way, (tally.ways.get(way) ?? 0) + 1);
  if (judged === 'recovered') tally.recovered++;
  else tally.refused.set(judged.refused, (tally.refused.get(judged.refused) ?? 0) + 1);
}

const newTally = (): Tally => ({ images: 0, recovered: 0, refused: new Map(), ways: new Map() });

function told(tally: Tally): string {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
  const refused = [...tally.refused.values()].reduce((sum, count) => sum + count, 0);
  return `${tally.images} images (${list(tally.ways)}): ${tally.recovered} recovered, ${refused} refused by name (${list(tally.refused)}), 0 lost; HOLDFAST_SEED=${seed}`;
}

test('the power goes at any moment: every disk that it may leave is recovered or refused by name', async (t) => {
  if (!STRACE) return t.skip('NOT RUN: sync trace');
  const { ops, storageKey } = await traced();
  const said = readSaid(ops.flatMap((op) => (op.do === 'said' ? [op.text] : [])).join(''));
  const count = (what: DiskOp['do']) => ops.filter((op) => op.do === what).length;
  t.diagnostic(
    `trace: ${count('write')} writes, ${count('sync')} syncs, ${count('truncate')} truncations, ${said.length} commits answered, ${said.at(-1)?.lastSeq} records`,
  );
  assert.ok(count('truncate') >= 4, 'acknowledgements cut the log off, and so does its growth');
  assert.ok(
    said.some(({ walBytes }, at) => walBytes < (said[at - 1]?.walBytes ?? 0)) &&
      said.some(({ walBytes }) => walBytes > 200_000),
    'the log grows and is begun anew within the trace',
  );
  const chance = new Chance(seed);
  const cuts = cutsOf(ops, chance);
  const perCut = new Map<number, Way[]>();
  for (let drawn = 0; drawn < IMAGES; drawn++) {
    const cut = cuts[drawn % cuts.length] ?? 0;
    perCut.set(cut, [...(perCut.get(cut) ?? []), WAYS[chance.below(WAYS.length)] ?? 'all']);
  }
  const tally = newTally();
  const seen = new Set<string>();
  const disk = new Disk();
  let at = -1;
  for (const [index, op] of ops.entries()) {
    disk.take(op);
    if (op.do === 'said') at++;
    const ways = perCut.get(index) ?? [];
    for (const way of disk.isSettled ? ways.slice(0, 1) : ways) {
      const image = disk.image(way, chance);
      const print = `${at} ${fingerprintOf(image)}`;
      if (seen.has(print)) continue;
      seen.add(print);
      const what = `cut after operation ${index} of ${ops.length} (${op.do}), ${way}, HOLDFAST_SEED=${seed}`;
      tallied(tally, judge(image, { said, at, storageKey, what }), way);
    }
  }
  t.diagnostic(told(tally));
  assert.ok(tally.images >= IMAGES / 2, `${tally.images} different images were built`);
});

test('the log cut off at each frame and within frames, pages missing from its end: recovered without loss', async (t) => {
  const dataDir = join(home, 'untraced');
  const storageKey = newKey();
  const said = readSaid(await write(dataDir, storageKey, null));
  // Without a trace only the last life of the log can be taken apart: from where it was last begun anew.
  const begun = said.findLastIndex(({ walBytes }, at) => walBytes < (said[at - 1]?.walBytes ?? 0));
  const database = readFileSync(join(dataDir, 'journal.sqlite'));
  const wal = readFileSync(join(dataDir, 'journal.sqlite-wal'));
  assert.equal(wal.length, said.at(-1)?.walBytes, 'the writer left its log as it was');
  const frames = (wal.length - WAL_HEAD_BYTES) / FRAME_BYTES;
  const chance = new Chance(seed);
  const tally = newTally();
  const sizes = Array.from({ length: frames + 1 }, (_, frame) => WAL_HEAD_BYTES + frame * FRAME_BYTES);
  for (const size of chance.shuffled(sizes).slice(0, IMAGES / 5)) {
    // Everything up to the last answer within `size` was synced; what comes after it may be there or not.
    const at = Math.max(
      begun,
      said.findLastIndex((one, n) => n >= begun && one.walBytes <= size),
    );
    const synced = said[at]?.walBytes ?? 0;
    const images: [string, Buffer][] = [
      ['prefix', wal.subarray(0, size)],
      ['torn frame', wal.subarray(0, Math.min(size + 1 + chance.below(FRAME_BYTES), wal.length))],
      [
        'pages missing',
        withoutPages(wal, { from: synced, to: Math.min(size + 8 * FRAME_BYTES, wal.length) }, chance),
      ],
    ];
    for (const [way, bytes] of images) {
      if (bytes.length < synced) continue;
      const upTo = said.findLastIndex((one, n) => n >= begun && one.walBytes <= synced);
      const image = new Map([
        ['journal.sqlite', database],
        ['journal.sqlite-wal', bytes],
      ]);
      tallied(tally, judgePrefix(image, { said, at: upTo, storageKey, what: `${way} at ${size}` }), way);
    }
  }
  t.diagnostic(told(tally));
  if (!STRACE) t.diagnostic('NOT RUN: sync trace');
  assert.equal(tally.recovered, tally.images);
});

/** Frames that were never synced: any of them may be missing, and reads as zeros. */
function withoutPages(wal: Buffer, of: { from: number; to: number }, chance: Chance): Buffer {
  const image = Buffer.from(wal.subarray(0, of.to));
  for (let at = of.from; at < of.to; at += FRAME_BYTES)
    if (chance.half()) image.fill(0, at, Math.min(at + FRAME_BYTES, of.to));
  return image;
}

/** A prefix may hold more than one commit after `at`: it must then hold exactly one of the later answers. */
function judgePrefix(
  image: Image,
  of: { said: readonly Said[]; at: number; storageKey: Uint8Array; what: string },
): Judged {
  const dataDir = join(home, 'image');
  layDown(image, dataDir);
  const journal = new Journal({ dataDir, bank: BANK, storageKey: of.storageKey, random: systemRandom });
  try {
    assertChained(journal, of.what);
    const held = digestOf(journal);
    const found = of.said.findIndex(({ digest }, n) => n >= of.at && digest === held);
    assert.ok(found >= of.at, `${of.what}: it holds no state from answer ${of.at} on`);
    return 'recovered';
  } finally {
    journal.close();
  }
}
