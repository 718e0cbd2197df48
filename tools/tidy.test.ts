import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { importsOf, importTableMarkdown } from './tidy/imports.ts';
import type { Repository, Source } from './tidy/model.ts';
import { readSource } from './tidy/model.ts';
import { functionsOf } from './tidy/shape.ts';
import { checkRepository, readRepository } from './tidy.ts';

/** The rules that a repository of these files breaks, as "file rule". */
function broken(files: Record<string, string>): string[] {
  const texts = new Map(Object.entries(files));
  const repository: Repository = { texts, paths: new Set(texts.keys()) };
  return [...new Set(checkRepository(repository).map(({ file, rule }) => `${file} ${rule}`))];
}

/** Asserts that one file breaks exactly this rule, and that the second text in the same place breaks none. */
function catches(rule: string, path: string, bad: string, good: string): void {
  assert.deepEqual(broken({ [path]: bad }), [`${path} ${rule}`], `not caught: ${bad}`);
  assert.deepEqual(broken({ [path]: good }), [], `wrongly caught: ${good}`);
}

function read(path: string, text: string): Source {
  const source = readSource(path, text);
  assert.ok(!('rule' in source));
  return source;
}

const lines = (count: number): string => 'work();\n'.repeat(count);

test('the repository keeps its own rules', () => {
  const problems = checkRepository(readRepository(join(import.meta.dirname, '..')));
  assert.deepEqual(
    problems.map(({ file, line, rule, advice }) => `${file}:${line} ${rule} — ${advice}`),
    [],
  );
});

test('every way to import is seen', () => {
  const source = read(
    'src/edge/a.ts',
    `import './side.ts';
     import one, { type Two } from './plain.ts';
     import type { Three } from './type.ts';
     export { four } from './list.ts';
     export * as five from './star.ts';
     export type { Six } from './export-type.ts';
     const seven = await import('./dynamic.ts');
     type Eight = import('./in-type.ts').Eight;
     const nine = await import(\`./template.ts\`);
     const ten = await import(\`./\${name}.ts\`);
     const eleven = new Worker(new URL('./worker.ts', import.meta.url));
     const twelve = import.meta.resolve('pkg');
     const text = "import './string.ts'"; // import './comment.ts'
     const here = import.meta.dirname; object.import('./method.ts');
     export { local };`,
  );
  const seen = importsOf(source).map(({ specifier, isReExport }) =>
    isReExport ? `> ${specifier}` : specifier,
  );
  assert.deepEqual(seen, [
    ...[
      './side.ts',
      './plain.ts',
      './type.ts',
      '> ./list.ts',
      '> ./star.ts',
      '> ./export-type.ts',
      './dynamic.ts',
    ],
    ...['./in-type.ts', './template.ts', null, './worker.ts', 'pkg'],
  ]);
});

/** One file a folder, so that "edge ledger" can mean that the first imports the second. */
const FILE_IN: Record<string, string> = {
  domain: 'src/domain/d.ts',
  crypto: 'src/crypto/c.ts',
  ledger: 'src/ledger/l.ts',
  contract: 'src/contract/w.ts',
  platform: 'src/platform/p.ts',
  edge: 'src/edge/e.ts',
  cloud: 'src/cloud/cloud.ts',
  up: 'src/up/up.ts',
  rig: 'rig/r.ts',
  kit: 'web/kit/k.ts',
  kiosk: 'web/kiosk/m.ts',
  admin: 'web/admin/a.ts',
  bin: 'bin/b.ts',
  test: 'test/t.ts',
};

function mayImport(pair: string): boolean {
  const [from = '', to = ''] = pair.split(' ').map((name) => FILE_IN[name]);
  const texts = Object.fromEntries(Object.values(FILE_IN).map((path) => [path, 'export const x = 1;\n']));
  texts[from] = `import { x } from '${'../'.repeat(from.split('/').length - 1)}${to}';\nuse(x);\n`;
  return broken(texts).length === 0;
}

test('imports follow the table, in both directions', () => {
  const allowed =
    'ledger crypto, edge ledger, cloud platform, rig contract, kiosk kit, admin domain, up cloud, bin up, test rig';
  const refused = [
    'domain crypto, crypto domain, ledger platform, contract ledger, edge cloud, cloud edge, rig edge, rig ledger',
    'edge rig, kiosk admin, kit kiosk, kit crypto, edge up, cloud test, admin platform',
  ].join(', ');
  for (const pair of allowed.split(', ')) assert.ok(mayImport(pair), `${pair}: should be allowed`);
  for (const pair of refused.split(', ')) assert.ok(!mayImport(pair), `${pair}: should be refused`);
});

