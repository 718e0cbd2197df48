import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RigDoor, RigState } from '../src/contract/rig.ts';
import { rigState } from '../src/contract/rig.ts';
import { totpAt } from './authenticator.ts';
import { LOOPBACK } from './config.ts';
import { rigProblem } from './problem.ts';
import { asked, json, startTestRig, type TestRig, until } from './test-rig.ts';

const CAST = {
  courier: { carrier: 'Carrier', name: 'C. Courier', badge: 'badge', code: '4711' },
  admin: { email: 'admin@example.org', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
  resident: { flat: '12', name: 'R. Resident', phone: '+4915100000000', email: 'r@example.org' },
};

async function refused(rig: TestRig, status: number, detail: RegExp, ...request: Parameters<TestRig['ask']>) {
  const answer = await rig.ask(...request);
  assert.equal(answer.status, status);
  assert.equal(answer.type, 'application/problem+json');
  assert.match(rigProblem.parse(answer.body).detail, detail);
}

test('the state is what the contract says, with the people and the links', async () => {
  const rig = await startTestRig({ cast: CAST, links: { kiosk: 'http://localhost:8082/' } });
  const state = rigState.parse((await rig.ask('/state')).body);
  assert.equal(state.doors.length, 24);
  assert.deepEqual(
    [state.power, state.network, state.cast, state.links],
    [true, true, CAST, { kiosk: 'http://localhost:8082/' }],
  );
});

test('what cannot be done is answered with a problem that says why', async () => {
  const rig = await startTestRig();
  await refused(rig, 409, /shut and its latch is holding/, '/doors/1/open', undefined, 'POST');
  await refused(rig, 409, /shut; nothing goes in/, '/parcels/1', { do: 'put-in' });
  await refused(rig, 404, /no door 25/, '/doors/25/close', undefined, 'POST');
  await refused(rig, 422, /params\/n/, '/doors/x/close', undefined, 'POST');
  await refused(rig, 422, /body\/fault/, '/doors/1/fault', { fault: 'haunted' });
  await refused(rig, 422, /body/, '/power', { on: true, really: true });
  await refused(rig, 422, /body/, '/power', undefined, 'POST');
  await refused(rig, 404, /no GET \/nothing/, '/nothing?secret=1');
  await refused(rig, 404, /without people/, '/totp');
});

test('malformed JSON and other media types are problems too', async () => {
  const rig = await startTestRig();
  const url = `http://${LOOPBACK}:${rig.ports.http}/power`;
  const send = (type: string, body: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  for (const [type, body, status] of [
    ['application/json', '{', 400],
    ['text/xml', '<on/>', 415],
  ] as const) {
    const answer = await send(type, body);
    assert.equal(answer.status, status);
    assert.equal(rigProblem.parse(await answer.json()).status, status);
  }
});

test('jam, unjam, pry and faults change the door as named', async () => {
  const rig = await startTestRig();
  const act = async (path: string, body?: unknown) => (await rig.ask(path, body, 'POST')).body as RigDoor;
  assert.equal((await act('/doors/2/jam')).fault, 'jammed');
  assert.equal((await act('/doors/2/unjam')).fault, 'none');
  assert.equal((await act('/doors/2/fault', { fault: 'silent' })).fault, 'silent');
  const pried = await act('/doors/2/pry', {});
  assert.deepEqual([pried.door, pried.latch, pried.pulses], ['open', 'holding', 0]);
  assert.deepEqual((await act('/parcels/2', { do: 'put-in' })).parcels, ['Parcel']);
  assert.deepEqual((await act('/parcels/2', { do: 'take-out', label: 'Parcel' })).parcels, []);
});

test('the authenticator shows the codes of RFC 6238, appendix B', async () => {
  // The appendix prints eight digits; six-digit codes are their last six.
  for (const [atMs, eight] of [
    [59_000, '94287082'],
    [1111111109_000, '07081804'],
    [20000000000_000, '65353130'],
  ] as const) {
    assert.equal((await totpAt(CAST.admin.totpSecret, atMs)).code, eight.slice(2));
  }
  assert.equal((await totpAt(CAST.admin.totpSecret, 59_000)).secondsLeft, 1);
  assert.equal((await totpAt(CAST.admin.totpSecret, 60_000)).secondsLeft, 30);
  const rig = await startTestRig({ cast: CAST });
  const { code } = (await rig.ask('/totp')).body as { code: string };
  assert.match(code, /^[0-9]{6}$/);
});

test('a page that listens gets each state and message; no stream outlives the rig', async () => {
  const rig = await startTestRig();
  const answer = await fetch(`http://${LOOPBACK}:${rig.ports.http}/events`);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  let heard = '';
  let ended = false;
  assert.ok(answer.body);
  const stream = answer.body;
  const reading = (async () => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) heard += text;
    ended = true;
  })();
  const events = () => heard.split('\n\n').filter((event) => event.startsWith('event: '));
  await until(() => events().length === 1);
  await rig.ask('/doors/4/pry', {});
  await until(() => events().length === 2);
  const [name, data = ''] = events()[1]?.split('\ndata: ') ?? [];
  assert.equal(name, 'event: state');
  assert.equal((JSON.parse(data) as RigState).doors[3]?.door, 'open');
  const sms = { to: '+4915112345678', text: 'code', reference: 'notice-1' };
  await asked(`http://${LOOPBACK}:${rig.ports.sms}/messages`, {
    method: 'POST',
    headers: { ...json(sms).headers, authorization: `Bearer ${rig.config.smsToken}` },
    body: json(sms).body,
  });
  await until(() => events().length === 3);
  assert.match(events()[2] ?? '', /^event: message\ndata: \{"channel":"sms"/);
  await rig.stop();
  await reading;
  assert.ok(ended);
});

test('the description is OpenAPI 3.1 and names every endpoint', async () => {
  const rig = await startTestRig();
  const { body } = await rig.ask('/openapi.json');
  const description = body as { openapi: string; paths: Record<string, Record<string, unknown>> };
  assert.equal(description.openapi, '3.1.0');
  const named = Object.entries(description.paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(named.sort(), [
    'delete /messages',
    'get /doors',
    'get /events',
    'get /messages',
    'get /state',
    'get /totp',
    'post /carriers',
    'post /doors/{n}/close',
    'post /doors/{n}/fault',
    'post /doors/{n}/jam',
    'post /doors/{n}/open',
    'post /doors/{n}/pry',
    'post /doors/{n}/unjam',
    'post /line',
    'post /network',
    'post /parcels/{n}',
    'post /power',
    'post /scan',
  ]);
});

test('without a built page there is a plain one; with one it is served, and the API beside it', async () => {
  const plain = await startTestRig({ webDir: '/nowhere/at/all' });
  assert.match(String((await plain.ask('/')).body), /POST \/doors\/\{n\}\/open/);
  const webDir = await mkdtemp(join(tmpdir(), 'holdfast-rig-page-'));
  after(() => rm(webDir, { recursive: true, force: true }));
  await writeFile(join(webDir, 'index.html'), '<title>page</title>');
  const built = await startTestRig({ webDir });
  assert.equal((await built.ask('/')).body, '<title>page</title>');
  assert.equal((await built.ask('/state')).status, 200);
  await refused(built, 404, /no GET/, '/missing.js');
});

test('a page of another site gets nothing, nor does a name rebound to this machine', async () => {
  const rig = await startTestRig();
  const withHeaders = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const where = { host: LOOPBACK, port: rig.ports.http, path: '/doors/1/pry', method: 'POST', headers };
      request(where, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
  assert.equal(await withHeaders({ origin: 'https://evil.example' }), 403);
  assert.equal(await withHeaders({ origin: 'null' }), 403);
  assert.equal(await withHeaders({ host: 'evil.example' }), 421);
  assert.equal(((await rig.ask('/doors')).body as RigDoor[])[0]?.door, 'closed');
  assert.equal(await withHeaders({ origin: `http://localhost:${rig.ports.http}` }), 200);
});
