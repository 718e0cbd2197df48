/**
 * The one table of operating errors: code, HTTP status, what it means, and whether the same request may
 * be tried again. Denials are not errors; they are values (see `outcome.ts`).
 */
export const ERRORS = {
  'input-invalid': { status: 400, retry: false, title: 'The request is not of the expected shape' },
  'cursor-invalid': { status: 400, retry: false, title: 'The cursor is not one that this list gave' },
  'json-malformed': { status: 400, retry: false, title: 'The body is not JSON' },
  'http-malformed': { status: 400, retry: false, title: 'This is not an HTTP request' },
  'not-signed-in': { status: 401, retry: false, title: 'Sign in first' },
  'sign-in-denied': { status: 401, retry: false, title: 'The sign-in was not accepted' },
  'not-allowed': { status: 403, retry: false, title: 'This account may not do that' },
  csrf: { status: 403, retry: false, title: 'The request did not come from this app' },
  'not-found': { status: 404, retry: false, title: 'There is nothing here by that name' },
  'method-not-allowed': { status: 405, retry: false, title: 'That method is not offered here' },
  'not-acceptable': { status: 406, retry: false, title: 'No offered form of the answer was accepted' },
  'too-slow': { status: 408, retry: false, title: 'The request did not arrive in time' },
  conflict: {
    status: 409,
    retry: false,
    title: 'The thing has changed, or is not in a state that allows this',
  },
  'idempotency-busy': {
    status: 409,
    retry: true,
    title: 'A request under that idempotency key is being served',
  },
  'idempotency-reused': {
    status: 422,
    retry: false,
    title: 'That idempotency key was used for another request',
  },
  'file-unreadable': { status: 422, retry: false, title: 'The file is not a list that can be read' },
  'too-large': { status: 413, retry: false, title: 'The body is larger than this route takes' },
  'media-type': { status: 415, retry: false, title: 'Send the body as application/json' },
  denied: { status: 403, retry: false, title: 'Denied' },
  'headers-too-large': { status: 431, retry: false, title: 'The headers are larger than this server takes' },
  'rate-limited': { status: 429, retry: true, title: 'Too many requests; wait, then try again' },
  internal: { status: 500, retry: true, title: 'Something broke here; it was noted' },
  upstream: { status: 502, retry: true, title: 'A service that this one needs did not answer' },
  unavailable: { status: 503, retry: true, title: 'Not ready yet, or shutting down' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An operating error on its way to a person or a client. `detail` says what was expected. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  /** The closed denial behind it, where there is one. */
  readonly reason: string | undefined;
  /** What of the request is meant, where a rule knows it that no schema does. */
  readonly fields: readonly { path: string; expected: string }[] | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      cause?: unknown;
      reason?: string;
      fields?: readonly { path: string; expected: string }[];
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.reason = options.reason;
    this.fields = options.fields;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
