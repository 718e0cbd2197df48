import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { newSigningKey, type SigningKey } from '../crypto/sign.ts';
import {
  BATCH_RECORDS_MAX,
  type BatchHead,
  batchRoot,
  type Committed,
  headHash,
  headText,
  type JudgeBatch,
  type Judgement,
  judgeBatch,
  NO_HEAD,
  NOTHING_COMMITTED,
  signHead,
} from './batch.ts';
import { signNote } from './note.ts';
import { leafHash, NO_HASH, parseRecord, writeRecord } from './record.ts';
import { inclusionPath } from './tree.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const BANK = 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const key = newSigningKey();
const otherKey = newSigningKey();

type Place = { seq: number; prev: string };
type Batch = { note: string; head: BatchHead; records: Uint8Array[] };
const _bytesOf = (text: string) => fromBase64url(text) ?? assert.fail();

/** `count` records after `from`; `mark` stands in them, so that two chains can differ. */
function recordsFrom(
  from: Place,
  count: number,
  mark = 0,
  source = BANK,
): { records: Uint8Array[]; end: Place } {
  const records: Uint8Array[] = [];
  let { seq, prev } = from;
  for (let made = 0; made < count; made++) {
    seq += 1;
    const time = { atMs: seq, source: 'clock', uncertaintyMs: mark } as const;
    const draft = { kind: 'board.lost', facts: { board: seq % 4 } } as const;
    const written = writeRecord({ draft, source, seq, prev, time, drawSalt: () => new Uint8Array(16) });
    records.push(written.bytes);
    prev = written.hash;
  }
  return { records, end: { seq, prev } };
}

function batchOf(
  records: Uint8Array[],
  first: number,
  previous: string,
  by: SigningKey = key,
  bank = BANK,
): Batch {
  const head = { bank, first, last: first + records.length - 1, previous, root: batchRoot(records) };
  return { note: signHead({ head, key: by }), head, records };
}

/** A bank that cuts its journal into batches of the sizes given. */
function bankBatches(sizes: readonly number[], mark = 0, after: Committed = NOTHING_COMMITTED): Batch[] {
  let place: Place = { seq: after.lastSeq, prev: after.lastHash };
  let previous = after.lastHead;
  return sizes.map((size) => {
    const { records, end } = recordsFrom(place, size, mark);
    const batch = batchOf(records, place.seq + 1, previous);
    place = end;
    previous = headHash(batch.head);
    return batch;
  });
}

/** The receiving side as the rules ask for it: it commits what is judged to continue, and nothing else. */
class Receiver {
  committed: Committed = NOTHING_COMMITTED;
  readonly heads = new Map<number, string>();
  readonly records: Uint8Array[] = [];

  judge(
    batch: { note: string; records: readonly Uint8Array[] },
    changes: Partial<JudgeBatch> = {},
  ): Judgement {
    const { note, records } = batch;
    const question = {
      note,
      records,
      key: { name: BANK, publicKey: key.publicKey },
      committed: this.committed,
    };
    return judgeBatch({ ...question, headAt: (last) => this.heads.get(last), ...changes });
  }

  take(batch: Batch): Judgement {
    const judgement = this.judge(batch);
    if (judgement.verdict === 'append') {
      this.committed = judgement.next;
      this.heads.set(judgement.head.last, headHash(judgement.head));
      this.records.push(...batch.records);
    }
    return judgement;
  }
}

const refused = (reason: string, firstMissing = 0, lastMissing = 0) => ({
  verdict: 'refused',
  reason,
  firstMissing,
  lastMissing,
});
test('batches that continue the chain are appended, and known when they come again', () => {
  const receiver = new Receiver();
  const batches = bankBatches([1, 3, 2]);
  for (const batch of batches) {
    const judgement = receiver.take(batch);
    assert.ok(judgement.verdict === 'append');
    assert.deepEqual(
      judgement.records.map(({ seq }) => seq),
      batch.records.map((_, at) => batch.head.first + at),
    );
  }
  assert.equal(receiver.committed.lastSeq, 6);
  for (const batch of batches) assert.deepEqual(receiver.take(batch), { verdict: 'known', head: batch.head });
  assert.equal(receiver.committed.lastSeq, 6);
});

test('a gap is refused and names the missing numbers', () => {
  const receiver = new Receiver();
  const [first, second, third] = bankBatches([2, 3, 4]);
  assert.ok(first && second && third);
  assert.deepEqual(receiver.judge(second), refused('batch-gap', 1, 2));
  receiver.take(first);
  assert.deepEqual(receiver.judge(third), refused('batch-gap', 3, 5));
  assert.equal(receiver.take(second).verdict, 'append');
  assert.equal(receiver.take(third).verdict, 'append');
});

