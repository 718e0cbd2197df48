/**
 * A cloud that lies about its log: put back to an earlier state and grown otherwise, rolled back, or with two faces;
 * and witnesses that answer anything. What is true is served, and somebody is told.
 */
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { attention } from '../../src/cloud/admin/overview.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { drain, startSubmitter, takeTurn } from '../../src/cloud/log/log.ts';
import { standingOf } from '../../src/cloud/log/standing.ts';
import { record } from '../../src/cloud/log/test-log.ts';
import * as witnesses from '../../src/cloud/log/witness-store.ts';
import { WITNESS_ERRORS, type WitnessError } from '../../src/contract/http/witnesses.ts';
import { openWitnessed } from '../../src/ledger/log/policy.ts';
import { cosignatureLine, type LogSigner } from '../../src/ledger/log/signatures.ts';
import { RFC_SECRETS, signerOf } from '../../src/ledger/log/test-model.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import {
  CosignedLogs,
  LONG_MS,
  policyFor,
  type TestLogOf,
  type TestWitness,
} from '../faults/cosigned-log.ts';
import { keptCopy } from './put-back.ts';

let logs: CosignedLogs;
let superuser: pg.Client;
const liars = new Set<Server>();

before(async () => {
  logs = await CosignedLogs.open();
  superuser = new pg.Client({ connectionString: logs.stand.superuserUrl() });
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  for (const liar of liars) {
    liar.closeAllConnections();
    liar.close();
  }
  await logs.close();
});

const copyOfAll = (cloud: Cloud) => keptCopy(superuser, cloud);

const kindsOf = async (cloud: Cloud, { tenant }: TestLogOf) =>
  (await cloud.database.tenant(tenant, (tx) => attention(cloud, tx))).map(({ kind }) => kind);
const standing = async (cloud: Cloud, { tenant }: TestLogOf) =>
  (await cloud.database.read(tenant, (tx) => standingOf(cloud, tx))) ?? assert.fail();
/** The checkpoint that readers are given, with its cosignatures. */
const shownNote = async ({ database }: Cloud, { tenant }: TestLogOf) =>
  (await database.read(tenant, (tx) => witnesses.shownNote(tx, 1))) ?? assert.fail();

test('a cloud that is put back and grows otherwise gets no cosignature, and its administrators are told', async () => {
  const log = await logs.newLog();
  const all = [await logs.witness(log), await logs.witness(log), await logs.witness(log)];
  const cloud = logs.cloudWith(all, 2);
  await record(cloud, log.tenant, 5);
  assert.deepEqual(await logs.grow(cloud, log), ['cosigned', 'cosigned', 'cosigned']);
  const putBack = await copyOfAll(cloud);
  await record(cloud, log.tenant, 3);
  assert.deepEqual(await logs.grow(cloud, log), ['cosigned', 'cosigned', 'cosigned']);
  const honest = await shownNote(cloud, log);
  await putBack();
  assert.deepEqual(await kindsOf(cloud, log), []);

  // One fewer than they remember, then as many, then more: rolled back, and twice forked.
  for (const count of [2, 1, 4]) {
    await record(cloud, log.tenant, count);
    assert.deepEqual(await logs.grow(cloud, log), ['conflict', 'conflict', 'conflict'], `${count} more`);
    const kinds = await kindsOf(cloud, log);
    assert.equal(kinds.filter((kind) => kind === 'log-conflict').length, 3);
    const now = await standing(cloud, log);
    assert.ok(now.newest.size > now.shownSize);
    assert.ok(
      now.witnesses.every(({ error, conflictAtMs }) => error === 'conflict' && conflictAtMs !== null),
    );
  }
  const policy = policyFor(log, { witnesses: all, quorum: 2 });
  const lied = (await standing(cloud, log)).newest.note;
  const borrowed = lied + honest.slice(honest.indexOf('\n\n') + 2).slice(honest.indexOf('— witness'));
  assert.ok(!openWitnessed(lied, policy).ok && !openWitnessed(borrowed, policy).ok);
});

