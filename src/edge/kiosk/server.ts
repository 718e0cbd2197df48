/**
 * The kiosk's loopback server: the page, the view, its stream, and what a person does. It listens on
 * 127.0.0.1 only and answers only requests whose Host and Origin are its own, because a page of another
 * site in the same browser must not press buttons here (DNS rebinding, cross-site requests).
 */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { CSRF_HEADER, type Problem } from '../../contract/http/common.ts';
import { readIJson } from '../../contract/json.ts';
import {
  type KioskAction,
  type KioskHealth,
  type KioskLayout,
  type KioskLog,
  type KioskView,
  kioskAction,
} from '../../contract/kiosk.ts';
import { KIOSK_HEARTBEAT_MS } from '../../contract/kiosk-line.ts';
import { ERRORS, type ErrorCode, HoldfastError } from '../../domain/errors.ts';
import { answerNoRequest, takeStrangers } from '../../platform/no-request.ts';

const BODY_BYTES_MAX = 16_384;
const STREAMS_MAX = 8;
/** A screen that hangs reads nothing, and what waits for it grows for months. One that wakes up connects anew. */
const UNREAD_BYTES_MAX = 1_048_576;

export type KioskDeps = {
  port: number;
  webDir: string | null;
  clock: { every(periodMs: number, run: () => void): () => void };
  view(): KioskView;
  layout(): KioskLayout;
  health(): KioskHealth;
  log(): KioskLog;
  act(action: KioskAction): Promise<void>;
};

export type KioskServer = { port: number; changed(): void; stop(): Promise<void> };

/**
 * What the page may do (CSP Level 3). Sandboxed it opens no window, no dialog of the browser, no print and no
 * download, whatever got into it; `allow-same-origin` lets it talk to this server and to nobody else. Trusted
 * types leave no way from text to script. There is no directive against leaving the page: the page's own
 * guard (web/kiosk/stay.ts) and the policy of the browser do that.
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  // Without it workers would fall back to script-src.
  "worker-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  'sandbox allow-scripts allow-same-origin',
].join('; ');

/** Every capability that a page can ask for and Chromium knows by name; a test finds those that are new. */
const PERMISSIONS = [
  ...['accelerometer', 'ambient-light-sensor', 'attribution-reporting', 'autoplay', 'bluetooth'],
  ...['browsing-topics', 'camera', 'captured-surface-control', 'clipboard-read', 'clipboard-write'],
  ...['compute-pressure', 'cross-origin-isolated', 'display-capture', 'encrypted-media', 'fullscreen'],
  ...['gamepad', 'geolocation', 'gyroscope', 'hid', 'identity-credentials-get', 'idle-detection'],
  ...['keyboard-map', 'local-fonts', 'magnetometer', 'microphone', 'midi', 'otp-credentials', 'payment'],
  ...['picture-in-picture', 'publickey-credentials-create', 'publickey-credentials-get'],
  ...['screen-wake-lock', 'serial', 'storage-access', 'sync-xhr', 'unload', 'usb', 'web-share'],
  ...['window-management', 'xr-spatial-tracking'],
]
  .map((name) => `${name}=()`)
  .join(', ');

const HEADERS = {
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': PERMISSIONS,
  'cache-control': 'no-store',
};

/** A page on this machine is never this slow; the limit on headers has to be the shorter one for Node. */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  requireHostHeader: false,
};

const answerStranger = answerNoRequest(HEADERS);