test('a fork is refused: the same numbers with other content, another head before, another record before', () => {
  const receiver = new Receiver();
  const [first] = bankBatches([2]);
  const [otherFirst, otherSecond] = bankBatches([2, 2], 1);
  assert.ok(first && otherFirst && otherSecond);
  receiver.take(first);
  assert.deepEqual(receiver.judge(otherFirst), refused('batch-fork'));
  assert.deepEqual(receiver.judge(otherSecond), refused('batch-fork'));
  const continued = recordsFrom(
    { seq: 2, prev: base64url(leafHash(otherFirst.records[1] ?? assert.fail())) },
    2,
  ).records;
  assert.deepEqual(receiver.judge(batchOf(continued, 3, receiver.committed.lastHead)), refused('batch-fork'));
  const sound = recordsFrom({ seq: 2, prev: receiver.committed.lastHash }, 2).records;
  assert.deepEqual(receiver.judge(batchOf(sound, 3, NO_HEAD)), refused('batch-fork'));
  assert.equal(receiver.judge(batchOf(sound, 3, receiver.committed.lastHead)).verdict, 'append');
});

test('a roll-back is refused: a range that was committed, cut in another way', () => {
  const receiver = new Receiver();
  const [first, second] = bankBatches([2, 3]);
  assert.ok(first && second);
  const all = [...first.records, ...second.records];
  receiver.take(first);
  receiver.take(second);
  assert.deepEqual(receiver.judge(batchOf(all.slice(0, 3), 1, NO_HEAD)), refused('batch-rollback'));
  assert.deepEqual(receiver.judge(batchOf(all.slice(0, 1), 1, NO_HEAD)), refused('batch-rollback'));
  const { records } = recordsFrom({ seq: 5, prev: receiver.committed.lastHash }, 1);
  const overlapping = batchOf([...second.records, ...records], 3, headHash(first.head));
  assert.deepEqual(receiver.judge(overlapping), refused('batch-rollback'));
});

test('records that the head does not speak for are refused', () => {
  const receiver = new Receiver();
  const [batch] = bankBatches([3]);
  const [other] = bankBatches([3], 1);
  assert.ok(batch && other);
  const { records, note } = batch;
  const [a, b, c] = records;
  assert.ok(a && b && c);
  for (const wrong of [
    [],
    [a, b],
    [a, b, c, c],
    [a, c, b],
    other.records,
    [a, b, Uint8Array.from([...c, 0x20])],
  ]) {
    assert.deepEqual(receiver.judge({ note, records: wrong }), refused('batch-root-wrong'));
  }
  const flipped = Uint8Array.from(c, (byte, at) => (at === 9 ? byte ^ 1 : byte));
  assert.deepEqual(receiver.judge({ note, records: [a, b, flipped] }), refused('batch-root-wrong'));
});

test('more records than a batch may hold are refused, however well signed', () => {
  const receiver = new Receiver();
  const { records } = recordsFrom({ seq: 0, prev: NO_HASH }, BATCH_RECORDS_MAX + 1);
  assert.deepEqual(receiver.judge(batchOf(records, 1, NO_HEAD)), refused('batch-root-wrong'));
  assert.equal(receiver.judge(batchOf(records.slice(0, -1), 1, NO_HEAD)).verdict, 'append');
});

test('a signed batch of records that are malformed, misnumbered or of another journal is refused', () => {
  const receiver = new Receiver();
  const { records } = recordsFrom({ seq: 0, prev: NO_HASH }, 2);
  const [a, b] = records;
  assert.ok(a && b);
  const spaced = utf8(fromUtf8(b).replace(':', ': '));
  const foreign = recordsFrom({ seq: 0, prev: NO_HASH }, 2, 0, 'bank_bbbbbbbbbbbbbbbbbbbbbbbbbb').records;
  const later = recordsFrom({ seq: 1, prev: NO_HASH.replace('A', 'B') }, 2).records;
  for (const wrong of [
    [a, spaced],
    [a, utf8('{}')],
    [a, new Uint8Array(0)],
    [a, a],
    [b, a],
    foreign,
    later,
  ]) {
    assert.deepEqual(receiver.judge(batchOf(wrong, 1, NO_HEAD)), refused('batch-record-malformed'));
  }
});

test('a head of another key, another bank or another form is refused', () => {
  const receiver = new Receiver();
  const { records } = recordsFrom({ seq: 0, prev: NO_HASH }, 2);
  const wrongKey = batchOf(records, 1, NO_HEAD, otherKey);
  const otherBank = batchOf(records, 1, NO_HEAD, key, 'bank_bbbbbbbbbbbbbbbbbbbbbbbbbb');
  assert.deepEqual(receiver.judge(wrongKey), refused('batch-head-wrong'));
  assert.deepEqual(receiver.judge(otherBank), refused('batch-head-wrong'));
  const { head, note } = batchOf(records, 1, NO_HEAD);
  const text = headText(head);
  const signed = (changed: string) => ({ note: signNote(changed, [{ name: BANK, ...key }]), records });
  const forms = [
    text.replace('/v1', '/v2'),
    text.replace('1 2', '2 1'),
    text.replace('1 2', '0 2'),
    text.replace('1 2', '01 2'),
    text.replace('1 2', '1  2'),
    text.replace('1 2', '1 9999999999999999'),
    text.replace(BANK, 'bank_bbbbbbbbbbbbbbbbbbbbbbbbbb'),
    `${text}more\n`,
    text.replace('=\n', '\n'),
    text.replace(/.=\n$/, 'B=\n'),
    `${text}\n`,
  ];
  for (const form of forms) {
    assert.notEqual(form, text);
    assert.deepEqual(receiver.judge(signed(form)), refused('batch-head-wrong'), form);
  }
  for (const broken of [
    '',
    text,
    note.replace('1 2', '1 3'),
    note.slice(0, -2),
    note.replace(BANK, 'bank_b'),
  ]) {
    assert.deepEqual(receiver.judge({ note: broken, records }), refused('batch-head-wrong'));
  }
});