test('two faces for two witnesses: no checkpoint gets both', async () => {
  const log = await logs.newLog();
  const [one, two] = [await logs.witness(log), await logs.witness(log)];
  const cloud = logs.cloudWith([one, two], 2);
  await record(cloud, log.tenant, 4);
  assert.deepEqual(await logs.grow(cloud, log), ['cosigned', 'cosigned']);
  const agreed = await shownNote(cloud, log);
  const turnOf = (face: Cloud, at: number) => {
    const witness = face.config.witnessing?.witnesses[at] ?? assert.fail();
    return takeTurn(face, { tenant: log.tenant, witness });
  };
  const otherFace = await copyOfAll(cloud);
  await record(cloud, log.tenant, 2);
  await drain(cloud, log.tenant);
  logs.stand.step(LONG_MS);
  assert.equal(await turnOf(cloud, 0), 'cosigned', 'the first sees one face');
  assert.equal(await shownNote(cloud, log), agreed);
  const first = await standing(cloud, log);
  await otherFace();
  await record(cloud, log.tenant, 2);
  await drain(cloud, log.tenant);
  logs.stand.step(LONG_MS);
  assert.equal(await turnOf(cloud, 1), 'cosigned', 'the second sees the other');
  const second = await standing(cloud, log);
  assert.equal(second.newest.size, first.newest.size);
  assert.notEqual(second.newest.note, first.newest.note);
  assert.equal(await turnOf(cloud, 0), 'conflict');
  assert.equal(await shownNote(cloud, log), agreed, 'neither face has two of two');
  assert.deepEqual(await kindsOf(cloud, log), ['log-conflict', 'log-unagreed']);
});

type Script = (response: ServerResponse, note: string) => void;

/** A witness that answers what the script says, with a key that the policy knows. */
async function liarOf(
  name: string,
  script: { run: Script },
): Promise<{ witness: TestWitness; signer: LogSigner }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      script.run(response, body.slice(body.indexOf('\n\n') + 2));
    });
  });
  liars.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const signer = signerOf(`witness.example/${name}`, RFC_SECRETS[2]);
  const vkey = vkeyText({ type: 'cosignature', name: signer.name, publicKey: signer.publicKey });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
  const nothing = async () => undefined;
  return { witness: { name, vkey, url, start: nothing, stop: nothing }, signer };
}

const textOf = (note: string) => note.slice(0, note.indexOf('\n\n') + 1);

