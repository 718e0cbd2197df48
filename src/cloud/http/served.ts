/** An answer that is a file and no JSON: its bytes as they are, and how long others may keep them. */
import type { FastifyReply } from 'fastify';

export class Served {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The value of Cache-Control; null leaves the house's own, which is to keep nothing. */
  readonly cache: string | null;

  constructor({ type, bytes, cache }: { type: string; bytes: Uint8Array; cache: string | null }) {
    this.type = type;
    this.bytes = bytes;
    this.cache = cache;
  }

  send(reply: FastifyReply): FastifyReply {
    if (this.cache !== null) reply.header('cache-control', this.cache);
    return reply.code(200).type(this.type).send(Buffer.from(this.bytes));
  }
}
