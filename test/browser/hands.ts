/** Carries out one escape at a page, as hands, a scanner or foreign markup would. */
import type { CDPSession, Page } from 'playwright-core';
import type { TestRig } from '../../rig/test-rig.ts';
import type { Escape, MouseDeed, TouchDeed } from './escapes.ts';
import { wedge } from './stand.ts';

export type Hands = { page: Page; cdp: CDPSession; rig: TestRig };
type One<By extends Escape['by']> = Extract<Escape, { by: By }>;

const BITS = { Alt: 1, Control: 2, Meta: 4, Shift: 8 } as const;
/** Windows' numbers of keys, by which Chromium finds its shortcuts. */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{
    Backspace: 8,
    Tab: 9,
    Enter: 13,
    Pause: 19,
    Escape: 27,
    ' ': 32,
    PageUp: 33,
    PageDown: 34,
    End: 35,
    Home: 36,
  },
  ...{ ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, PrintScreen: 44, Insert: 45, Delete: 46 },
  ...{ Meta: 91, ContextMenu: 93, Alt: 18, NumLock: 144, ScrollLock: 145, Sleep: 95, Help: 47 },
  ...{
    BrowserBack: 166,
    BrowserForward: 167,
    BrowserRefresh: 168,
    BrowserSearch: 170,
    BrowserFavorites: 171,
  },
  ...{ BrowserHome: 172, LaunchMail: 180, LaunchApplication1: 182, LaunchApplication2: 183 },
  ...{ '+': 187, '=': 187, ',': 188, '-': 189, '/': 191, '?': 191 },
};

function numberOf(key: string): number {
  const known = NUMBERS[key];
  if (known !== undefined) return known;
  const f = /^F(\d+)$/.exec(key);
  if (f) return 111 + Number(f[1]);
  return key.length === 1 ? key.toUpperCase().charCodeAt(0) : 0;
}

/** Down, down again as when it is held, and up. */
async function pressKey({ cdp }: Hands, { key, held }: One<'key'>): Promise<void> {
  const modifiers = held.reduce((bits, one) => bits | BITS[one], 0);
  const code = key.length === 1 && /[a-z]/.test(key) ? `Key${key.toUpperCase()}` : key;
  const event = { key, code, modifiers, windowsVirtualKeyCode: numberOf(key) };
  await cdp.send('Input.dispatchKeyEvent', { ...event, type: 'rawKeyDown' });
  await cdp.send('Input.dispatchKeyEvent', { ...event, type: 'rawKeyDown', autoRepeat: true });
  await cdp.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' });
}

const TITLE = 'h1';
const BUTTON = '.k-key';
const ICON = '.ways .k-icon';

