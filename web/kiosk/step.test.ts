import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppingOf } from './step.ts';

const pressed = (key: string, code = key) => ({ key, code });

test('arrows step the way the language runs, and a number pad has keys for it too', () => {
  const all = (toLeft: boolean) =>
    ['ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowLeft'].map((key) => steppingOf(pressed(key), toLeft));
  assert.deepEqual(all(false), ['next', 'before', 'next', 'before']);
  assert.deepEqual(all(true), ['next', 'before', 'before', 'next']);
  assert.equal(steppingOf(pressed('+', 'NumpadAdd'), false), 'next');
  assert.equal(steppingOf(pressed('-', 'NumpadSubtract'), false), 'before');
  assert.equal(steppingOf(pressed(',', 'NumpadDecimal'), false), 'remove');
  // Num Lock is off: the pad's own arrows.
  assert.equal(steppingOf(pressed('ArrowDown', 'Numpad2'), false), 'next');
});

test('what types or presses does not step', () => {
  for (const [key, code] of [
    ['7', 'Numpad7'],
    ['+', 'BracketRight'],
    ['-', 'Minus'],
    ['Enter', 'NumpadEnter'],
    ['Tab', 'Tab'],
    ['a', 'KeyA'],
  ] as const)
    assert.equal(steppingOf(pressed(key, code), false), null, key);
});
