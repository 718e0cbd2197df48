/** What administrators see of parcels. Looking at one parcel's custody is itself recorded. */
import { z } from 'zod';
import { parcelDetail, parcels } from '../../contract/http/admin.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { parcelProofs } from '../../contract/http/proofs.ts';
import { type UsageDays, usage, usageQuery } from '../../contract/http/usage.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { receiptSchema } from '../../ledger/receipt.ts';
import { type Route, route } from '../http/http.ts';
import { proofsOf } from '../log/log.ts';
import { handOut, recordsOfParcel } from './receipt.ts';
import { usageOf } from './usage.ts';
import { detail, pageOfOverdue, pageOfRows } from './views.ts';

const query = pageQuery.extend({
  state: z.enum(['accepted', 'waiting', 'collected', 'removed', 'held', 'not-deposited', 'lost']).optional(),
  bank: z
    .string()
    .regex(/^[a-z0-9_]+$/)
    .max(64)
    .optional(),
  /** Only what is inside although its time is over; the longest over comes first. */
  overdue: z.literal('true').optional(),
});

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/parcels',
    access: 'admin',
    glances: true,
    says: 'Parcels, newest first; with `overdue`, those whose time is over, the longest over first.',
    schema: { query, response: parcels },
    handle: ({ cloud, actor, query: asked }) =>
      cloud.database.read(actor.tenant, (tx) =>
        asked.overdue
          ? pageOfOverdue(cloud, tx, { bank: asked.bank, asked })
          : pageOfRows(cloud, tx, {
              of: { states: asked.state && [asked.state], bank: asked.bank },
              asked,
            }),
      ),
  }),
  route({
    method: 'GET',
    url: '/api/admin/usage',
    access: 'admin',
    says: 'How full banks were, and how long parcels lay in them; numbers only.',
    schema: { query: usageQuery, response: usage },
    handle: ({ cloud, actor, query: { days, bank, site, offset } }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const found = await usageOf(tx, {
          days: Number(days) as UsageDays,
          ...{ bank, site, offsetMinutes: offset, nowMs: cloud.clock.nowMs() },
        });
        if (!found) throw new HoldfastError('not-found', 'There is no such bank or site here.');
        return found;
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/parcels/:id',
    access: 'admin',
    says: 'One parcel: who answered for it when, and what of that can be verified again now.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: parcelDetail },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const found = await detail(cloud, tx, params.id);
        if (!found) throw new HoldfastError('not-found', 'There is no such parcel here.');
        await cloud.journal.record(
          tx,
          {
            kind: 'custody.viewed',
            facts: { role: actor.role },
            fields: { person: actor.person, parcel: found.id },
          },
          { person: actor.person },
        );
        return found;
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/parcels/:id/receipt',
    access: 'admin',
    says: 'The parcel’s receipt, which anyone who knows the site root’s key can verify without us, with the proof of each record from the log; of one that no checkpoint covers yet it says that its proof is to come.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: receiptSchema },
    handle: ({ cloud, actor, params }) =>
      handOut(cloud, {
        tenant: actor.tenant,
        reader: { is: 'admin', person: actor.person },
        role: actor.role,
        parcel: params.id,
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/parcels/:id/proofs',
    access: 'admin',
    says: 'For each record of the parcel a tlog-proof file, which any C2SP verifier checks without us; null while it waits for a checkpoint.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), response: parcelProofs },
    async handle({ cloud, actor, params }) {
      const records = await cloud.database.tenant(actor.tenant, async (tx) => {
        const known = await recordsOfParcel(tx, params.id);
        if (!known) throw new HoldfastError('not-found', 'There is no such parcel here.');
        await cloud.journal.record(
          tx,
          {
            kind: 'custody.viewed',
            facts: { role: actor.role },
            fields: { person: actor.person, parcel: known.parcel },
          },
          { person: actor.person },
        );
        return known;
      });
      // Tiles are read after the transaction: nobody waits for a disk under its locks.
      const { log, proofs } = await proofsOf(cloud, { ...records, tenant: actor.tenant });
      return { parcel: records.parcel, bank: records.source, log, proofs };
    },
  }),
];