test('vectors are open to all; what does not exist or is not written out is refused', () => {
  const vector = { 'src/contract/vectors/v.json': '{}' };
  assert.deepEqual(
    broken({ ...vector, 'src/crypto/c.ts': "import v from '../contract/vectors/v.json';\nuse(v);\n" }),
    [],
  );
  catches(
    'imports',
    'src/edge/e.ts',
    "import { x } from './missing.ts';\nuse(x);\n",
    "import { x } from 'pkg';\nuse(x);\n",
  );
  catches('imports', 'src/edge/e.ts', 'await import(name);\n', "await import('pkg');\n");
});

test('a cloud noun is entered through its name-file', () => {
  const noun = {
    'src/cloud/grants/grants.ts': "import { s } from './store.ts';\nexport const g = s;\n",
    'src/cloud/grants/store.ts': 'export const s = 1;\n',
  };
  const from = (path: string, to: string) =>
    broken({ ...noun, [path]: `import { x } from '${to}';\nuse(x);\n` });
  assert.deepEqual(from('src/cloud/cloud.ts', './grants/grants.ts'), []);
  assert.deepEqual(from('src/cloud/cloud.ts', './grants/store.ts'), ['src/cloud/cloud.ts cloud-door']);
  assert.deepEqual(from('src/cloud/people/people.ts', '../grants/store.ts'), [
    'src/cloud/people/people.ts cloud-door',
  ]);
  assert.deepEqual(from('test/t.ts', '../src/cloud/grants/store.ts'), []);
});

test('circles and barrels', () => {
  const circle = {
    'src/edge/a.ts': "import { b } from './b.ts';\nexport const a = b;\n",
    'src/edge/b.ts': "import { c } from './c.ts';\nexport const b = c;\n",
    'src/edge/c.ts': "import { a } from './a.ts';\nexport const c = a;\n",
  };
  assert.deepEqual(broken(circle), ['src/edge/a.ts no-cycles']);
  const erased = "import type { a } from './a.ts';\nexport const c: typeof a = 1;\n";
  assert.deepEqual(broken({ ...circle, 'src/edge/c.ts': erased }), [], 'a type orders nothing');
  const part = { 'src/edge/part.ts': 'export const x = 1;\n' };
  const barrel = (text: string) => broken({ ...part, 'src/edge/index.ts': text });
  assert.deepEqual(barrel("export * from './part.ts';\n"), ['src/edge/index.ts no-barrels']);
  assert.deepEqual(barrel("import { x } from './part.ts';\nexport { x };\n"), [
    'src/edge/index.ts no-barrels',
  ]);
  assert.deepEqual(barrel("export { x } from './part.ts';\nexport const y = 2;\n"), []);
  assert.deepEqual(barrel("import { x } from './part.ts';\nuse(x);\n"), []);
});

test('modules with a place of their own, and pure folders', () => {
  const use = (module: string): string => `import * as m from '${module}';\nuse(m);\n`;
  catches('modules', 'src/edge/e.ts', use('node:crypto'), use('node:fs'));
  catches('modules', 'src/edge/e.ts', use('crypto'), use('fs'));
  catches('modules', 'src/cloud/cloud.ts', use('@peculiar/x509'), use('fastify'));
  catches('modules', 'src/edge/e.ts', use('node:timers/promises'), use('node:stream'));
  catches('modules', 'src/domain/d.ts', use('node:path'), use('zod'));
  catches('modules', 'src/edge/plan/p.ts', use('node:fs'), use('zod'));
  catches('modules', 'web/kit/k.ts', use('node:fs'), use('react'));
  assert.deepEqual(
    broken({ 'src/crypto/c.ts': use('node:crypto'), 'src/domain/d.test.ts': use('node:test') }),
    [],
  );
});

test('calls with one place each', () => {
  for (const call of [
    'Date.now()',
    'performance.now()',
    'setTimeout(f, 1)',
    'new Date()',
    'globalThis.setInterval(f)',
  ]) {
    catches('one-clock', 'src/edge/e.ts', `${call};\n`, 'clock.nowMs();\n');
    assert.deepEqual(broken({ 'src/platform/clock.ts': `${call};\n`, 'web/kit/k.ts': `${call};\n` }), []);
  }
  catches('one-clock', 'rig/r.ts', 'const { now } = Date;\n', 'const { parse } = Date;\n');
  catches(
    'one-clock',
    'src/edge/e.ts',
    'Date?.now();\n',
    "new Date(atMs); socket.setTimeout(1); f({ setTimeout: 1 }); say('Date.now()');\n",
  );
  catches('one-random', 'tools/t.ts', 'Math.random();\n', 'Math.round(1);\n');
  catches('one-random', 'web/kit/k.ts', "Math['random']();\n", 'Math.max(1);\n');
  catches('one-crypto', 'web/admin/a.ts', 'crypto.randomUUID();\n', 'kit.randomUUID();\n');
  catches('one-config', 'src/edge/e.ts', 'process.env.HOME;\n', 'process.pid;\n');
  catches('one-config', 'src/edge/e.ts', 'const { env } = process;\n', 'const { pid } = process;\n');
  catches('no-exit', 'src/up/up.ts', 'process.exit(1);\n', 'process.exitCode = 1;\n');
  catches('no-console', 'src/edge/e.ts', "console.log('x');\n", "log.info('x');\n");
  catches('one-address', 'src/cloud/a/a.ts', 'people.patchPerson(c);\n', 'signin.patchPerson(c);\n');
  catches('no-side-door', 'src/edge/e.ts', "require('x');\n", "f({ require: 1 }); module.require('x');\n");
  assert.deepEqual(broken({ 'bin/b.ts': 'process.exit(Number(process.env.X)); console.log(1);\n' }), []);
});

