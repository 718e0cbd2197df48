/**
 * What a page looks like, in two forms: every part that is seen, with its role, its name, its place and how it is
 * drawn, one a line; and a picture. Both in the font of blocks, so that they are the same on every machine.
 */
import type { Page } from 'playwright-core';
import { blockFont } from './font.ts';

/** Everything in blocks; nothing blinks, and what moves stands at its end or, where it has none, at its beginning. */
const IN_BLOCKS = `(async () => {
  const bytes = Uint8Array.from(atob('${blockFont().toString('base64')}'), (one) => one.charCodeAt(0));
  document.fonts.add(await new FontFace('Blocks', bytes, { weight: '1 1000' }).load());
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('*, *::before, *::after { font-family: Blocks !important; caret-color: transparent !important }');
  document.adoptedStyleSheets = [sheet];
  await document.fonts.ready;
  for (const one of document.getAnimations())
    one.effect.getComputedTiming().endTime === Infinity ? one.cancel() : one.finish();
})()`;

const READ = `(() => {
  const ROLES = { a: 'link', button: 'button', h1: 'heading 1', h2: 'heading 2', h3: 'heading 3', nav: 'navigation',
    main: 'main', header: 'banner', footer: 'footer', table: 'table', td: 'cell', th: 'header cell', li: 'item',
    ul: 'list', ol: 'list', fieldset: 'group', select: 'choice', textarea: 'text field', input: 'field', label: 'label',
    summary: 'disclosure', svg: 'drawing', dialog: 'dialog' };
  const hex = (colour) => {
    const [r, g, b, a = 1] = (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const two = (value) => Math.round(value).toString(16).padStart(2, '0');
    return colour.startsWith('rgb') ? '#' + two(r) + two(g) + two(b) + (a < 1 ? '/' + a : '') : colour;
  };
  const clear = (colour) => /^rgba\\(.*, 0\\)$/.test(colour);
  const textOf = (one) => [...one.childNodes].filter((node) => node.nodeType === 3)
    .map((node) => node.textContent.trim()).filter(Boolean).join(' ');
  const short = (text) => text.replace(/\\s+/g, ' ').trim().slice(0, 60);
  const paints = (svg) => {
    const counts = new Map();
    for (const one of svg.querySelectorAll('rect, path, circle, text, line, polygon')) {
      const style = getComputedStyle(one);
      if (style.display === 'none' || style.visibility === 'hidden' || one.closest('defs, pattern')) continue;
      const font = one.localName === 'text' ? ' ' + style.fontSize + '/' + style.fontWeight : '';
      const kind = one.localName + ' ' + hex(style.fill) + ' ' + hex(style.stroke) + ' ' + style.strokeWidth + font;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return [...counts].map(([kind, count]) => count + '× ' + kind).sort().join(', ');
  };
  const lines = [];
  const visit = (one) => {
    const style = getComputedStyle(one);
    if (style.display === 'none' || style.visibility === 'hidden' || one.classList.contains('k-hidden')) return;
    const box = one.getBoundingClientRect();
    const text = textOf(one);
    const edges = ['Top', 'Right', 'Bottom', 'Left'].map((side) =>
      style['border' + side + 'Style'] === 'none' || style['border' + side + 'Width'] === '0px' ? ''
        : style['border' + side + 'Width'] + ' ' + hex(style['border' + side + 'Color']));
    const surface = !clear(style.backgroundColor) || style.backgroundImage !== 'none' || edges.some(Boolean);
    const role = one.getAttribute('role') ?? ROLES[one.localName];
    const isDrawing = one.localName === 'svg';
    if (box.width > 0 && box.height > 0 && (role || text || surface)) {
      const name = one.getAttribute('aria-label') ?? (text || one.value || one.placeholder || '');
      const said = [];
      if (text || one.localName === 'input' || one.localName === 'select')
        said.push('text ' + style.fontSize + '/' + style.fontWeight + '/' + style.lineHeight + ' ' + hex(style.color));
      if (!clear(style.backgroundColor)) said.push('on ' + hex(style.backgroundColor));
      if (style.backgroundImage !== 'none') said.push('over ' + style.backgroundImage.replace(/rgba?\\([^)]*\\)/g, hex));
      if (edges.some(Boolean)) said.push('edge ' + (new Set(edges).size === 1 ? edges[0] : edges.map((edge) => edge || '-').join(', ')));
      if (style.borderRadius !== '0px') said.push('round ' + style.borderRadius);
      if (style.boxShadow !== 'none') said.push('shadow ' + style.boxShadow.replace(/rgba?\\([^)]*\\)/g, hex));
      if (style.opacity !== '1') said.push('opacity ' + style.opacity);
      if (isDrawing) said.push(paints(one) + ' ' + hex(style.color));
      lines.push([
        (role ?? 'part') + ' ' + JSON.stringify(short(name)),
        [box.x + scrollX, box.y + scrollY, box.width, box.height].map(Math.round).join(' '),
        said.join('; '),
      ].join('\\t'));
    }
    if (!isDrawing) for (const child of one.children) visit(child);
  };
  visit(document.body);
  return lines;
})()`;

export type Look = { lines: string[]; picture: Buffer };

export async function readLook(page: Page): Promise<Look> {
  await page.evaluate(IN_BLOCKS);
  const lines = (await page.evaluate(READ)) as string[];
  return { lines, picture: await page.screenshot({ animations: 'disabled', scale: 'device' }) };
}
