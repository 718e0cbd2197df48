/**
 * Lists in pages. A cursor says where the next page begins: after the last row shown, by a position that a row
 * keeps for life, so that rows which come in between shift nothing. It is sealed under the tenant's key for
 * its list and filter: nobody reads in it how many rows there are of others, nor makes one, nor uses it
 * elsewhere.
 */
import { z } from 'zod';
import type { pageQuery } from '../../contract/http/common.ts';
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';

/** What `pageQuery` reads. */
export type PageAsked = z.output<typeof pageQuery>;
export type Page<Row> = { rows: Row[]; nextCursor: string | null };

const position = z.array(z.union([z.int(), z.string()])).min(1);
type Position = z.infer<typeof position>;

export type List<Row> = {
  /** The list, and whose it is and what of it was asked for: a cursor is good for nothing else. */
  name: string;
  filter?: readonly (string | null | undefined)[];
  asked: Pick<PageAsked, 'cursor' | 'limit'>;
  /** At most `limit` rows from behind `after`, or from the beginning. */
  read(after: Position | undefined, limit: number): Promise<Row[]>;
  /** By which the list is ordered; no two rows have the same, and none changes. */
  position(row: Row): Position;
};

export async function pageOf<Row>(cloud: Cloud, tx: Tx, list: List<Row>): Promise<Page<Row>> {
  const { cursor, limit } = list.asked;
  const place = placeOf(list);
  const after = cursor === undefined ? undefined : await opened(cloud, tx, { place, cursor });
  const rows = await list.read(after, limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: shown, nextCursor: null };
  return {
    rows: shown,
    nextCursor: base64url(await seal(cloud, tx, place, JSON.stringify(list.position(last)))),
  };
}

const placeOf = ({ name, filter }: Pick<List<never>, 'name' | 'filter'>) =>
  `cursor/v1\0${name}\0${JSON.stringify(filter ?? [])}`;
const seal = (cloud: Cloud, tx: Tx, place: string, text: string) => cloud.keys.sealForTenant(tx, place, text);
const unseal = (cloud: Cloud, tx: Tx, place: string, sealed: Uint8Array) =>
  cloud.keys.openForTenant(tx, place, sealed);

async function opened(cloud: Cloud, tx: Tx, of: { place: string; cursor: string }): Promise<Position> {
  const sealed = fromBase64url(of.cursor);
  const text = sealed && (await unseal(cloud, tx, of.place, sealed));
  if (text === undefined)
    throw new HoldfastError(
      'cursor-invalid',
      'Begin again without a cursor, or use one that an earlier page gave.',
    );
  return position.parse(JSON.parse(text));
}

/** Where the next page is, as a web link (RFC 8288), of an answer that has one. */
export function nextLink(url: string, answer: unknown): string | undefined {
  const next = (answer as { nextCursor?: unknown } | null)?.nextCursor;
  if (typeof next !== 'string') return undefined;
  const [path = '', query = ''] = url.split('?', 2);
  const params = new URLSearchParams(query);
  params.set('cursor', next);
  return `<${path}?${params}>; rel="next"`;
}
