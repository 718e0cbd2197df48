/**
 * A witness that is killed at any moment, as the process that an auditor runs. Whatever it cosigned before, it has
 * to know afterwards: its state never goes back, and no two heads of one size are ever signed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { draws } from '../../src/ledger/log/test-model.ts';
import { type Answered, newWitness, post, TestLog } from '../../src/witness/test-log.ts';
import { ROOT } from '../site.ts';

const PROGRAM = join(ROOT, 'bin/holdfast.ts');
const HOOK = join(import.meta.dirname, 'witness-kill-hook.ts');
const ROUNDS = 4;
/** What this process was preloaded with, a sabotage for one, its children are preloaded with as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);
const home = mkdtempSync(join(tmpdir(), 'holdfast-witness-kills-'));
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

type Running = { port: number; kill(): Promise<void>; ended: Promise<unknown[]> };

async function run(configFile: string, dies: 'before' | 'after' | 'never' = 'never'): Promise<Running> {
  const args = [...preloads, '--import', HOOK, PROGRAM, 'witness', '--config', configFile];
  const env = { ...process.env, WITNESS_DIES: dies };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const ended = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString('utf8');
      const [, found] = /"port":(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('exit', () => reject(new Error(`the witness did not start: ${said}`)));
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
    children.delete(child);
  };
  return { port, kill, ended };
}

function prepare(name: string, log: TestLog): string {
  const folder = join(home, name);
  mkdirSync(folder);
  return newWitness(folder, [log.vkey]).configFile;
}

/** Undefined when the witness died over it. */
const ask = (port: number, body: string): Promise<Answered | undefined> =>
  post(port, body).catch(() => undefined);

test('killed with its head on the disk and nothing answered, it does not sign another one', async () => {
  const log = new TestLog().growTo(4);
  const [one, other] = [log.fork().growTo(9), log.fork().growTo(9, 'other')];
  const configFile = prepare('after', log);
  const dying = await run(configFile, 'after');
  assert.equal(await ask(dying.port, await log.request(0)), undefined);
  assert.deepEqual(await dying.ended, [null, 'SIGKILL']);
  const next = await run(configFile);
  assert.equal((await ask(next.port, await other.request(0)))?.text, '4\n', 'what nobody was given is kept');
  assert.equal((await ask(next.port, await one.request(4)))?.status, 200);
  await next.kill();
  const last = await run(configFile);
  assert.equal((await ask(last.port, await other.request(4)))?.text, '9\n');
  assert.equal((await ask(last.port, await other.request(9)))?.status, 422);
  await last.kill();
});

test('killed before its head is on the disk, it has given nothing away', async () => {
  const log = new TestLog().growTo(4);
  const configFile = prepare('before', log);
  const dying = await run(configFile, 'before');
  assert.equal(
    await ask(dying.port, await log.request(0)),
    undefined,
    'no cosignature is in anybody’s hands',
  );
  assert.deepEqual(await dying.ended, [null, 'SIGKILL']);
  const next = await run(configFile);
  assert.equal((await ask(next.port, await log.request(4)))?.text, '0\n');
  await next.kill();
});

test('killed at any moment, its state never goes back and no two heads of one size are signed', async (t) => {
  const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(1, 2 ** 31));
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const draw = draws(seed);
  const log = new TestLog().growTo(3);
  const configFile = prepare('any', log);
  const branches = [log.fork(), log.fork()];
  const roots = new Map<number, string>();
  let [largest, cosigned] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const witness = await run(configFile);
    const found = Number((await ask(witness.port, await log.request(largest === 0 ? 3 : 0)))?.text);
    assert.ok(found >= largest, `it knew ${largest} and then ${found}`);
    let size = found;
    const asks = 4 + draw(8);
    for (let turn = 0; turn <= asks; turn++) {
      const sent = branches.map((branch, at) => {
        const grown = branch.fork().growTo(Math.max(size, 3) + 1 + draw(3), `branch ${at}`);
        return grown.request(size).then(async (body) => ({ grown, answer: await ask(witness.port, body) }));
      });
      // The last ones are under way when the process ends.
      if (turn === asks) await Promise.all([witness.kill(), ...sent]);
      for (const { grown, answer } of await Promise.all(sent)) {
        if (answer?.status !== 200) continue;
        cosigned += 1;
        const root = Buffer.from(grown.head.root).toString('hex');
        assert.equal(roots.get(grown.head.size) ?? root, root, 'two heads of one size');
        roots.set(grown.head.size, root);
        size = Math.max(size, grown.head.size);
      }
      largest = Math.max(largest, size);
      const truth = branches.findIndex((branch, at) => isOn(branch, `branch ${at}`, roots.get(size), size));
      if (truth >= 0) branches[truth]?.growTo(size, `branch ${truth}`);
    }
  }
  assert.ok(cosigned >= ROUNDS, `${cosigned} cosignatures`);
});

function isOn(log: TestLog, branch: string, root: string | undefined, size: number): boolean {
  if (root === undefined || size < log.head.size) return false;
  return Buffer.from(log.fork().growTo(size, branch).head.root).toString('hex') === root;
}
