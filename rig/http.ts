/**
 * The rig's own interface: what a person, a demonstration or a test does to the virtual cabinet, and
 * what the phone shows. Formats are in `contract/rig.ts`; `/openapi.json` is made from the same schemas.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Log } from '../src/platform/log.ts';
import { LOOPBACK } from './config.ts';
import { type ApiDeps, apiRoutes } from './http-routes.ts';
import { cannotListen, portOf } from './loopback.ts';
import { answerWithProblems, sendProblem } from './problem.ts';

export type HttpDeps = ApiDeps & { port: number; webDir: string | null; log: Log };

export type RigHttp = { port: number; stop(): Promise<void> };

const BODY_BYTES_MAX = 65_536;

export async function startHttp(deps: HttpDeps): Promise<RigHttp> {
  const app = Fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerWithProblems(app, deps.log);
  acceptEmptyJson(app);
  refuseForeignPages(app);
  await app.register(helmet, {
    contentSecurityPolicy: { directives: PAGE_POLICY, useDefaults: false },
    hsts: false,
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast rig',
        version: '1',
        description: 'The virtual cabinet and the phone beside it.',
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(async (scope) => apiRoutes(scope, deps));
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await page(app, deps.webDir);
  const where = { what: 'The rig', port: deps.port };
  await app.listen({ port: where.port, host: LOOPBACK }).catch((cause: unknown) => {
    throw cannotListen(where, cause);
  });
  return { port: portOf(app.server), stop: () => app.close() };
}

/** The page shows mail that others wrote: no script but ours runs, and nothing is fetched from outside. */
const PAGE_POLICY = {
  'default-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'style-src': ["'self'", "'unsafe-inline'"],
  'frame-src': ["'self'"],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'self'"],
};

/** A POST that needs no body may still say that it is JSON, as most clients always do. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
}

/**
 * Any page in the developer's browser can send requests to this port, and a rebound DNS name can read
 * the answers; the phone's codes are among them. So the host must be this machine by name, and a page
 * that asks must come from this machine too.
 */
function refuseForeignPages(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isThisMachine(request.hostname))
      return sendProblem(reply, 421, 'The rig answers to this machine’s name only.');
    const { origin } = request.headers;
    const local = origin === undefined || (URL.canParse(origin) && isThisMachine(new URL(origin).hostname));
    if (!local) return sendProblem(reply, 403, 'The rig takes no requests from other sites’ pages.');
  });
}

function isThisMachine(hostname: string): boolean {
  return hostname === LOOPBACK || hostname === 'localhost' || hostname.endsWith('.localhost');
}

async function page(app: FastifyInstance, webDir: string | null): Promise<void> {
  if (webDir !== null && existsSync(webDir)) {
    await app.register(fastifyStatic, { root: resolve(webDir), index: ['index.html'] });
    return;
  }
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(plainPage(app));
  });
}

function plainPage(app: FastifyInstance): string {
  const rows = Object.entries(app.swagger().paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations ?? {}).map(([method, operation]) => {
      return `<tr><td><code>${method.toUpperCase()} ${path}</code></td><td>${summaryOf(operation)}</td></tr>`;
    }),
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Holdfast rig</title>
<h1>Holdfast rig</h1>
<p>The virtual cabinet and the phone beside it. Its page has not been built.</p>
<table>${rows.join('\n')}</table>
<p><a href="/openapi.json">OpenAPI description</a></p>
</html>
`;
}

function summaryOf(operation: unknown): string {
  const known = typeof operation === 'object' && operation !== null && 'summary' in operation;
  return known ? String(operation.summary) : '';
}
