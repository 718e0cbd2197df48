/** One HTTPS request over a pinned connection: HTTP/1.1 on a TLS socket whose server was proven by its pin. */
import { request } from 'node:http';
import { HoldfastError } from '../domain/errors.ts';
import { connectPinned } from './tls.ts';

const ANSWER_BYTES_MAX = 2_097_152;
/** Of a server that has said something before, and of one that was asked: longer than any of its own limits. */
const SILENT_MS_MAX = 60_000;

export type PinnedCall = {
  url: string;
  method: 'GET' | 'POST' | 'PUT';
  pins: readonly string[];
  body?: string;
  headers?: Record<string, string>;
  silentMsMax?: number;
};

export type Answer = { status: number; text: string };

/**
 * Throws `upstream` when the server is not reached, is not the pinned one, falls silent, answers too much, or breaks off in
 * its answer: then what was asked may have been done all the same.
 */
export async function callPinned(call: PinnedCall): Promise<Answer> {
  const url = new URL(call.url);
  const socket = await connectPinned({ host: url.hostname, port: Number(url.port || 443), pins: call.pins });
  const headers = {
    host: url.host,
    connection: 'close',
    ...(call.body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(call.body)) }),
    ...call.headers,
  };
  return new Promise((resolve, reject) => {
    const options = {
      host: url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      method: call.method,
      createConnection: () => socket,
      headers,
    };
    const asked = request(options, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > ANSWER_BYTES_MAX)
          asked.destroy(new HoldfastError('upstream', `the answer of ${url.pathname} is too long`));
        else parts.push(part);
      });
      // RFC 9112 section 8: an answer that is shorter than was announced is not one.
      response.on('error', () => fail(new Error('the answer broke off')));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
    });
    const fail = (cause: Error) =>
      reject(new HoldfastError('upstream', `no answer from ${url.host}: ${cause.message}`, { cause }));
    asked.on('error', fail);
    const silentMsMax = call.silentMsMax ?? SILENT_MS_MAX;
    socket.setTimeout(silentMsMax, () => {
      fail(new Error(`it has said nothing for ${silentMsMax / 1000} seconds`));
      asked.destroy();
    });
    asked.end(call.body);
  });
}
