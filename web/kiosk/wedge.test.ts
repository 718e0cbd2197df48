import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readScan } from '../../src/domain/scan.ts';
import {
  FAST_MS,
  type Heard,
  hear,
  mayEndInSilence,
  type Press,
  SCAN_LENGTH_MAX,
  SETTLE_MS,
  settle,
  WEDGE_START,
} from './wedge.ts';

type Key = string | Press;

/** Presses keys with a gap before each, and answers what was heard. */
function press(keys: readonly Key[], gapMs: number | readonly number[]): (Heard | null)[] {
  return pressed(keys, gapMs).heard;
}

function pressed(keys: readonly Key[], gapMs: number | readonly number[]) {
  let wedge = WEDGE_START;
  let atMs = 1_000;
  const heard = keys.map((key, index) => {
    atMs += typeof gapMs === 'number' ? gapMs : (gapMs[index] ?? 0);
    const result = hear(wedge, typeof key === 'string' ? { key } : key, atMs);
    wedge = result.wedge;
    return result.heard;
  });
  return { wedge, heard, atMs };
}

/** How scanners in ALT mode type one character: Alt down, its code on the number pad, Alt up. */
const alt = (character: string): Press[] => [
  { key: 'Alt', alt: true },
  ...[...String(character.charCodeAt(0)).padStart(3, '0')].map((key) => ({ key, alt: true })),
  { key: 'Alt', up: true },
];
const ctrl = (key: string): Press[] => [
  { key: 'Control', ctrl: true },
  { key, ctrl: true },
  { key: 'Control', up: true },
];
const scans = (heard: readonly (Heard | null)[]) =>
  heard.flatMap((one) => (one?.is === 'scan' ? [one.text] : []));

const BADGE = 'HFB1ABCDEFGHIJKLMNOPQRSTUVWXYZ';

test('fast keys that end in Enter are a scan', () => {
  const heard = press([...BADGE, 'Enter'], 4);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: BADGE });
});

test('keys that type nothing do not break a scan: scanners press Shift for capitals', () => {
  const keys = [...BADGE].flatMap((letter) => ['Shift', letter]);
  assert.deepEqual(press([...keys, 'Enter'], 4).at(-1), { is: 'scan', text: BADGE });
});

test('slow digits are typing, and their Enter is an Enter', () => {
  const heard = press([...'123456789', 'Enter'], FAST_MS + 30);
  assert.deepEqual(heard.slice(0, 2), [
    { is: 'typed', text: '1' },
    { is: 'typed', text: '2' },
  ]);
  assert.deepEqual(heard.at(-1), { is: 'enter' });
});

test('what was typed slowly before a scan is no part of it', () => {
  const gaps = [0, 200, 200, ...Array<number>(9).fill(5)];
  const heard = press([...'12', ...'345678901', 'Enter'], gaps);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: '345678901' });
});

test('an Enter that comes late is not the scanner’s', () => {
  assert.deepEqual(press([...'1234567', 'Enter'], [0, 4, 4, 4, 4, 4, 4, 400]).at(-1), { is: 'enter' });
});

test('two quick keys are no scan', () => {
  assert.deepEqual(press(['1', '2', 'Enter'], 5).at(-1), { is: 'enter' });
});

test('a scan starts anew after each Enter, and has an end', () => {
  const heard = press([...BADGE, 'Enter', ...'7654321', 'Enter'], 3);
  assert.deepEqual(heard.at(-1), { is: 'scan', text: '7654321' });
  const long = press([...'9'.repeat(SCAN_LENGTH_MAX + 40), 'Enter'], 1).at(-1);
  assert.equal(long?.is === 'scan' && long.text.length, SCAN_LENGTH_MAX);
});

const GS = '\u001d';
const PICK_UP = 'HFP1ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const USPS = ['420', '78745', GS, '9400111206206406260787'] as const;

test('the keys of real scanners: 2, 12 and 40 ms apart, with jitter, each key let go again', () => {
  for (const gap of [2, 12, 40]) {
    for (const text of [BADGE, PICK_UP, '1Z999AA10123456784', ']Q3010950600013435221ABC']) {
      const keys = [...text, 'Enter'].flatMap((key): Press[] => [{ key }, { key, up: true }]);
      const gaps = keys.map((_, at) => Math.max(1, (gap + ((at * 7) % 5) - 2) / 2));
      assert.deepEqual(scans(press(keys, gaps)), [text], `${gap} ms`);
    }
  }
});

