/**
 * Every error leaves as problem details (RFC 9457, `application/problem+json`), made from the one table
 * `ERRORS`. What is not in that table is a fault of ours: the client is told `internal`, and the log gets
 * the error's class and stack frames but not its message, because a message may quote a person's data.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { type Problem, problem as problemSchema } from '../../contract/http/common.ts';
import { ERRORS, type ErrorCode, HoldfastError } from '../../domain/errors.ts';
import type { Log } from '../../platform/log.ts';

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  reply
    .code(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store');
  return reply.send(JSON.stringify(problem));
}

export function problemFor(code: ErrorCode, detail: string, reason?: string): Problem {
  const { status, title, retry } = ERRORS[code];
  return {
    type: `/errors/${code}`,
    title,
    status,
    code,
    detail,
    retry,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Codes that fastify and its parsers give, as entries of our table. */
const FRAMEWORK: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'media-type', detail: 'This route takes application/json.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'json-malformed', detail: 'The body is empty.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'json-malformed', detail: 'The body is not JSON.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'too-large', detail: 'The body is larger than this route takes.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'json-malformed',
    detail: 'The body does not have the length that was announced.',
  },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not-found', detail: 'The path is not a valid one.' },
  FST_ERR_BAD_URL: { code: 'not-found', detail: 'The path is not a valid one.' },
};

export function problemOf(error: unknown): Problem {
  if (error instanceof HoldfastError) {
    const problem = problemFor(error.code, error.message, error.reason);
    return error.fields ? { ...problem, fields: [...error.fields] } : problem;
  }
  if (hasZodFastifySchemaValidationErrors(error)) return inputProblem(error);
  const code = error instanceof Error ? (error as FastifyError).code : undefined;
  const known = code === undefined ? undefined : FRAMEWORK[code];
  if (known) return problemFor(known.code, known.detail);
  if (error instanceof SyntaxError && (error as FastifyError).statusCode === 400)
    return problemFor('json-malformed', 'The body is not JSON.');
  return problemFor('internal', 'Try again; if it stays, tell the people who run this installation.');
}

type InputError = {
  validation: readonly { instancePath: string; message?: string }[];
  validationContext?: string;
};

function inputProblem(error: InputError): Problem {
  const part = error.validationContext ?? 'body';
  const fields = error.validation.map((issue) => ({
    path: `${part}${issue.instancePath === '/' ? '' : issue.instancePath}`,
    expected: issue.message ?? 'another value',
  }));
  return {
    ...problemFor('input-invalid', `Look at ${fields.map((field) => field.path).join(', ')}.`),
    fields,
  };
}

/** `Retry-After` (RFC 9110, section 10.2.3), where nothing more exact is known. */
const WAIT_SECONDS: Readonly<Record<string, number>> = { 'rate-limited': 60, 'idempotency-busy': 1 };

const problems = { 'application/problem+json': { schema: problemSchema } };
/** How the description of the interface tells of them. */
export const REFUSED = { description: 'Refused, with the reason (RFC 9457).', content: problems };
export const BROKEN = {
  description: 'Not served, by no fault of the request (RFC 9457).',
  content: problems,
};

/** The error handler of the application. */
export function answerError(
  log: Log,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === 'internal')
      log.error('a request broke', {
        route: request.routeOptions.url,
        method: request.method,
        ...traceOf(error),
      });
    const waitSeconds = WAIT_SECONDS[problem.code];
    if (waitSeconds !== undefined && !reply.hasHeader('retry-after'))
      reply.header('retry-after', String(waitSeconds));
    return sendProblem(reply, problem);
  };
}

/** A function's name, and a place in our files or in Node's. */
const FRAME = /^(?:(?:async |new )?[\w$.#<>[\] ]+ \()?(?:file:\/\/\/|node:)[^\s()]+:\d+:\d+\)?$/;
const FRAMES_MAX = 8;

/** A stack begins with the message, which may have lines of its own that look like frames. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = message === '' ? -1 : stack.indexOf(message);
  const rest = at < 0 ? stack : stack.slice(at + message.length);
  return rest
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at ') && FRAME.test(line.slice(3)))
    .slice(0, FRAMES_MAX);
}

/** Class, code and stack frames. A response that broke its own schema also says where. */
export function traceOf(error: unknown): { error: string; code?: string; at?: string; where?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = framesOf(error);
  const code = (error as FastifyError).code;
  const where =
    isResponseSerializationError(error) && error.cause
      ? error.cause.issues?.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ')
      : undefined;
  return {
    error: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(where === undefined ? {} : { where }),
    at: frames.join(' < '),
  };
}
