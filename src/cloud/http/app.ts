/** The frame around the routes: one fastify application with its limits, headers, errors, log and pages. */
import { Server as TlsServer } from 'node:tls';
import fastifyCookie from '@fastify/cookie';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { serverTls } from '../../crypto/tls.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { answerNoRequest, takeStrangers } from '../../platform/no-request.ts';
import { boundAll, boundEach } from './connections.ts';
import { guardForeign } from './foreign.ts';
import { stillStands } from './gate.ts';
import { addSecurityHeaders, believeHostAlone, guardHosts, SECURITY_HEADERS } from './headers.ts';
import type { Metrics } from './metrics.ts';
import { answerError, problemFor, sendProblem } from './problems.ts';
import { answerPage, listWebFiles, type WebFiles } from './webapps.ts';

export type Tls = { keyPem: string; certificatePem: string };

export type AppOptions = {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Host names beside `localhost` and `127.0.0.1`. */
  hosts: readonly string[];
  /** Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; those of anybody else are ignored. */
  trustedProxies: readonly string[];
  /** Folder of the built web apps; null serves the interface only. */
  webDir: string | null;
  tls: Tls | null;
  requestsPerMinute: number;
  /** True from the moment at which the process was told to stop. */
  isLeaving(): boolean;
};

const BODY_BYTES_MAX = 65_536;
const REQUEST_MS_MAX = 30_000;
/**
 * Node takes the shorter of its two limits for the headers and the longer for the whole request, and its own limit
 * for headers is 60 s: without one of ours a body could take that long.
 */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: REQUEST_MS_MAX,
  connectionsCheckingInterval: 5_000,
  requireHostHeader: false,
};
/** Node's own is two minutes. */
const HANDSHAKE_MS_MAX = 10_000;
const MINUTE_MS = 60_000;

export async function buildApp(
  options: AppOptions,
  mount: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const app = newFastify(options);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  takeStrangers(app.server, answerStranger);
  if (options.tls === null) boundAll(app.server);
  else boundEach(app.server, options.trustedProxies);
  const answer = answerError(options.log);
  // Whatever is wrong, whoever may not ask hears of that alone.
  app.setErrorHandler(async (error, request, reply) => {
    const [stands] = await Promise.allSettled([stillStands(request)]);
    return answer(stands.status === 'rejected' ? stands.reason : error, request, reply);
  });
  believeHostAlone(app);
  addSecurityHeaders(app);
  guardHosts(app, options.hosts);
  guardForeign(app);
  logRequests(app, options);
  endConnections(app, options);
  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, limits(options.requestsPerMinute));
  await app.register(fastifySwagger, description());
  const methods = rememberMethods(app);
  const files = options.webDir === null ? new Map() : await listWebFiles(options.webDir);
  // What is no route is a page, or nothing.
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    answerOther({ files, methods }, request, reply),
  );
  mount(app);
  return app;
}

const answerStranger = answerNoRequest(SECURITY_HEADERS);

function newFastify({ tls, log, trustedProxies }: AppOptions): FastifyInstance {
  const common = {
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    return503OnClosing: false,
    // The list and nothing else: the last address that is none of theirs is who asks, whatever stands before it.
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    forceCloseConnections: 'idle',
    clientErrorHandler: answerStranger,
    // A path that the router cannot read meets no hook.
    frameworkErrors: (error, request, reply) =>
      void answerError(log)(error, request, reply.headers(SECURITY_HEADERS)),
  } as const satisfies FastifyServerOptions;
  if (tls === null) return Fastify({ ...common, http: TIMES });
  const https = { ...TIMES, ...contextOf(tls), handshakeTimeout: HANDSHAKE_MS_MAX };
  return Fastify({ ...common, https }) as unknown as FastifyInstance;
}

const contextOf = ({ keyPem, certificatePem }: Tls) => ({ ...serverTls, key: keyPem, cert: certificatePem });

/** Whoever connects from now on is shown this certificate. */
export function showAnew(app: FastifyInstance, tls: Tls): void {
  const { server } = app;
  if (!(server instanceof TlsServer)) throw new Error('this server speaks no TLS');
  server.setSecureContext(contextOf(tls));
}

/** Counted per address and process. What must hold over all processes is counted in the database. */
function limits(max: number) {
  return {
    global: true,
    max,
    timeWindow: MINUTE_MS,
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: () =>
      new HoldfastError('rate-limited', 'This address has sent many requests in the last minute.'),
  };
}

function description() {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version: '1',
        description:
          'The interface of a Holdfast cloud. It can ask a bank and suspend; it cannot make a latch move. Errors are problem details (RFC 9457).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'Where this description was fetched.' }],
      tags: [
        { name: 'admin', description: 'What administrators see and change.' },
        { name: 'resident', description: 'What residents see and change of their own.' },
        { name: 'courier', description: 'What couriers see.' },
        { name: 'operator', description: 'Signed rosters and orders on their way to the banks.' },
        { name: 'enrolments', description: 'How a new bank gets its certificate.' },
        { name: 'system', description: 'About the process itself.' },
      ],
      components: {
        securitySchemes: {
          admin: { type: 'apiKey', in: 'cookie', name: 'holdfast_admin' },
          resident: { type: 'apiKey', in: 'cookie', name: 'holdfast_resident' },
          courier: { type: 'apiKey', in: 'cookie', name: 'holdfast_courier' },
          operator: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: jsonSchemaTransform,
  } satisfies Parameters<typeof fastifySwagger>[1];
}

/** Method, route pattern, status and time: enough to run a service, and nothing about a person. */
function logRequests(app: FastifyInstance, { clock, log, metrics }: AppOptions): void {
  const started = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', async (request) => void started.set(request, clock.monotonicMs()));
  app.addHook('onResponse', async (request, reply) => {
    const tookMs = Math.round(clock.monotonicMs() - (started.get(request) ?? clock.monotonicMs()));
    const route = request.routeOptions.url ?? 'none';
    metrics.requestEnded({ route, method: request.method, status: reply.statusCode, tookMs });
    if (route.startsWith('/api'))
      log.info('request', { method: request.method, route, status: reply.statusCode, tookMs });
  });
}

/** A connection that is kept for the next request would keep a process that is leaving (RFC 9112, section 9.6). */
function endConnections(app: FastifyInstance, { isLeaving }: AppOptions): void {
  app.addHook('onSend', async (_request, reply) => {
    if (isLeaving()) reply.header('connection', 'close');
  });
}

type Methods = { pattern: RegExp; methods: string[] }[];

function rememberMethods(app: FastifyInstance): Methods {
  const known = new Map<string, string[]>();
  const list: Methods = [];
  app.addHook('onRoute', (route) => {
    if (route.url.includes('*')) return;
    const methods = known.get(route.url) ?? [];
    if (methods.length === 0)
      list.push({
        pattern: new RegExp(`^${route.url.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`),
        methods,
      });
    methods.push(...[route.method].flat());
    known.set(route.url, methods);
  });
  return list;
}

function answerOther(
  known: { files: WebFiles; methods: Methods },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? '/';
  const route = known.methods.find(({ pattern }) => pattern.test(path));
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!route && isRead && path !== '/api' && !path.startsWith('/api/')) {
    const page = answerPage(known.files, path, reply);
    if (page) return page;
  }
  if (!route || route.methods.includes(request.method))
    return sendProblem(reply, problemFor('not-found', 'No route or page has this path.'));
  const allowed = [...new Set(route.methods)].sort().join(', ');
  reply.header('allow', allowed);
  return sendProblem(reply, problemFor('method-not-allowed', `This path takes ${allowed}.`));
}
