/** The administrator's own page, the overview, rosters, notices, and the stream of changes. */
import { z } from 'zod';
import {
  attention as attentionList,
  me,
  noticeRow,
  notices as noticesPage,
  odds as oddsList,
  rosters as rosterList,
} from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { pageOf, type Route, route } from '../http/http.ts';
import * as notices from '../notices/notices.ts';
import * as people from '../people/people.ts';
import { attention, odds, rosterStates } from './overview.ts';

async function noticeRows(
  cloud: Cloud,
  tx: Tx,
  rows: readonly notices.NoticeRow[],
): Promise<z.infer<typeof noticeRow>[]> {
  const persons = await people.findPersons(
    cloud,
    tx,
    rows.map((row) => row.person),
  );
  const items: z.infer<typeof noticeRow>[] = [];
  for (const row of rows) {
    const { notice: id, channel, what, person, state, tries, lastError, atMs } = row;
    const recipient = persons.get(person)?.profile.name ?? '';
    const canSendAgain = notices.canSendAgain(cloud, row);
    items.push({ id, channel, what, recipient, state, tries, lastError, canSendAgain, atMs });
  }
  return items;
}

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/me',
    access: 'admin',
    glances: true,
    says: 'The signed-in administrator.',
    schema: { response: me },
    handle: ({ cloud, actor }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { profile } = await people.requirePerson(cloud, tx, actor.person);
        return {
          name: profile.name,
          email: profile.email ?? '',
          role: actor.role,
          tenant: actor.tenant,
          signedInAtMs: actor.signedInAtMs,
        };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/attention',
    access: 'admin',
    says: 'What needs a person, most urgent first.',
    schema: { response: attentionList },
    handle: ({ cloud, actor }) =>
      cloud.database.tenant(actor.tenant, async (tx) => ({ items: await attention(cloud, tx) })),
  }),
  route({
    method: 'GET',
    url: '/api/admin/odds',
    access: 'admin',
    says: 'The live chance that a day of guessing finds a code.',
    schema: { response: oddsList },
    handle: ({ cloud, actor }) => cloud.database.read(actor.tenant, (tx) => odds(tx)),
  }),
  route({
    method: 'GET',
    url: '/api/admin/rosters',
    access: 'admin',
    says: 'For each site: what waits for a signature, what was signed, and what each bank has applied.',
    schema: { response: rosterList },
    handle: ({ cloud, actor }) =>
      cloud.database.tenant(actor.tenant, async (tx) => ({ items: await rosterStates(cloud, tx) })),
  }),
  route({
    method: 'GET',
    url: '/api/admin/notices',
    access: 'admin',
    glances: true,
    says: 'Notices, newest first; never what they said.',
    schema: { query: pageQuery, response: noticesPage },
    async handle({ cloud, actor, query }) {
      return await cloud.database.read(actor.tenant, async (tx) => {
        const { rows, nextCursor } = await pageOf<notices.NoticeRow>(cloud, tx, {
          name: 'notices',
          asked: query,
          read: (after, limit) =>
            notices.list(tx, { beforeOrd: after === undefined ? null : Number(after[0]), limit }),
          position: ({ ord }) => [ord],
        });
        return { items: await noticeRows(cloud, tx, rows), nextCursor };
      });
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/notices/:id/again',
    access: 'admin',
    says: 'Sends a notice again that was given up, as long as its code lives.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: noticeRow },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const row = await notices.sendAgain(cloud, tx, { notice: params.id, by: actor.person });
        const [item] = await noticeRows(cloud, tx, [row]);
        if (!item) throw new Error('one row was asked for');
        return item;
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/events',
    access: 'admin',
    says: 'Server-sent events: event `changed` with the topics to ask again for.',
    schema: {},
    handle: async ({ streamChanges }) => streamChanges(),
  }),
];