export async function startKiosk(deps: KioskDeps): Promise<KioskServer> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    requestTimeout: TIMES.requestTimeout,
    http: TIMES,
    clientErrorHandler: answerStranger,
    frameworkErrors: (_error, _request, reply) =>
      void problem(reply.headers(HEADERS), 'not-found', 'the kiosk has no such page'),
  });
  takeStrangers(app.server, answerStranger);
  readBodies(app);
  const streams = new Set<FastifyReply>();
  guard(app);
  routes(app, deps, streams);
  if (deps.webDir !== null && existsSync(deps.webDir)) {
    await app.register(fastifyStatic, {
      root: deps.webDir,
      cacheControl: false,
      index: 'index.html',
      // Parts of the page have their hash in their names and hold nobody's data. The page is loaded anew after
      // each person, and the browser need not fetch them again.
      setHeaders: (reply, path) => {
        if (path.includes(`${sep}assets${sep}`))
          reply.header('cache-control', 'public, max-age=31536000, immutable');
      },
    });
  } else {
    app.get('/', (_request, reply) =>
      reply.type('text/plain').send('The kiosk page is not built. Run: npm run build:web\n'),
    );
  }
  await app.listen({ host: '127.0.0.1', port: deps.port });
  const send = () => {
    if (streams.size === 0) return;
    const text = `event: view\ndata: ${JSON.stringify(deps.view())}\n\n`;
    for (const reply of streams) {
      reply.raw.write(text);
      if (reply.raw.writableLength > UNREAD_BYTES_MAX) reply.raw.destroy();
    }
  };
  const cancel = deps.clock.every(KIOSK_HEARTBEAT_MS, send);
  return {
    port: (app.server.address() as { port: number }).port,
    changed: send,
    async stop() {
      cancel();
      for (const reply of streams) reply.raw.end();
      await app.close();
    },
  };
}

/** JSON in UTF-8, each name once; another reader than the framework's own, which lets both pass. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) => {
    try {
      return readIJson(body);
    } catch {
      // Foreign bytes: refused by name, and quoted nowhere.
      throw new HoldfastError('json-malformed', 'the body is JSON in UTF-8, with each name once');
    }
  });
}

function guard(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const host = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.host ?? '');
    const { origin } = request.headers;
    const ownOrigin = origin === undefined || origin === `http://${request.headers.host}`;
    // Pictures and frames of another page send no Origin; browsers say where they come from all the same.
    const site = request.headers['sec-fetch-site'] ?? 'none';
    const ownSite = site === 'same-origin' || site === 'none';
    if (!host || !ownOrigin || !ownSite)
      throw new HoldfastError('csrf', 'this kiosk answers only its own page');
    if (request.method !== 'GET' && request.method !== 'HEAD' && request.headers[CSRF_HEADER] !== 'kiosk') {
      throw new HoldfastError('csrf', `send the header ${CSRF_HEADER}: kiosk`);
    }
  });
  app.setErrorHandler((error, _request, reply) =>
    problem(reply, codeOf(error), error instanceof Error ? error.message : ''),
  );
  app.setNotFoundHandler((_request, reply) => problem(reply, 'not-found', 'the kiosk has no such page'));
}

function routes(app: FastifyInstance, deps: KioskDeps, streams: Set<FastifyReply>): void {
  app.get('/api/view', () => deps.view());
  app.get('/api/layout', () => deps.layout());
  app.get('/api/health', () => deps.health());
  app.get('/api/log', () => deps.log());
  // As a file to hand to an auditor (docs/reference/audit.md, "What needs a head from outside").
  app.get('/api/log/checkpoint', (_request, reply) => {
    const { note } = deps.log();
    if (note === null) throw new HoldfastError('not-found', 'this bank remembers no head of a log');
    return reply.type('text/plain; charset=utf-8').send(note);
  });
  app.post('/api/actions', async (request) => {
    const parsed = kioskAction.safeParse(request.body);
    if (!parsed.success) throw new HoldfastError('input-invalid', 'an action is one of contract/kiosk.ts');
    await deps.act(parsed.data);
    return deps.view();
  });
  app.get('/api/events', (request, reply) => {
    // The newest screen is the one somebody stands at.
    const [oldest] = streams;
    if (streams.size >= STREAMS_MAX && oldest) {
      streams.delete(oldest);
      oldest.raw.end();
    }
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', connection: 'keep-alive' });
    reply.raw.write(`event: view\ndata: ${JSON.stringify(deps.view())}\n\n`);
    streams.add(reply);
    request.raw.on('close', () => streams.delete(reply));
  });
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof HoldfastError) return error.code;
  const status = (error as { statusCode?: number }).statusCode;
  if (status === 413) return 'too-large';
  if (status === 415) return 'media-type';
  return status === 400 ? 'json-malformed' : 'internal';
}

function problem(reply: FastifyReply, code: ErrorCode, detail: string): FastifyReply {
  const { status, title, retry } = ERRORS[code];
  // What broke inside is for the log; a kiosk's page is told that something did.
  const body: Problem = {
    type: `/errors/${code}`,
    title,
    status,
    code,
    detail: code === 'internal' ? title : detail,
    retry,
  };
  return reply.code(status).type('application/problem+json').send(body);
}
