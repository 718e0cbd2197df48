/**
 * What documents claim. Links and anchors are tidy's; here stand the claims that only the program can
 * confirm: commands, rows of the mission, ports, profile fields, rules, the import table.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { SUSPENSION_HOURS_MAX } from '../src/contract/uplink.ts';
import { LAYOUT_24 } from '../src/domain/bank.ts';
import type { FactType } from '../src/domain/facts.ts';
import { KINDS } from '../src/domain/kinds.ts';
import { ORDER_ACTS } from '../src/domain/order.ts';
import { DENIALS } from '../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../src/domain/roster.ts';
import { pinDigits } from '../src/domain/scan.ts';
import { boardsConfig } from '../src/edge/config.ts';
import { portsFrom } from '../src/up/ports.ts';
import { importTableMarkdown } from '../tools/tidy/imports.ts';
import { EDITS } from './sabotage/edits.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const isThere = (path: string): boolean => existsSync(join(ROOT, path));
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'web/**/*.md'], { cwd: ROOT }).map((path) =>
  path.replaceAll('\\', '/'),
);
const MISSION = [
  'P1 P2 P3 P4 P5 D1 D2 D3 D4 D5 A1 A2 A3 A4 A5 A6 A7 T1 T2 T3 C1 C2 C3 I1 I2 I3 I4',
  'R1 R2 R3 R4 R5 R6 R7 X1 X2 X3 X4 X5 X6 X7',
].flatMap((line) => line.split(' '));
const THREATS = 67;

/** Cells of the table rows of a document, without the lines of heads and rules. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line));
  return lines.map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** Files that a text links to, as paths from the root. */
function linkedFiles(text: string, from: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((found) => found[1] ?? '');
  return links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => normalize(join(dirname(from), link)));
}

function linksToTest(text: string, from: string): boolean {
  const files = linkedFiles(text, from);
  return files.every(isThere) && files.some((file) => file.endsWith('.test.ts'));
}

/** Text between the heading `## title` and the next heading of its level. */
function section(text: string, title: string): string {
  const after = text.split(`\n## ${title}\n`)[1];
  assert.ok(after !== undefined, `there is a section “${title}”`);
  return after.split('\n## ')[0] ?? '';
}

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const path of DOCUMENTS) {
    const text = read(path);
    const named = [...text.matchAll(/\bnpm run ([a-z:]+)/g)].map((found) => found[1] ?? '');
    if (/\bnpm start\b/.test(text)) named.push('start');
    if (/\bnpm test\b/.test(text)) named.push('test');
    for (const script of named) assert.ok(Object.hasOwn(scripts, script), `${path}: npm run ${script}`);
  }
});

