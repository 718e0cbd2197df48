/** Shapes that every HTTP interface of the cloud shares. */
import { z } from 'zod';

/** Problem details (RFC 9457). `type` is `/errors/<code>` of docs/reference/errors.md. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  /** The closed denial, where there is one. */
  reason: z.string().optional(),
  retry: z.boolean(),
  /** Which parts of the input were wrong, and what was expected. */
  fields: z.array(z.strictObject({ path: z.string(), expected: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;

export const pageQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const page = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

/** Every request that changes something carries the app's own header, which no foreign page can add. */
export const CSRF_HEADER = 'x-holdfast-app';
/** A page asks of itself, because something changed, and nobody has touched it lately: that is no use of a session. */
export const UNATTENDED_HEADER = 'x-holdfast-unattended';

/**
 * A name for the session, which tells nothing of it or of its person and lets nobody in. Each answer to somebody who is
 * signed in has it. A page that sends it back is served in that session and in no other: its browser may have begun
 * another since, in a page beside it.
 */
export const SESSION_HEADER = 'x-holdfast-session';

/** `GET session` of each app: how long it still lasts when nobody uses it, and however much it is used. */
export const sessionLeft = z.strictObject({
  idleLeftMs: z.int().nonnegative(),
  ageLeftMs: z.int().nonnegative(),
});

export const atMs = z.int().nonnegative();
export const hash = z.string();

const WRITTEN = /^[\P{C}\n]+$/u;
export const isWritten = (text: string): boolean => WRITTEN.test(text);
/** Why somebody does something, in lines: it stands behind a record and in a report, without what a terminal or a page would act on. */
export const written = (max: number) =>
  z.string().trim().min(1).max(max).regex(WRITTEN, 'text without control characters');
