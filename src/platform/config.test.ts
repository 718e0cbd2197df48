import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { readConfig } from './config.ts';

test('a configuration that does not read is not quoted, for it may hold a password', () => {
  const home = mkdtempSync(join(tmpdir(), 'hf-config-'));
  const path = join(home, 'config.json');
  for (const text of ['{"mail":{"password":hunter2}}', 'hunter2', '{"password":"hunter2" "port":1}']) {
    writeFileSync(path, text);
    assert.throws(
      () => readConfig(path, z.unknown()),
      (error: Error) => /config\.json is no JSON/.test(error.message) && !error.message.includes('hunter'),
    );
  }
  assert.throws(() => readConfig(home, z.unknown()), /cannot be read: EISDIR/);
  rmSync(home, { recursive: true });
  assert.throws(() => readConfig(path, z.unknown()), /^HoldfastError: there is no configuration \S+$/);
});
