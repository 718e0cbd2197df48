/** A witness over real HTTP, against a real log: one that grows, and one that lies. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { addCosignatures, parseCheckpoint } from '../ledger/log/checkpoint.ts';
import { openWitnessed, readPolicy } from '../ledger/log/policy.ts';
import { splitNote } from '../ledger/log/signatures.ts';
import { draws, RFC_SECRETS } from '../ledger/log/test-model.ts';
import { addCheckpointBody } from '../ledger/log/witness.ts';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { watchedLogs } from './answer.ts';
import { Heads } from './heads.ts';
import { readWitnessKey } from './key.ts';
import { startWitness, type Witness } from './main.ts';
import { serveWitness } from './server.ts';
import { newWitness, post, TestLog } from './test-log.ts';

const START_MS = 1_790_000_000_000;
const home = mkdtempSync(join(tmpdir(), 'holdfast-witness-'));
const running = new Set<Witness>();
after(async () => {
  for (const witness of running) await witness.stop();
  rmSync(home, { recursive: true, force: true });
});
let folders = 0;

async function witnessOf(...logs: TestLog[]) {
  folders += 1;
  const folder = join(home, String(folders));
  mkdirSync(folder);
  const { vkey, config } = newWitness(
    folder,
    logs.map((log) => log.vkey),
  );
  const clock = new ManualClock(START_MS);
  const start = async () => {
    const onFatal = (error: Error) => assert.fail(error);
    const witness = await startWitness({ config, clock, log: silentLog, onFatal });
    running.add(witness);
    const stop = async () => {
      running.delete(witness);
      await witness.stop();
    };
    return { ...witness, stop };
  };
  const witness = await start();
  return { folder, vkey, config, clock, witness, start, port: witness.port };
}

const add = async (port: number, log: TestLog, from: number) => post(port, await log.request(from));

/** What the witness of `vkey` answered is enough for a policy that asks for it. */
function assertCosigned(log: TestLog, vkey: string, line: string): number {
  const policy = readPolicy({ origin: log.origin, logs: [log.vkey], witnesses: [vkey], quorum: 1 });
  assert.ok(policy.ok);
  const cosigned = addCosignatures(log.note, { answer: line, witnesses: policy.value.witnesses });
  assert.ok(cosigned.ok);
  const opened = openWitnessed(cosigned.value.note, policy.value);
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  return opened.value.verdict.cosigned[0]?.atS ?? 0;
}

test('a log that grows is cosigned at each size, and the same checkpoint again', async () => {
  const log = new TestLog();
  const { port, vkey, clock } = await witnessOf(log);
  let from = 0;
  for (const size of [0, 1, 3, 8, 255, 257, 700]) {
    log.growTo(size);
    for (const again of [false, true]) {
      clock.advance(1000);
      const answer = await add(port, log, again ? size : from);
      assert.equal(answer.status, 200, `${from} to ${size}: ${answer.text}`);
      assert.equal(assertCosigned(log, vkey, answer.text), clock.nowMs() / 1000);
    }
    from = size;
  }
});

test('each log has a head of its own', async () => {
  const [a, b] = [new TestLog(), new TestLog('log.example/b', RFC_SECRETS[1])];
  const { port } = await witnessOf(a, b);
  assert.equal((await add(port, a.growTo(5), 0)).status, 200);
  assert.equal((await add(port, b.growTo(9), 0)).status, 200);
  assert.equal((await add(port, a.growTo(6), 5)).status, 200);
});

test('a log that forks or rolls back gets no cosignature, and the two notes of a fork are kept', async () => {
  const log = new TestLog().growTo(5);
  const other = log.fork().growTo(12, 'other');
  const old = log.fork();
  const { port, folder } = await witnessOf(log);
  assert.equal((await add(port, log, 0)).status, 200);
  assert.equal((await add(port, log.growTo(12), 5)).status, 200);
  for (const [who, from, status] of [
    [old, 0, 409],
    [old, 5, 409],
    [other, 0, 409],
    [other, 5, 409],
    [other, 12, 422],
  ] as const) {
    const answer = await add(port, who, from);
    assert.equal(answer.status, status, `from ${from} to ${who.head.size}: ${answer.text}`);
  }
  const longer = other.fork().growTo(20, 'other');
  assert.equal((await add(port, longer, 12)).status, 422, 'a proof from the other history');
  const rolledBack = addCheckpointBody({ oldSize: 12, proof: [], checkpoint: old.note });
  assert.equal((await post(port, rolledBack)).status, 400);
  const kept = readdirSync(folder).filter((name) => name.includes('.fork-'));
  assert.equal(kept.length, 1);
  const notes = readFileSync(join(folder, kept[0] ?? ''), 'utf8');
  assert.equal(notes, `${log.note}\n${other.note}`);
  assert.equal((await add(port, log, 12)).status, 200, 'the one history goes on');
});

