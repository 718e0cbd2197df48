/** Each app is built alone: no bundle holds the words of another app, and so none of its screens. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMPRESSED } from '../../src/contract/web.ts';
import { ROOT } from '../site.ts';

const APPS = ['start', 'resident', 'courier', 'admin', 'kiosk', 'rig'] as const;
const WEB = join(ROOT, 'web');

/** Sentences of one app that no other app says. */
function wordsOf(app: string): string[] {
  const source = readFileSync(join(WEB, app, 'messages.ts'), 'utf8');
  return [...source.matchAll(/'([^'\\]{24,})'/g)].map(([, text = '']) => text);
}

function bundleOf(app: string): string {
  const files = globSync('**/*.js', { cwd: join(WEB, 'dist', app) });
  assert.ok(files.length > 0, `${app} is built`);
  return files.map((file) => readFileSync(join(WEB, 'dist', app, file), 'utf8')).join('\n');
}

test('no app’s bundle holds another app’s words; each holds its own', () => {
  const said = new Map(APPS.map((app) => [app, wordsOf(app)]));
  for (const app of APPS) {
    const bundle = bundleOf(app);
    const own = said.get(app) ?? [];
    assert.ok(
      own.some((text) => bundle.includes(text)),
      `${app} says nothing of its own`,
    );
    for (const other of APPS) {
      if (other === app) continue;
      const foreign = (said.get(other) ?? []).filter((text) => !own.includes(text) && bundle.includes(text));
      assert.deepEqual(foreign, [], `${app} holds words of ${other}`);
    }
  }
});

/** What a phone on a slow line has to wait for, compressed as it is served. */
const BYTES_MAX = 200_000;

test('each app is small: its page, its parts and its styles together, compressed', () => {
  for (const app of APPS) {
    const folder = join(WEB, 'dist', app);
    const files = globSync('**/*.{html,js,css,svg}', { cwd: folder });
    const bytes = files.map((file) => statSync(join(folder, file + COMPRESSED)).size);
    const whole = bytes.reduce((sum, one) => sum + one, 0);
    assert.ok(files.length >= 3 && whole < BYTES_MAX, `${app} has ${whole} bytes in ${files.length} files`);
  }
});
