/** Errors over HTTP, as problem details (RFC 9457): a status and a sentence that says what is wrong. */
import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Log } from '../src/platform/log.ts';

export const rigProblem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});
export type RigProblem = z.infer<typeof rigProblem>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** How a route declares that it may answer with a problem. */
export const problemAnswer = {
  description: 'Why not (RFC 9457)',
  content: { [PROBLEM_MEDIA_TYPE]: { schema: rigProblem } },
} as const;

/** With the type `about:blank` the title is the status's own phrase (RFC 9457, 4.2.1). */
export function problem(status: number, detail: string): RigProblem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
}

export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  // Serialised here: the answer of a refused request need not match the route's own answers.
  return reply
    .code(status)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problem(status, detail)));
}

/** For a handler to return: the same, through the route's own schema for this status. */
export function refuse(
  reply: Pick<FastifyReply, 'code' | 'type'>,
  status: number,
  detail: string,
): RigProblem {
  reply.code(status);
  reply.type(PROBLEM_MEDIA_TYPE);
  return problem(status, detail);
}

/** Makes every error that leaves `app` a problem. */
export function answerWithProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const where = error.validationContext ?? 'request';
      const wrong = error.validation.map((issue) => `${where}${issue.instancePath}: ${issue.message}`);
      return sendProblem(reply, 422, wrong.join('; '));
    }
    const status = statusOf(error);
    if (status < 500) return sendProblem(reply, status, error instanceof Error ? error.message : 'Refused');
    log.error('request failed', {
      method: request.method,
      route: request.routeOptions.url ?? null,
      // The name only: a message may quote what a person wrote.
      error: error instanceof Error ? error.name : 'unknown',
    });
    return sendProblem(reply, status, 'The rig failed; its log says more.');
  });
  app.setNotFoundHandler((request, reply) => {
    return sendProblem(reply, 404, `There is no ${request.method} ${request.url.split('?')[0]} here.`);
  });
}

function statusOf(error: unknown): number {
  const known = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
  return known ? (error.statusCode as number) : 500;
}
