/**
 * The built web apps, each from its own folder and none from another's:
 *
 *   /            <webDir>/start       /resident/…  <webDir>/resident
 *   /courier/…   <webDir>/courier     /admin/…     <webDir>/admin
 *
 * The list of files is read once, at start. A path that is not in it does not exist, so no spelling of a
 * path reaches anything else. A path without a file and without an extension is a place inside a
 * single-page app, and gets that app's `index.html`. Files under `assets/` have a hash of their content in
 * their name, and may be kept forever; everything else is asked for again each time. What the build compressed goes out
 * so to whoever takes it (RFC 7932; nothing in these files is secret).
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { FastifyReply } from 'fastify';
import { COMPRESSED } from '../../contract/web.ts';
import { problemFor, sendProblem } from './problems.ts';

const WEB_APPS = ['start', 'resident', 'courier', 'admin'] as const;
type WebApp = (typeof WEB_APPS)[number];

const FOREVER = 'public, max-age=31536000, immutable';
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** A file, and the same compressed, where the build made it. */
type WebFile = { file: string; compressed: string | undefined };
/** By URL path. */
export type WebFiles = ReadonlyMap<string, WebFile>;

export async function listWebFiles(webDir: string): Promise<WebFiles> {
  const files = new Map<string, WebFile>();
  for (const app of WEB_APPS) {
    const folder = join(webDir, app);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        // An app that is not built yet is told to whoever asks for it.
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    const present = new Set(entries.map((entry) => join(entry.parentPath, entry.name)));
    for (const entry of entries) {
      if (!entry.isFile() || TYPES[extname(entry.name)] === undefined) continue;
      const file = join(entry.parentPath, entry.name);
      const compressed = present.has(file + COMPRESSED) ? file + COMPRESSED : undefined;
      files.set(`${prefixOf(app)}/${relative(folder, file).replaceAll('\\', '/')}`, { file, compressed });
    }
  }
  return files;
}

function prefixOf(app: WebApp): string {
  return app === 'start' ? '' : `/${app}`;
}

/** Answers with a page or file, or undefined when the path names none. */
export function answerPage(files: WebFiles, path: string, reply: FastifyReply): FastifyReply | undefined {
  const app = WEB_APPS.find(
    (name) => name !== 'start' && (path === `/${name}` || path.startsWith(`/${name}/`)),
  );
  // Pages name their parts relative to their folder; browsers keep the fragment over a redirect (RFC 9110, 10.2.2).
  if (app !== undefined && path === `/${app}`) return reply.redirect(`/${app}/`, 308);
  const file = files.get(path);
  if (file !== undefined)
    return sendFile(reply, file, path.startsWith(`${prefixOf(app ?? 'start')}/assets/`));
  const isPlace =
    app === undefined
      ? path === '/'
      : !/\.[A-Za-z0-9]+$/.test(path) && !path.includes('%') && !path.includes('/..');
  if (!isPlace) return undefined;
  const index = files.get(`${prefixOf(app ?? 'start')}/index.html`);
  if (index === undefined)
    return sendProblem(reply, problemFor('unavailable', 'This page is not built; run `npm run build:web`.'));
  return sendFile(reply, index, false);
}

function sendFile(reply: FastifyReply, { file, compressed }: WebFile, forever: boolean): FastifyReply {
  if (forever) reply.header('cache-control', FOREVER);
  reply.code(200).type(TYPES[extname(file)] ?? 'application/octet-stream');
  if (compressed === undefined) return reply.send(createReadStream(file));
  reply.header('vary', 'accept-encoding');
  if (!takesCompressed(reply.request.headers['accept-encoding'])) return reply.send(createReadStream(file));
  return reply.header('content-encoding', 'br').send(createReadStream(compressed));
}

/** RFC 9110, section 12.5.3. A weight of nothing is a refusal; other weights are no reason to send more bytes. */
function takesCompressed(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .some((one) => /^br(?:;q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*))?$/.test(one.replaceAll(' ', '')));
}
