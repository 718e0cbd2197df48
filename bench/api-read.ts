/**
 * Reading over the API: a signed-in resident asks for their own data, with the gate, the session, the wall
 * between organisations and a sealed profile in between. The limit is the same framework with one indexed SELECT
 * and nothing else, over the same kind of connection to the same database.
 */
import { get, Agent as HttpAgent } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { NOUNS } from '../src/cloud/cloud.ts';
import { type HttpServers, operatorTokenHash, startHttp } from '../src/cloud/http/http.ts';
import * as signin from '../src/cloud/signin/signin.ts';
import { BenchCloud } from './cloud.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const REQUESTS_A_ROUND = 400;
const WARM_UPS = 3;
const ROWS = 10_000;
const RATIO_MAX = 2;

type Server = { port: number; path(at: number): string; headers: Record<string, string> };

export async function apiRead(say: (line: string) => void): Promise<Row[]> {
  say(`api-read: ${REQUESTS_A_ROUND} requests a round`);
  const cloud = await BenchCloud.open();
  const servers = await serve(cloud);
  const bare = await serveBare(cloud);
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  try {
    const ours = { port: servers.httpPort, path: () => '/api/resident/me', headers: await signedIn(cloud) };
    const raw = { port: bare.port, path: (at: number) => `/rows/${1 + ((at * 7_919) % ROWS)}`, headers: {} };
    const measured = await measure(['read', 'raw'], WARM_UPS, async () => ({
      raw: [quantile(await readAll(agent, raw), 0.99)],
      read: [quantile(await readAll(agent, ours), 0.99)],
    }));
    const ratio = overRounds(measured, (round) => round.read / round.raw);
    const row = (name: string, of: 'read' | 'raw', bar: number | null): Row => ({
      name,
      value: overRounds(measured, (round) => round[of]),
      unit: 'ms',
      ratio: bar === null ? null : ratio,
      bar,
      better: 'lower',
      holds: bar === null ? null : measured.rounds.length >= ROUNDS_MIN && ratio <= bar,
      median: median(measured.samples[of]),
      p99: quantile(measured.samples[of], 0.99),
      rounds: measured.rounds.length,
      discarded: measured.discarded,
    });
    return [row('api-read, p99', 'read', RATIO_MAX), row('one indexed SELECT, p99', 'raw', null)];
  } finally {
    agent.destroy();
    await bare.close();
    await servers.stop();
    await cloud.close();
  }
}

function serve({ stand: { cloud } }: BenchCloud): Promise<HttpServers> {
  return startHttp({
    cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: {
      authenticate: (app, token) => signin.authenticate(cloud, app, token),
      operatorTokenHash: operatorTokenHash('none'),
    },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
    limits: { requestsPerMinute: 1e9, guardedPerMinute: 1e9 },
  });
}

async function signedIn({ stand, residents }: BenchCloud): Promise<Record<string, string>> {
  const [person] = residents;
  if (!person) throw new Error('nobody lives here');
  const token = await stand.inTenant((tx) =>
    signin.beginSession(stand.cloud, tx, { app: 'resident', person, role: 'resident', replaces: undefined }),
  );
  return { cookie: `holdfast_resident=${token}` };
}

async function serveBare({ stand }: BenchCloud): Promise<{ port: number; close(): Promise<void> }> {
  const { pool } = stand.cloud.database;
  await pool.query(
    `insert into raw_records (tenant_id, source, seq, kind, at_ms, hash, bytes)
      select 'none', 'none', n, 'agent.stopped', n, sha256(n::text::bytea), sha256(n::text::bytea) from generate_series(1, $1::int) n`,
    [ROWS],
  );
  const app = Fastify({ logger: false });
  app.get<{ Params: { seq: string } }>('/rows/:seq', async (request) => {
    const { rows } = await pool.query(
      `select source, seq, kind, at_ms from raw_records where source = 'none' and seq = $1`,
      [request.params.seq],
    );
    return rows[0];
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

/** One after another over one connection; the milliseconds that each took. */
async function readAll(agent: HttpAgent, { port, path, headers }: Server): Promise<number[]> {
  const taken: number[] = [];
  for (let at = 0; at < REQUESTS_A_ROUND; at++) {
    const startMs = performance.now();
    await read({ agent, host: '127.0.0.1', port, path: path(at), headers });
    taken.push(performance.now() - startMs);
  }
  return taken;
}

function read(of: {
  agent: HttpAgent;
  host: string;
  port: number;
  path: string;
  headers: object;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get({ ...of, headers: { ...of.headers } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${of.path} was answered with ${answer.statusCode}`));
      answer.resume().on('end', resolve);
    });
    asked.on('error', reject);
  });
}
