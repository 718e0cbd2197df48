/** The resident app: who I am here, how I am told, my own parcels, and their receipts. */
import { z } from 'zod';
import {
  residentMe,
  type residentParcel,
  residentParcels,
  residentParcelsQuery,
  residentPatch,
} from '../../contract/http/resident.ts';
import { placeOf } from '../../domain/bank.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { receiptSchema } from '../../ledger/receipt.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import * as notices from '../notices/notices.ts';
import type { Noun } from '../noun.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import * as signin from '../signin/signin.ts';

/** What lies in a bank now, and what has left it. A parcel that was never put in is none of the resident's. */
const PARTS = { here: ['waiting', 'held'], past: ['collected', 'removed'] } as const;

const shown = ({ profile }: people.Person): z.infer<typeof residentMe> => ({
  name: profile.name,
  flat: profile.flat ?? '',
  email: profile.email,
  phone: profile.phone,
  accessible: profile.accessible,
  channels: profile.channels,
});

/** Somebody has to be reachable for a code to reach them. */
function checkChannels({ profile }: people.Person, channels: { sms: boolean; email: boolean }): void {
  if (channels.sms && profile.phone === null)
    throw new HoldfastError('conflict', 'There is no phone number on file; ask the building to add one.');
  if (channels.email && profile.email === null)
    throw new HoldfastError('conflict', 'There is no mail address on file; ask the building to add one.');
  if (!channels.sms && !channels.email)
    throw new HoldfastError('conflict', 'Leave one way on, or no code can reach you.');
}

type Row = z.infer<typeof residentParcel>;

/** Told before the walk, so that who cannot reach it asks for help in time. */
function middleOf(bank: banks.Bank | undefined, compartment: number): number | null {
  return (bank && placeOf(bank.layout, compartment)?.middleCm) ?? null;
}

type OwnParcels = { person: string; asked: z.infer<typeof residentParcelsQuery> };

async function ownParcels(
  cloud: Cloud,
  tx: Tx,
  { person, asked }: OwnParcels,
): Promise<z.infer<typeof residentParcels>> {
  const states = asked.part === undefined ? [...PARTS.here, ...PARTS.past] : PARTS[asked.part];
  const [{ rows, nextCursor }, allBanks, allCarriers] = await Promise.all([
    parcels.pageOf(cloud, tx, { of: { recipient: person, states }, asked }),
    banks.allBanks(tx),
    people.carriers(tx),
  ]);
  const known = new Map(allBanks.map((bank) => [bank.bank, bank]));
  const carriers = new Map(allCarriers.map(({ carrier, name }) => [carrier, name]));
  const [trackings, sent] = await Promise.all([
    parcels.trackingsOf(cloud, tx, rows),
    notices.toldOf(
      tx,
      rows.map(({ parcel }) => parcel),
    ),
  ]);
  const told = Map.groupBy(sent, ({ parcel }) => parcel);
  const items: Row[] = [];
  for (const [index, parcel] of rows.entries()) {
    const { parcel: id, bank, carrier, state, compartment, size, endedAtMs } = parcel;
    if (state === 'accepted' || state === 'not-deposited') continue;
    const depositedAtMs = parcel.depositedAtMs ?? parcel.acceptedAtMs;
    const carrierName = (carrier && carriers.get(carrier)) ?? '';
    items.push({
      id,
      tracking: trackings[index] ?? '',
      carrier: carrierName,
      bank,
      bankName: known.get(bank)?.name ?? bank,
      compartment,
      size,
      middleCm: middleOf(known.get(bank), compartment),
      state,
      told: (told.get(id) ?? []).map(({ channel, state, atMs }) => ({ channel, state, atMs })),
      depositedAtMs,
      untilMs: parcel.untilMs ?? depositedAtMs,
      endedAtMs,
    });
  }
  return { items, nextCursor };
}

const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/resident/me',
    access: 'resident',
    glances: true,
    says: 'The signed-in resident.',
    schema: { response: residentMe },
    handle: ({ cloud, actor }) =>
      cloud.database.read(actor.tenant, async (tx) =>
        shown(await people.requirePerson(cloud, tx, actor.person)),
      ),
  }),
  route({
    method: 'PATCH',
    url: '/api/resident/me',
    access: 'resident',
    says: 'Changes how the resident is told, and whether they need a door within reach.',
    schema: { body: residentPatch, response: residentMe },
    handle: ({ cloud, actor, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const before = await people.requireForChange(cloud, tx, actor.person);
        if (body.channels) checkChannels(before, body.channels);
        const after = await signin.patchPerson(cloud, tx, actor.person, {
          accessible: body.accessible,
          channels: body.channels,
          by: actor.person,
        });
        if (after.site) await cloud.tellBanks(tx, after.site);
        await cloud.changed(tx, ['people']);
        return shown(after);
      }),
  }),
  route({
    method: 'GET',
    url: '/api/resident/parcels',
    access: 'resident',
    glances: true,
    says: "The signed-in resident's own parcels, newest first: those in a bank now, those that have left, or all.",
    schema: { query: residentParcelsQuery, response: residentParcels },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, (tx) =>
        ownParcels(cloud, tx, { person: actor.person, asked: query }),
      ),
  }),
  route({
    method: 'GET',
    url: '/api/resident/parcels/:id/receipt',
    access: 'resident',
    guarded: true,
    says: 'The receipt of a parcel of the signed-in resident, which anyone who knows the site root’s key can verify without us. What is somebody else’s is not there.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: receiptSchema },
    handle: ({ cloud, actor, params }) =>
      parcels.handOut(cloud, {
        tenant: actor.tenant,
        reader: { is: 'resident', person: actor.person },
        role: 'resident',
        parcel: params.id,
      }),
  }),
];

export const residents = { routes } satisfies Noun;
