/** Bundles of evidence, as administrators ask for them: `/api/admin/exports…`. What is in one: docs/reference/export.md. */
import { z } from 'zod';
import { COMMITTED_FIELDS } from '../../domain/facts.ts';
import { atMs, page, written } from './common.ts';

const PURPOSE_MAX = 1_000;
const NAME_MAX = 200;
const PEM_MAX = 65_536;
const PASSPHRASE_MAX = 1_000;
/** Larger ones are made by command on the machine itself. */
export const EXPORT_RECORDS_MAX = 100_000;
/** A certificate in PEM, and some. */
export const EXPORT_BODY_BYTES_MAX = 98_304;

/** The last moment that ECMAScript has a date for. */
const moment = z.int().min(0).max(8_640_000_000_000_000);

/**
 * All that is asked for has to hold of a record; null asks for nothing. Or an incident: what went on at a bank around an
 * alarm that was raised at this moment, or within the minute; then the bank is named, and nothing else.
 */
export const exportSelection = z.strictObject({
  bank: z.string().max(64).nullable(),
  compartment: z.int().min(1).max(9999).nullable(),
  parcel: z.string().max(64).nullable(),
  person: z.string().max(64).nullable(),
  fromMs: moment.nullable(),
  toMs: moment.nullable(),
  incidentMs: moment.optional(),
});
export type ExportSelection = z.infer<typeof exportSelection>;

const opened = z.array(z.enum(COMMITTED_FIELDS)).max(COMMITTED_FIELDS.length);

/** `POST exports/preview`: counts, and does nothing. */
export const exportPreviewAsk = z.strictObject({ selection: exportSelection });
export const exportPreview = z.strictObject({
  records: z.int(),
  /** More than are made from here. */
  isTooMany: z.boolean(),
  sources: z.array(
    z.strictObject({
      source: z.string(),
      /** Of a bank its name; null: the cloud’s own journal. */
      name: z.string().nullable(),
      records: z.int(),
      firstMs: atMs,
      lastMs: atMs,
    }),
  ),
});
export type ExportPreview = z.infer<typeof exportPreview>;

const certificate = z.strictObject({
  by: z.literal('certificate'),
  /** X.509 in PEM. */
  certificate: z.string().min(1).max(PEM_MAX),
});
const passphrase = z.strictObject({
  by: z.literal('passphrase'),
  passphrase: z.string().min(1).max(PASSPHRASE_MAX),
});

/** `POST exports`: nothing leaves from here in clear. */
export const exportAsk = z.strictObject({
  purpose: written(PURPOSE_MAX),
  receiver: written(NAME_MAX),
  selection: exportSelection,
  opened,
  encrypt: z.discriminatedUnion('by', [certificate, passphrase]),
});
export type ExportAsk = z.infer<typeof exportAsk>;
export const exportAsked = z.strictObject({ id: z.string() });

export const EXPORT_STATES = ['waiting', 'making', 'ready', 'failed', 'given', 'gone'] as const;
export const EXPORT_FAILURES = ['nothing-found', 'too-many', 'broke'] as const;
export type ExportFailure = (typeof EXPORT_FAILURES)[number];

/** One that was asked for. What it was about is null once the person that it was about was erased. */
export const exportRow = z.strictObject({
  id: z.string(),
  /** `given`: made by command, and not kept here. `gone`: the file is not here any more. */
  state: z.enum(EXPORT_STATES),
  failure: z.enum(EXPORT_FAILURES).nullable(),
  askedAtMs: atMs,
  /** Null: the operator of the installation. */
  askedBy: z.string().nullable(),
  about: z
    .strictObject({
      purpose: z.string(),
      selection: exportSelection,
      opened,
      receiver: z.strictObject({
        name: z.string().nullable(),
        by: z.enum(['certificate', 'passphrase']).nullable(),
        certificate: z
          .strictObject({ subject: z.string(), fingerprint: z.string(), notAfterMs: atMs })
          .nullable(),
        /** Everything but evidence went in clear; only a command makes such a one. */
        onlyEvidence: z.boolean().default(false),
      }),
    })
    .nullable(),
  /** How far the log was looked through. */
  looked: z.int(),
  lookedOf: z.int(),
  records: z.int().nullable(),
  bytes: z.int().nullable(),
  /** Of the file, in hex, and of the bundle inside, which is what the record commits to. */
  fileSha256: z.string().nullable(),
  sha256: z.string().nullable(),
  /** The record of it, as `/api/admin/records/:id` takes it. */
  record: z.string().nullable(),
  keptUntilMs: atMs.nullable(),
  /** How often the file was fetched. */
  taken: z.int(),
});
export type ExportRow = z.infer<typeof exportRow>;
export const exportList = page(exportRow);