test('each refusal has its status, and a plain sentence', async () => {
  const log = new TestLog().growTo(7);
  const { port } = await witnessOf(log);
  const unknown = new TestLog('log.example/unknown').growTo(3);
  const stranger = new TestLog(log.origin, RFC_SECRETS[2]).growTo(7);
  const good = await log.request(0);
  const wrong = good.replace(/(— \S+ .{20})(.)/, (_, begin, letter) => begin + (letter === 'A' ? 'B' : 'A'));
  const hash = Buffer.alloc(32).toString('base64');
  const cases: [string | Uint8Array, number, RegExp][] = [
    [await unknown.request(0), 404, /does not watch/],
    [await stranger.request(0), 403, /signature-missing/],
    [wrong, 403, /signature-wrong/],
    ['old 0\n\nno note', 404, /does not watch/],
    ['', 400, /proof-malformed/],
    [good.replace('old 0', 'old 00'), 400, /number-malformed/],
    [good.replace('old 0', 'old 8'), 400, /size-outside-tree/],
    [good.replace('old 0\n', `old 0\n${hash}\n`), 422, /consistency-wrong/],
    [Uint8Array.of(0x6f, 0x6c, 0x64, 0x20, 0xff), 400, /not UTF-8/],
    ['x'.repeat(262_145), 413, /262144 bytes/],
  ];
  for (const [body, status, says] of cases) {
    const answer = await post(port, body);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, says);
    assert.match(answer.type, /^text\/plain/);
    assert.match(answer.text, /^[^\n]+\.\n$/);
  }
  assert.equal((await post(port, good)).status, 200);
  assert.deepEqual(await post(port, good), { status: 409, type: 'text/x.tlog.size', text: '7\n' });
  const get = await fetch(`http://127.0.0.1:${port}/add-checkpoint`);
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST']);
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
  assert.match(await raw(port, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await raw(port, `GET / HTTP/1.1\r\nx: ${'x'.repeat(9000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
});

/** Sends bytes and resolves with all that comes, once the far side ends the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text));
    socket.on('data', (part) => {
      said += part.toString('utf8');
    });
    socket.on('error', () => resolve(said));
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on('close', () => resolve(said));
  });
}

test('a request that does not arrive is ended, and holds nobody up', { timeout: 60_000 }, async () => {
  const log = new TestLog().growTo(4);
  const { port } = await witnessOf(log);
  const head = 'POST /add-checkpoint HTTP/1.1\r\nhost: w\r\n';
  const slow = [raw(port, head), raw(port, `${head}content-length: 100\r\n\r\nold 0\n`)];
  assert.equal((await add(port, log, 0)).status, 200);
  for (const said of await Promise.all(slow)) assert.match(said, /^HTTP\/1\.1 408 /);
});

test('requests at once for one log are in turn: one is cosigned, the others are told the size', async () => {
  const log = new TestLog().growTo(4);
  const { port } = await witnessOf(log);
  assert.equal((await add(port, log, 0)).status, 200);
  const branches = Array.from({ length: 16 }, (_, at) => log.fork().growTo(5 + (at % 4), `branch ${at}`));
  const bodies = await Promise.all(branches.map((branch) => branch.request(4)));
  const answers = await Promise.all(bodies.map((body) => post(port, body)));
  const taken = answers.findIndex(({ status }) => status === 200);
  const size = branches[taken]?.head.size;
  for (const [at, answer] of answers.entries())
    if (at !== taken) assert.deepEqual([answer.status, answer.text], [409, `${size}\n`]);
});

test('a head is remembered over restarts', async () => {
  const log = new TestLog().growTo(6);
  const other = new TestLog().growTo(6, 'other');
  const { port, witness, start } = await witnessOf(log);
  assert.equal((await add(port, log, 0)).status, 200);
  await witness.stop();
  const again = await start();
  assert.equal((await add(again.port, other, 0)).text, '6\n');
  assert.equal((await add(again.port, log.growTo(9), 6)).status, 200);
  await again.stop();
  assert.equal((await add((await start()).port, log, 6)).text, '9\n');
});

test('the times of cosignatures never go back, not over a restart either', async () => {
  const log = new TestLog().growTo(6);
  const { port, witness, start, clock } = await witnessOf(log);
  const first = await add(port, log, 0);
  assert.equal((await add(port, log, 6)).text, first.text, 'within the second it is the same answer');
  clock.step(-2_000);
  const refusedBy = async (here: number) => {
    for (const body of [await log.request(6), await log.fork().growTo(7).request(6)]) {
      const answer = await post(here, body);
      assert.equal(answer.status, 503, answer.text);
    }
  };
  await refusedBy(port);
  await witness.stop();
  const again = await start();
  await refusedBy(again.port);
  clock.advance(3_000);
  assert.equal((await post(again.port, await log.growTo(8).request(6))).status, 200);
});

test('what cannot be kept is not cosigned, and the witness ends', async () => {
  const log = new TestLog().growTo(3);
  const { config, witness, vkey } = await witnessOf(log);
  await witness.stop();
  const heads = new Heads(config.stateFile, vkey);
  const fatal: string[] = [];
  const logs = watchedLogs([log.vkey]);
  const server = await serveWitness({
    ...config.http,
    ...{ heads, logs, log: silentLog, clock: new ManualClock(START_MS) },
    signer: readWitnessKey(config.keyFile),
    onFatal: (error) => void fatal.push(error.message),
  });
  try {
    // Every write fails from here on, as on a disk that went away.
    heads.close();
    for (const times of [1, 2]) {
      const answer = await add(server.port, log, 0);
      assert.deepEqual([answer.status, answer.text], [500, 'Something broke here; this witness stops.\n']);
      assert.equal(fatal.length, times);
    }
    assert.match(fatal[0] ?? '', /cannot be written/);
  } finally {
    await server.stop();
  }
});

test('whatever body is sent, only what the log signed and continued is cosigned', async (t) => {
  const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const draw = draws(seed);
  const log = new TestLog().growTo(5);
  const { port, start, witness } = await witnessOf(log);
  assert.equal((await add(port, log, 0)).status, 200);
  const good = [
    await log.request(5),
    await log.fork().growTo(9).request(5),
    await log.growTo(300).request(5),
  ];
  const signed = new Set(good.map((body) => body.slice(body.indexOf('\n\n') + 2)));
  let size = 5;
  for (let run = 0; run < 600; run++) {
    const body = mutated(Buffer.from(good[draw(good.length)] ?? ''), draw);
    const answer = await post(port, body);
    assert.ok([200, 400, 403, 404, 409, 413, 422].includes(answer.status), `${answer.status}`);
    if (answer.status !== 200) continue;
    const text = body.toString('utf8');
    assert.ok(signed.has(text.slice(text.indexOf('\n\n') + 2)), 'a checkpoint that the log never signed');
    const split = splitNote(text.slice(text.indexOf('\n\n') + 2));
    const head = split.ok ? parseCheckpoint(split.value.text) : split;
    assert.ok(head.ok && head.value.size >= size);
    size = head.value.size;
  }
  await witness.stop();
  assert.equal((await add((await start()).port, log, size === 300 ? 5 : 0)).text, `${size}\n`);
});

/** One to three edits: a byte changed, a run cut out, doubled, or put elsewhere. */
function mutated(body: Buffer, draw: (below: number) => number): Buffer {
  let bytes = body;
  for (let edits = 1 + draw(3); edits > 0; edits--) {
    const at = draw(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + draw(40));
    const run = bytes.subarray(at, end);
    const [before, rest] = [bytes.subarray(0, at), bytes.subarray(end)];
    const ways = [
      () => Buffer.concat([before, Buffer.from([draw(256)]), bytes.subarray(at + 1)]),
      () => Buffer.concat([before, rest]),
      () => Buffer.concat([before, run, run, rest]),
      () => Buffer.concat([run, before, rest]),
      () =>
        Buffer.concat([before, Buffer.from(['\n', '\n\n', '—', 'old 0\n', ' '][draw(5)] ?? ''), run, rest]),
    ];
    bytes = Buffer.from((ways[draw(ways.length)] ?? assert.fail)());
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

test('nothing is left of a request but the state', async () => {
  const log = new TestLog().growTo(3);
  const { port, folder, witness } = await witnessOf(log);
  assert.equal((await add(port, log, 0)).status, 200);
  await witness.stop();
  assert.deepEqual(readdirSync(folder).sort(), ['key', 'key.heads', 'witness.json']);
  assert.ok(existsSync(join(folder, 'key.heads')));
});
