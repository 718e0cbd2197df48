/** What a witness does not start with: each by name. A start that guessed could sign a second history. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { LogSigner } from '../ledger/log/signatures.ts';
import { modelLeaves, RFC_SECRETS, signerOf } from '../ledger/log/test-model.ts';
import { link, rotation } from '../ledger/log/test-succession.ts';
import { parseVkey } from '../ledger/log/vkey.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { type WitnessConfig, witnessConfig } from './config.ts';
import { makeWitness } from './key.ts';
import { startWitness, type Witness } from './main.ts';
import { newWitness, post, TestLog } from './test-log.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-witness-start-'));
const running = new Set<Witness>();
after(async () => {
  for (const witness of running) await witness.stop();
  rmSync(home, { recursive: true, force: true });
});
const onFatal = (error: Error) => assert.fail(error);

async function start(config: WitnessConfig): Promise<Witness> {
  const witness = await startWitness({ config, clock: systemClock, log: silentLog, onFatal });
  running.add(witness);
  const stop = async () => {
    running.delete(witness);
    await witness.stop();
  };
  return { ...witness, stop };
}

let folders = 0;

/** A witness that has cosigned two logs and was stopped. */
async function used() {
  folders += 1;
  const folder = join(home, String(folders));
  mkdirSync(folder);
  const logs = [new TestLog().growTo(5), new TestLog('log.example/b', RFC_SECRETS[1]).growTo(8)];
  const made = newWitness(
    folder,
    logs.map((log) => log.vkey),
  );
  const witness = await start(made.config);
  for (const log of logs) assert.equal((await post(witness.port, await log.request(0))).status, 200);
  await witness.stop();
  return { ...made, folder, logs };
}

test('init makes a key, its state and its vkey, and replaces nothing', async () => {
  const { config, folder, vkey } = await used();
  const key = parseVkey(vkey);
  assert.ok(key.ok && key.value.type === 'cosignature');
  for (const path of [config.keyFile, config.stateFile]) assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = [readFileSync(config.keyFile), readFileSync(config.stateFile)];
  const again = () => makeWitness({ name: 'witness.example/w', path: join(folder, 'key') });
  assert.throws(again, /is not replaced/);
  rmSync(config.keyFile);
  assert.throws(again, /key\.heads already/);
  assert.deepEqual(readFileSync(config.stateFile), before[1]);
  for (const name of ['', 'two words', 'a+b', 'a\nb'])
    assert.throws(() => makeWitness({ name, path: join(folder, 'other') }), /no space/);
});

test('a state that is missing is no new beginning', async () => {
  const { config } = await used();
  rmSync(config.stateFile);
  for (let time = 0; time < 2; time++)
    await assert.rejects(start(config), /there is no state .*second history.*retired/);
});

test('a state that is damaged is refused, wherever the damage is', async () => {
  const { config } = await used();
  const whole = readFileSync(config.stateFile);
  const damages: (() => void)[] = [
    () => truncateSync(config.stateFile, 0),
    () => truncateSync(config.stateFile, 100),
    () => truncateSync(config.stateFile, whole.length - 4096),
    () => writeFileSync(config.stateFile, 'no database'),
    () =>
      writeFileSync(config.stateFile, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length)])),
  ];
  for (const [at, damage] of damages.entries()) {
    damage();
    await assert.rejects(start(config), /the state .*broken.*retire this key/, `damage ${at}`);
    writeFileSync(config.stateFile, whole);
  }
  await (await start(config)).stop();
});

test('a state of a newer witness is refused, and one from before states were numbered is taken', async () => {
  const { config } = await used();
  const setForm = (form: number) => {
    const db = new DatabaseSync(config.stateFile);
    const [{ user_version: before } = {}] = db.prepare('pragma user_version').all();
    db.exec(`pragma user_version = ${form}`);
    db.close();
    return before;
  };
  assert.equal(setForm(2), 1);
  await assert.rejects(start(config), /written by a newer witness \(form 2, known 1\)/);
  setForm(0);
  await (await start(config)).stop();
});

