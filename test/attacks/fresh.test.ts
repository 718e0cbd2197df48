/** A fresh installation has no secret that another has too, and none that its source or a customary list would tell. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { initFiles } from '../../src/cloud/files.ts';
import { fromBase32, totpCode, totpStep } from '../../src/crypto/password.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { readRepository } from '../../tools/tidy.ts';
import { startWholeCloud, type WholeCloud } from './whole-cloud.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET_LETTERS_MIN = 20;
/** What scanners try first at a new device. */
const CUSTOMARY = [
  'admin',
  'password',
  'holdfast',
  'changeme',
  'administrator',
  '12345678',
  'letmein',
  'default',
];

let whole: WholeCloud;
before(async () => {
  whole = await startWholeCloud();
});
after(() => whole?.stop());

test('no password, second factor or code of a fresh installation stands in its source, and none is short', () => {
  const { signIns, bank } = whole.seeded;
  const drawn = [signIns.admin.password, signIns.admin.totpSecret, bank.enrolmentCode];
  const { texts } = readRepository(ROOT);
  assert.ok(texts.has('src/cloud/seed/seed.ts'));
  for (const secret of drawn) {
    assert.ok(secret.length >= SECRET_LETTERS_MIN);
    for (const [path, text] of texts) assert.ok(!text.toLowerCase().includes(secret.toLowerCase()), path);
  }
});

test('no key or token file of two installations is the same', async () => {
  const home = mkdtempSync(join(tmpdir(), 'hf-fresh-'));
  after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const other = {
    dataDir: home,
    rootKeyFile: join(home, 'root.key'),
    operatorTokenFile: join(home, 'operator.token'),
  };
  await initFiles(other, { clock: systemClock, random: systemRandom });
  const filesOf = (dir: string) =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(join(dir, file)).isFile(),
    );
  // Keys of epochs come with a tenant, which one of the two has.
  const ofTenants = (file: string) => file.startsWith('epochs/');
  const { dataDir } = whole.cloud.cloud.config;
  assert.deepEqual(
    filesOf(dataDir)
      .filter((file) => !ofTenants(file))
      .sort(),
    filesOf(home).sort(),
  );
  assert.ok(filesOf(home).length >= 6, filesOf(home).join(', '));
  for (const file of filesOf(home))
    assert.notDeepEqual(readFileSync(join(home, file)), readFileSync(join(dataDir, file)), file);
});

test('no customary password lets an administrator in, not with the right second factor either', async () => {
  const { email, password, totpSecret } = whole.seeded.signIns.admin;
  const secret = fromBase32(totpSecret);
  assert.ok(secret);
  const totp = () => totpCode(secret, totpStep(systemClock.nowMs()));
  const enter = async (tried: string, code: string) => {
    const answer = await fetch(`http://127.0.0.1:${whole.cloud.httpPort}/api/admin/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-holdfast-app': 'admin' },
      body: JSON.stringify({ email, password: tried, totp: code }),
    });
    return answer.status;
  };
  for (const tried of CUSTOMARY) assert.equal(await enter(tried, totp()), 401, tried);
  assert.equal(await enter(password, totp()), 204, 'the drawn one does');
});
