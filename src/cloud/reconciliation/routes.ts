/** What administrators see and say of what does not fit. None of it reaches a door. */
import { z } from 'zod';
import {
  bankCounts,
  discrepancies,
  discrepancyQuery,
  resolution,
} from '../../contract/http/reconciliation.ts';
import { HoldfastError } from '../../domain/errors.ts';
import * as banks from '../banks/banks.ts';
import { type Route, route } from '../http/http.ts';
import { resolve } from './resolve.ts';
import { countsOf, discrepanciesOf } from './views.ts';

const bankParams = z.strictObject({ id: z.string().max(64) });
const unknownBank = () => new HoldfastError('not-found', 'There is no such bank here.');

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/discrepancies',
    access: 'admin',
    says: 'Where records, sensors, people and counts say different things; and what was explained lately.',
    schema: { query: discrepancyQuery, response: discrepancies },
    async handle({ cloud, actor, query }) {
      const found = await cloud.database.read(actor.tenant, (tx) => discrepanciesOf(cloud, tx, query.bank));
      if (!found) throw unknownBank();
      return found;
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/banks/:id/counts',
    access: 'admin',
    says: 'Each door of a bank: what should be inside, and what the last count found.',
    schema: { params: bankParams, response: bankCounts },
    async handle({ cloud, actor, params }) {
      const found = await cloud.database.read(actor.tenant, (tx) => countsOf(cloud, tx, params.id));
      if (!found) throw unknownBank();
      return found;
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/resolutions',
    access: 'admin',
    says: 'A person’s last word on a discrepancy, recorded.',
    schema: { params: bankParams, body: resolution },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const bank = await banks.findBank(tx, params.id);
        if (!bank) throw unknownBank();
        await resolve(cloud, tx, { ...body, bank: bank.bank, by: actor.person });
      }),
  }),
];