test('a row that this witness did not cosign is refused', async () => {
  const { config, logs } = await used();
  const whole = readFileSync(config.stateFile);
  const [a, b] = [logs[0] ?? assert.fail(), logs[1] ?? assert.fail()];
  const edits: [string, ...string[]][] = [
    ['update heads set note = ? where origin = ?', a.fork().growTo(6).note, a.origin],
    ['update heads set note = ? where origin = ?', 'no note', a.origin],
    ["update heads set line = '' where origin = ?", a.origin],
    [
      'update heads set line = (select line from heads where origin = ?) where origin = ?',
      b.origin,
      a.origin,
    ],
    ["update heads set origin = 'log.example/c' where origin = ?", a.origin],
    [
      'update heads set note = (select note from heads where origin = ?), line = (select line from heads where origin = ?) where origin = ?',
      b.origin,
      b.origin,
      a.origin,
    ],
  ];
  for (const [sql, ...values] of edits) {
    const db = new DatabaseSync(config.stateFile);
    db.prepare(sql).run(...values);
    db.close();
    await assert.rejects(start(config), /broken: what it holds of/, sql);
    writeFileSync(config.stateFile, whole);
  }
});

test('the state of another key is refused, an empty one too', async () => {
  const { config, folder } = await used();
  const other = makeWitness({ name: 'witness.example/w', path: join(folder, 'other') });
  copyFileSync(other.statePath, config.stateFile);
  await assert.rejects(start(config), /belongs to another key/);
});

test('a state that is in use is refused to a second witness', async () => {
  const { config } = await used();
  const first = await start(config);
  await assert.rejects(start(config), /another witness works with the state/);
  await first.stop();
  await (await start(config)).stop();
});

test('a key that is missing, a part, or readable to others is refused', async () => {
  const { config } = await used();
  const whole = readFileSync(config.keyFile, 'utf8');
  for (const text of ['', whole.slice(0, -10), whole.replace('witness.example/w', 'two words'), 'no key']) {
    writeFileSync(config.keyFile, text);
    await assert.rejects(start(config), /holds no key of a witness/, JSON.stringify(text.slice(0, 30)));
  }
  writeFileSync(config.keyFile, whole);
  chmodSync(config.keyFile, 0o640);
  await assert.rejects(start(config), /can be read by others/);
  rmSync(config.keyFile);
  await assert.rejects(start(config), /there is no key/);
});

test('a later key is watched where the log recorded it under a key that is watched, and then the one before is not enough', async () => {
  const { config, logs } = await used();
  const [log] = logs;
  assert.ok(log);
  const [next, thief] = [signerOf(log.origin, RFC_SECRETS[2]), signerOf(log.origin, RFC_SECRETS[3])];
  const file = join(config.stateFile, '../succession.json');
  const put = (of: { record: string; signers: readonly LogSigner[] }) => {
    const links = [link({ ...of, index: 5, size: 9, leaves: modelLeaves(9) })];
    writeFileSync(file, JSON.stringify({ format: 'holdfast/succession/v1', origin: log.origin, links }));
  };
  put({ record: rotation(log.signer, next), signers: [log.signer, next] });
  const witness = await start({ ...config, successions: [file] });
  const later = new TestLog(log.origin, RFC_SECRETS[2]).growTo(8);
  assert.equal((await post(witness.port, await later.request(5))).status, 200);
  assert.equal((await post(witness.port, await log.growTo(9).request(8))).status, 403);
  await witness.stop();
  put({ record: rotation(log.signer, thief), signers: [thief] });
  await assert.rejects(
    start({ ...config, successions: [file] }),
    /do not follow each other \(signature-missing\)/,
  );
  put({ record: rotation(next, thief), signers: [next, thief] });
  const blind = await start({ ...config, successions: [file] });
  const stolen = new TestLog(log.origin, RFC_SECRETS[3]).growTo(12);
  assert.equal((await post(blind.port, await stolen.request(8))).status, 403);
  await blind.stop();
  await assert.rejects(
    start({ ...config, logs: config.logs.slice(1), successions: [file] }),
    /which is not watched/,
  );
});

test('logs that are no logs, and keys that are unknown, are refused by name', async () => {
  const { config, configFile, vkey, logs } = await used();
  const log = logs[0]?.vkey ?? '';
  // One public key under a second name.
  const twice = new TestLog('log.example/c').vkey;
  for (const [vkeys, says] of [
    [[`${log.slice(0, -6)}AAAAAA`], /vkey-id-wrong/],
    [[vkey], /key of a witness and of no log/],
    [[log, twice], /is there twice/],
    [[log, log], /is there twice/],
  ] as const)
    await assert.rejects(start({ ...config, logs: [...vkeys] }), says);
  for (const change of [{ logs: [] }, { extra: 1 }, { stateFile: undefined }]) {
    writeFileSync(configFile, JSON.stringify({ ...config, ...change }));
    assert.throws(() => readConfig(configFile, witnessConfig), /is not right/);
  }
  const port = Number(new URL('http://127.0.0.1:9').port);
  await assert.rejects(
    start({ ...config, http: { host: 'no.such.host.invalid', port } }),
    /cannot listen on/,
  );
});
