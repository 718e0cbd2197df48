/**
 * The witness's HTTP side: one route, plain texts. Who asks is not known and need not be (C2SP tlog-witness,
 * section "Introduction"), so every request is bounded in bytes and in time.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HoldfastError } from '../domain/errors.ts';
import { PROOF_LENGTH_MAX } from '../ledger/log/proof-file.ts';
import { type Answer, type AnswerDeps, answerAddCheckpoint, plain } from './answer.ts';

/** As many bytes as the longest request has characters: what a log sends is ASCII but for names. */
const BODY_BYTES_MAX = PROOF_LENGTH_MAX;
const CONNECTIONS_MAX = 128;
/** A request has at most 256 kB, and the log that sends it waits for the answer. */
const TIMES = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 60_000,
};
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export type ServeDeps = AnswerDeps & {
  host: string;
  port: number;
  /** The state can no longer be believed: the process has to end. */
  onFatal(error: Error): void;
};

export type WitnessServer = { port: number; stop(): Promise<void> };

export async function serveWitness(deps: ServeDeps): Promise<WitnessServer> {
  const server = createServer({ ...TIMES, maxHeaderSize: 8_192 }, (request, response) => {
    answerOf(request, deps).then(
      (answer) => answer && send(response, answer),
      (error: Error) => {
        send(response, plain(500, 'Something broke here; this witness stops.'));
        deps.onFatal(error);
      },
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', answerNoRequest);
  await listen(server, deps);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = `cannot listen on ${host}, port ${port}: ${cause.code ?? cause.message}`;
      reject(new HoldfastError('unavailable', why, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
}

/** Undefined when the far side has gone, or has been answered for its slowness. */
async function answerOf(request: IncomingMessage, deps: AnswerDeps): Promise<Answer | undefined> {
  if (request.url !== '/add-checkpoint') return plain(404, 'There is only POST /add-checkpoint here.');
  if (request.method !== 'POST') return plain(405, 'A checkpoint is added by POST.');
  const body = await bodyOf(request);
  if (body === 'too-large') return plain(413, `A request has at most ${BODY_BYTES_MAX} bytes.`);
  return body && answerAddCheckpoint(body, deps);
}

function bodyOf(request: IncomingMessage): Promise<Uint8Array | 'too-large' | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= BODY_BYTES_MAX) return void parts.push(part);
      parts.length = 0;
      resolve('too-large');
    });
    request.on('end', () => resolve(new Uint8Array(Buffer.concat(parts))));
    request.on('error', () => resolve(undefined));
  });
}

function send(response: ServerResponse, { status, body, type }: Answer): void {
  const whole = { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) };
  // What is still on its way of a request that was not read to its end must not be taken for the next one.
  const after = status === 413 || status >= 500 ? { connection: 'close' } : {};
  response.writeHead(status, { ...whole, ...after, ...(status === 405 ? { allow: 'POST' } : {}) });
  response.end(body);
}

const NO_REQUEST: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What is no request of HTTP, or did not arrive in time. */
function answerNoRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // Whoever has gone is told nothing.
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = NO_REQUEST[error.code ?? ''] ?? '400 Bad Request';
  const body = `${status.slice(4)}.\n`;
  const head = [
    'content-type: text/plain; charset=utf-8',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.write([`HTTP/1.1 ${status}`, ...head, '', body].join('\r\n'));
  socket.destroySoon();
}