async function middleOf(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const box = await page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`nothing to see of ${selector}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function moveMouse({ page, cdp }: Hands, { do: deed, button = 'left' }: One<'mouse'>): Promise<void> {
  const at = await middleOf(page, deed === 'drag-icon' ? ICON : deed === 'click-button' ? BUTTON : TITLE);
  const send = (type: 'mousePressed' | 'mouseReleased' | 'mouseMoved', clickCount = 1, x = at.x) =>
    cdp.send('Input.dispatchMouseEvent', { type, x, y: at.y, button, clickCount });
  const clicks: Partial<Record<MouseDeed, number>> = { 'double-click-title': 2, 'triple-click-title': 3 };
  if (deed.startsWith('zoom')) {
    const deltaY = deed === 'zoom-in' ? -240 : 240;
    await cdp.send('Input.dispatchMouseEvent', {
      type: 'mouseWheel',
      ...at,
      deltaX: 0,
      deltaY,
      modifiers: BITS.Control,
    });
    return;
  }
  for (let count = 1; count <= (clicks[deed] ?? 1); count++) {
    await send('mousePressed', count);
    if (deed.startsWith('drag')) for (let x = at.x; x < at.x + 120; x += 20) await send('mouseMoved', 1, x);
    await send('mouseReleased', count, deed.startsWith('drag') ? at.x + 120 : at.x);
  }
}

async function drop({ page, cdp }: Hands, { mimeType, data, file }: One<'drop'>): Promise<void> {
  const at = await middleOf(page, TITLE);
  const given = { items: file ? [] : [{ mimeType, data }], files: file ? [file] : [], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await cdp.send('Input.dispatchDragEvent', { type, ...at, data: given });
}

async function touch({ page, cdp }: Hands, { do: deed }: One<'touch'>): Promise<void> {
  const size = page.viewportSize() ?? { width: 800, height: 1280 };
  const middle = { x: size.width / 2, y: size.height / 2 };
  const tap = async (selector: string, more: object) =>
    cdp.send('Input.synthesizeTapGesture', {
      ...(await middleOf(page, selector)),
      ...more,
      gestureSourceType: 'touch',
    });
  const pinch = (scaleFactor: number) =>
    cdp.send('Input.synthesizePinchGesture', { ...middle, scaleFactor, gestureSourceType: 'touch' });
  const swipe = (from: { x: number; y: number }, xDistance: number, yDistance: number) =>
    cdp.send('Input.synthesizeScrollGesture', {
      ...{ ...from, xDistance, yDistance, speed: 4000, preventFling: false, gestureSourceType: 'touch' },
    });
  const deeds: Record<TouchDeed, () => Promise<unknown>> = {
    'pinch-in': () => pinch(3),
    'pinch-out': () => pinch(0.3),
    'double-tap': () => tap(TITLE, { tapCount: 2, duration: 30 }),
    'long-press-title': () => tap(TITLE, { duration: 1200 }),
    'long-press-button': () => tap(BUTTON, { duration: 1200 }),
    'long-press-icon': () => tap(ICON, { duration: 1200 }),
    'swipe-right': () => swipe({ x: 5, y: middle.y }, size.width - 20, 0),
    'swipe-left': () => swipe({ x: size.width - 5, y: middle.y }, 20 - size.width, 0),
    'swipe-down': () => swipe({ x: middle.x, y: 5 }, 0, size.height - 20),
    'swipe-up': () => swipe({ x: middle.x, y: size.height - 5 }, 0, 20 - size.height),
    'three-fingers': async () => {
      const points = [100, 200, 300].map((x, id) => ({ x, y: 600, id }));
      await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points });
      const moved = points.map((point) => ({ ...point, y: 200 }));
      await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: moved });
      await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    },
  };
  await deeds[deed]();
}

/** Puts the element over the page, clicks it with a real mouse, and takes it away again. */
async function addMarkup({ page, cdp }: Hands, { tag, attributes, inner }: One<'markup'>): Promise<void> {
  await cdp.send('Runtime.evaluate', {
    expression: `(() => {
      const element = document.createElement(${JSON.stringify(tag)});
      for (const [name, value] of Object.entries(${JSON.stringify(attributes)})) {
        try { element.setAttribute(name, value); } catch {}
      }
      try { element.textContent = ${JSON.stringify(inner ?? 'out')}; } catch {}
      if (element.localName === 'form') {
        const button = document.createElement('button');
        button.textContent = 'out';
        element.append(button);
      }
      element.classList?.add('way-out');
      for (const part of [element, ...element.children])
        part.style?.setProperty?.('all', 'initial');
      element.style?.setProperty?.('position', 'fixed');
      element.style?.setProperty?.('inset', '0 auto auto 0');
      element.style?.setProperty?.('z-index', '99');
      document.body.append(element);
    })()`,
  });
  const found = page.locator('.way-out');
  const target = tag === 'form' ? found.locator('button') : found;
  const box = await target
    .first()
    .boundingBox()
    .catch(() => null);
  if (box) await page.mouse.click(box.x + Math.min(8, box.width / 2), box.y + box.height / 2);
  await cdp.send('Runtime.evaluate', {
    expression: `document.querySelectorAll('.way-out').forEach((one) => one.remove())`,
  });
}

async function runScript({ cdp }: Hands, { run }: One<'script'>): Promise<void> {
  // Told to be a person's own press, because browsers allow more to those.
  await cdp.send('Runtime.evaluate', {
    expression: `(() => { try { const kept = (() => { ${run}; })(); kept?.catch?.(() => {}); } catch {} })()`,
    userGesture: true,
  });
}

async function typeText({ page }: Hands, { field, text }: One<'text'>): Promise<void> {
  if (field === 'code') {
    // There is no field: keys go to the code. What is no key comes from an input method.
    for (const one of [...text].slice(0, 40))
      await page.keyboard.press(one).catch(() => page.keyboard.insertText(one));
    await page.keyboard.press('Enter');
    return;
  }
  const input = page.getByLabel(field, { exact: true });
  await input.focus();
  await page.keyboard.insertText(text);
  if (field === 'Flat') await page.keyboard.press('Enter');
}

export async function tryEscape(hands: Hands, way: Escape): Promise<void> {
  switch (way.by) {
    case 'key':
      return pressKey(hands, way);
    case 'mouse':
      return moveMouse(hands, way);
    case 'drop':
      return drop(hands, way);
    case 'touch':
      return touch(hands, way);
    case 'markup':
      return addMarkup(hands, way);
    case 'script':
      return runScript(hands, way);
    case 'text':
      return typeText(hands, way);
    case 'scan':
      if (way.as === 'keyboard') return wedge(hands.page, way.text);
      return void (await hands.rig.ask('/scan', { text: way.text }));
  }
}
