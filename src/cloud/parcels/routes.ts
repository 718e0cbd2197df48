/** The administrator's view of parcels: metadata and custody, never contents. */
import { z } from 'zod';
import { parcelDetail, parcels as parcelsPage, type parcelRow } from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { ParcelId, PersonId } from '../../domain/ids.ts';
import { receiptSchema } from '../../ledger/receipt.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { route } from '../http/http.ts';
import * as notices from '../notices/notices.ts';
import * as people from '../people/people.ts';
import { receiptOf, timelineOf, verifyCustody } from './custody.ts';
import { trackingOf } from './parcels.ts';
import * as store from './store.ts';

const STATES = ['accepted', 'waiting', 'collected', 'removed', 'held', 'not-deposited'] as const;
const query = pageQuery.extend({ state: z.enum(STATES).optional(), bank: z.string().max(60).optional() });
const params = z.strictObject({ id: z.string().max(60) });

type Row = z.infer<typeof parcelRow>;

async function rowOf(cloud: Cloud, tx: Tx, parcel: store.StoredParcel): Promise<Row> {
  const recipient = await people.findPerson(cloud, tx, parcel.recipient_id);
  const courier = await people.findPerson(cloud, tx, parcel.courier_id);
  const carrier = (await people.carriers(tx)).find((known) => known.carrier === parcel.carrier_id);
  const bank = await banks.findBank(tx, parcel.bank_id);
  return {
    id: parcel.parcel_id,
    tracking: await trackingOf(cloud, tx, parcel),
    carrier: carrier?.name ?? '',
    courier: courier?.profile.name ?? '',
    recipient: recipient?.profile.name ?? '',
    flat: recipient?.profile.flat ?? '',
    bank: bank?.name ?? parcel.bank_id,
    compartment: parcel.compartment,
    size: parcel.size,
    state: parcel.state,
    custody: parcel.custody,
    depositedAtMs: parcel.deposited_at_ms,
    untilMs: parcel.until_ms,
    endedAtMs: parcel.ended_at_ms,
  };
}

/** Another tenant's parcel is not there: the database shows only this tenant's rows. */
async function requireParcel(tx: Tx, id: string): Promise<store.StoredParcel> {
  const parcel = await store.findParcel(tx, id);
  if (!parcel) throw new HoldfastError('not-found', 'There is no parcel here by that id.');
  return parcel;
}

/** That an administrator looked at a person's custody is itself a record. */
async function viewed(cloud: Cloud, tx: Tx, of: { person: PersonId; role: string; parcel: store.StoredParcel }): Promise<void> {
  const fields = { person: of.person, parcel: of.parcel.parcel_id };
  await cloud.journal.record(tx, { kind: 'custody.viewed', facts: { role: of.role }, fields }, { person: of.person, parcel: of.parcel.recipient_id as PersonId });
}

export const routes = [
  route({
    method: 'GET', url: '/api/admin/parcels', access: 'admin', says: 'Parcels, newest first.', schema: { query, response: parcelsPage },
    async handle({ cloud, actor, query: asked }) {
      const before = asked.cursor === undefined ? undefined : Number(asked.cursor);
      if (before !== undefined && !Number.isSafeInteger(before)) throw new HoldfastError('input-invalid', 'The cursor is one that an earlier page gave.');
      return cloud.database.tenant(actor.tenant, async (tx) => {
        const rows = await store.listParcels(tx, { state: asked.state, bank: asked.bank, before, limit: asked.limit + 1 });
        const shown = rows.slice(0, asked.limit);
        const items: Row[] = [];
        for (const row of shown) items.push(await rowOf(cloud, tx, row));
        return { items, nextCursor: rows.length > asked.limit ? String(shown.at(-1)?.ord ?? '') : null };
      });
    },
  }),
  route({
    method: 'GET', url: '/api/admin/parcels/:id', access: 'admin', says: 'One parcel: its custody, and what of it was verified just now.', schema: { params, response: parcelDetail },
    async handle({ cloud, actor, params: { id } }) {
      return cloud.database.tenant(actor.tenant, async (tx) => {
        const parcel = await requireParcel(tx, id);
        await viewed(cloud, tx, { person: actor.person, role: actor.role, parcel });
        return {
          ...(await rowOf(cloud, tx, parcel)),
          timeline: await timelineOf(cloud, tx, id),
          notices: (await notices.ofParcel(tx, parcel.parcel_id as ParcelId)).map(({ channel, what, state, tries, atMs }) => ({ channel, what, state, tries, atMs })),
          verified: await verifyCustody(cloud, tx, parcel),
        };
      });
    },
  }),
  route({
    method: 'GET', url: '/api/admin/parcels/:id/receipt', access: 'admin', says: 'The parcel’s receipt, which verifies without us.', schema: { params, response: receiptSchema },
    async handle({ cloud, actor, params: { id } }) {
      return cloud.database.tenant(actor.tenant, async (tx) => {
        const parcel = await requireParcel(tx, id);
        await viewed(cloud, tx, { person: actor.person, role: actor.role, parcel });
        return receiptOf(cloud, tx, parcel);
      });
    },
  }),
];
