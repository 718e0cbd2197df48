/**
 * What is no HTTP request has no route, and the framework's own answer to it has a form of its own. Here it is
 * answered as everything else is (RFC 9457), and its connection ends: what follows cannot be told apart any more.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode } from '../domain/errors.ts';

const SAYS: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    detail: 'The headers are larger than this server takes.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'too-slow', detail: 'The request did not arrive in time.' },
};
const MALFORMED = { code: 'http-malformed', detail: 'This is not a request of HTTP/1.1.' } as const;
const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** `headers`: what every answer of the server carries. */
export function answerNoRequest(
  headers: Readonly<Record<string, string>>,
): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    // Whoever has gone is told nothing; nor is who never shook hands: what is written then waits for a handshake.
    const cannotHear = error.code === 'ECONNRESET' || error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
    if (cannotHear || !socket.writable) return void socket.destroy();
    const { code, detail } = SAYS[error.code ?? ''] ?? MALFORMED;
    const { status, title, retry } = ERRORS[code];
    const body = JSON.stringify({ type: `/errors/${code}`, title, status, code, detail, retry });
    const all = {
      ...headers,
      'cache-control': 'no-store',
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    socket.write([`HTTP/1.1 ${status} ${PHRASES[status] ?? ''}`, ...lines, '', body].join('\r\n'));
    // Waiting for the far side to close would let it keep the socket.
    socket.destroySoon();
  };
}

/**
 * Three things that Node would answer by itself, bare or not at all: a tunnel (CONNECT, RFC 9110 section 9.3.6) is
 * refused; an expectation that nobody knows is read as none, which section 10.1.1 allows; and a request without its
 * host goes on to the application (`requireHostHeader` is off), which refuses it.
 */
export function takeStrangers(server: EventEmitter, answer: ReturnType<typeof answerNoRequest>): void {
  server.on('connect', (_request: unknown, socket: Socket) => answer(new Error('no tunnels'), socket));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
