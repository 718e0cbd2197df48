/** Every record of the organisation as it stands, for administrators. */
import { z } from 'zod';
import { journal } from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import { pageOf, type Route, route } from '../http/http.ts';
import * as store from './store.ts';

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/journal',
    access: 'admin',
    glances: true,
    says: "The records of the organisation's banks and of the cloud itself, newest first.",
    schema: {
      query: pageQuery.extend({
        bank: z
          .string()
          .regex(/^[a-z0-9_]+$/)
          .max(64)
          .optional(),
      }),
      response: journal,
    },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows, nextCursor } = await pageOf<store.JournalPage>(cloud, tx, {
          name: 'journal',
          filter: [query.bank],
          asked: query,
          read: (after, limit) =>
            store.pageOfRecords(tx, { source: query.bank, before: after && Number(after[0]), limit }),
          position: ({ position }) => [position],
        });
        const items = rows.map((row) => ({
          source: row.source,
          seq: row.seq,
          kind: row.kind,
          atMs: row.at_ms,
          hash: base64url(row.hash),
          json: fromUtf8(row.bytes),
          batchLast: row.batch_last,
        }));
        return { items, nextCursor };
      }),
  }),
];
