/** What the interface writes into its log of requests that carry secrets and names, and of faults that quote them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { CSRF_HEADER } from '../../contract/http/common.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { idFrom } from '../../domain/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { openLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Cloud } from '../deps.ts';
import { ACCESS, type AccessTable } from './access.ts';
import { operatorTokenHash } from './gate.ts';
import { type HttpServers, routesOf, startHttp } from './http.ts';

const PLANTED = 'Zenobia-Quillfeather-550198237';
const folder = mkdtempSync(join(tmpdir(), 'hf-logs-'));
const logFile = join(folder, 'cloud.log');

const any = 'any';
const own = 'own';
const no = 'no';
const TABLE = {
  ...ACCESS,
  'POST /api/admin/faults/:kind': [any, any, any, any, any, any, any, any],
  'POST /api/admin/own/:name': [no, no, no, no, own, own, no, no],
} as const satisfies AccessTable;
const route = routesOf<typeof TABLE>();

class Quoting extends Error {
  readonly detail = `Failing row contains (${PLANTED}).`;
  readonly parameters = [PLANTED];
}

/** Faults as libraries make them: each carries what it was about, in its own place. */
const FAULTS: Readonly<Record<string, () => unknown>> = {
  message: () => new Error(`no such person: ${PLANTED}`),
  database: () => Object.assign(new Quoting(`invalid input syntax: "${PLANTED}"`), { code: '22P02' }),
  cause: () => new Error('outer', { cause: new Error(PLANTED) }),
  aggregate: () => new AggregateError([new Error(PLANTED)], PLANTED),
  text: () => PLANTED,
  object: () => ({ name: PLANTED, message: PLANTED }),
  zod: () => z.strictObject({ flat: z.literal('1') }).safeParse({ [PLANTED]: PLANTED }).error,
  json: () => {
    try {
      return JSON.parse(`{"name": ${PLANTED}}`);
    } catch (error) {
      return error;
    }
  },
  stack: () =>
    Object.assign(new Error('x'), { stack: `Error: ${PLANTED}\n${PLANTED}\n    at f (file:///a.ts:1:1)` }),
  lines: () => new Error(`first\n    at ${PLANTED}`),
  operating: () => new HoldfastError('conflict', `about ${PLANTED}`, { cause: new Error(PLANTED) }),
};

let servers: HttpServers;
before(async () => {
  const log = openLog({ name: 'cloud', level: 'info', path: logFile });
  servers = await startHttp({
    cloud: { clock: systemClock, log, database: {} } as Cloud,
    access: TABLE,
    routes: [
      route({
        method: 'POST',
        url: '/api/admin/faults/:kind',
        access: 'public',
        says: 'Breaks.',
        schema: { params: z.strictObject({ kind: z.string() }) },
        async handle({ params }) {
          throw FAULTS[params.kind]?.();
        },
      }),
      route({
        method: 'POST',
        url: '/api/admin/own/:name',
        access: 'admin',
        says: 'Answers with what no schema allows.',
        schema: {
          params: z.strictObject({ name: z.string().max(9) }),
          query: z.strictObject({ page: z.coerce.number() }),
          body: z.strictObject({ flat: z.literal('1') }),
          response: z.strictObject({ says: z.literal('a') }),
        },
        handle: async () => ({ says: PLANTED, [PLANTED]: PLANTED }) as never,
      }),
    ],
    keeper: {
      authenticate: async (_app, token) =>
        token === PLANTED
          ? {
              is: 'admin',
              tenant: idFrom('tenant', systemRandom.bytes(16)),
              person: idFrom('person', systemRandom.bytes(16)),
              role: 'admin',
              signedInAtMs: 0,
            }
          : undefined,
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
after(async () => {
  await servers.stop();
  rmSync(folder, { recursive: true });
});

type Sent = { method?: string; headers?: Record<string, string>; body?: string };

function send(path: string, { method = 'POST', headers = {}, body }: Sent = {}): Promise<number> {
  const signed = { [CSRF_HEADER]: PLANTED, cookie: `holdfast_admin=${PLANTED}`, ...headers };
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port: servers.httpPort, path, method, headers: signed }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', () => resolve(0))
      .end(body);
  });
}

const FORMS = [PLANTED, PLANTED.toLowerCase(), 'Zenobia', 'Quillfeather', '550198237'].flatMap((text) => [
  text,
  Buffer.from(text).toString('hex'),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
]);
const leaks = (text: string): string[] => FORMS.filter((form) => text.includes(form));

test('no fault, however it quotes a person, brings a word of it into the log', async () => {
  for (const kind of Object.keys(FAULTS)) assert.ok((await send(`/api/admin/faults/${kind}`)) >= 400, kind);
  const text = readFileSync(logFile, 'utf8');
  assert.deepEqual(leaks(text), []);
  const broken = text.split('\n').filter((line) => line.includes('a request broke'));
  assert.equal(broken.length, Object.keys(FAULTS).length - 1, 'each fault is logged, and a refusal is none');
  assert.ok(broken.some((line) => line.includes('"code":"22P02"')));
  assert.ok(broken.every((line) => line.includes('"route":"/api/admin/faults/:kind"')));
});

test('no request, whatever it carries and wherever, brings a word of it into the log', async () => {
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ flat: PLANTED, [PLANTED]: PLANTED });
  await send(`/api/admin/own/${PLANTED}?page=${PLANTED}&token=${PLANTED}`, { headers: json, body });
  await send('/api/admin/own/short?page=1', { headers: json, body });
  await send('/api/admin/own/short?page=1', { headers: json, body: `{"flat": ${PLANTED}` });
  await send('/api/admin/own/short?page=1', { headers: json, body: '{"flat":"1"}' });
  await send('/api/admin/own/short?page=1', {
    headers: { 'content-type': `text/${PLANTED}` },
    body: PLANTED,
  });
  await send('/api/admin/own/short?page=1', { headers: { ...json, 'idempotency-key': PLANTED }, body });
  await send(`/api/admin/${PLANTED}`, { method: 'GET' });
  await send(`/${PLANTED}?${PLANTED}`, { method: 'GET' });
  await send('/api/health', {
    method: 'GET',
    headers: { host: PLANTED, referer: PLANTED, 'user-agent': PLANTED },
  });
  await send('/api/operator/banks/x', { method: 'GET', headers: { authorization: `Bearer ${PLANTED}` } });
  await send(`/api/admin/%ZZ${PLANTED}`, { method: 'GET' });
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  assert.ok(lines.length > 15);
  assert.deepEqual(leaks(lines.join('\n')), []);
  for (const line of lines) {
    const { level, time, name, msg, part, ...fields } = JSON.parse(line);
    assert.ok(level && time && name && msg && part, line);
    for (const [field, value] of Object.entries(fields)) {
      assert.ok(
        ['method', 'route', 'status', 'tookMs', 'error', 'code', 'at', 'where'].includes(field),
        line,
      );
      assert.ok(typeof value === 'string' || typeof value === 'number', line);
    }
  }
});

test('a word that is logged is found: the search is not blind', () => {
  for (const field of FORMS) {
    const control = join(folder, 'control.log');
    openLog({ name: 'cloud', level: 'info', path: control }).info('control', { field });
    assert.ok(leaks(readFileSync(control, 'utf8')).length > 0, field);
    rmSync(control);
  }
});
