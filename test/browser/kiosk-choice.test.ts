/**
 * A language is one person's choice: first of all on the screen, by keyboard too, held to their last word, gone
 * with them. And a whole drop-off and pick-up in Arabic, at a real agent's page, by role and label.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { LANGUAGE_CODES, LANGUAGES, type Language } from '../../web/kit/languages.ts';
import { newestCodes } from '../bank.ts';
import { checkBank } from '../check-bank.ts';
import { checkAccessible, missingBrowser } from './browser.ts';
import { emptyStores } from './memory.ts';
import {
  COURIER_CODE,
  doorIs,
  doorNow,
  heading,
  newDocument,
  openStand,
  parcelInside,
  press,
  pressByKey,
  type Stand,
  tapDigits,
  wedge,
} from './stand.ts';

assert.ok(missingBrowser === null || process.env.CI !== 'true', missingBrowser ?? '');
const SKIP = { skip: missingBrowser ?? false };

const stand = missingBrowser === null ? await openStand() : null;
after(() => stand?.stop());

async function spoken(page: Page, language: Language): Promise<void> {
  const { tag, dir } = LANGUAGES[language];
  await page.locator(`html[lang="${tag}"][dir="${dir}"]`).waitFor({ state: 'attached' });
}

/** Nothing of the choice: not in the document, not in a store, not in the window’s name. */
async function forgotten(page: Page): Promise<void> {
  await heading(page, 'Collect a parcel');
  await spoken(page, 'en');
  assert.equal(await page.evaluate('window.name + location.search'), '');
  assert.equal(await emptyStores(page), true);
  await page.getByRole('button', { name: 'English', exact: true, pressed: true }).waitFor();
}

test(
  'the languages come first: one tap each, by their own names, large enough, marked as such',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page } = stand;
    await heading(page, 'Collect a parcel');
    await page.getByRole('group', { name: 'Language' }).waitFor();
    const buttons = await page.locator('.languages').getByRole('button').all();
    assert.equal(buttons.length, LANGUAGE_CODES.length);
    for (const [index, code] of LANGUAGE_CODES.entries()) {
      const { name, tag, dir } = LANGUAGES[code];
      const button = buttons[index];
      assert.ok(button);
      assert.equal(await button.innerText(), name);
      assert.deepEqual([await button.getAttribute('lang'), await button.getAttribute('dir')], [tag, dir]);
      const box = await button.boundingBox();
      assert.ok(box && box.height >= 64 && box.width >= 64, `${name}: ${box?.width} × ${box?.height}`);
      await button.click();
      await spoken(page, code);
      assert.equal(await button.getAttribute('aria-pressed'), 'true');
    }
    // Before everything that can be read or pressed on the screen.
    const first = await page.evaluate(`document.querySelector('.kiosk button').textContent`);
    assert.equal(first, LANGUAGES.en.name);
    await press(page, 'English');
  },
);

test(
  'by keyboard alone a language is chosen; left standing, it is forgotten with the rest',
  SKIP,
  async () => {
    assert.ok(stand);
    // A page of its own: with its clock in the test's hands it stamps keys when they are heard, and hears no scan for sure.
    const page = await stand.page.context().newPage();
    await page.goto(stand.url);
    await heading(page, 'Collect a parcel');
    await page.clock.install();
    await pressByKey(page, 'Deutsch');
    await heading(page, 'Paket abholen');
    await spoken(page, 'de');
    await pressByKey(page, 'Français', ' ');
    await heading(page, 'Retirer un colis');
    await page.evaluate('window.isOld = true');
    await page.clock.fastForward(21_000);
    await newDocument(page);
    await forgotten(page);
    await page.close();
  },
);

test(
  'a wrong code, an idle courier: the language holds for its person and goes with them',
  SKIP,
  async () => {
    assert.ok(stand);
    const { page, site, pass } = stand;
    await press(page, 'Español');
    await tapDigits(page, '908172635');
    await press(page, 'Abrir mi puerta');
    await page.getByRole('alert').getByText('Este código no se aceptó').waitFor();
    await wedge(page, site.courier.badge);
    await heading(page, 'Elija su código de repartidor');
    pass(61_000);
    await forgotten(page);
  },
);