test('folders, depth and length', () => {
  catches('file-length', 'src/edge/e.ts', lines(401), lines(400));
  catches('file-length', 'src/edge/e.test.ts', lines(601), lines(600));
  catches('file-length', 'verify/verify.mjs', lines(501), lines(500));
  const file = 'export const x = 1;\n';
  assert.deepEqual(broken({ 'src/edge/utils/e.ts': file }), ['src/edge/utils/e.ts folder-names']);
  assert.deepEqual(broken({ 'src/a/b/c/d/e.ts': file }), ['src/a/b/c/d/e.ts depth']);
  assert.deepEqual(broken({ 'src/cloud/b/c/e.ts': file }), []);
});

test('functions of every form are measured', () => {
  const body = lines(69);
  for (const head of [
    'function f() {',
    'export async function* f<T>(a: { b: T }, c = () => ({})): AsyncGenerator<{ d: T }> {',
    'const f = (a: string): Promise<{ b: number } | null> => {',
    'const f = async <T,>({ a }: { a: T }) => {',
    'f((a) => {',
  ]) {
    const end = head.startsWith('f(') ? '});\n' : '}\n';
    catches('function-length', 'src/edge/e.ts', `${head}\n${body}${end}`, `${head}\n${lines(68)}${end}`);
  }
  for (const head of [
    'm(): void {',
    'async #m(a: string) {',
    'get m(): { a: 1 } | undefined {',
    'static m = () => {',
  ]) {
    const inClass = (text: string): string => `class A {\n${head}\n${text}}\n}\n`;
    catches('function-length', 'src/edge/e.ts', inClass(body), inClass(lines(68)));
  }
  const component = (count: number): string =>
    `export function Page() {\n${lines(count)}return <p>'</p>;\n}\n`;
  catches('function-length', 'web/kit/k.tsx', component(118), component(117));
});

test('blocks, objects and types are not functions', () => {
  const source = read(
    'src/edge/e.ts',
    `if (a) { b(); } else { c(); } for (const x of y) { z(); } switch (k(x)) { case f(x): { break; } }
     type T = { m(): void; n: (x: string) => void }; const o = { a: cond ? f(x) : { b: 1 } };
     class A extends B { x = 1; } try { t(); } catch (error) { u(error); } label: { v(); }
     function real(): asserts x is (A | B) { w(); }`,
  );
  assert.deepEqual(
    functionsOf(source).map(({ name }) => name),
    ['real'],
  );
});

test('errors are seen, choices are closed, no test is left aside', () => {
  catches('no-empty-catch', 'src/edge/e.ts', 'try { f(); } catch {}\n', 'try { f(); } catch { g(); }\n');
  catches(
    'no-empty-catch',
    'src/edge/e.ts',
    'try { f(); } catch (e) { /* fine */ }\n',
    'try { f(); } catch (e) { g(e); }\n',
  );
  catches(
    'no-empty-catch',
    'src/edge/e.ts',
    'f().catch(() => {});\n',
    'f().catch((error) => { g(error); });\n',
  );
  const choice = (other: string): string => `switch (x) { case 1: f(); break; ${other} }\n`;
  catches('closed-choices', 'src/domain/d.ts', choice('default: g();'), choice('case 2: g({ default: 1 });'));
  catches(
    'closed-choices',
    'src/edge/plan/p.ts',
    choice('default: g();'),
    choice('\n// closed: bytes are open.\ndefault: g();'),
  );
  assert.deepEqual(broken({ 'src/cloud/cloud.ts': choice('default: g();') }), []);
  for (const mark of ['only', 'skip', 'todo']) {
    catches('no-test-aside', 'src/edge/e.test.ts', `test.${mark}('x', f);\n`, "test('x', f); it.each(x);\n");
  }
});

