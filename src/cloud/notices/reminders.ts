/**
 * Reminders, and the word that the time is over. A parcel that was put in leaves a job for each day on which
 * its recipient is to be reminded; a job finds the parcel waiting, or does nothing. The job stands or falls
 * with the record of the deposit, and a notice has one reference a parcel and day, so that nobody is told
 * twice however often a job runs.
 *
 * A bank that is offline may have handed the parcel out already: the texts say so.
 */
import { z } from 'zod';
import { isId, type ParcelId, type TenantId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud, JobPayload, NewJob } from '../deps.ts';
import * as people from '../people/people.ts';
import { channelsOf, type Queue, queue } from './queue.ts';
import * as store from './store.ts';

export const REMIND_JOB = 'notices.remind';
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = [2, 1];

/** The jobs that remind of a parcel. */
export function remindersOf(cloud: Cloud, tenant: TenantId, { parcel, untilMs }: store.Waiting): NewJob[] {
  const days = cloud.config.reminderDays ?? DEFAULT_DAYS;
  return (
    days
      .map((day) => ({
        name: REMIND_JOB,
        payload: { tenant, parcel, days: day },
        runAtMs: untilMs - day * DAY_MS,
        key: `${REMIND_JOB}/${parcel}/${day}`,
      }))
      // A bank that was offline for days tells of old parcels: the arrival notice goes out now, and is enough.
      .filter(({ runAtMs }) => runAtMs > cloud.clock.nowMs())
  );
}

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
    await tell(cloud, tx, waiting, days);
  });
}

async function putOff(
  cloud: Cloud,
  tx: Tx,
  { parcel, days, dueMs }: { parcel: ParcelId; days: number; dueMs: number },
): Promise<void> {
  // A key of its own: the engine holds the one of the job that runs now.
  const key = `${REMIND_JOB}/${parcel}/${days}/later`;
  const payload = { tenant: tenantOf(tx), parcel, days };
  await cloud.addJobs(tx, [{ name: REMIND_JOB, payload, runAtMs: dueMs, key }]);
}

async function tell(cloud: Cloud, tx: Tx, waiting: store.Waiting, day: number): Promise<void> {
  const recipient = await people.findPerson(cloud, tx, waiting.person);
  await queue(
    cloud,
    tx,
    placeNotices(recipient, waiting, { what: 'reminder', reference: `${waiting.parcel}/reminder/${day}` }),
  );
}

/** What tells a recipient where their parcel lies; nothing to who has left. */
export function placeNotices(
  recipient: people.Person | undefined,
  { person, parcel, bank, compartment, untilMs }: store.Waiting,
  of: { what: 'reminder' | 'expiry'; reference: string },
): Queue[] {
  if (!recipient?.active) return [];
  const content = { is: 'place', parcel, bank, compartment, untilMs } as const;
  return channelsOf(recipient).map((channel) => ({ ...of, person, channel, content }));
}