test('GS comes as Ctrl and a bracket, as Alt 029, or as itself, and stays in the scan', () => {
  const [routing, zip, , number] = USPS;
  for (const gs of [ctrl(']'), alt(GS), [{ key: GS }]]) {
    const heard = press([...routing, ...zip, ...gs, ...number, 'Enter'], 4);
    assert.deepEqual(scans(heard), [`${routing}${zip}${GS}${number}`]);
    assert.ok(
      !heard.some((one) => one?.is === 'typed' && one.text < ' '),
      'no field gets a control character',
    );
  }
});

test('ALT mode types everything by its number, whatever the layout of the keyboard', () => {
  const text = `[)>\u001e01${GS}96841706672${GS}840${GS}001${GS}1Z12345675`;
  assert.deepEqual(scans(press([...[...text].flatMap(alt), 'Enter'], 3)), [text]);
  assert.deepEqual(scans(press([...[...'DE-4711/Z'].flatMap(alt), ...alt('\r')], 3)), ['DE-4711/Z']);
});

test('a suffix is CR, LF, both, or Tab, and none of it reaches the page a second time', () => {
  for (const suffix of [
    ['Enter'],
    ['Tab'],
    ['Enter', 'Enter'],
    ['Enter', ...ctrl('j')],
    [...ctrl('m'), ...ctrl('j')],
    ['\r', '\n'],
    ['Tab', 'Enter'],
  ]) {
    const heard = press([...PICK_UP, ...suffix], 4);
    assert.deepEqual(scans(heard), [PICK_UP], JSON.stringify(suffix));
    assert.ok(!heard.some((one) => one?.is === 'enter'), 'an Enter would press what has the focus');
  }
});

test('a Tab or an Enter of a person stays theirs', () => {
  assert.deepEqual(press(['Tab'], 200), [null]);
  assert.deepEqual(press(['1', '2', 'Tab'], 120).at(-1), null);
  const heard = press([...PICK_UP, 'Enter', 'Enter'], [...Array<number>(31).fill(4), 400]);
  assert.deepEqual(heard.at(-1), { is: 'enter' });
});

test('without any suffix silence ends a scan, but not once the scanner has shown one', () => {
  const { wedge, atMs } = pressed([...PICK_UP], 5);
  assert.ok(mayEndInSilence(wedge));
  assert.equal(settle(wedge, atMs + SETTLE_MS - 1).heard, null);
  assert.deepEqual(settle(wedge, atMs + SETTLE_MS).heard, { is: 'scan', text: PICK_UP });
  const shown = pressed([...PICK_UP, 'Enter', ...'9400111'], 5);
  assert.ok(!mayEndInSilence(shown.wedge), 'half a scan is not taken for a whole one');
  assert.equal(settle(shown.wedge, shown.atMs + 60_000).heard, null);
});

test('typing never ends in silence as a scan', () => {
  const { wedge, atMs } = pressed([...'123456789'], FAST_MS + 1);
  assert.ok(!mayEndInSilence(wedge));
  assert.equal(settle(wedge, atMs + 60_000).heard, null);
});

test('a person’s shortcuts are no scan: Ctrl+D, Alt and a digit, Ctrl+]', () => {
  for (const keys of [ctrl('d'), alt('5'), ctrl(']'), ctrl('j'), [{ key: 'F4', alt: true }]]) {
    const heard = press(keys, 120);
    assert.deepEqual(scans(heard), []);
    assert.ok(!heard.some((one) => one?.is === 'enter'));
  }
  assert.deepEqual(press([{ key: '@', ctrl: true, alt: true }], 120), [{ is: 'typed', text: '@' }], 'AltGr');
});

test('Caps Lock and lower case reach the agent as typed; it reads both alike', () => {
  for (const typed of [PICK_UP.toLowerCase(), `]q1${PICK_UP.toLowerCase()}`, `]Q1${PICK_UP}`])
    assert.equal(readScan(scans(press([...typed, 'Enter'], 4))[0] ?? '').is, 'pick-up');
});
