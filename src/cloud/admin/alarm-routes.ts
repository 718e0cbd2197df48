/** Alarms in the hands of administrators: taken into care, ended with a reason, and all of them as they were. */
import { z } from 'zod';
import { alarmCare, alarmEnd, alarms as alarmsPage } from '../../contract/http/alarms.ts';
import { pageQuery } from '../../contract/http/common.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { BankId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import { type Route, route } from '../http/http.ts';
import * as people from '../people/people.ts';

const bankParams = z.strictObject({ id: z.string().max(64) });

async function requireBank(tx: Tx, id: string): Promise<BankId> {
  const bank = await banks.findBank(tx, id);
  if (!bank) throw new HoldfastError('not-found', 'There is no such bank here.');
  return bank.bank;
}

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/alarms',
    access: 'admin',
    says: 'Every alarm, newest first, with who cared for it, and who ended it for which reason.',
    schema: { query: pageQuery, response: alarmsPage },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows, nextCursor } = await banks.alarmHistory(cloud, tx, query);
        const persons = rows.flatMap(({ acts }) => acts.map(({ by }) => by));
        const names = await people.findPersons(cloud, tx, persons);
        const named = rows.map((row) => ({
          ...row,
          acts: row.acts.map((act) => ({ ...act, by: names.get(act.by)?.profile.name ?? '' })),
        }));
        return { items: named, nextCursor };
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/alarms/care',
    access: 'admin',
    says: 'Takes an alarm into care: who looks into it is shown to the others, and it stands.',
    schema: { params: bankParams, body: alarmCare },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const bank = await requireBank(tx, params.id);
        await banks.careForAlarm(cloud, tx, { ...body, bank, by: actor.person });
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/banks/:id/alarms/end',
    access: 'admin',
    says: 'Ends an alarm that is in care and that no bank may end of itself, with a reason.',
    schema: { params: bankParams, body: alarmEnd },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const bank = await requireBank(tx, params.id);
        await banks.endAlarm(cloud, tx, { ...body, bank, by: actor.person });
      }),
  }),
];
