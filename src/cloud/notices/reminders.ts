/**
 * Reminders, and the word that the time is over. A parcel that was put in leaves a job for each day on which
 * its recipient is to be reminded; a job finds the parcel waiting, or does nothing. The job stands or falls
 * with the record of the deposit, and a notice has one reference a parcel and day, so that nobody is told
 * twice however often a job runs.
 *
 * A bank that is offline may have handed the parcel out already: the texts say so.
 */
import { z } from 'zod';
import { isId, type ParcelId, parseId, type TenantId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud, JobPayload } from '../deps.ts';
import type { Projection } from '../noun.ts';
import * as people from '../people/people.ts';
import { channelsOf, queue } from './queue.ts';
import * as store from './store.ts';

export const REMIND_JOB = 'notices.remind';
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = [2, 1];

export const onWaiting: Projection = async (cloud, tx, { tenant, bank, record, fields }) => {
  const parcel = parseId('parcel', fields.parcel ?? '');
  const person = parseId('person', fields.counterpart ?? '');
  const { untilMs } = record.facts;
  if (!parcel || !person || record.compartment === undefined || typeof untilMs !== 'number') return;
  await store.putWaiting(tx, { parcel, person, bank, compartment: record.compartment, untilMs });
  for (const days of cloud.config.reminderDays ?? DEFAULT_DAYS) {
    const runAtMs = untilMs - days * DAY_MS;
    // A bank that was offline for days tells of old parcels: the arrival notice goes out now, and is enough.
    if (runAtMs <= cloud.clock.nowMs()) continue;
    await cloud.addJob(
      tx,
      REMIND_JOB,
      { tenant, parcel, days },
      { runAtMs, key: `${REMIND_JOB}/${parcel}/${days}` },
    );
  }
};

/** Collected, taken out or held: no reminder any more. Held because its time ran out, its recipient is told. */
export const onNoLongerWaiting: Projection = async (cloud, tx, { record, fields }) => {
  const waited = await store.dropWaiting(tx, fields.parcel ?? '');
  if (waited && record.kind === 'parcel.held' && record.facts.why === 'expired')
    await tell(cloud, tx, waited, { what: 'expiry', reference: `${waited.parcel}/expiry` });
};

const remindPayload = z.strictObject({
  tenant: z.custom<TenantId>((text) => typeof text === 'string' && isId('tenant', text)),
  parcel: z.custom<ParcelId>((text) => typeof text === 'string' && isId('parcel', text)),
  days: z.int(),
});

export async function remind(cloud: Cloud, payload: JobPayload): Promise<void> {
  const { tenant, parcel, days } = remindPayload.parse(payload);
  await cloud.database.tenant(tenant, async (tx) => {
    const waiting = await store.findWaiting(tx, parcel);
    const nowMs = cloud.clock.nowMs();
    if (!waiting || waiting.untilMs <= nowMs) return;
    const dueMs = waiting.untilMs - days * DAY_MS;
    // The engine goes by the database's clock, which may run ahead of ours.
    if (nowMs < dueMs) return putOff(cloud, tx, { parcel, days, dueMs });
    await tell(cloud, tx, waiting, { what: 'reminder', reference: `${parcel}/reminder/${days}` });
  });
}

async function putOff(
  cloud: Cloud,
  tx: Tx,
  { parcel, days, dueMs }: { parcel: ParcelId; days: number; dueMs: number },
): Promise<void> {
  // A key of its own: the engine holds the one of the job that runs now.
  const key = `${REMIND_JOB}/${parcel}/${days}/later`;
  await cloud.addJob(tx, REMIND_JOB, { tenant: await tenantOf(tx), parcel, days }, { runAtMs: dueMs, key });
}

async function tell(
  cloud: Cloud,
  tx: Tx,
  { person, parcel, bank, compartment, untilMs }: store.Waiting,
  of: { what: 'reminder' | 'expiry'; reference: string },
): Promise<void> {
  const recipient = await people.findPerson(cloud, tx, person);
  if (!recipient?.active) return;
  const content = { is: 'place', parcel, bank, compartment, untilMs } as const;
  for (const channel of channelsOf(recipient)) await queue(cloud, tx, { ...of, person, channel, content });
}
