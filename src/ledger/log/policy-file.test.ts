/** Policies in the words of C2SP tlog-policy: what each allows, and each line that is not taken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicyFile } from './policy-file.ts';
import { RFC_SECRETS, signerOf } from './test-model.ts';
import { vkeyText } from './vkey.ts';

const LOG = vkeyText({ type: 'signature', ...signerOf('log.example/a', RFC_SECRETS[0]) });
const [A, B, C] = RFC_SECRETS.slice(1).map((secret, at) =>
  vkeyText({ type: 'cosignature', ...signerOf(`w.example/${at}`, secret) }),
);
const WITNESSES = [`log ${LOG}`, `witness a ${A}`, `witness b ${B} https://w.example`, `witness c ${C}`];

/** Whether the policy holds for each of none, a, a and b, b and c, all. */
function answers(...lines: string[]): boolean[] {
  const read = parsePolicyFile(`# A comment\n\n${[...WITNESSES, ...lines].join('\n')}\n`);
  assert.ok(read.ok, read.ok ? '' : read.why);
  const [a, b, c] = read.policy.witnesses;
  assert.ok(a && b && c);
  return [[], [a], [a, b], [b, c], [a, b, c]].map((cosigned) => read.policy.holds(new Set(cosigned)));
}

test('one witness, a threshold, all, any, groups of groups, and none', () => {
  assert.deepEqual(answers('quorum b'), [false, false, true, true, true]);
  assert.deepEqual(answers('group g 2 a b c', 'quorum g'), [false, false, true, true, true]);
  assert.deepEqual(answers('group g all a b c', 'quorum g'), [false, false, false, false, true]);
  assert.deepEqual(answers('group g any a b', 'quorum g'), [false, true, true, true, true]);
  assert.deepEqual(answers('group g any a b', 'group h all g c', 'quorum h'), [
    false,
    false,
    false,
    true,
    true,
  ]);
  assert.deepEqual(answers('quorum none'), [true, true, true, true, true]);
});

test('what is not such a policy is refused', () => {
  const wrong: string[][] = [
    [],
    ['quorum nobody'],
    ['quorum a', 'quorum a'],
    ['group g 4 a b c', 'quorum g'],
    ['group g 0 a b c', 'quorum g'],
    ['group g 01 a b c', 'quorum g'],
    ['group g 1 a a', 'quorum g'],
    ['group g any a b', 'group h all a c', 'quorum h'],
    ['group g any a b', 'group h any g', 'group i any g c', 'quorum i'],
    ['group g any a b', 'group h all g a', 'quorum h'],
    ['group g any a none', 'quorum g'],
    ['group g any a later', 'group later any b', 'quorum g'],
    ['group a any b c', 'quorum a'],
    [`witness d ${A}`, 'quorum a'],
    [`witness a ${A}`, 'quorum a'],
    [`witness d ${LOG}`, 'quorum a'],
    [`log ${A}`, 'quorum a'],
    ['be lenient', 'quorum a'],
    ['quorum a b'],
  ];
  for (const lines of wrong)
    assert.equal(parsePolicyFile([...WITNESSES, ...lines].join('\n')).ok, false, lines.join('; '));
  assert.equal(parsePolicyFile(`witness a ${A}\nquorum a\n`).ok, false, 'no log');
});
