import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { test } from 'node:test';
import { hex, utf8 } from './bytes.ts';
import {
  fromBase32,
  hashPassword,
  matchTotp,
  TOTP_STEP_MS,
  totpCode,
  totpStep,
  verifyPassword,
} from './password.ts';

test('the runtime computes Argon2id as RFC 9106 section 5.3 does', () => {
  const tag = argon2Sync('argon2id', {
    message: new Uint8Array(32).fill(1),
    nonce: new Uint8Array(16).fill(2),
    secret: new Uint8Array(8).fill(3),
    associatedData: new Uint8Array(12).fill(4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  });
  assert.equal(hex(tag), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

test('hashes made by the reference implementation verify (its own test vectors, version 1.3)', async () => {
  const stored = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
  assert.equal(await verifyPassword('password', stored), true);
  assert.equal(await verifyPassword('differentpassword', stored), false);
  const twoLanes = '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc';
  assert.equal(await verifyPassword('password', twoLanes), true);
});

test('a password verifies against its own hash only, whatever form its letters were typed in', async () => {
  const stored = await hashPassword('Caf\u00e9 au lait');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword('Cafe\u0301 au lait', stored), true);
  for (const wrong of ['Cafe au lait', 'Caf\u00e9 au lait ', ''])
    assert.equal(await verifyPassword(wrong, stored), false);
  assert.notEqual(await hashPassword('Caf\u00e9 au lait'), stored);
});

test('a damaged row throws instead of saying no', async () => {
  const good = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
  for (const bad of [
    '',
    'password',
    good.replace('argon2id', 'argon2i'),
    good.replace('v=19', 'v=16'),
    `${good}=`,
    good.replace('$nf', '$n*'),
    `${good}\n`,
    good.slice(0, -1),
  ]) {
    await assert.rejects(verifyPassword('password', bad), /PHC/, bad);
  }
});

const SECRET = utf8('12345678901234567890');

test('TOTP: RFC 6238 appendix B, SHA-1', () => {
  const table: [number, string][] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ];
  for (const [seconds, code] of table) {
    const step = totpStep(seconds * 1000);
    assert.equal(totpCode(SECRET, step, 8), code);
    assert.equal(totpCode(SECRET, step), code.slice(2));
    assert.equal(
      matchTotp({ secret: SECRET, code: code.slice(2), atMs: seconds * 1000, lastStep: -1 }),
      step,
    );
  }
});

test('a step is used once, and none before it', () => {
  const atMs = 1_111_111_111_000;
  const now = totpStep(atMs);
  const ask = (step: number, lastStep: number) =>
    matchTotp({ secret: SECRET, code: totpCode(SECRET, step), atMs, lastStep });
  for (const step of [now - 1, now, now + 1]) {
    assert.equal(ask(step, now - 2), step);
    assert.equal(ask(step, step - 1), step);
    assert.equal(ask(step, step), undefined);
    assert.equal(ask(step, step + 1), undefined);
  }
  for (const step of [now - 2, now + 2]) assert.equal(ask(step, -1), undefined);
});

test('a step lasts 30 s and the code is taken one step to either side', () => {
  const code = totpCode(SECRET, 1000);
  const at = (atMs: number) => matchTotp({ secret: SECRET, code, atMs, lastStep: -1 });
  const [from, until] = [999 * TOTP_STEP_MS, 1002 * TOTP_STEP_MS];
  assert.deepEqual([at(from - 1), at(from), at(until - 1), at(until)], [undefined, 1000, 1000, undefined]);
});

test('what is no code matches nothing, and the first seconds of time are no exception', () => {
  const code = totpCode(SECRET, 0);
  assert.equal(matchTotp({ secret: SECRET, code, atMs: 0, lastStep: -1 }), 0);
  for (const wrong of [
    '',
    code.slice(1),
    `${code}0`,
    ` ${code}`,
    'abcdef',
    '\u0661\u0662\u0663\u0664\u0665\u0666',
  ]) {
    assert.equal(matchTotp({ secret: SECRET, code: wrong, atMs: 0, lastStep: -1 }), undefined);
  }
});

test('base32: RFC 4648 section 10, in either case, with and without padding', () => {
  const pairs = [
    ['', ''],
    ['f', 'MY======'],
    ['fo', 'MZXQ===='],
    ['foo', 'MZXW6==='],
    ['foob', 'MZXW6YQ='],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI======'],
  ];
  for (const [plain = '', text = ''] of pairs) {
    for (const form of [text, text.replace(/=+$/, ''), text.toLowerCase()])
      assert.deepEqual(fromBase32(form), utf8(plain));
  }
  for (const bad of ['M1', 'MZ XQ', 'MZ=XQ', '0', 'MZXÖ']) assert.equal(fromBase32(bad), undefined);
});
