/**
 * Every screen of the kiosk in each of its states, in each language and both positions of the display: whole,
 * accessible, marked as what it is. Pictures of some are kept in .holdfast/screens; nothing looks at glyphs, so
 * a machine without the fonts of a script tests as well as one with them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { LANGUAGE_CODES, LANGUAGES } from '../../web/kit/languages.ts';
import { ROOT } from '../site.ts';
import { checkAccessible, missingBrowser, shot, type Watched } from './browser.ts';
import { begin } from './stand.ts';
import { BEGUN, drawn, openStage, STATES, type State, sheet } from './states.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stage = missingBrowser === null ? await openStage() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.kiosk.stop();
});

/** What is kept as a picture: where most is said, and where directions meet. */
const PICTURED: ReadonlySet<string> = new Set([
  ...['home-offline', 'home-flat', 'home-wrong', 'closed-no-roster', 'courier-code-first', 'flat', 'size'],
  ...['drop-off-refused', 'drop-off-done-offline', 'pick-up-open', 'pick-up-jammed', 'clock'],
]);

type Drawing = { lang: string; dir: string; cut: string[]; below: number; cabinet: string };

/**
 * Every piece of text with the box that it stands in. Cut is what leaves the page sideways, what leaves its own
 * button or plate, and what a box that does not scroll hides.
 */
async function drawing(page: Page): Promise<Drawing> {
  return (await page.evaluate(`(() => {
    const cut = [];
    // A range is as high as its font is for all its scripts; how high these very letters are drawn, a canvas says.
    const pen = document.createElement('canvas').getContext('2d');
    const inked = (text, parent, own) => {
      // In parts: what stands beside them, as figures of one width, has no place in the short form.
      const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(parent);
      pen.font = [fontStyle, fontWeight, fontSize, fontFamily].join(" ");
      const drawn = pen.measureText(text);
      return {
        top: own.top + drawn.fontBoundingBoxAscent - drawn.actualBoundingBoxAscent,
        bottom: own.bottom - drawn.fontBoundingBoxDescent + drawn.actualBoundingBoxDescent,
      };
    };
    const walker = document.createTreeWalker(document.querySelector('.kiosk'), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent.trim();
      const parent = node.parentElement;
      if (text === '' || parent.closest('.k-hidden, svg')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const own = range.getBoundingClientRect();
      if (own.width === 0) continue;
      const box = (parent.closest('button, li, dd, .door-plate, .k-notice') ?? parent).getBoundingClientRect();
      const { top, bottom } = inked(text, parent, own);
      const outside = own.left < -1 || own.right > innerWidth + 1 ||
        own.left < box.left - 1 || own.right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
      if (outside) cut.push(text);
    }
    for (const one of document.querySelectorAll('.kiosk *'))
      if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && !one.closest('.k-hidden'))
        cut.push(one.className + ' is too narrow');
    if (document.documentElement.scrollWidth > innerWidth) cut.push('the page');
    const first = document.querySelector('.k-cabinet text');
    const face = document.querySelector('.k-cabinet .k-door-face');
    return {
      cut,
      lang: document.documentElement.lang,
      dir: document.documentElement.dir,
      below: Math.max(0, document.documentElement.scrollHeight - innerHeight),
      cabinet: first ? Math.round(first.getBoundingClientRect().left - face.getBoundingClientRect().left) + '' : '',
    };
  })()`)) as Drawing;
}

for (const language of LANGUAGE_CODES) {
  const { tag, dir } = LANGUAGES[language];
  test(`every screen in each of its states is whole and accessible: ${language}`, SKIP, async () => {
    assert.ok(stage);
    const pictures: Buffer[] = [];
    const cabinets = new Set<string>();
    for (const position of ['upright', 'across'] as const) {
      const { page, errors }: Watched = stage[position];
      // Away first: a page that still showed a person would replace itself in the language before.
      await page.goto('about:blank');
      stage.showing(STATES[0] as State);
      await page.goto(`${stage.url}?language=${language}`);
      for (const state of [...STATES, ...BEGUN]) {
        const at = `${language}, ${position}, ${state.name}`;
        if (BEGUN.includes(state)) await page.goto('about:blank');
        stage.showing(state);
        if (BEGUN.includes(state)) await page.goto(`${stage.url}?language=${language}`);
        await drawn(page, stage.url);
        if (BEGUN.includes(state)) await begin(page);
        const seen = await drawing(page);
        assert.deepEqual(seen.cut, [], at);
        assert.deepEqual([seen.lang, seen.dir], [tag, dir], at);
        // Upright is what the screens are drawn for; across, a long language may have to be scrolled.
        if (position === 'upright') assert.equal(seen.below, 0, `${at}: something stands below the edge`);
        else if (seen.below > 0) console.log(`  ${at}: ${seen.below} pixels stand below`);
        if (seen.cabinet !== '') cabinets.add(seen.cabinet);
        if (position === 'across') continue;
        // The colours are those of every language; kiosk-words has them checked.
        await checkAccessible(page, { colours: false });
        if (!PICTURED.has(state.name)) continue;
        await shot(page, `kiosk-${language}-${state.name}`);
        pictures.push(
          readFileSync(join(ROOT, '.holdfast', 'screens', `kiosk-${language}-${state.name}.png`)),
        );
      }
      assert.deepEqual(errors, []);
    }
    // The picture of the steel is not turned round: each number stands at its door's left edge.
    assert.ok(cabinets.size > 0 && [...cabinets].every((left) => Number(left) > 0 && Number(left) < 20));
    await sheet(stage.browser, `kiosk-all-${language}`, pictures, 6);
  });
}
