/** Queuing a notice: its row, its record and the job that sends it, all or none. */
import { idFrom, type NoticeId, type PersonId } from '../../domain/ids.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type * as people from '../people/people.ts';
import * as store from './store.ts';

export const SEND_JOB = 'notices.send';

export type Queue = {
  reference: string;
  what: store.What;
  channel: store.Channel;
  person: PersonId;
  content: store.Content;
};

export async function queue(cloud: Cloud, tx: Tx, of: Queue): Promise<void> {
  const notice = idFrom('notice', cloud.random.bytes(16));
  if (!(await store.insertNotice(tx, { ...of, notice, atMs: cloud.clock.nowMs() }))) return;
  const parcel = of.content.is === 'link' ? undefined : of.content.parcel;
  await cloud.journal.record(
    tx,
    {
      kind: 'notice.queued',
      facts: { channel: of.channel, what: of.what },
      fields: { notice, person: of.person, ...(parcel ? { parcel } : {}) },
    },
    { notice: of.person, person: of.person, parcel: of.person },
  );
  await addTry(cloud, tx, { notice, tries: 0, atMs: null });
  await cloud.changed(tx, ['notices']);
}

/** A try of its own, in the caller's transaction. Its key is not the one of a job that may run now. */
export async function addTry(
  cloud: Cloud,
  tx: Tx,
  of: { notice: NoticeId; tries: number; atMs: number | null },
): Promise<void> {
  const key = `${of.notice}/${of.tries}`;
  await cloud.addJob(
    tx,
    SEND_JOB,
    { tenant: await tenantOf(tx), notice: of.notice },
    of.atMs === null ? { key } : { key, runAtMs: of.atMs },
  );
}

/** The channels that a person wants and can be reached by. */
export function channelsOf({ profile }: Pick<people.Person, 'profile'>): store.Channel[] {
  const { phone, email, channels } = profile;
  const wanted: store.Channel[] = [];
  if (phone !== null && channels.sms) wanted.push('sms');
  if (email !== null && channels.email) wanted.push('email');
  return wanted;
}
