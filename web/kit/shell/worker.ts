/**
 * The service worker of a phone app (Service Workers, W3C). It is built by itself as `sw.js` beside the app's page,
 * so that its scope is the app and nothing else. It keeps the shell of one build and never an answer of the
 * interface: those requests are outside its scope's folder and it does not touch them.
 */
import { cacheName, outdated, type Shell, servedFor } from './shell.ts';

/** Written in by the build. */
declare const SHELL: Shell;

/** The parts of a service worker's global scope that are used; TypeScript's DOM library has none of them. */
type Lasting = { waitUntil(work: Promise<unknown>): void };
type Asked = { request: Request; respondWith(answer: Promise<Response>): void };
type Worker = {
  registration: { scope: string };
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: 'install' | 'activate', run: (event: Lasting) => void): void;
  addEventListener(name: 'fetch', run: (event: Asked) => void): void;
};
const worker = globalThis as unknown as Worker;

/** A line that is there and carries nothing is worse than none; after this long the kept page is shown. */
const PATIENCE_MS = 4_000;
/** The page is kept under the app's own address. */
const PAGE = '';

const addressOf = (file: string): string => new URL(file, worker.registration.scope).href;

worker.addEventListener('install', (event) => {
  event.waitUntil(keepShell());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOthers());
});

worker.addEventListener('fetch', (event) => {
  const { method, url, mode } = event.request;
  const served = servedFor(SHELL, worker.registration.scope, { method, url, isPage: mode === 'navigate' });
  switch (served.serve) {
    case 'page':
      return event.respondWith(freshPage());
    case 'part':
      return event.respondWith(part(served.file));
    case 'nothing':
      return;
  }
});

/** All or nothing: half a shell would open as a blank page. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(cacheName(SHELL));
  const files = [PAGE, ...SHELL.files];
  await cache.addAll(files.map((file) => new Request(addressOf(file), { cache: 'reload' })));
  // Parts have a hash in their names, so pages of two builds do not disturb each other.
  await worker.skipWaiting();
}

async function dropOthers(): Promise<void> {
  for (const name of outdated(SHELL, await caches.keys())) await caches.delete(name);
  await worker.clients.claim();
}

/** The network's page comes first: a build that was withdrawn must not live on in phones. */
async function freshPage(): Promise<Response> {
  const init = { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) } as const;
  const answer = await fetch(addressOf(PAGE), init).catch(() => undefined);
  if (answer && answer.status < 500) return answer;
  return (await kept(PAGE)) ?? answer ?? Response.error();
}

async function part(file: string): Promise<Response> {
  return (await kept(file)) ?? (await fetch(addressOf(file)));
}

async function kept(file: string): Promise<Response | undefined> {
  return (await caches.open(cacheName(SHELL))).match(addressOf(file));
}
