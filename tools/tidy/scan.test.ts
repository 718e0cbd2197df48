import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partners, ScanError, scan, type TokenKind } from './scan.ts';

const ts = (source: string) => scan(source, { jsx: false });
const tsx = (source: string) => scan(source, { jsx: true });
const texts = (tokens: { kind: TokenKind; text: string }[], kind: TokenKind) =>
  tokens.filter((token) => token.kind === kind).map(({ text }) => text);

test('words in strings, templates, comments and regular expressions are not code', () => {
  const tokens = ts(`
    // import 'a'
    /* import 'b' */
    const c = "import 'c'" + 'it\\'s' + \`import 'd' \${ name + \`inner \${deep}\` } tail\`;
    const e = /import 'e' [/'"] \\/ /gi;
  `);
  assert.deepEqual(texts(tokens, 'name'), ['const', 'c', 'name', 'deep', 'const', 'e']);
  assert.deepEqual(texts(tokens, 'string'), ["import 'c'", "it\\'s"]);
  assert.deepEqual(texts(tokens, 'template'), ["import 'd' ", 'inner ', '', ' tail']);
  assert.deepEqual(texts(tokens, 'comment'), ["// import 'a'", "/* import 'b' */"]);
  assert.deepEqual(texts(tokens, 'regex'), [`/import 'e' [/'"] \\/ /gi`]);
});

test('a slash after a value divides, elsewhere it opens a regular expression', () => {
  assert.deepEqual(texts(ts('a / b; c) / d; e[0] / f; g++ / h;'), 'regex'), []);
  assert.deepEqual(texts(ts("return /'/; x = /\"/; f(/`/); a && /'/.test(b)"), 'regex'), [
    "/'/",
    '/"/',
    '/`/',
    "/'/",
  ]);
  assert.deepEqual(texts(ts('const ratio = 10 / 2; // half / done'), 'number'), ['10', '2']);
});

test('braces inside templates, objects and blocks all find their partner', () => {
  const code = ts('f(`$' + '{ { a: [1, `$' + '{b}`] }.a }`); if (x) { y(); }').filter(
    ({ kind }) => kind !== 'comment',
  );
  const partner = partners(code);
  code.forEach(({ kind, text }, index) => {
    if (kind === 'punct' && '()[]{}'.includes(text)) assert.equal(partner[partner[index] ?? -1], index);
  });
});

test('JSX text may hold apostrophes and slashes; code in braces is code', () => {
  const tokens = tsx(`
    export function Page({ onDone }: Props) {
      const items = list.map((item) => <li key={item.id} title="it's / here">{item.name}</li>);
      return (
        <>
          <Card icon=<Star /> {...rest}>Don't say "import('x')" // here</Card>
          {ready && <Button onClick={() => onDone(/'/.test(value))}>Let's go</Button>}
          {/* a comment's place */}
        </>
      );
    }
  `);
  assert.deepEqual(
    texts(tokens, 'text').map((text) => text.trim()),
    [`Don't say "import('x')" // here`, "Let's go"],
  );
  assert.deepEqual(texts(tokens, 'regex'), ["/'/"]);
  assert.deepEqual(texts(tokens, 'comment'), ["/* a comment's place */"]);
  assert.doesNotThrow(() => partners(tokens.filter(({ kind }) => kind !== 'comment')));
});

test('generics and comparisons in .tsx are not elements', () => {
  const source =
    "const id = <T,>(x: T) => x; const m = new Map<string, 'a'>(); if (a < b && c > d) f<number>('x');";
  assert.deepEqual(texts(tsx(source), 'tag'), []);
  assert.deepEqual(texts(tsx('const f = <T extends object>(x: T) => x;'), 'tag'), []);
});

test('lines are counted through every kind of token', () => {
  const tokens = ts('`a\nb`;\n/*\n*/\nlast');
  assert.equal(tokens.at(-1)?.line, 5);
});

test('what cannot be read is an error with its line, never a silent pass', () => {
  for (const source of ["const a = 'x\n'", 'const a = `x', '/* x', 'f(`${x', '`${ {`']) {
    assert.throws(() => ts(source), ScanError, source);
  }
  assert.throws(() => tsx('const a = <b>text'), ScanError);
  assert.throws(() => partners(ts('f(]')), ScanError);
});
