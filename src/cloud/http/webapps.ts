/**
 * The built web apps, each from its own folder and none from another's:
 *
 *   /            <webDir>/start       /resident/…  <webDir>/resident
 *   /courier/…   <webDir>/courier     /admin/…     <webDir>/admin
 *
 * A path without a file and without an extension is a place inside a single-page app, and gets that app's
 * `index.html`. Files under `assets/` have a hash of their content in their name, and may be kept forever;
 * everything else is asked for again each time.
 */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { join } from 'node:path';
import { problemFor, sendProblem } from './problems.ts';

const WEB_APPS = ['resident', 'courier', 'admin'] as const;
const FOREVER = 'public, max-age=31536000, immutable';

type Place = { root: string; file: string };

/** Which file of which app a path asks for. */
export function placeFor(webDir: string, path: string): Place {
  const app = WEB_APPS.find((name) => path === `/${name}` || path.startsWith(`/${name}/`));
  const rest = app === undefined ? path : path.slice(app.length + 1);
  return { root: join(webDir, app ?? 'start'), file: rest.replace(/^\/+/, '') || 'index.html' };
}

export async function serveWebApps(app: FastifyInstance, webDir: string): Promise<void> {
  await app.register(fastifyStatic, { root: webDir, serve: false, cacheControl: false, dotfiles: 'deny', index: false });
  const urls = ['/', '/*'];
  for (const url of urls) {
    app.get(url, { schema: { hide: true } as object, config: { rateLimit: false } }, (request, reply) => {
      const path = pathOf(request);
      if (path === '/api' || path.startsWith('/api/')) return reply.callNotFound();
      const place = placeFor(webDir, path);
      if (place.file.startsWith('assets/')) reply.header('cache-control', FOREVER);
      return reply.sendFile(place.file, place.root);
    });
  }
}

/** A missing page of an app is its `index.html`; a missing file is missing. Undefined when neither. */
export function answerMissingPage(webDir: string | null, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const path = pathOf(request);
  if (webDir === null || path.startsWith('/api/') || !['GET', 'HEAD'].includes(request.method)) return undefined;
  const place = placeFor(webDir, path);
  reply.header('cache-control', 'no-store');
  if (place.file === 'index.html') return sendProblem(reply, problemFor('unavailable', 'The web apps are not built; run `npm run build:web`.'));
  if (/\.[A-Za-z0-9]+$/.test(place.file) || place.root.endsWith('start')) return undefined;
  return reply.code(200).sendFile('index.html', place.root);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}
