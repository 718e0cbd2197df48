/** One HTTPS request over a pinned connection: HTTP/1.1 on a TLS socket whose server was proven by its pin. */
import { request } from 'node:http';
import { HoldfastError } from '../domain/errors.ts';
import { connectPinned } from './tls.ts';

const ANSWER_BYTES_MAX = 2_097_152;

export type PinnedCall = {
  url: string;
  method: 'GET' | 'POST' | 'PUT';
  pins: readonly string[];
  body?: string;
  headers?: Record<string, string>;
};

export type Answer = { status: number; text: string };

/** Throws `upstream` when the server is not reached, is not the pinned one, or answers too much. */
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
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
    });
    asked.on('error', (cause) =>
      reject(new HoldfastError('upstream', `no answer from ${url.host}: ${cause.message}`, { cause })),
    );
    asked.end(call.body);
  });
}
