/** A line to PostgreSQL that carries nothing any more, without a word: bytes are taken and none comes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, systemClock } from './clock.ts';
import { type Database, openDatabase } from './database.ts';
import { silentLog } from './log.ts';
import type { Postgres } from './postgres.ts';
import { newStandFolder, startTestPostgres } from './test-postgres.ts';

/** A line that lives is not to be called silent because the machine is busy. */
const SILENT_MS_MAX = 3_000;
/** Whoever waits for ever is to fail and not to stand. */
const limit = { timeout: 30_000 };
const CHANNEL = 'hf_silence';
const WORD = 'silence';
/** The tests' own limit ends what never comes. */
async function wait(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(systemClock, 50);
}

let server: Postgres;
let database: Database;
let relay: Server;
let gaps = 0;
const heard: string[] = [];
const warned: string[] = [];
/** Each connection's way through, in both directions, and whether it carries anything. */
let isDark = false;
const sockets = new Set<Socket>();

let home = '';

before(async () => {
  home = await newStandFolder('hf-silence-');
  const dataDir = join(home, 'data');
  const fill = async (empty: Postgres) => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: empty.connectionString(empty.superuser, 'postgres'),
    });
    await client.connect();
    await client.query(`create role hf_silence login password '${WORD}'`);
    await client.end();
    return '';
  };
  ({ server } = await startTestPostgres({ dataDir, kind: 'one role', fill }));
  relay = createServer((near) => {
    const far = connect(join(server.socketDir, `.s.PGSQL.${server.port}`));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (bytes: Buffer) => void (isDark || to.write(bytes)));
      // What goes dark says no good-bye either.
      from.on('close', () => void (isDark || to.destroy()));
    }
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  const { port } = relay.address() as AddressInfo;
  const url = `postgresql://hf_silence:${WORD}@127.0.0.1:${port}/postgres`;
  const log = { ...silentLog, warn: (line: string) => void warned.push(line), child: () => log };
  database = await openDatabase({ url, clock: systemClock, log, silentMsMax: SILENT_MS_MAX });
  await database.listen(
    CHANNEL,
    (payload) => heard.push(payload),
    () => gaps++,
  );
});

after(async () => {
  isDark = false;
  relay?.close();
  for (const socket of sockets) socket.destroy();
  await database?.close();
  await server?.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

test(
  'an answer that is owed on a silent line is a failure in time, and the next one comes over another',
  limit,
  async () => {
    await database.pool.query('select 1');
    // One that is idle, or in a transaction whose owner thinks, owes nothing and stays.
    const thinking = await database.pool.connect();
    await thinking.query('begin');
    await wait(async () => {
      const { rows } = await database.pool.query(`select now() - xact_start > interval '4 s' as long
      from pg_stat_activity where state = 'idle in transaction'`);
      return (rows as { long: boolean }[])[0]?.long === true;
    });
    assert.equal((await thinking.query('select 2 as two')).rows[0].two, 2);
    await thinking.query('rollback');
    thinking.release();
    isDark = true;
    await assert.rejects(database.pool.query('select 1'), /silent for too long|terminated/);
    assert.ok(warned.some((line) => /owes an answer and is silent/.test(line)));
    isDark = false;
    assert.equal((await database.pool.query('select 3 as three')).rows[0].three, 3);
  },
);

test(
  'who only listens learns that nothing can come, is told of the gap, and hears again',
  limit,
  async () => {
    const hears = async (word: string) => {
      await database.pool.query(`select pg_notify('${CHANNEL}', '${word}')`);
      return heard.includes(word);
    };
    // The darkness before this may have broken its line, too.
    await wait(() => hears('before'));
    warned.length = 0;
    gaps = 0;
    isDark = true;
    await wait(async () => warned.some((line) => /listening connection broke/.test(line)));
    isDark = false;
    await wait(async () => gaps > 0);
    await wait(() => hears('again'));
  },
);
