/** What `holdfast admin order` asks and hands in, and the admin app's table of a bank's orders. */
import { z } from 'zod';
import { pageQuery } from '../../contract/http/common.ts';
import {
  type operatorBank,
  operatorBank as operatorBankSchema,
  operatorBanks,
  orderRow,
  orderSubmit,
  orders as ordersSchema,
} from '../../contract/http/orders.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type BankId, parseId, type TenantId } from '../../domain/ids.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import * as rosters from '../rosters/rosters.ts';
import { list, submit } from './carry.ts';

const bankParams = z.strictObject({ bank: z.string().max(64) });

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/operator/sites/:site/banks',
    access: 'operator',
    says: 'The banks of a site, each with what an order for it must name.',
    schema: {
      params: z.strictObject({ site: z.string().max(64) }),
      query: pageQuery,
      response: operatorBanks,
    },
    async handle({ cloud, params, query }) {
      const site = parseId('site', params.site);
      const tenant = site && (await rosters.tenantOfSite(cloud, site));
      if (!site || !tenant) throw new HoldfastError('not-found', 'There is no such site here.');
      const found = await cloud.database.read(tenant, (tx) =>
        banks.pageOfBanks(cloud, tx, { site, asked: query, serving: true }),
      );
      return { items: found.rows.map((bank) => told(cloud, bank)), nextCursor: found.nextCursor };
    },
  }),
  route({
    method: 'GET',
    url: '/api/operator/banks/:bank',
    access: 'operator',
    says: 'One bank, with what an order for it must name.',
    schema: { params: bankParams, response: operatorBankSchema },
    async handle({ cloud, params }) {
      const { bank, tenant } = await placeOf(cloud, params.bank);
      const found = await cloud.database.read(tenant, (tx) => banks.findBank(tx, bank));
      if (!found) throw unknownBank();
      return told(cloud, found);
    },
  }),
  route({
    method: 'GET',
    url: '/api/operator/banks/:bank/orders',
    access: 'operator',
    says: 'The orders of a bank, newest first, and what became of each.',
    schema: { params: bankParams, query: pageQuery, response: ordersSchema },
    async handle({ cloud, params, query }) {
      const { bank, tenant } = await placeOf(cloud, params.bank);
      return await cloud.database.read(tenant, (tx) => list(cloud, tx, { bank, asked: query }));
    },
  }),
  route({
    method: 'PUT',
    url: '/api/operator/banks/:bank/orders',
    access: 'operator',
    says: "Takes an order that the site's root signed, and passes it to the bank until the bank answers.",
    schema: { params: bankParams, body: orderSubmit, response: orderRow },
    async handle({ cloud, params, body }) {
      const { bank } = await placeOf(cloud, params.bank);
      const taken = await submit(cloud, bank, body.note);
      if (taken.ok) return taken.value;
      throw new HoldfastError('denied', 'The bank would refuse this order.', { reason: taken.reason });
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/banks/:id/orders',
    access: 'admin',
    says: 'The orders of a bank, newest first, and what became of each.',
    schema: { params: z.strictObject({ id: z.string().max(64) }), query: pageQuery, response: ordersSchema },
    async handle({ cloud, actor, params, query }) {
      return cloud.database.read(actor.tenant, async (tx) => {
        if (!(await banks.findBank(tx, params.id))) throw unknownBank();
        return await list(cloud, tx, { bank: params.id, asked: query });
      });
    },
  }),
];

async function placeOf(cloud: Cloud, text: string): Promise<{ bank: BankId; tenant: TenantId }> {
  const bank = parseId('bank', text);
  const tenant = bank && (await banks.tenantOfBank(cloud, bank));
  if (!bank || !tenant) throw unknownBank();
  return { bank, tenant };
}

function told(cloud: Cloud, bank: banks.Bank): z.infer<typeof operatorBank> {
  return {
    bank: bank.bank,
    name: bank.name,
    site: bank.site,
    orderNonce: bank.hello?.orderNonce ?? null,
    online: banks.isOnline(bank, cloud.clock.nowMs()),
    lastHeardMs: bank.lastHeardMs,
  };
}

function unknownBank(): HoldfastError {
  return new HoldfastError('not-found', 'There is no such bank here.');
}
