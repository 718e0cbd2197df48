import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DENIALS, told } from '../../src/domain/outcome.ts';
import { CLOSED, REMARKS, SAID, type Said, saidFor, saidForClosed, saidForTrouble } from './said.ts';
import { SENTENCES } from './said-messages.ts';

const PLAN = join(import.meta.dirname, '../../src/edge/plan');
const planner = globSync('*.ts', { cwd: PLAN, exclude: ['*.test.ts', 'test-*.ts'] })
  .map((file) => readFileSync(join(PLAN, file), 'utf8'))
  .join('\n');

/** What a person can do, as the first words of a sentence or after an “or”. */
const DOES =
  /\b(ask|press|type|show|scan|wait|take|choose|check|push|pull|open|look|go|use|keep|come|do|try|start|finish|call|say|put|hold|leave)\b/i;

test('every denial that can be told has its own place, and nothing else does', () => {
  const tellable = new Set<string>(DENIALS.map(told));
  assert.deepEqual(new Set(Object.keys(SAID)), tellable);
});

/** Everything that can be told, by its code, in the language that is spoken. */
function everySaid(): [code: string, Pick<Said, 'title' | 'next'>][] {
  return [
    ...[...Object.keys(SAID), ...Object.keys(REMARKS)].map((code) => [code, saidFor(code)] as const),
    ...Object.keys(CLOSED).map((reason) => [`closed ${reason}`, saidForClosed(reason)] as const),
    ...[0, 400].map((status) => [`trouble ${status}`, saidForTrouble(status)] as const),
  ].map(([code, said]) => [code, said]);
}

test('each says what happened and what to do next, in sentences', () => {
  for (const [code, { title, next }] of everySaid()) {
    assert.ok(title.length > 5 && title.length <= 60, code);
    assert.doesNotMatch(title, /[.:!]$/, code);
    assert.match(next, /^[A-Z].*\.$/, code);
    assert.ok(next.length <= 130, `${code}: nobody reads ${next.length} letters at a kiosk`);
    assert.match(next, DOES, `${code}: “${next}” names nothing to do`);
    assert.doesNotMatch(`${title} ${next}`, /undefined|\blocker\b|\berror\b|\binvalid\b/i, code);
  }
});

test('what the planner says on the way is in the table, and the table holds nothing else', () => {
  const said = [...planner.matchAll(/\bsay\(\s*'([a-z-]+)'/g)].map(([, code = '']) => code);
  const returned = [...planner.matchAll(/leavePickUp\(draft, session, '([a-z-]+)'/g)].map(
    ([, code = '']) => code,
  );
  const answered = ['refused', 'failed', 'unknown'].map((outcome) => `release-${outcome}`);
  assert.ok(said.length > 10, 'the search finds what is said');
  const remarks = [...said, ...returned, ...answered].filter((code) => !Object.hasOwn(SAID, code));
  assert.deepEqual(new Set(remarks), new Set(Object.keys(REMARKS)));
  const ways = [...planner.matchAll(/\bsay\(([^)]*)\)/g)].map(([, given = '']) => given.trim());
  const known =
    /^(null|'[a-z-]+'|message: string \| null|told\(reason|answer\.outcome === 'released' \? null : `release-\$\{answer\.outcome\}`)$/;
  assert.deepEqual(
    ways.filter((way) => !known.test(way)),
    [],
    'nothing is said that this test does not read',
  );
});

test('every reason for which the planner closes the cabinet has its own page', () => {
  const body = /function closedReason[\s\S]*?\n}/.exec(planner)?.[0] ?? '';
  const reasons = [...body.matchAll(/'([a-z-]+)'/g)].map(([, word = '']) => word);
  const denials = reasons.filter((word) => (DENIALS as readonly string[]).includes(word));
  assert.ok(denials.length >= 3);
  assert.deepEqual(new Set(denials), new Set(Object.keys(CLOSED)));
  assert.ok(saidForClosed('of-a-newer-agent').next.length > 0);
});

test('wrong, spent, revoked and early codes get one and the same sentence', () => {
  const sentences = (['code-wrong', 'code-spent', 'code-revoked', 'grant-not-yet'] as const).map((code) =>
    JSON.stringify(saidFor(told(code))),
  );
  assert.equal(new Set(sentences).size, 1);
});

test('a code that this page does not know says nothing wrong', () => {
  assert.equal(saidFor('toString').tone, 'info');
});

test('the page of what the kiosk says has its very words', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/kiosk-says.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const words: Readonly<Record<string, string>> = SENTENCES;
  const codes = Object.keys(words).filter((key) => !key.endsWith('.next'));
  assert.deepEqual(
    rows,
    codes.map((code) => `| \`${code}\` | ${words[code]} | ${words[`${code}.next`]} |`),
  );
});
