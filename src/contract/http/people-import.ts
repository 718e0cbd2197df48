/**
 * Residents from a list: `POST people/import/preview` says what a file would do and does nothing;
 * `POST people/import` does it, step by step, and only what a preview has said.
 */
import { z } from 'zod';
import { residentAdd, siteAsked } from './admin.ts';

/** What a column of a list can be. Everything else in it is left alone. */
export const FIELDS = ['name', 'first-name', 'last-name', 'flat', 'email', 'phone', 'accessible'] as const;
export type Field = (typeof FIELDS)[number];

/** Ten thousand rows of the longest that a resident can be are under half of it. */
export const FILE_BYTES_MAX = 4_194_304;
/** The directory of as many people still fits into one message to a bank (`MESSAGE_BYTES_MAX`). */
export const FILE_ROWS_MAX = 10_000;
export const COLUMNS_MAX = 100;
/** Rows of one step: one transaction, one request. */
export const STEP_ROWS_MAX = 250;

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4;
export const PREVIEW_BODY_BYTES_MAX = base64Length(FILE_BYTES_MAX) + 16_384;
export const STEP_BODY_BYTES_MAX = 524_288;

export const importPreview = z.strictObject({
  /** The file as it is, base64 (RFC 4648, section 4): what its bytes mean is settled on this side. */
  file: z.string().max(base64Length(FILE_BYTES_MAX)),
  /** Whether the first row holds headings; null asks for a look at it. */
  header: z.boolean().nullable().default(null),
  /** What each column is, in order; null asks for a look at the headings. */
  fields: z.array(z.enum(FIELDS).nullable()).max(COLUMNS_MAX).nullable().default(null),
  /** Whose numbers are those without a country's code: two letters (ISO 3166-1). */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable()
    .default(null),
  /** Whose residents the list is of. */
  site: siteAsked,
});

/** Why a row cannot be imported as it stands. */
const FAULTS = [
  'name-missing',
  'name-long',
  'flat-missing',
  'flat-long',
  'flat-untypeable',
  'email-shape',
  'email-several',
  'phone-shape',
  'phone-country',
  'phone-shortened',
  'phone-several',
  'phone-extension',
  'accessible-word',
  'cell-error',
  'character-lost',
  'character-control',
  'line-break',
  'quote-open',
  'cells-too-many',
  'totals',
  'heading-above',
  'heading-again',
  'people-alike',
] as const;
export type Fault = (typeof FAULTS)[number];

/** What should be known of a row that can be imported. */
const CAUTIONS = [
  'contact-none',
  'phone-unusual',
  'phone-landline',
  'formula-text',
  'perhaps-moved',
  'perhaps-renamed',
] as const;
export type Caution = (typeof CAUTIONS)[number];

export const CHANGEABLE = ['flat', 'email', 'phone', 'accessible'] as const;

export const VERDICTS = ['new', 'change', 'same', 'duplicate', 'bad'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A person who is there and may be meant, as staff know them. */
const known = z.strictObject({ id: z.string(), name: z.string(), flat: z.string() });

const resident = residentAdd.extend({ accessible: z.boolean() });
const residentSet = resident.pick({ flat: true, email: true, phone: true, accessible: true }).partial();
/** Over what the row would do and whom it would do it to; a step without it, or with another's, does nothing. */
const mark = z.string().length(43);

const newRow = z.strictObject({ what: z.literal('new'), resident, mark });
const changeRow = z.strictObject({
  what: z.literal('change'),
  person: z.string().max(64),
  set: residentSet,
  mark,
});
/** What a row would do, as a step takes it. */
const importAct = z.discriminatedUnion('what', [newRow, changeRow]);
export type ImportAct = z.infer<typeof importAct>;

const importRow = z.strictObject({
  /** As a spreadsheet counts: the first row of the file is 1. */
  row: z.int().positive(),
  verdict: z.enum(VERDICTS),
  /** The row as it was read. */
  cells: z.array(z.string()),
  faults: z.array(z.strictObject({ fault: z.enum(FAULTS), column: z.int().nullable() })),
  cautions: z.array(z.strictObject({ caution: z.enum(CAUTIONS), about: known.nullable() })),
  /** The person as they would be, or whom the row is about; null where the row tells of nobody. */
  resident: z
    .strictObject({
      name: z.string(),
      flat: z.string(),
      email: z.string().nullable(),
      phone: z.string().nullable(),
      accessible: z.boolean(),
    })
    .nullable(),
  changes: z.array(
    z.strictObject({ field: z.enum(CHANGEABLE), from: z.string().nullable(), to: z.string() }),
  ),
  /** The earlier row that says the same person. */
  duplicateOf: z.int().positive().nullable(),
  act: importAct.nullable(),
});
export type ImportRow = z.infer<typeof importRow>;

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export const DELIMITERS = [',', ';', '\t', '|'] as const;

export const importPreviewed = z.strictObject({
  readAs: z.enum(ENCODINGS),
  delimiter: z.enum(DELIMITERS),
  /** Null: the first row names no column that is known, and may as well be a person. */
  header: z.boolean().nullable(),
  columns: z.array(
    z.strictObject({ heading: z.string(), field: z.enum(FIELDS).nullable(), examples: z.array(z.string()) }),
  ),
  /** What has to be answered before rows can be judged; empty when they were. */
  asks: z.array(z.enum(['header', 'name', 'flat'])),
  /** Rows with nothing in them, left out. */
  emptyRows: z.int(),
  rows: z.array(importRow),
  /** Residents whom the file does not name. An import removes nobody. */
  absent: z.array(known),
});
export type ImportPreviewed = z.infer<typeof importPreviewed>;

export const importStep = z.strictObject({
  rows: z
    .array(z.strictObject({ row: z.int().positive(), act: importAct }))
    .min(1)
    .max(STEP_ROWS_MAX),
  /** The one of the preview: what it said of one site is done at no other. */
  site: siteAsked,
});

/** Why a row of a step was left alone: things are not as the preview said. */
const LEFT = ['there-already', 'not-as-previewed'] as const;
export type Left = (typeof LEFT)[number];

/** Why two residents may be one person: the same name and flat, the same name and a contact, the same flat and a contact. */
export const ALIKE = ['same', 'moved', 'renamed'] as const;
export const ALIKE_SHOWN_MAX = 200;
/** Of all residents there are, however they were added; the oldest first, at most so many as are shown. */
export const peopleAlike = z.strictObject({
  count: z.int(),
  pairs: z.array(z.strictObject({ why: z.enum(ALIKE), older: known, newer: known })).max(ALIKE_SHOWN_MAX),
});
export type PeopleAlike = z.infer<typeof peopleAlike>;

export const importStepDone = z.strictObject({
  rows: z.array(
    z.strictObject({
      row: z.int(),
      done: z.enum(['added', 'changed']).nullable(),
      left: z.enum(LEFT).nullable(),
    }),
  ),
});
export type ImportStepDone = z.infer<typeof importStepDone>;
