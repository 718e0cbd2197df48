/** The courier app: who I am here, where there is room, and what became of what I left. */
import type { z } from 'zod';
import { courierBanks, type courierDrop, courierDrops, courierMe } from '../../contract/http/resident.ts';
import { HoldfastError } from '../../domain/errors.ts';
import * as banks from '../banks/banks.ts';
import { type Route, route } from '../http/http.ts';
import * as parcels from '../parcels/parcels.ts';
import { standing } from './standing.ts';

const DROPS_SHOWN = 200;

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/courier/me',
    access: 'courier',
    says: 'The signed-in courier, and where they stand.',
    schema: { response: courierMe },
    handle: ({ cloud, actor }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const found = await standing(cloud, tx, actor.person);
        if (!found) throw new HoldfastError('not-found', 'You are not a courier here any more.');
        return { name: found.name, carrier: found.carrier, state: found.state };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/courier/banks',
    access: 'courier',
    says: 'The banks, and how many doors of each size are free.',
    schema: { response: courierBanks },
    handle: ({ cloud, actor }) =>
      cloud.database.tenant(actor.tenant, async (tx) => ({
        items: (await banks.summaries(cloud, tx)).map(({ id, name, online, free }) => ({
          id,
          name,
          online,
          free,
        })),
      })),
  }),
  route({
    method: 'GET',
    url: '/api/courier/drops',
    access: 'courier',
    says: "The signed-in courier's own drop-offs, newest first.",
    schema: { response: courierDrops },
    handle: ({ cloud, actor }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const names = new Map((await banks.allBanks(tx)).map(({ bank, name }) => [bank, name]));
        const items: z.infer<typeof courierDrop>[] = [];
        for (const parcel of await parcels.listParcels(tx, { courier: actor.person, limit: DROPS_SHOWN })) {
          const { state, bank, compartment } = parcel;
          if (state === 'accepted' || state === 'not-deposited') continue;
          const tracking = await parcels.trackingOf(cloud, tx, parcel);
          items.push({
            tracking,
            bank: names.get(bank) ?? bank,
            compartment,
            atMs: parcel.depositedAtMs ?? parcel.acceptedAtMs,
            state,
          });
        }
        return { items };
      }),
  }),
];
