/**
 * What strangers send, before any route looks at it. Bodies: JSON in UTF-8 and nothing else. The framework's own reader puts U+FFFD in the place of bytes that are
 * no UTF-8, and keeps the last of two equal names; a stranger's body is refused instead (contract/json.ts).
 */
import type { FastifyInstance } from 'fastify';
import { readIJson } from '../../contract/json.ts';
import { HoldfastError } from '../../domain/errors.ts';

export function guardForeign(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    // The text of PostgreSQL cannot hold U+0000 (its manual, section 8.3), and nothing here is called so.
    const { url } = request;
    const [path = ''] = url.split('?', 1);
    if (path.includes('%00')) throw new HoldfastError('not-found', 'The path is not a valid one.');
    if (url.includes('%00')) throw new HoldfastError('input-invalid', 'The query holds a zero character.');
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => {
      if (body.length === 0) throw new HoldfastError('json-malformed', 'The body is empty.');
      try {
        return readIJson(body);
      } catch {
        // Foreign bytes: refused by name. What exactly is wrong with them may quote them.
        throw new HoldfastError(
          'json-malformed',
          'The body is not JSON in UTF-8 with each name once in its object.',
        );
      }
    },
  );
}
