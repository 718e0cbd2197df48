/** Routes about this process and the interface itself; none tells anything of a tenant. */

import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { startPage } from '../../contract/http/resident.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Metrics } from './metrics.ts';
import { BROKEN, REFUSED } from './problems.ts';

export type SystemOptions = {
  metrics: Metrics;
  isReady(): Promise<boolean>;
  startFile: string | null;
};

const state = z.strictObject({ state: z.enum(['alive', 'ready']) });

export function mountSystem(app: FastifyInstance, { metrics, isReady, startFile }: SystemOptions): void {
  const open = { rateLimit: false } as const;
  const described = (operationId: string, summary: string, response: z.ZodType) =>
    ({
      operationId,
      summary,
      tags: ['system'],
      security: [],
      response: { 200: response, '4xx': REFUSED, '5xx': BROKEN },
    }) as object;
  const hidden = { hide: true } as object;

  app.get(
    '/api/health',
    { config: open, schema: described('getHealth', 'The process runs.', state) },
    async () => ({
      state: 'alive',
    }),
  );
  app.get(
    '/api/ready',
    { config: open, schema: described('getReady', 'The process can do its work.', state) },
    async () => {
      if (!(await isReady()))
        throw new HoldfastError('unavailable', 'Starting, stopping, or without its database.');
      return { state: 'ready' };
    },
  );
  // Whoever opens the interface's own address finds its description.
  app.get('/api', { schema: hidden }, async (_request, reply) => reply.redirect('/openapi.json', 302));
  app.get('/openapi.json', { schema: hidden }, async (_request, reply) =>
    reply.type('application/json').send(app.swagger()),
  );
  app.get('/metrics', { config: open, schema: hidden }, async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.get(
    '/api/start',
    {
      schema: described(
        'getStart',
        'Where everything is, and who may sign in, on a development machine.',
        startPage,
      ),
    },
    async () => {
      if (startFile === null) throw new HoldfastError('not-found', 'This is not a development machine.');
      return readStart(startFile);
    },
  );
}

/** The file that `up` writes, and of it only what the page shows. */
async function readStart(path: string): Promise<z.infer<typeof startPage>> {
  const shown = z.object(startPage.shape).safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!shown.success)
    throw new HoldfastError('unavailable', 'The start page is shown once everything has started.');
  return shown.data;
}
