/**
 * What every answer carries, whatever it is. The policy forbids inline code and foreign origins, so that a
 * parcel label or a name that holds markup stays text. One table, asserted by a test.
 */
import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../domain/errors.ts';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), bluetooth=(), midi=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
};

/** Two years, as the preload list asks. */
const HSTS = 'max-age=63072000; includeSubDomains';

/**
 * Host names that this application answers to. A page of an attacker whose name is rebound to
 * 127.0.0.1 reaches us with the attacker's name in `Host`, and gets nothing.
 */
export function guardHosts(app: FastifyInstance, hosts: readonly string[]): void {
  const served = new Set(['localhost', '127.0.0.1', ...hosts.map((host) => host.toLowerCase())]);
  app.addHook('onRequest', async (request) => {
    if (request.headers.host === undefined)
      throw new HoldfastError('http-malformed', 'A request names its host (RFC 9112, section 3.2).');
    if (!served.has(request.hostname.toLowerCase()))
      throw new HoldfastError('not-found', 'This host name is not served here.');
  });
}

/**
 * A proxy passes `Host` on. `X-Forwarded-Host` would be believed in its place, and many a proxy passes on the one
 * that a client has made up.
 */
export function believeHostAlone(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => void delete raw.headers['x-forwarded-host']);
}

export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS).header('cache-control', 'no-store');
    // RFC 6797 keeps HSTS off IP addresses; on `localhost` it would cover every other port as well,
    // where development serves plain HTTP.
    const named = request.hostname !== 'localhost' && isIP(request.hostname) === 0;
    if (request.protocol === 'https' && named) reply.header('strict-transport-security', HSTS);
  });
}
