import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newKey } from '../crypto/aead.ts';
import { newHpkeKey } from '../crypto/hpke.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { edgeConfig } from './config.ts';
import { Journal } from './journal.ts';
import { type BankKeys, KEY_DISK, type KeyDisk, openBankKeys } from './keys.ts';
import { BANK, testId } from './plan/test-bank.ts';
import { type BankSecrets, SECRETS } from './sealed-keys.ts';
import { makeSealingKey, readSealingKey, runSealingKey } from './sealing-key.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
after(() => rmSync(home, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(home, `bank-${++folders}`);
const sealingKey = newKey();
const OTHER = testId('bank', 2);

type Opening = {
  dataDir: string;
  bank?: string;
  sealingKey?: Uint8Array;
  disk?: KeyDisk;
  log?: typeof silentLog;
};
const openIn = (of: Opening): Promise<BankKeys> =>
  openBankKeys({ bank: BANK, sealingKey, log: silentLog, ...of });
const sealedIn = (dataDir: string) => join(dataDir, 'keys', 'bank.sealed');

/** A folder as earlier versions made it: four plain files of mode 0600. */
async function oldFolder(): Promise<{ dataDir: string; secrets: BankSecrets }> {
  const dataDir = newFolder();
  const seal = await newHpkeKey();
  const secrets = {
    identity: newSigningKey().privateKey,
    seal: Uint8Array.from([...seal.privateKey, ...seal.publicKey]),
    storage: newKey(),
    codes: newKey(),
  };
  mkdirSync(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  for (const name of SECRETS)
    writeFileSync(join(dataDir, 'keys', `${name}.key`), secrets[name], { mode: 0o600 });
  return { dataDir, secrets };
}

function assertHolds(keys: BankKeys, secrets: BankSecrets): void {
  assert.deepEqual(keys.identity.privateKey, secrets.identity);
  assert.deepEqual(Uint8Array.from([...keys.seal.privateKey, ...keys.seal.publicKey]), secrets.seal);
  assert.deepEqual(keys.storage, secrets.storage);
  assert.deepEqual(keys.codes, secrets.codes);
}

/** Every byte under a folder, as one text of bytes. */
function bytesUnder(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

test('keys are drawn once, and come back the same with the same sealing key', async () => {
  const dataDir = newFolder();
  const drawn = await openIn({ dataDir });
  assert.deepEqual(await openIn({ dataDir }), drawn);
  assert.deepEqual(readdirSync(join(dataDir, 'keys')), ['bank.sealed']);
});

test('no key stands in clear in the folder, in bytes or in text', async () => {
  const dataDir = newFolder();
  const { identity, seal, storage, codes } = await openIn({ dataDir });
  const bytes = bytesUnder(dataDir);
  for (const key of [identity.privateKey, seal.privateKey, storage, codes]) {
    const parts = [Buffer.from(key), Buffer.from(key.slice(-32))];
    for (const part of parts)
      for (const form of [part, part.toString('hex'), part.toString('base64').slice(0, 40)])
        assert.equal(bytes.indexOf(form), -1);
  }
  assert.equal(bytes.indexOf(Buffer.from(sealingKey).toString('base64url')), -1);
});

test('another sealing key, another bank, a changed or torn file: refused by name, and nothing is drawn', async () => {
  const dataDir = newFolder();
  await openIn({ dataDir });
  const path = sealedIn(dataDir);
  const whole = readFileSync(path, 'utf8');
  await assert.rejects(openIn({ dataDir, sealingKey: newKey() }), /sealed with another sealing key/);
  await assert.rejects(openIn({ dataDir, bank: OTHER }), new RegExp(`keys of ${BANK}, not of ${OTHER}`));
  const file = JSON.parse(whole) as { sealed: string };
  const [first = ''] = file.sealed.slice(60);
  const turned = first === 'A' ? 'B' : 'A';
  const changed = { ...file, sealed: file.sealed.slice(0, 60) + turned + file.sealed.slice(61) };
  const damages: [string, RegExp][] = [
    [whole.slice(0, 200), /not whole; restore it/],
    ['', /not whole; restore it/],
    ['null', /not whole; restore it/],
    [JSON.stringify(changed), /was changed, is not whole/],
    [JSON.stringify({ ...file, sealed: file.sealed.slice(0, -8) }), /was changed, is not whole/],
    [JSON.stringify({ ...file, v: 2 }), /written by a newer agent \(form 2, known 1\)/],
  ];
  for (const [text, why] of damages) {
    writeFileSync(path, text);
    await assert.rejects(openIn({ dataDir }), why, text.slice(0, 60));
    assert.equal(readFileSync(path, 'utf8'), text, 'it is left as it was found');
  }
});

test('the sealed file of one bank, with its name changed to another’s, opens for neither', async () => {
  const dataDir = newFolder();
  await openIn({ dataDir });
  const path = sealedIn(dataDir);
  writeFileSync(path, readFileSync(path, 'utf8').replace(BANK, OTHER));
  await assert.rejects(openIn({ dataDir, bank: OTHER }), /sealed for another bank/);
  await assert.rejects(openIn({ dataDir }), new RegExp(`keys of ${OTHER}, not of ${BANK}`));
});

test('where a bank was, a missing sealed file is a fault and no reason to draw new keys', async () => {
  const dataDir = newFolder();
  const { storage } = await openIn({ dataDir });
  new Journal({ dataDir, bank: BANK, storageKey: storage, random: systemRandom }).close();
  rmSync(sealedIn(dataDir));
  await assert.rejects(openIn({ dataDir }), /bank\.sealed is missing, but a bank was here/);
  assert.equal(existsSync(sealedIn(dataDir)), false);
});

test('four plain files of an earlier version become one sealed file, with a line in the log', async () => {
  const { dataDir, secrets } = await oldFolder();
  writeFileSync(join(dataDir, 'keys', '.storage.key.77.3.new'), secrets.storage);
  const said: string[] = [];
  const log = { ...silentLog, info: (message: string) => void said.push(message) };
  assertHolds(await openIn({ dataDir, log }), secrets);
  assert.deepEqual(readdirSync(join(dataDir, 'keys')), ['bank.sealed']);
  assert.ok(said.some((line) => line.includes('moved from four plain files into one sealed file')));
  assertHolds(await openIn({ dataDir }), secrets);
});

/** A disk whose power goes before its `calls`th change; `torn` lets that change happen in part. */
function failingDisk(calls: number, torn: boolean): KeyDisk {
  let left = calls;
  const orCut = (change: () => void, part: () => void) => {
    if (left-- > 0) return change();
    if (torn) part();
    throw new Error('the power is cut');
  };
  return {
    // Written beside and renamed: before the rename the name holds what it held.
    write: (...args) =>
      orCut(
        () => KEY_DISK.write(...args),
        () => writeFileSync(`${args[0]}.part`, ''),
      ),
    blank: (path) =>
      orCut(
        () => KEY_DISK.blank(path),
        () => writeFileSync(path, readFileSync(path).fill(0, 3, 17)),
      ),
    remove: (path) =>
      orCut(
        () => KEY_DISK.remove(path),
        () => {},
      ),
  };
}

test('the power may go before any change of the move, or in its midst: the next start finishes it', async () => {
  const CHANGES = 1 + 2 * SECRETS.length;
  for (const torn of [false, true])
    for (let cut = 0; cut < CHANGES; cut++) {
      const { dataDir, secrets } = await oldFolder();
      await assert.rejects(openIn({ dataDir, disk: failingDisk(cut, torn) }), /power is cut/, `cut ${cut}`);
      // A second cut, one change later than the first, is no harder than one.
      await openIn({ dataDir, disk: failingDisk(1, torn) }).catch((error) =>
        assert.match(String(error), /power is cut/),
      );
      assertHolds(await openIn({ dataDir }), secrets);
      const left = readdirSync(join(dataDir, 'keys')).filter((name) => name.endsWith('.key'));
      assert.deepEqual(left, [], `cut ${cut}`);
    }
  const { dataDir, secrets } = await oldFolder();
  assertHolds(await openIn({ dataDir, disk: failingDisk(CHANGES, false) }), secrets);
});

test('a part of four plain files, or a plain file that is another key, is a fault and is left alone', async () => {
  const { dataDir } = await oldFolder();
  rmSync(join(dataDir, 'keys', 'codes.key'));
  await assert.rejects(openIn({ dataDir }), /some of the bank's keys in .* are missing/);
  assert.equal(existsSync(sealedIn(dataDir)), false);
  const other = await oldFolder();
  const own = newFolder();
  await openIn({ dataDir: own });
  copyFileSync(join(other.dataDir, 'keys', 'storage.key'), join(own, 'keys', 'storage.key'));
  await assert.rejects(openIn({ dataDir: own }), /storage\.key is another key than the one in bank\.sealed/);
  assert.deepEqual(readFileSync(join(own, 'keys', 'storage.key')), Buffer.from(other.secrets.storage));
});

test('the sealing key is read from a file apart, its owner’s alone, or refused with what to do', () => {
  const dataDir = newFolder();
  mkdirSync(dataDir, { mode: 0o700 });
  const path = join(home, 'apart', 'bank.key');
  const read = (at: string) => readSealingKey({ source: { kind: 'file', path: at }, dataDir });
  assert.throws(() => read(path), /there is no sealing key at .*holdfast edge sealing-key init --out FILE/);
  const key = makeSealingKey(path);
  assert.deepEqual(read(path), key);
  assert.throws(() => makeSealingKey(path), /it is not replaced/);
  assert.deepEqual(read(path), key);
  chmodSync(path, 0o640);
  assert.throws(() => read(path), /can be read by others \(mode 640\)/);
  const beside = join(dataDir, 'bank.key');
  makeSealingKey(beside);
  assert.throws(() => read(beside), /lies in the bank's own data folder/);
  const torn = join(home, 'torn.key');
  writeFileSync(torn, readFileSync(path, 'utf8').slice(0, 40), { mode: 0o600 });
  assert.throws(() => read(torn), /holds no sealing key, or only a part of one/);
});

test('the sealing key is read from the service manager’s credentials', () => {
  const dataDir = newFolder();
  const folder = join(home, 'credentials');
  const key = makeSealingKey(join(folder, 'bank-seal'));
  const source = { kind: 'credential', name: 'bank-seal' } as const;
  assert.throws(() => readSealingKey({ source, dataDir }), /gave this process no credentials/);
  process.env.CREDENTIALS_DIRECTORY = folder;
  try {
    assert.deepEqual(readSealingKey({ source, dataDir }), key);
    assert.throws(
      () => readSealingKey({ source: { kind: 'credential', name: 'another' }, dataDir }),
      /there is no sealing key at/,
    );
  } finally {
    delete process.env.CREDENTIALS_DIRECTORY;
  }
});

test('a configuration without a sealing key is refused with what to do; a name is a file name', () => {
  const { sealingKey: field } = edgeConfig.shape;
  const [missing] = field.safeParse(undefined).error?.issues ?? [];
  assert.match(missing?.message ?? '', /sealing-key init --out FILE/);
  for (const name of ['../x', '', '/etc/passwd', 'a/b', '.hidden'])
    assert.equal(field.safeParse({ kind: 'credential', name }).success, false, name);
  assert.equal(field.safeParse({ kind: 'credential', name: 'bank-seal.1' }).success, true);
});

test('the command makes a key and says its name only; anything else is refused', () => {
  const said: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = ((text: string) => said.push(text) > 0) as typeof process.stdout.write;
  const out = join(home, 'made', 'bank.key');
  try {
    assert.equal(runSealingKey({ rest: ['sealing-key', 'init'], out }), 0);
  } finally {
    process.stdout.write = write;
  }
  const key = readFileSync(out, 'utf8').trim().split(':')[1] ?? '';
  assert.match(key, /^[\w-]{43}$/);
  assert.ok(!said.join('').includes(key));
  assert.throws(
    () => runSealingKey({ rest: ['sealing-key', 'init'], out: undefined }),
    /knows: sealing-key init --out FILE/,
  );
  assert.throws(() => runSealingKey({ rest: ['sealing-key'], out }), /knows: sealing-key init --out FILE/);
});
