import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInlineImage, partsOf } from './links.ts';

test('a link ends where its sentence goes on', () => {
  assert.deepEqual(partsOf('Sign in: http://localhost:8080/resident/#t=abc. It works once.'), [
    { text: 'Sign in: ', href: null },
    { text: 'http://localhost:8080/resident/#t=abc', href: 'http://localhost:8080/resident/#t=abc' },
    { text: '. It works once.', href: null },
  ]);
});

test('text without links stays one part, and no script becomes a link', () => {
  const text = 'javascript:alert(1) <b>bold</b>';
  assert.deepEqual(partsOf(text), [{ text, href: null }]);
});

test('only pictures inside the message are pictures', () => {
  assert.ok(isInlineImage('data:image/png;base64,iVBORw0KGgo='));
  assert.ok(!isInlineImage('https://example.org/pixel.png'));
  assert.ok(!isInlineImage('data:image/svg+xml;base64,PHN2Zz4='));
  assert.ok(!isInlineImage('data:text/html;base64,PGI+'));
});
