/**
 * One request to a witness, as C2SP tlog-witness has it (section "add-checkpoint"). What is at the other end is a
 * stranger's: the answer is bounded in time and bytes, no redirect is followed, and what it says is read elsewhere.
 */
import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { concat, fromUtf8 } from '../../crypto/bytes.ts';
import { clientTls } from '../../crypto/tls.ts';
import type { Clock } from '../../platform/clock.ts';

/** From the first byte out to the last byte in. */
export const ASK_MS_MAX = 5_000;
/** Some signature lines; those of keys that come after us may have 5 kB each (C2SP signed-note, section "Format"). */
const ANSWER_BYTES_MAX = 32_768;
const HEADER_BYTES_MAX = 8_192;

export type Answered = { status: number; body: string };
/** What is known of a witness that gave no answer. */
export type Unanswered = 'unreachable' | 'slow' | 'answer-oversized' | 'answer-malformed';

export type Question = { url: string; caPem: string | undefined; body: string; clock: Clock };

/** Connections are kept: the standard asks for it, and a log asks again within seconds. */
const PLAIN = new PlainAgent({ keepAlive: true, maxSockets: 8 });
const TLS = new TlsAgent({ ...clientTls, keepAlive: true, maxSockets: 8 });

function addCheckpointUrl(prefix: string): URL {
  return new URL(`${prefix.replace(/\/+$/, '')}/add-checkpoint`);
}

export async function askWitness(question: Question): Promise<Answered | Unanswered> {
  const said = await askOnce(question);
  // A connection that was kept may have been closed at the far end just now; asking again changes nothing there.
  return said === 'gone' ? outOf(await askOnce(question)) : said;
}

const outOf = (said: Answered | Unanswered | 'gone'): Answered | Unanswered =>
  said === 'gone' ? 'unreachable' : said;

/** `gone`: a kept connection broke before anything came. */
function askOnce({ url, caPem, body, clock }: Question): Promise<Answered | Unanswered | 'gone'> {
  const at = addCheckpointUrl(url);
  const isTls = at.protocol === 'https:';
  const options: RequestOptions = {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) },
    maxHeaderSize: HEADER_BYTES_MAX,
    agent: isTls ? TLS : PLAIN,
    ...(isTls && caPem !== undefined && { ca: caPem }),
  };
  return new Promise((resolve) => {
    const asked = (isTls ? tlsRequest : plainRequest)(at, options);
    let isAnswering = false;
    const end = (said: Answered | Unanswered | 'gone') => {
      cancel();
      resolve(said);
      // After a whole answer the connection goes back to its agent; anything else is cut.
      if (typeof said === 'string') asked.destroy();
    };
    const cancel = clock.after(ASK_MS_MAX, () => end('slow'));
    asked.on('error', () => end(asked.reusedSocket && !isAnswering ? 'gone' : 'unreachable'));
    asked.on('response', (response) => {
      isAnswering = true;
      const parts: Uint8Array[] = [];
      let bytes = 0;
      response.on('data', (part: Uint8Array) => {
        bytes += part.length;
        if (bytes > ANSWER_BYTES_MAX) end('answer-oversized');
        else parts.push(part);
      });
      response.on('error', () => end('unreachable'));
      response.on('end', () => end(read(response.statusCode ?? 0, concat(...parts))));
    });
    asked.end(body);
  });
}

function read(status: number, bytes: Uint8Array): Answered | Unanswered {
  try {
    return { status, body: fromUtf8(bytes) };
  } catch {
    // A stranger's bytes that are no text are an answer, given as such.
    return 'answer-malformed';
  }
}