test('one record is shown without its neighbours by at most ten hashes', () => {
  const leaves = Array.from({ length: BATCH_RECORDS_MAX }, (_, index) => leafHash(utf8(String(index))));
  for (const index of [0, 513, BATCH_RECORDS_MAX - 1]) assert.equal(inclusionPath(leaves, index).length, 10);
});

/** What the receiver holds must be one journal, by the plainest reading. */
function assertOneChain(receiver: Receiver): void {
  let prev = Buffer.alloc(32).toString('base64url');
  receiver.records.forEach((bytes, at) => {
    const parsed = parseRecord(bytes);
    assert.ok(parsed.ok);
    assert.equal(parsed.record.seq, at + 1);
    assert.equal(parsed.record.prev, prev);
    prev = createHash('sha256').update('\0').update(bytes).digest('base64url');
  });
  assert.equal(receiver.committed.lastSeq, receiver.records.length);
  assert.equal(receiver.committed.lastHash, prev);
}

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });

test('property: late, repeated and reordered batches of an honest bank are all taken in the end, each once', () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(), { maxLength: 20 }), (cuts, order) => {
      const receiver = new Receiver();
      const batches = bankBatches(cuts);
      for (const pick of order) {
        const judgement = receiver.take(batches[pick % batches.length] ?? assert.fail());
        assert.ok(judgement.verdict !== 'refused' || judgement.reason === 'batch-gap');
      }
      for (const batch of batches) receiver.take(batch);
      assert.deepEqual(
        receiver.records,
        batches.flatMap(({ records }) => records),
      );
      assertOneChain(receiver);
    }),
    { seed, numRuns: 60 },
  );
});

test('property: in any interleaving of a bank, its forks, thieves and damage, only a continuing chain is appended', () => {
  const damage = fc.constantFrom(
    'none',
    'drop-record',
    'swap-note',
    'flip-byte',
    'other-key',
    'wrong-previous',
  );
  const move = fc.record({ chain: fc.nat(2), pick: fc.nat(), damage });
  fc.assert(
    fc.property(
      sizes,
      sizes,
      sizes,
      fc.array(move, { minLength: 5, maxLength: 25 }),
      (cutsA, cutsB, cutsC, moves) => {
        const honest = bankBatches(cutsA);
        // One chain that forks from the beginning, and one that forks after the first honest batch.
        const [first] = honest;
        assert.ok(first);
        const base = {
          lastSeq: first.head.last,
          lastHash: base64url(leafHash(first.records.at(-1) ?? assert.fail())),
          lastHead: headHash(first.head),
        };
        const chains = [honest, bankBatches(cutsB, 1), bankBatches(cutsC, 2, base)];
        const all = chains.flat();
        const receiver = new Receiver();
        for (const { chain, pick, damage: harm } of moves) {
          const from = chains[chain] ?? [];
          const batch = spoil(
            from[pick % from.length] ?? assert.fail(),
            harm,
            all[pick % all.length] ?? assert.fail(),
          );
          const before = receiver.committed;
          const judgement = receiver.take(batch);
          if (judgement.verdict !== 'append') assert.equal(receiver.committed, before);
          else
            assert.ok(
              all.some(({ note, records }) => note === batch.note && records === batch.records),
              'damage was taken',
            );
          assertOneChain(receiver);
        }
      },
    ),
    { seed, numRuns: 80 },
  );
});

function spoil(batch: Batch, harm: string, other: Batch): Batch {
  const { records, head } = batch;
  const [one, ...rest] = records;
  assert.ok(one);
  switch (harm) {
    case 'drop-record':
      return { ...batch, records: rest };
    case 'swap-note':
      return other.note === batch.note ? { ...batch, note: '' } : { ...batch, note: other.note };
    case 'flip-byte':
      return { ...batch, records: [one.map((byte, at) => (at === 12 ? byte ^ 4 : byte)), ...rest] };
    case 'other-key':
      return batchOf(records, head.first, head.previous, otherKey);
    case 'wrong-previous':
      return batchOf(records, head.first, head.root);
    default:
      return batch;
  }
}
