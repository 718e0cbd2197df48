/** An answer that is a file and no JSON: its bytes as they are, and how long others may keep them. */
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

type Whole = { type: string; bytes: Uint8Array; cache: string | null };
/**
 * No page, whatever is in it: opened by a browser all the same, it has no origin, no script and loads nothing (Content
 * Security Policy Level 3, section 6.5.2, "sandbox").
 */
const ATTACHED = "default-src 'none'; sandbox";

/** One that is too long to hold: read while it is sent, and kept by a browser under this name. */
type Streamed = { type: string; bytes: number; cache: null; name: string; stream(): Readable };

export class Served {
  readonly #of: Whole | Streamed;

  /** `cache` is the value of Cache-Control; null leaves the house's own, which is to keep nothing. */
  constructor(of: Whole | Streamed) {
    this.#of = of;
  }

  send(reply: FastifyReply): FastifyReply {
    const of = this.#of;
    if (of.cache !== null) reply.header('cache-control', of.cache);
    if (!('stream' in of)) return reply.code(200).type(of.type).send(Buffer.from(of.bytes));
    reply.header('content-disposition', `attachment; filename="${of.name}"`);
    reply.header('content-security-policy', ATTACHED);
    reply.header('content-length', String(of.bytes));
    return reply.code(200).type(of.type).send(of.stream());
  }
}
