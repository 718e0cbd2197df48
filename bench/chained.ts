/**
 * Many records of banks at once: those of the fixed journeys, written once and then chained again and again under new
 * numbers, so that a million of them are made in seconds. Each is whole: its number, the hash of the one before, its
 * own hash. What repeats is their content, which nothing that is measured with them looks at.
 */
import type pg from 'pg';
import { base64url, fromUtf8 } from '../src/crypto/bytes.ts';
import type { BankId } from '../src/domain/ids.ts';
import {
  HASH_BYTES,
  leafHash,
  NO_HASH,
  type RecordDraft,
  SALT_BYTES,
  writeRecord,
} from '../src/ledger/record.ts';
import { systemRandom } from '../src/platform/random.ts';
import { type CopyRow, copyIn, copyText } from './copy.ts';
import { journeys } from './journeys.ts';

/** Around the hash of the record before and its own number. */
type Template = { before: string; between: string; after: string; kind: string; atMs: number };

const FIRST_MS = 1_760_000_000_000;
const PARTS = /^(.*"prev":")[A-Za-z0-9_-]{43}(".*"seq":)[0-9]+(,.*)$/s;

/** The first `records` of the journeys, as a bank writes them. What they commit to is drawn. */
export function templatesOf(bank: BankId, records: number): Template[] {
  const templates: Template[] = [];
  for (const { steps } of journeys(1))
    for (const { draft } of steps) {
      if (templates.length === records) return templates;
      templates.push(templateOf(bank, draft));
    }
  return templates;
}

function templateOf(source: BankId, draft: RecordDraft): Template {
  const fields = Object.fromEntries(Object.keys(draft.fields ?? {}).map((name) => [name, name]));
  const time = { atMs: FIRST_MS, source: 'cloud', uncertaintyMs: 5 } as const;
  const drawSalt = () => systemRandom.bytes(SALT_BYTES);
  const prev = base64url(systemRandom.bytes(HASH_BYTES));
  const { bytes } = writeRecord({ draft: { ...draft, fields }, source, seq: 2, prev, time, drawSalt });
  const [, before = '', between = '', after = ''] = PARTS.exec(fromUtf8(bytes)) ?? [];
  return { before, between, after, kind: draft.kind, atMs: FIRST_MS };
}

/** A journal without end. */
export class Chain {
  readonly bank: BankId;
  readonly #templates: readonly Template[];
  #seq = 0;
  #prev = NO_HASH;

  constructor(bank: BankId, templates: readonly Template[]) {
    this.bank = bank;
    this.#templates = templates;
  }

  get end(): { seq: number; hash: string } {
    return { seq: this.#seq, hash: this.#prev };
  }

  next(): { seq: number; text: string; hash: Uint8Array; kind: string; atMs: number } {
    const template = this.#templates[this.#seq % this.#templates.length];
    if (!template) throw new Error('there are no journeys');
    const { before, between, after, kind, atMs } = template;
    this.#seq += 1;
    const text = `${before}${this.#prev}${between}${this.#seq}${after}`;
    const hash = leafHash(text);
    this.#prev = base64url(hash);
    return { seq: this.#seq, text, hash, kind, atMs };
  }

  /** The next ones as the table of records has them, as one batch. */
  rows(tenant: string, count: number): CopyRow[] {
    const last = this.#seq + count;
    return Array.from({ length: count }, () => {
      const { seq, text, hash, kind, atMs } = this.next();
      return { tenant, source: this.bank, seq, kind, atMs, hash, bytes: Buffer.from(text), last };
    });
  }
}

const END = `insert into journals (tenant_id, source, last_seq, last_hash, last_head) values ($1, $2, $3, $4, '')
  on conflict (source) do update set last_seq = excluded.last_seq, last_hash = excluded.last_hash`;

/** Puts rows where the intake would have put them, with the end of their journal; as the role that no row security stops. */
export async function keep(superuser: pg.Client, chain: Chain, rows: readonly CopyRow[]): Promise<void> {
  await superuser.query('begin');
  await superuser.query(END, [rows[0]?.tenant, chain.bank, chain.end.seq, chain.end.hash]);
  await copyIn(superuser, copyText(rows), 'records');
  await superuser.query('commit');
}
