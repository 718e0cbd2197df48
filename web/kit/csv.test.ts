import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvFileOf, csvOf } from './csv.ts';

test('quotes what would break a row', () => {
  assert.equal(csvOf([['a', 'b,c', 'say "x"', 'two\nlines']]), 'a,"b,c","say ""x""","two\nlines"\r\n');
});

test('keeps a spreadsheet from computing a cell', () => {
  assert.equal(csvOf([['=1+1', '@x', '+4', '-5', '-cmd']]), "'=1+1,'@x,'+4,-5,'-cmd\r\n");
});

test('keeps a spreadsheet that splits at another sign from computing what stands after it', () => {
  assert.equal(csvOf([['x;=1+1', 'a\t @b', 'c|+4', 'd; e']]), "x;'=1+1,a\t '@b,c|'+4,d; e\r\n");
  assert.equal(
    csvOf([['a\n=1+1', 'b\r\n @c', 'd;"=1', 'e\nf - g']]),
    `"a\n'=1+1","b\r\n '@c","d;""'=1","e\nf - g"\r\n`,
  );
});

test('a file of rows begins with the mark by which a spreadsheet reads its umlauts', () => {
  assert.deepEqual(
    [...new TextEncoder().encode(csvFileOf([['Ü']]))].slice(0, 5),
    [0xef, 0xbb, 0xbf, 0xc3, 0x9c],
  );
});
