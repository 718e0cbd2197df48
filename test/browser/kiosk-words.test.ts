/**
 * Everything that the kiosk can say, drawn by the built page in both positions of the display: each screen in
 * each of its states, each sentence once. The page's server is the agent's own; the test decides the views,
 * because half of them need a broken cabinet. Pictures of all are kept in .holdfast/screens.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { REMARKS, SAID, saidFor } from '../../web/kiosk/said.ts';
import { ROOT } from '../site.ts';
import { checkAccessible, missingBrowser, shot } from './browser.ts';
import { begin, heading } from './stand.ts';
import { BEGUN, drawn, fits, openStage, STATES, type State, sheet, shut } from './states.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stage = missingBrowser === null ? await openStage() : null;
after(async () => {
  await stage?.browser.close();
  await stage?.kiosk.stop();
});

for (const position of ['upright', 'across'] as const) {
  test(`every screen in each of its states is whole and accessible: ${position}`, SKIP, async () => {
    assert.ok(stage);
    const { page, errors } = stage[position];
    const pictures: Buffer[] = [];
    for (const state of [...STATES, ...BEGUN]) {
      // Away first: a page that still showed a person would replace itself while it is left.
      if (BEGUN.includes(state)) await page.goto('about:blank');
      stage.showing(state);
      if (BEGUN.includes(state)) await page.goto(stage.url);
      await drawn(page, stage.url);
      if (BEGUN.includes(state)) await begin(page);
      // What axe sees is the same in both positions.
      if (position === 'upright') await checkAccessible(page);
      const picture = `kiosk-${state.name}-${position}`;
      await shot(page, picture);
      pictures.push(readFileSync(join(ROOT, '.holdfast', 'screens', `${picture}.png`)));
      const { across, below } = await fits(page);
      assert.equal(across, true, `${state.name} is cut off`);
      if (below > 0) console.log(`  ${state.name}, ${position}: ${below} pixels stand below`);
      const note = page.getByRole('status').filter({ hasText: /^Offline: / });
      assert.equal(await note.isVisible(), state.more?.online === false, `${state.name}: the offline note`);
      const disputed = page
        .getByRole('status')
        .filter({ hasText: 'This cabinet disputes its operator’s log' });
      assert.equal(await disputed.isVisible(), state.more?.logDisputed === true, `${state.name}: the log`);
    }
    await sheet(stage.browser, `kiosk-all-${position}`, pictures, position === 'upright' ? 8 : 5);
    assert.deepEqual(errors, []);
  });
}

test('each sentence that the agent can send is shown with what to do next', SKIP, async () => {
  assert.ok(stage);
  const { page, errors } = stage.upright;
  await page.goto('about:blank');
  stage.showing(STATES[0] as State);
  await page.goto(stage.url);
  const notices: string[] = [];
  for (const code of [...Object.keys(SAID), ...Object.keys(REMARKS), 'a-code-of-a-newer-agent']) {
    const { title, next } = saidFor(code);
    stage.showing({
      show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null },
      more: { message: code },
    });
    await drawn(page, stage.url);
    const notice = page.locator('.k-notice');
    const text = await notice.innerText();
    assert.ok(text.includes(title) && text.includes(next), `${code}: ${text}`);
    assert.equal((await fits(page)).across, true, code);
    notices.push(await notice.evaluate((element) => element.outerHTML));
  }
  await checkAccessible(page);
  const styles = await page.evaluate(
    `[...document.styleSheets].map((one) => [...one.cssRules].map((rule) => rule.cssText).join('')).join('')`,
  );
  const all = await stage.browser.newPage({ viewport: { width: 1500, height: 1000 } });
  const different = [...new Set(notices)];
  await all.setContent(
    `<html lang="en" data-theme="ink"><title>All sentences</title><style>${String(styles)}</style><main class="stage" style="display:grid;max-width:none;grid-template-columns:1fr 1fr;touch-action:auto">${different.join('')}</main>`,
  );
  await all.screenshot({
    path: join(ROOT, '.holdfast', 'screens', 'kiosk-all-sentences.png'),
    fullPage: true,
  });
  await checkAccessible(all);
  await all.close();
  assert.deepEqual(errors, []);
});

test(
  'the question what is wrong, an agent that does not answer and one that is gone: each says what to do',
  SKIP,
  async () => {
    assert.ok(stage);
    const { page } = stage.upright;
    stage.showing({ show: { screen: 'pick-up', ask: true, door: shut } });
    await page.getByRole('button', { name: 'Something is wrong' }).click();
    await page.getByRole('dialog', { name: 'What is wrong?' }).waitFor();
    await checkAccessible(page);
    await shot(page, 'kiosk-dialog-upright');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.route('**/api/actions', (route) => route.abort());
    await page.getByRole('button', { name: 'Yes, I have it' }).click();
    await page.getByRole('alert').getByText('The cabinet did not answer').waitFor();
    await page.getByText('Wait a moment, look at this screen, and press again.').waitFor();
    await checkAccessible(page);
    await shot(page, 'kiosk-no-answer-upright');
    await stage.kiosk.stop();
    await heading(page, 'One moment');
    await page.getByText('If it does not, ask the building’s staff.').waitFor();
    await checkAccessible(page);
    await shot(page, 'kiosk-lost-upright');
  },
);
