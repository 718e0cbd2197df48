/**
 * What a phone keeps of an app so that it opens without a network: its own page and parts, and nothing that
 * anybody was answered. Pure, so that the rules are tested without a browser; `worker.ts` carries them out.
 */

/** Of one build: the parts by their paths below the app, and a hash over names and bytes of all of them. */
export type Shell = { app: string; version: string; files: readonly string[] };

/** What the worker does about a request: serves the page, serves a part, or keeps out of it. */
export type Served = { serve: 'page' } | { serve: 'part'; file: string } | { serve: 'nothing' };

type Wanted = { method: string; url: string; isPage: boolean };

const NOTHING: Served = { serve: 'nothing' };

/** `scope` is the app's own folder, with its slash. The interface lies outside it, and so does every other app. */
export function servedFor(shell: Shell, scope: string, { method, url, isPage }: Wanted): Served {
  const [address = ''] = url.split('#', 1);
  if (method !== 'GET' || !address.startsWith(scope)) return NOTHING;
  const file = address.slice(scope.length);
  if (shell.files.includes(file)) return { serve: 'part', file };
  const [path = ''] = file.split('?', 1);
  // A place inside the app has no extension; what has one, and is none of the parts, is the network's.
  return isPage && !path.includes('.') ? { serve: 'page' } : NOTHING;
}

/** Caches belong to the whole origin, so each has its app in its name. */
export function cacheName({ app, version }: Pick<Shell, 'app' | 'version'>): string {
  return `shell/${app}/${version}`;
}

/** Those that an earlier build of this app left. */
export function outdated(shell: Shell, names: readonly string[]): string[] {
  return names.filter(
    (name) => name.startsWith(cacheName({ ...shell, version: '' })) && name !== cacheName(shell),
  );
}

/** The version of a build, so that a worker differs whenever anything that it keeps does. */
export async function versionOf(files: readonly { name: string; bytes: Uint8Array }[]): Promise<string> {
  const text = new TextEncoder();
  const parts = [...files]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, bytes }) => [text.encode(`${name}\0${bytes.length}\0`), bytes]);
  const whole = await new Blob(parts.map((part) => new Uint8Array(part))).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return [...digest.subarray(0, 10)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
