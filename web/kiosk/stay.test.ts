import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKeyOfPage } from './stay.ts';

const pressed = (key: string, held: readonly string[] = []) => ({
  key,
  ctrlKey: held.includes('Control'),
  metaKey: held.includes('Meta'),
  altKey: held.includes('Alt'),
  getModifierState: (name: string) => held.includes(name),
});

test('letters, digits and the keys to move and press belong to the page', () => {
  for (const key of [
    '0',
    'a',
    'Z',
    'é',
    '😀',
    ' ',
    '.',
    'Tab',
    'Enter',
    'Backspace',
    'Escape',
    'ArrowLeft',
    'Shift',
  ])
    assert.equal(isKeyOfPage(pressed(key)), true, key);
  assert.equal(isKeyOfPage(pressed('@', ['AltGraph'])), true);
  assert.equal(
    isKeyOfPage(pressed('@', ['AltGraph', 'Control', 'Alt'])),
    true,
    'AltGr as some systems say it',
  );
});

test('every other key, and every key with Ctrl, Alt or Meta, would be for the browser and is stopped', () => {
  const functions = Array.from({ length: 24 }, (_, at) => `F${at + 1}`);
  const others = [
    'PrintScreen',
    'ContextMenu',
    'BrowserBack',
    'BrowserHome',
    'LaunchMail',
    'Help',
    'Meta',
    'Alt',
  ];
  for (const key of [...functions, ...others]) assert.equal(isKeyOfPage(pressed(key)), false, key);
  for (const held of ['Control', 'Meta', 'Alt'])
    for (const key of [
      ...'abcdefghijklmnopqrstuvwxyz0123456789+-',
      'Tab',
      'Enter',
      'ArrowLeft',
      'Home',
      'Escape',
    ])
      assert.equal(isKeyOfPage(pressed(key, [held])), false, `${held}+${key}`);
});