/** The journey's first half: a courier brings a parcel. */
async function bring(at: Stand): Promise<number> {
  const { page, site, rig } = at;
  await wedge(page, site.courier.badge);
  await heading(page, 'اختيار رمز المندوب');
  await tapDigits(page, COURIER_CODE);
  await press(page, 'التالي');
  await tapDigits(page, COURIER_CODE);
  await press(page, 'دخول');
  await heading(page, 'يُرجى مسح ملصق الطرد');
  await page.getByRole('textbox', { name: 'رقم التتبّع' }).waitFor();
  await wedge(page, '1Z999AA10123456784');
  await heading(page, 'لمن هذا الطرد؟');
  // The number is a value of its own direction within the sentence (Unicode Standard Annex 9, section 2.4).
  await page.getByText('\u20681Z999AA10123456784\u2069').waitFor();
  await page.getByRole('status').getByText('\u2068UPS\u2069').waitFor();
  await tapDigits(page, site.resident.flat);
  await press(page, 'بحث');
  await heading(page, 'ما حجم الطرد؟');
  await press(page, /^صغير/);
  await heading(page, /^الباب .*\d.* مفتوح$/);
  const n = await doorNow(at);
  await checkAccessible(page);
  await rig.ask(`/parcels/${n}`, { do: 'put-in', label: 'x' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(at, n, 'closed');
  await press(page, 'نعم، هو في الداخل');
  await heading(page, 'الطرد في أمان');
  return n;
}

test('a drop-off and a pick-up in Arabic, to the last word; then nothing of it is left', SKIP, async () => {
  assert.ok(stand);
  const { page, site, agent, rig, errors } = stand;
  await press(page, 'العربية');
  await heading(page, 'استلام طرد');
  await spoken(page, 'ar');
  const n = await bring(stand);
  await press(page, 'انتهيت');
  await forgotten(page);
  await agent.settled();
  const { pin } = await newestCodes(site, agent);

  await press(page, 'العربية');
  await heading(page, 'استلام طرد');
  const keys = page.getByRole('group', { name: 'لوحة المفاتيح' });
  assert.equal((await keys.getByRole('button', { name: /^\d$/ }).allInnerTexts()).join(''), '1234567890');
  const [one, three] = [keys.getByRole('button', { name: '1' }), keys.getByRole('button', { name: '3' })];
  const [left, right] = [(await one.boundingBox())?.x ?? 0, (await three.boundingBox())?.x ?? 0];
  assert.ok(left < right, 'the keys stand as on every keyboard');
  await tapDigits(page, pin.slice(0, 1));
  const places = await page.locator('.pin-place').all();
  const filled = (await places[0]?.boundingBox())?.x ?? 0;
  assert.equal(await places[0]?.getAttribute('class'), 'pin-place pin-filled');
  assert.ok(filled < ((await places.at(-1)?.boundingBox())?.x ?? 0), 'a code fills from left to right');
  await tapDigits(page, pin.slice(1));
  await press(page, 'فتح بابي');
  await heading(page, new RegExp(`^الباب .${n}. مفتوح$`));
  await page.getByText('الباب', { exact: true }).waitFor();
  await rig.ask(`/parcels/${n}`, { do: 'take-out' });
  await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  await doorIs(stand, n, 'closed');
  await page.evaluate('window.isOld = true');
  await press(page, 'نعم، أخذته');
  await heading(page, 'شكرًا لك');
  // The page is a new one, so that nothing of the parcel is left; the last words are in the person's language.
  await newDocument(page);
  await heading(page, 'شكرًا لك');
  await spoken(page, 'ar');
  assert.equal(await page.evaluate('window.name'), '');
  await press(page, 'العودة إلى البداية');
  await forgotten(page);
  checkBank(agent);
  assert.deepEqual(
    errors.filter((text) => !text.includes('ERR_CACHE_MISS')),
    [],
  );
});

test('a cabinet that is set up in French begins in French, again and again', SKIP, async () => {
  assert.ok(stand);
  const { page, site, url } = stand;
  await page.goto(`${url}?language=fr`);
  await heading(page, 'Retirer un colis');
  await press(page, 'Deutsch');
  await heading(page, 'Paket abholen');
  const { pin, n } = await parcelInside(stand, { tracking: 'TRK99', flat: site.resident.flat });
  // The courier of this parcel has left: with them the choice has gone, and the cabinet is its own again.
  await heading(page, 'Retirer un colis');
  await spoken(page, 'fr');
  await tapDigits(page, pin);
  await press(page, 'Ouvrir ma porte');
  await heading(page, `La porte ${n} est ouverte`);
});
