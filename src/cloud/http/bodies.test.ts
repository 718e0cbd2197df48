/** Long bodies: of whom they are read, and how many at once. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { EVIDENCE_BODY_BYTES_MAX } from '../../contract/http/evidence.ts';
import { idFrom } from '../../domain/ids.ts';
import { breath, sleep, systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { operatorTokenHash, type SignedIn } from './gate.ts';
import { type HttpServers, route, startHttp } from './http.ts';

const URL = '/api/admin/parcels/p/evidence';
const WAIT_MS = 5_000;
const admin = (): SignedIn => ({
  is: 'admin',
  tenant: idFrom('tenant', systemRandom.bytes(16)),
  person: idFrom('person', systemRandom.bytes(16)),
  role: 'admin',
  signedInAtMs: 0,
});
const SESSIONS: Record<string, SignedIn> = { alder: admin(), birch: admin() };

let http: HttpServers;
/** What the handler waits for. */
let goOn: Promise<void> = Promise.resolve();
let served = 0;
before(async () => {
  http = await startHttp({
    cloud: { clock: systemClock, log: silentLog, database: {} } as Cloud,
    routes: [
      route({
        method: 'POST',
        url: '/api/admin/parcels/:id/evidence',
        access: 'admin',
        says: 'Takes a file.',
        bodyBytesMax: EVIDENCE_BODY_BYTES_MAX,
        schema: {},
        async handle() {
          served += 1;
          await goOn;
        },
      }),
    ],
    keeper: {
      authenticate: async (_app, token) => SESSIONS[token],
      operatorTokenHash: operatorTokenHash('none'),
    },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
  });
});
/** A server that stops waits for requests that never end. */
const sockets = new Set<Socket>();
after(async () => {
  for (const socket of sockets) socket.destroy();
  await http.stop();
});

type Sent = { socket: Socket; status: Promise<number> };

/** Says that so many bytes will come; of those `now` are sent. */
function begin(headers: readonly string[], now = 0, length = EVIDENCE_BODY_BYTES_MAX): Sent {
  const socket = connect(http.httpPort, '127.0.0.1');
  sockets.add(socket);
  const lines = ['host: localhost', 'content-type: application/json', `content-length: ${length}`];
  socket.write([`POST ${URL} HTTP/1.1`, ...lines, ...headers, '', ''].join('\r\n'));
  socket.write(Buffer.alloc(now, ' '));
  socket.on('error', () => {});
  const status = new Promise<number>((resolve) => {
    socket.once('data', (part) => resolve(Number(String(part).split(' ')[1])));
    void sleep(systemClock, WAIT_MS).then(() => resolve(0));
  });
  return { socket, status };
}

const of = (token: string) => ['x-holdfast-app: admin', `cookie: holdfast_admin=${token}`];
const asked = (token: string) => begin(of(token), 1_000);

/** A whole one, and a short one. */
async function whole(token: string): Promise<number> {
  const { socket, status } = begin(of(token), 0, 100_000);
  socket.write(`"${'a'.repeat(99_998)}"`);
  const answered = await status;
  socket.destroy();
  return answered;
}

test('whoever is not let in is answered before a byte of a long body came', async () => {
  for (const [headers, expected] of [
    [[], 403],
    [['x-holdfast-app: admin'], 401],
    [of('stranger'), 401],
  ] as const) {
    const { socket, status } = begin(headers);
    assert.equal(await status, expected);
    socket.destroy();
  }
});

test('an organisation may hold two of the longest bodies at once, and holds up nobody but itself', async () => {
  const [first, second] = [asked('alder'), asked('alder')];
  await sleep(systemClock, 200);
  assert.equal(await whole('alder'), 429);
  assert.equal(await whole('birch'), 204);
  first.socket.destroy();
  await sleep(systemClock, 200);
  assert.equal(await whole('alder'), 204);
  second.socket.destroy();
});

test('a body whose sender hung up counts for as long as its handler has it', async () => {
  const before = served;
  let end = () => {};
  goOn = new Promise((resolve) => (end = resolve));
  const body = `"${'a'.repeat(EVIDENCE_BODY_BYTES_MAX - 2)}"`;
  const both = [begin(of('alder')), begin(of('alder'))];
  for (const { socket } of both) socket.write(body);
  while (served < before + 2) await sleep(systemClock, 20);
  for (const { socket } of both) socket.destroy();
  await sleep(systemClock, 200);
  assert.equal(await whole('alder'), 429);
  end();
  await breath();
  assert.equal(await whole('alder'), 204);
});

test('no route takes a long body of whoever comes', () => {
  const long = NOUNS.flatMap((noun) => noun.routes ?? []).filter((row) => row.bodyBytesMax !== undefined);
  assert.ok(long.length > 3);
  for (const { url, access } of long) assert.ok(access === 'admin' || access === 'operator', url);
});
