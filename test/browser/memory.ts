/**
 * What a page still holds: its document, its stores, its heap, and what the agent would serve to whoever
 * asks next. Everything is brought out of the page and searched here, so that the search itself leaves no
 * trace of what it looks for.
 */
import type { CDPSession, Page } from 'playwright-core';

export type Places = Readonly<Record<string, string>>;

/** A code counts as held when so many of its characters in a row are; a long one when twice as many are. */
const PART_LENGTH = 7;
const LONG = 14;

/** Each secret in parts that are short enough to be found when only a piece of it is left. */
export function needlesOf(secrets: readonly string[]): string[] {
  const parts = secrets.flatMap((secret) => {
    const step = secret.length < LONG ? 1 : PART_LENGTH;
    const last = Math.max(0, secret.length - PART_LENGTH);
    const starts = Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => at * step);
    return starts.map((at) => secret.slice(at, at + PART_LENGTH));
  });
  return [...new Set(parts)];
}

/** `place: what was found`, one a needle and place. */
export function findings(places: Places, needles: readonly string[]): string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return needles.filter((one) => lower.includes(one.toLowerCase())).map((one) => `${place}: ${one}`);
  });
}

export async function documentOf(page: Page): Promise<Places> {
  return (await page.evaluate(`(() => {
    const roots = [document];
    for (const root of roots)
      for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
    const all = roots.flatMap((root) => [...root.querySelectorAll('*')]);
    const text = (parts) => parts.filter((part) => part != null).map(String).join('\\n');
    return {
      document: document.documentElement.outerHTML,
      shadow: text(roots.slice(1).map((root) => root.innerHTML)),
      values: text(all.flatMap((one) => [one.value, one.defaultValue])),
      selection: String(getSelection()),
      address: location.href + ' ' + document.title + ' ' + document.referrer + ' ' + window.name,
      history: String(JSON.stringify(history.state)) + ' ' + JSON.stringify(navigation.entries().map((e) => [e.url, e.getState()])),
    };
  })()`)) as Places;
}

async function storesOf(page: Page): Promise<Places> {
  const inside = (await page.evaluate(`(async () => {
    const cached = await Promise.all((await caches.keys()).map(async (name) => {
      const cache = await caches.open(name);
      const kept = await cache.matchAll();
      return name + (await Promise.all(kept.map((one) => one.text()))).join();
    }));
    const again = async (path) => {
      const answer = await fetch(path, { cache: 'only-if-cached', mode: 'same-origin' }).catch(() => null);
      return answer === null || answer.status === 504 ? '' : answer.text();
    };
    const http = await Promise.all(['/api/view', '/api/events', '/api/actions'].map(again));
    return {
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      databases: JSON.stringify(await indexedDB.databases()),
      caches: cached.join('\\n'),
      httpCache: http.join('\\n'),
      timeline: JSON.stringify(performance.getEntries()),
      cookie: document.cookie,
    };
  })()`)) as Record<string, string>;
  const { cookies, origins } = await page.context().storageState({ indexedDB: true });
  return { ...inside, storageState: JSON.stringify({ cookies, origins }) };
}

/** True emptiness of the stores: not merely without the person, but without anything. */
export async function emptyStores(page: Page): Promise<boolean> {
  const workers = await page.evaluate(
    `navigator.serviceWorker ? navigator.serviceWorker.getRegistrations().then((all) => all.length) : 0`,
  );
  const { localStorage, sessionStorage, databases, caches, httpCache, cookie } = await storesOf(page);
  return (
    workers === 0 &&
    [localStorage, sessionStorage].every((text) => text === '{}') &&
    databases === '[]' &&
    [caches, cookie].every((text) => text === '') &&
    httpCache?.trim() === ''
  );
}

/** Every string of the heap that is still reachable. V8 decodes both of its widths (Latin-1 and UTF-16). */
async function heapOf(cdp: CDPSession): Promise<string> {
  const parts: string[] = [];
  const take = ({ chunk }: { chunk: string }): void => void parts.push(chunk);
  cdp.on('HeapProfiler.addHeapSnapshotChunk', take);
  await cdp.send('HeapProfiler.enable');
  // A weak reference needs a second round to let go of what it held.
  for (let round = 0; round < 3; round++) await cdp.send('HeapProfiler.collectGarbage');
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  cdp.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { strings } = JSON.parse(parts.join('')) as { strings: string[] };
  return strings.join('\n');
}

async function servedBy(url: string): Promise<Places> {
  const text = async (path: string) => (await fetch(new URL(path, url))).text();
  const stream = await fetch(new URL('/api/events', url));
  const reader = stream.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return {
    'GET /api/view': await text('/api/view'),
    'GET /api/layout': await text('/api/layout'),
    'GET /api/health': await text('/api/health'),
    'GET /api/events': new TextDecoder().decode(first?.value),
  };
}

/** All of it. The accessibility tree is what assistive technology would still read out. */
export async function everythingHeld(page: Page, url: string): Promise<Places> {
  const cdp = await page.context().newCDPSession(page);
  const tree = await cdp.send('Accessibility.getFullAXTree');
  const held = {
    heap: await heapOf(cdp),
    ...(await documentOf(page)),
    ...(await storesOf(page)),
    spoken: JSON.stringify(tree),
    ...(await servedBy(url)),
  };
  await cdp.detach();
  return held;
}
