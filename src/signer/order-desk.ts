/** What `holdfast admin order` asks of the cloud, over the pinned connection of an operator. */
import { operatorBank, operatorBanks, orderRow, orders } from '../contract/http/orders.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Order } from '../domain/order.ts';
import { sleep, systemClock } from '../platform/clock.ts';
import { callPinned } from '../platform/https.ts';
import type { OperatorAccess } from './roster-desk.ts';
import { visible } from './visible.ts';

type Row = ReturnType<typeof orderRow.parse>;
type Known = ReturnType<typeof operatorBank.parse>;

export type Desk = {
  banks(): Promise<Known[]>;
  bank(id: string): Promise<Known>;
  submit(bank: string, note: string): Promise<Row>;
  /** What the cloud shows of an order once the bank's record of it came, or after a while without one. */
  answer(order: Order): Promise<Row>;
};

const LOOK_MS = 500;
const PATIENCE_MS = 15_000;

export function openDesk(access: OperatorAccess): Desk {
  const call = async (method: 'GET' | 'PUT', path: string, body?: object): Promise<unknown> => {
    const { status, text } = await callPinned({
      url: `${access.api}/api/operator${path}`,
      method,
      pins: access.pins,
      headers: { authorization: `Bearer ${access.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (status !== 200)
      throw new HoldfastError('upstream', `the cloud answered ${status}: ${visible(text.slice(0, 300))}`);
    return JSON.parse(text);
  };
  const rowsOf = async (bank: string) => orders.parse(await call('GET', `/banks/${bank}/orders`)).items;
  const allBanks = async (): Promise<Known[]> => {
    const all: Known[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = operatorBanks.parse(await call('GET', `/sites/${access.site}/banks?limit=200${from}`));
      all.push(...page.items);
      cursor = page.nextCursor;
    }
    return all;
  };
  return {
    banks: allBanks,
    bank: async (id) => operatorBank.parse(await call('GET', `/banks/${id}`)),
    submit: async (bank, note) => orderRow.parse(await call('PUT', `/banks/${bank}/orders`, { note })),
    async answer(order) {
      const endMs = systemClock.monotonicMs() + PATIENCE_MS;
      for (;;) {
        const row = (await rowsOf(order.bank)).find((one) => one.order === order.order);
        if (!row) throw new HoldfastError('upstream', 'the cloud does not show the order that it took');
        if (row.state !== 'waiting' || systemClock.monotonicMs() >= endMs) return row;
        await sleep(systemClock, LOOK_MS);
      }
    },
  };
}
