/** The courier app: who I am here, where there is room, what became of what I left, and receipts of it. */
import { z } from 'zod';
import { pageQuery } from '../../contract/http/common.ts';
import {
  courierBanks,
  type courierDrop,
  courierDrops,
  courierDropsQuery,
  courierMe,
} from '../../contract/http/resident.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { receiptSchema } from '../../ledger/receipt.ts';
import * as banks from '../banks/banks.ts';
import { type Route, route } from '../http/http.ts';
import * as parcels from '../parcels/parcels.ts';
import { standing } from './standing.ts';

const LEFT_IN_A_BANK = ['waiting', 'held', 'collected', 'removed'] as const;

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/courier/me',
    access: 'courier',
    says: 'The signed-in courier, and where they stand.',
    schema: { response: courierMe },
    handle: ({ cloud, actor }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const found = await standing(cloud, tx, actor.person);
        if (!found) throw new HoldfastError('not-found', 'You are not a courier here any more.');
        return { name: found.name, carrier: found.carrier, state: found.state };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/courier/banks',
    access: 'courier',
    glances: true,
    says: 'The banks, and how many doors of each size are free.',
    schema: { query: pageQuery, response: courierBanks },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows, nextCursor } = await banks.summaries(cloud, tx, query, true);
        const items = rows.map(({ id, name, online, lastHeardMs, free }) => ({
          ...{ id, name, online, free },
          heardAtMs: lastHeardMs,
        }));
        return { items, nextCursor };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/courier/drops',
    access: 'courier',
    glances: true,
    says: "The signed-in courier's own drop-offs, newest first: all, those since a moment, or those in one state.",
    schema: { query: courierDropsQuery, response: courierDrops },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const states = query.state === undefined ? LEFT_IN_A_BANK : [query.state];
        const of = { courier: actor.person, states, sinceMs: query.sinceMs };
        const [known, { rows, nextCursor }] = await Promise.all([
          banks.allBanks(tx),
          parcels.pageOf(cloud, tx, { of, asked: query }),
        ]);
        const names = new Map(known.map(({ bank, name }) => [bank, name]));
        const trackings = await parcels.trackingsOf(cloud, tx, rows);
        const items: z.infer<typeof courierDrop>[] = [];
        for (const [index, parcel] of rows.entries()) {
          const { state, bank, compartment } = parcel;
          if (state === 'accepted' || state === 'not-deposited') continue;
          items.push({
            id: parcel.parcel,
            tracking: trackings[index] ?? '',
            bank,
            bankName: names.get(bank) ?? bank,
            compartment,
            atMs: parcel.depositedAtMs ?? parcel.acceptedAtMs,
            untilMs: parcel.untilMs,
            state,
          });
        }
        return { items, nextCursor };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/courier/drops/:id/receipt',
    access: 'courier',
    guarded: true,
    says: 'The receipt of a drop-off of the signed-in courier, up to where it ended, which anyone who knows the site root’s key can verify without us. What is somebody else’s is not there.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: receiptSchema },
    handle: ({ cloud, actor, params }) =>
      parcels.handOut(cloud, {
        tenant: actor.tenant,
        reader: { is: 'courier', person: actor.person },
        role: 'courier',
        parcel: params.id,
      }),
  }),
];