test('what the permission model refuses to the cloud is called by nothing that it loads', () => {
  const bad = "import { closeSync, fsyncSync } from 'node:fs';\nf(closeSync, fsyncSync);\n";
  const good = "import { open } from 'node:fs/promises';\nf(open, 'fsyncSync'); // as fsyncSync does\n";
  for (const path of ['src/cloud/c.ts', 'src/ledger/l.ts', 'src/platform/p.ts'])
    catches('fenced', path, bad, good);
  catches('fenced', 'src/cloud/c.ts', 'fs.fdatasync(file, then);\n', 'await file.sync();\n');
  catches('fenced', 'src/cloud/c.ts', 'syncDir(folder);\n', 'nameStored(from, to);\n');
  for (const path of ['src/edge/e.ts', 'src/cloud/files.ts', 'src/cloud/c.test.ts'])
    assert.deepEqual(broken({ [path]: bad }), [], path);
});

test('words', () => {
  catches('vocabulary', 'src/edge/e.ts', 'const lockerDoor = 1;\n', 'const blockerDoor = 1; // a locker\n');
  catches(
    'vocabulary',
    'web/kit/k.ts',
    "const a = 'Your locker';\n",
    "const a = 'The smart-locker platform';\n",
  );
  catches('vocabulary', 'src/edge/e.ts', 'unlockAll();\n', 'unlockAllowed();\n');
  catches(
    'texts-in-tables',
    'web/kiosk/k.tsx',
    'const a = <p>Your parcel</p>;\n',
    "const a = <p>{t('x')} · 7</p>;\n",
  );
  catches(
    'texts-in-tables',
    'web/kiosk/k.tsx',
    'const a = <img alt="A parcel" />;\n',
    'const a = <img className="a-parcel" alt="" aria-label={t(\'x\')} />;\n',
  );
  catches(
    'no-weakening',
    'src/edge/e.ts',
    'const skipVerify = 1;\n',
    'const skipped = Number.isSafeInteger(1); // insecure\n',
  );
  catches(
    'no-weakening',
    'src/edge/e.ts',
    'f({ rejectUnauthorized: false });\n',
    'f({ rejectUnauthorized: true });\n',
  );
  catches('no-weakening', 'src/edge/e.ts', "f('unsafe-inline');\n", "f('self');\n");
  catches('no-left-overs', 'docs/a.md', `Text ${'TO'}${'DO'} later.\n`, 'Text to do later.\n');
  catches(
    'no-tickets',
    'src/edge/e.ts',
    '// See issue 12.\nf();\n',
    '// PKCS #11 and RFC 6962, section 2.\nf();\n',
  );
  catches(
    'forbidden-words',
    'docs/a.md',
    `Kept in ${'/wo'}${'rk/'}main.\n`,
    `Kept in home${'/wo'}${'rk/'}main.\n`,
  );
  catches('forbidden-words', 'docs/a.md', `From registry.${'npm'}${'js'}.org.\n`, 'From the registry.\n');
  catches('forbidden-words', 'src/edge/e.ts', `// By ${'cla'}${'ude'}.\nf();\n`, '// By the clause.\nf();\n');
});

test('lockfile, links and sabotage edits', () => {
  const lock = (entry: object): string => JSON.stringify({ packages: { '': {}, 'node_modules/a': entry } });
  const hash = { integrity: 'sha512-abc' };
  catches(
    'lockfile',
    'package-lock.json',
    lock({ ...hash, resolved: 'https://example.org/a.tgz' }),
    lock(hash),
  );
  catches('lockfile', 'package-lock.json', lock({ integrity: 'sha1-abc' }), lock({ link: true }));

  const page = { 'docs/b.md': '# A heading, here\n' };
  const links = (text: string) => broken({ ...page, 'docs/a.md': text });
  assert.deepEqual(
    links('[b](b.md#a-heading-here) [c](../docs/) [d](https://example.org) `[e](no.md)`\n'),
    [],
  );
  for (const bad of ['[b](c.md)', '[b](b.md#nothing)', '[b](#nothing)', '[b]: c.md']) {
    assert.deepEqual(links(`${bad}\n`), ['docs/a.md links'], bad);
  }

  const edit = (find: string) => ({
    'src/edge/e.ts': 'one(); two(); two();\n',
    'test/sabotage/s.json': JSON.stringify({ file: 'src/edge/e.ts', find, replace: '' }),
  });
  assert.deepEqual(broken(edit('one()')), []);
  for (const find of ['two()', 'three()', ''])
    assert.deepEqual(broken(edit(find)), ['test/sabotage/s.json sabotage'], find);
});

test('what cannot be read is a problem of its own, and ARCHITECTURE.md holds the table', () => {
  assert.deepEqual(broken({ 'src/edge/e.ts': "const a = 'open;\n" }), ['src/edge/e.ts readable']);
  assert.deepEqual(broken({ 'ARCHITECTURE.md': '# Other\n' }), ['ARCHITECTURE.md import-table']);
  assert.deepEqual(broken({ 'ARCHITECTURE.md': `# This\n\n${importTableMarkdown()}\n` }), []);
});
