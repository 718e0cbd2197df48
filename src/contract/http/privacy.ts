/** Erasure, legal holds and retention, as administrators see them: `/api/admin/people/:id/…` and `/api/admin/privacy`. */
import { z } from 'zod';
import { atMs, written } from './common.ts';

const REASON_MAX = 1_000;
export const RETENTION_DAYS_MAX = 3650;

/** A legal hold that stands. */
export const hold = z.strictObject({
  id: z.string(),
  person: z.string(),
  /** Who it is about, while that can be read. */
  name: z.string(),
  reason: z.string().nullable(),
  /** Null: the operator of the installation. */
  placedBy: z.string().nullable(),
  placedAtMs: atMs,
  /** It ends by itself then; null for one without an end. */
  untilMs: atMs.nullable(),
});

/** The same over a parcel: whoever had a part in it is not erased. `GET parcels/:id/holds` */
export const parcelHold = hold.omit({ person: true, name: true }).extend({ parcel: z.string() });
export const parcelHolds = z.strictObject({ holds: z.array(parcelHold) });

/** `GET people/:id/privacy` */
export const personPrivacy = z.strictObject({
  state: z.enum(['active', 'removed', 'erased']),
  holds: z.array(hold),
  /** What has to be done before this person can be erased, in sentences. */
  waiting: z.array(z.string()),
});

/** `POST people/:id/erase`. The word is typed by whoever asks: nothing brings back what is erased. */
export const eraseRequest = z.strictObject({ confirm: z.literal('erase') });
/** A refusal is an answer: it is kept as a record, like what it refuses. */
export const eraseAnswer = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('erased'),
    /** Fields of records that nobody can read any more. */
    fields: z.int(),
    /** Bundles that were handed out before and showed something of this person: no erasure reaches them. */
    exportsOut: z.int(),
  }),
  z.strictObject({ is: z.literal('held') }),
  z.strictObject({ is: z.literal('waiting'), says: z.array(z.string()) }),
]);

/** `POST people/:id/hold` */
export const holdRequest = z.strictObject({
  reason: written(REASON_MAX),
  untilMs: atMs.nullable(),
});
/** `POST people/:id/release`: ends every hold that stands over the person. */
export const releaseRequest = z.strictObject({ reason: written(REASON_MAX) });

/** `GET privacy`; with `days`, what such a schedule would find now. */
export const privacyQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(RETENTION_DAYS_MAX).optional(),
});
/** Nothing is changed by it. */
export const retentionPreview = z.strictObject({
  days: z.int(),
  /** Residents who moved out so long ago. */
  due: z.int(),
  /** What the first night would do with them; it takes the longest gone first, and at most 500. */
  tonight: z.strictObject({ erased: z.int(), held: z.int(), waiting: z.int() }),
  longestGoneAtMs: atMs.nullable(),
});
export const privacy = z.strictObject({
  /** Residents who were removed so many days ago are erased by night; null: nobody is erased unasked. */
  movedOutDays: z.int().nullable(),
  /** What the last night did; null before the first. */
  run: z.strictObject({ atMs, erased: z.int(), held: z.int(), waiting: z.int() }).nullable(),
  /** How many were removed and are kept, and how many were erased. */
  removed: z.int(),
  erased: z.int(),
  holds: z.array(hold),
  parcelHolds: z.array(parcelHold),
  preview: retentionPreview.nullable(),
});
/** `POST privacy`; a record says who set what. */
export const retentionRequest = z.strictObject({
  movedOutDays: z.int().min(1).max(RETENTION_DAYS_MAX).nullable(),
});