/** What else a witness could answer, each with the reason that is kept. */
function casesOf(signer: LogSigner): [string, WitnessError, Script][] {
  const stranger = signerOf(signer.name, RFC_SECRETS[3]);
  const line = (text: string, by = signer) => cosignatureLine({ text, signer: by, atS: 1_790_000_000 });
  const say =
    (status: number, body: string | Uint8Array, headers: Record<string, string> = {}): Script =>
    (response) =>
      response.writeHead(status, headers).end(body);
  const other = 'ledger.example.org/other\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
  // Long after the question was given up, it is answered well.
  const late: Script = (response, note) => {
    const timer = setTimeout(() => response.end(line(textOf(note))), 15_000);
    response.on('close', () => clearTimeout(timer));
  };
  return [
    ['nothing', 'unreachable', (response) => response.destroy()],
    [
      'half an answer',
      'unreachable',
      (response) => {
        response.writeHead(200, { 'content-length': '500' }).write('— ', () => response.destroy());
      },
    ],
    ['an error', 'unavailable', say(500, 'no')],
    ['too many requests', 'unavailable', say(429, 'no')],
    ['a redirect to itself', 'redirected', say(307, '', { location: '/add-checkpoint' })],
    ['not found', 'log-unknown', say(404, '')],
    ['forbidden', 'key-unknown', say(403, '')],
    ['a bad request', 'refused', say(400, '')],
    ['a success without a body of that status', 'refused', say(204, '')],
    ['the wrong root', 'conflict', say(422, '')],
    ['a conflict without a size', 'answer-malformed', say(409, 'much\n')],
    ['a conflict with the size that was named', 'answer-malformed', say(409, '0\n')],
    ['a conflict with a size and more', 'answer-malformed', say(409, '1\n1\n')],
    ['a size that this log never had', 'conflict', say(409, '9000\n')],
    ['too much', 'answer-oversized', say(200, 'x'.repeat(40_000))],
    ['no text', 'answer-malformed', say(200, Uint8Array.of(0xff, 0xfe))],
    ['no line', 'answer-malformed', say(200, '')],
    [
      'a line and trailing bytes',
      'answer-malformed',
      (response, note) => {
        response.end(`${line(textOf(note))}trailing`);
      },
    ],
    [
      'a line of another key under its name',
      'signature-missing',
      (response, note) => {
        response.end(line(textOf(note), stranger));
      },
    ],
    ['a line over another log', 'signature-wrong', (response) => response.end(line(other))],
    [
      'a line with another time',
      'signature-wrong',
      (response, note) => {
        const right = line(textOf(note)).trimEnd();
        const bytes = Buffer.from(right.slice(right.lastIndexOf(' ') + 1), 'base64');
        bytes[11] = (bytes[11] ?? 0) ^ 1;
        response.end(`— ${signer.name} ${bytes.toString('base64')}\n`);
      },
    ],
    ['nothing for long', 'slow', late],
    ['one byte and nothing for long', 'slow', (response) => void response.write('—')],
  ];
}

test('whatever a witness answers but its cosignature of this checkpoint, nothing of it is kept', async () => {
  const log = await logs.newLog();
  const script: { run: Script } = { run: (response) => response.end() };
  const { witness, signer } = await liarOf('liar', script);
  const cloud = logs.cloudWith([witness], 1);
  await record(cloud, log.tenant, 2);
  const cases = casesOf(signer);
  const line = (text: string) => cosignatureLine({ text, signer, atS: 1_790_000_000 });
  for (const [what, error, run] of cases) {
    script.run = run;
    assert.deepEqual(await logs.grow(cloud, log), [error], what);
    const now = await standing(cloud, log);
    assert.equal(now.witnesses[0]?.error, error, what);
    assert.deepEqual([now.shownSize, now.witnesses[0]?.agreed], [0, null], what);
  }
  assert.deepEqual(new Set(cases.map(([, error]) => error)), new Set(WITNESS_ERRORS), 'each reason was seen');
  script.run = (response, note) => response.end(`— other.example/w AAAABBBB\n${line(textOf(note))}`);
  assert.deepEqual(await logs.grow(cloud, log), ['cosigned'], 'lines of unknown keys are passed over');
  const now = await standing(cloud, log);
  assert.equal(now.witnesses[0]?.error, null);
  assert.ok(!(await shownNote(cloud, log)).includes('other.example'));
});

test('a witness that answers a new size each time is asked a few times, and no more', async () => {
  const log = await logs.newLog();
  let asked = 0;
  const { witness } = await liarOf('restless', {
    run: (response) => {
      asked += 1;
      response.writeHead(409).end(`${asked}\n`);
    },
  });
  const cloud = logs.cloudWith([witness], 1);
  await record(cloud, log.tenant, 20);
  assert.deepEqual(await logs.grow(cloud, log), ['answer-malformed']);
  assert.equal(asked, 3);
});

test('a cloud does not start with the key of its own logs as a witness', async () => {
  const log = await logs.newLog();
  const { publicKey } = logs.stand.cloud.ledger.key;
  const vkey = vkeyText({ type: 'cosignature', name: 'witness.example/self', publicKey });
  const nothing = async () => undefined;
  const self = { name: 'self', vkey, url: 'https://witness.example', start: nothing, stop: nothing };
  const real = await logs.witness(log);
  await assert.rejects(startSubmitter(logs.cloudWith([self, real], 1)), /policy-key-twice/);
});