test('every subcommand of holdfast that a document names exists', () => {
  const known = new Set(
    [...read('bin/holdfast.ts').matchAll(/^ {4}case '([a-z]+)':|^ {2}if \(command === '([a-z]+)'\)/gm)].map(
      (found) => found[1] ?? found[2],
    ),
  );
  const admin = new Set(
    [...read('src/signer/admin.ts').matchAll(/what === '([a-z ]+)'/g)].map((found) => found[1]),
  );
  // What is done with a database is no act of the signer.
  for (const [, act] of read('bin/holdfast.ts').matchAll(/=== '(backup|restore|export|audit)'/g))
    admin.add(act);
  for (const path of ['src/up/privacy.ts', 'src/up/keys.ts']) {
    const [, acts = ''] = /const ACTS[^=]*= \[([^\]]*)\]/.exec(read(path)) ?? [];
    // No more than two words of an act are looked at below.
    for (const [, act] of acts.matchAll(/'([a-z]+(?: [a-z]+)?)/g)) admin.add(act);
  }
  for (const path of DOCUMENTS) {
    const calls = [...read(path).matchAll(/(?:`holdfast |npm run holdfast -- )([a-z]+(?: [a-z]+){0,2})/g)];
    for (const [whole, words = ''] of calls) {
      const [command = '', ...rest] = words.split(' ');
      assert.ok(known.has(command), `${path}: ${whole}`);
      const [noun, act] = rest;
      // The word of an act ends at its dash here.
      const isOrder =
        noun === 'order' && (act === undefined || ORDER_ACTS.some((one) => one.split('-')[0] === act));
      if (command === 'admin' && rest.length > 0 && !isOrder)
        assert.ok(admin.has(rest.join(' ')), `${path}: ${whole}`);
    }
  }
});

test('every row of the mission stands once in the README, with a status word', () => {
  const rows = rowsOf(section(read('README.md'), 'What works')).filter(([id]) => /^[A-Z]\d$/.test(id ?? ''));
  assert.deepEqual(
    rows.map(([id]) => id),
    MISSION,
  );
  for (const [id, , status = ''] of rows) {
    assert.ok(['works', 'partly', 'not yet'].includes(status), `${id}: ${status}`);
  }
});

test('what works links to a test, and every linked file is there', () => {
  for (const [id, , status, today = ''] of rowsOf(section(read('README.md'), 'What works'))) {
    assert.deepEqual(
      linkedFiles(today, 'README.md').filter((file) => !isThere(file)),
      [],
      id,
    );
    if (status === 'works')
      assert.ok(linksToTest(today, 'README.md'), `${id} works: say which test shows it`);
  }
});

test('the README shows real output', () => {
  const waits = read('README.md').includes('(output is pasted here)');
  assert.ok(!waits, 'paste what npm start, npm test and npm run demo print');
});

test('the architecture shows the import table as tidy has it', () => {
  assert.ok(
    read('ARCHITECTURE.md').includes(importTableMarkdown()),
    'node bin/holdfast.mjs tidy --table prints it',
  );
});

test('every file that a document names in code marks is there', () => {
  const wanted = /^(?:bin|src|rig|web|test|tools|bench|docs)\/[\w./-]+\.(?:ts|tsx|mjs|md|json|svg)$/;
  for (const path of DOCUMENTS) {
    const named = [...read(path).matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');
    const missing = named.filter((name) => wanted.test(name) && !isThere(name));
    assert.deepEqual(missing, [], path);
  }
  const where = rowsOf(read('docs/where.md')).slice(1);
  for (const [question, files = ''] of where) assert.match(files, /`[^`]+\.[a-z]+`/, question);
});

test('the functions that the life of one parcel names are there', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n');
  const life = section(read('ARCHITECTURE.md'), 'The life of one parcel');
  const marked = [...life.matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');
  // A dotted word in small letters is a kind of record; `Executor.#mint` is a member.
  const names = marked.map((name) => (/^[A-Z]/.test(name) ? (name.split('.').at(-1) ?? '') : name));
  const missing = names.filter((name) => /^(GET |holdfast )/.test(name) === false && !source.includes(name));
  assert.deepEqual(missing, []);
});

/** Tests that a text quotes: each link to a test file with the titles in “ ” that follow it. */
function quotedTests(text: string, from: string): { file: string; title: string }[] {
  return [...text.matchAll(/\]\(([^)#\s]+)\) “([^”]+)”/g)].map(([, link = '', title = '']) => ({
    file: normalize(join(dirname(from), link)),
    title,
  }));
}

/** True when `file` has a test of exactly this title, however its name is quoted there. */
function hasTest(file: string, title: string): boolean {
  const titles = [
    ...read(file).matchAll(/\b(?:test|it)\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"([^"\n]*)"|`([^`]*)`)/g),
  ];
  return titles.some(([, single, double, template]) =>
    [single?.replaceAll("\\'", "'"), double, template].includes(title),
  );
}

/** Of the research beside the design: what people have published about other systems. */
const COMPLAINTS = 13;
const THREAT_MODEL = 'docs/threat-model.md';
const threats = () =>
  rowsOf(read(THREAT_MODEL))
    .filter(([id]) => /^\d+$/.test(id ?? ''))
    .map(([id = '', attack = '', state = '', defence = '', tests = '', left = '']) => ({
      ...{ row: `${id} ${attack}`, id: Number(id), state, defence, left },
      ...{ tests, quoted: quotedTests(tests, THREAT_MODEL) },
    }));

test('every threat has one row, a state, a defence and what is left; the page counts its states', () => {
  const rows = threats();
  assert.deepEqual(
    rows.map(({ id }) => id),
    Array.from({ length: THREATS }, (_, index) => index + 1),
  );
  for (const { row, state, defence, left } of rows) {
    assert.ok(['covered', 'partly', 'not yet'].includes(state), `${row}: ${state}`);
    assert.notEqual(defence, '', row);
    if (state === 'not yet') assert.match(defence, /^waits for /, `${row}: says what it waits for`);
    else assert.notEqual(left, '', `${row}: says what is left`);
  }
  for (const [state, found] of Map.groupBy(rows, ({ state }) => state))
    assert.ok(read(THREAT_MODEL).includes(`- *${state}* (${found.length}):`), `${found.length} are ${state}`);
});

test('every threat that is met names its tests by file and title, and each of them is there', () => {
  for (const { row, state, tests, quoted } of threats()) {
    if (state !== 'not yet') assert.notEqual(quoted.length, 0, `${row}: names a test`);
    const links = tests.match(/\]\(/g)?.length ?? 0;
    assert.equal(quoted.length, links, `${row}: each linked file with a title`);
    for (const { file, title } of quoted)
      assert.ok(isThere(file) && hasTest(file, title), `${row}: ${file} has no test “${title}”`);
  }
});

test('of every threat that is covered a sabotage turns one of the tests red', () => {
  const red = new Set(EDITS.map(({ expects }) => `${expects.file} ${expects.test}`));
  const asleep = threats().filter(
    ({ state, quoted }) =>
      state === 'covered' && !quoted.some(({ file, title }) => red.has(`${file} ${title}`)),
  );
  assert.deepEqual(
    asleep.map(({ row }) => row),
    [],
  );
});

test('the ports are those of the program', () => {
  const names = rowsOf(section(read('docs/reference/ports-and-files.md'), 'Ports')).slice(1);
  const shown = names.map(([port = '', name = '']) => [
    name.replaceAll('`', ''),
    Number(/\d+$/.exec(port)?.[0] ?? 0),
  ]);
  assert.deepEqual(shown, Object.entries(portsFrom(0)));
});

test('the lock-board families and the fields of their profiles are those of the schema', () => {
  const page = read('docs/reference/lockboards.md');
  const families = boardsConfig.options.map(({ shape }) => shape.family.value);
  assert.deepEqual(
    rowsOf(section(page, 'What there is'))
      .slice(1)
      .map(([, family = '']) => family.replaceAll('`', '')),
    families,
  );
  for (const { shape } of boardsConfig.options) {
    const shown = rowsOf(section(page, `The profile of ${shape.family.value}`)).slice(1);
    assert.deepEqual(
      shown.map(([field = '']) => field.replaceAll('`', '')),
      Object.keys(shape.profile.shape),
    );
  }
});

test('the lock-board configurations that are shown can be read', () => {
  const shown = [...read('docs/reference/lockboards.md').matchAll(/```json\n(.*?)```/gs)];
  assert.ok(shown.length > 1);
  for (const [, text = ''] of shown) assert.doesNotThrow(() => boardsConfig.parse(JSON.parse(text)), text);
});

test('the rules that a contributor reads of are the rules that are checked', () => {
  const shown = section(read('CONTRIBUTING.md'), 'What tidy checks, and why');
  const named = rowsOf(shown)
    .slice(1)
    .flatMap(([rules = '']) => rules.match(/[a-z]+(?:-[a-z]+)*/g) ?? []);
  const code = globSync('tools/{tidy.ts,tidy/*.ts}', { cwd: ROOT }).filter(
    (path) => !path.endsWith('.test.ts'),
  );
  const rules = code.flatMap((path) =>
    [...read(path).matchAll(/(?:rule: |\bproblem\(|, )'([a-z]+(?:-[a-z]+)*)'[,)\s]/g)].map(
      (found) => found[1] ?? '',
    ),
  );
  assert.deepEqual(
    named.filter((rule) => !rules.includes(rule)),
    [],
  );
  const sure = code.flatMap((path) =>
    [...read(path).matchAll(/rule: '([a-z-]+)'/g)].map((found) => found[1] ?? ''),
  );
  assert.deepEqual(
    sure.filter((rule) => !named.includes(rule)),
    [],
  );
});

test('numbers in prose are those of the program', () => {
  const digits = pinDigits(LAYOUT_24.compartments.length, DEFAULT_POLICY.kioskGuessesPerDay);
  assert.match(
    read('README.md'),
    new RegExp(`\\b${digits} digits, dies on pick-up or after ${DEFAULT_POLICY.holdDays} days`),
  );
  assert.match(read('README.md'), new RegExp(`one cabinet of ${LAYOUT_24.compartments.length} doors`));
  assert.match(
    read('ARCHITECTURE.md'),
    new RegExp(`\\| ${DEFAULT_POLICY.offlineDropOffHours} h since the cloud`),
  );
  assert.match(
    read('docs/runbooks/door-ajar.md'),
    new RegExp(`${DEFAULT_POLICY.ajarSeconds} seconds; fixed today`),
  );
  assert.match(
    read('docs/threat-model.md'),
    new RegExp(`${DEFAULT_POLICY.kioskGuessesPerDay} wrong codes a kiosk-day`),
  );
  assert.match(
    read('docs/decisions/12-suspension-window.md'),
    new RegExp(`lasts ${SUSPENSION_HOURS_MAX}\\s+hours`),
  );
  assert.equal(DEFAULT_POLICY.pulsesPerSession, 3, 'ARCHITECTURE.md says at most three pulses');
});

test('every metric of a cloud process has its row and a rule, and no other is named', () => {
  const named = globSync('src/cloud/**/*.ts', { cwd: ROOT })
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) =>
      [...read(path).matchAll(/\bname: '(holdfast_[a-z_]+)',\s+help:/g)].map(([, name]) => name),
    );
  const rows = rowsOf(read('docs/reference/metrics.md')).filter(([cell = '']) => /^`holdfast_/.test(cell));
  assert.ok(named.length > 0);
  assert.deepEqual(rows.map(([cell]) => cell?.replaceAll('`', '')).toSorted(), named.toSorted());
  for (const [cell = '', , , rule = ''] of rows)
    assert.ok(rule.includes(cell.replaceAll('`', '')), `${cell} has a rule over itself`);
});

test('the policy that is shown is the one that a site gets', () => {
  const rows = rowsOf(section(read('docs/reference/orders.md'), 'The policy of a site')).slice(1);
  assert.deepEqual(
    Object.fromEntries(rows.map(([key = '', value = '']) => [key.replaceAll('`', ''), JSON.parse(value)])),
    DEFAULT_POLICY,
  );
});

test('every decision says what was, what was chosen, what it costs, and what would change it', () => {
  const pages = globSync('docs/decisions/[0-9]*.md', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
  const index = linkedFiles(read('docs/decisions/README.md'), 'docs/decisions/README.md');
  assert.deepEqual([...index].sort(), [...pages].sort());
  for (const path of pages) {
    for (const part of ['Situation', 'Choice', 'Cost', 'What would change our mind']) {
      assert.ok(read(path).includes(`**${part}.**`), `${path}: ${part}`);
    }
  }
});

test('every runbook is listed, and says when it is over', () => {
  const pages = globSync('docs/runbooks/*.md', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
  const index = linkedFiles(read('docs/runbooks/README.md'), 'docs/runbooks/README.md');
  for (const path of pages.filter((page) => !page.endsWith('/README.md'))) {
    assert.ok(index.includes(path), `${path} is listed`);
    assert.match(read(path), /\*\*It is over when\*\*/, path);
  }
});

test('each trouble at a bank names a test that is there', () => {
  const from = 'docs/reference/trouble.md';
  const rows = rowsOf(read(from)).filter(([what]) => what !== 'what');
  assert.ok(rows.length >= 30, `${rows.length} troubles`);
  for (const row of rows) {
    const [what, , , test] = row;
    const [file = ''] = linkedFiles(test ?? '', from);
    const title = /“(.+)”$/.exec(test ?? '')?.[1] ?? '';
    assert.ok(isThere(file) && title !== '', `${what}: names a test`);
    const quoted = title.replaceAll("'", "\\'");
    assert.ok(read(file).includes(`test('${quoted}'`), `${what}: ${file} has no test “${title}”`);
  }
});

test('each complaint of users of lockers has what is here instead, the tests that hold it to that, and what is left', () => {
  const from = 'docs/reference/complaints.md';
  const rows = rowsOf(read(from)).filter(([n]) => /^\d+$/.test(n ?? ''));
  assert.equal(rows.length, COMPLAINTS);
  for (const [n, complaint = '', here = '', tests = '', left = ''] of rows) {
    const row = `${n} ${complaint}`;
    assert.ok(here !== '' && left !== '', row);
    const quoted = quotedTests(tests, from);
    assert.ok(
      quoted.length > 0 || left.startsWith('not built'),
      `${row}: names a test, or says that it is not built`,
    );
    for (const { file, title } of quoted)
      assert.ok(isThere(file) && hasTest(file, title), `${row}: ${file} has no test “${title}”`);
  }
});

/** The page in `docs/runbooks` that a row links to, with its text. */
function pageOf(cell: string): string | undefined {
  const [page] = linkedFiles(cell, 'docs/runbooks/README.md');
  return page === undefined ? undefined : read(page);
}

/** Words in code marks. */
const marked = (text: string): string[] => [...text.matchAll(/`([a-z-]+)`/g)].map((found) => found[1] ?? '');

test('every alarm of the closed list has its runbook, or is raised by nothing', () => {
  const condition: FactType | undefined = KINDS['alarm.raised'].facts.condition;
  assert.ok(condition?.type === 'word');
  const rows = rowsOf(section(read('docs/runbooks/README.md'), 'By alarm')).slice(1);
  const listed = rows.flatMap(([words = '']) => marked(words));
  // What a bank itself could not say in a record: only the cloud finds it, and no record of it is there.
  const found = ['batch-refused', 'message-refused'];
  assert.deepEqual(listed.sort(), [...condition.words, ...found].sort(), 'each condition stands in one row');
  const source = globSync('src/{edge,cloud}/**/*.ts', { cwd: ROOT })
    .filter((path) => !/\.test\.ts$|test-/.test(path))
    .map(read)
    .join('\n');
  for (const [words = '', , answer = ''] of rows)
    for (const word of marked(words)) {
      const page = pageOf(answer);
      const raised = new RegExp(`condition: '${word}'|'batch-${word}': '${word}'`).test(source);
      if (page === undefined) assert.ok(!raised, `${word} is raised, and no runbook answers it`);
      else assert.ok(marked(page).includes(word), `${answer} speaks of ${word}`);
      assert.equal(answer === 'nothing raises it yet', page === undefined, word);
    }
});

test('every reason for a closed screen has its row in the runbook', () => {
  const plan = read('src/edge/plan/plan.ts');
  const [, body = ''] = /export function closedReason\([^{]*\{([\s\S]*?)\n\}/.exec(plan) ?? [];
  const quoted = [...body.matchAll(/'([a-z-]+)'/g)].map((found) => found[1] ?? '');
  const reasons = quoted.filter((word) => (DENIALS as readonly string[]).includes(word));
  assert.ok(reasons.length >= 3, 'the reasons were found in the planner');
  const rows = rowsOf(read('docs/runbooks/kiosk-closed.md')).slice(1);
  const answered = rows.flatMap(([reason = '', , answer = '']) => (answer === '' ? [] : marked(reason)));
  assert.deepEqual([...answered].sort(), [...new Set(reasons)].sort());
});
