/**
 * Bodies longer than the usual, while they come and are worked on. A body is held whole before its handler sees it
 * (RFC 8259 has no other way to read an object), so what one process holds at once is bounded, and what one
 * organisation may have of it too: who sends slowly holds up their own. Nobody gets this far who was not let in.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EVIDENCE_BODY_BYTES_MAX } from '../../contract/http/evidence.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { actorOf } from './gate.ts';

/** Two of the longest for each organisation, and for all together seven. */
const SHARE_BYTES_MAX = 2 * EVIDENCE_BODY_BYTES_MAX;
const ALL_BYTES_MAX = 7 * EVIDENCE_BODY_BYTES_MAX;

type Held = { share: string; bytes: number; isServed: boolean };

export class LongBodies {
  readonly #held = new WeakMap<FastifyRequest, Held>();
  readonly #shares = new Map<string, number>();
  #bytes = 0;

  /** Before the body of `request`, which may have `bytesMax`, is read. Throws the refusal. */
  begin(request: FastifyRequest, reply: FastifyReply, bytesMax: number): void {
    const said = Number(request.headers['content-length'] ?? bytesMax);
    const bytes = Math.min(said, bytesMax);
    const actor = actorOf(request);
    const share = 'tenant' in actor ? actor.tenant : actor.is;
    const own = this.#shares.get(share) ?? 0;
    if (own + bytes > SHARE_BYTES_MAX || this.#bytes + bytes > ALL_BYTES_MAX)
      throw new HoldfastError('rate-limited', 'Other long files are being taken; try again in a minute.');
    this.#bytes += bytes;
    this.#shares.set(share, own + bytes);
    const held = { share, bytes, isServed: false };
    this.#held.set(request, held);
    // One that never came whole has no handler to wait for; one whose sender hung up is still in its handler's hands.
    reply.raw.once('close', () => {
      if (!held.isServed) this.#end(request);
    });
  }

  /** Answers as `work` does, which has the body until then. */
  async during<Answer>(request: FastifyRequest, work: () => Promise<Answer>): Promise<Answer> {
    const held = this.#held.get(request);
    if (held) held.isServed = true;
    try {
      return await work();
    } finally {
      this.#end(request);
    }
  }

  #end(request: FastifyRequest): void {
    const held = this.#held.get(request);
    if (!held || !this.#held.delete(request)) return;
    this.#bytes -= held.bytes;
    const own = (this.#shares.get(held.share) ?? 0) - held.bytes;
    if (own > 0) this.#shares.set(held.share, own);
    else this.#shares.delete(held.share);
  }
}
