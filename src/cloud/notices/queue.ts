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

/** Queues notices in their order. What was queued before under its reference is not queued again. */
export async function queue(cloud: Cloud, tx: Tx, all: readonly Queue[]): Promise<void> {
  const atMs = cloud.clock.nowMs();
  const wanted = all.map((of) => ({ ...of, notice: idFrom('notice', cloud.random.bytes(16)), atMs }));
  const queued = await store.insertNotices(tx, wanted);
  const added = wanted.filter(({ notice }) => queued.has(notice));
  if (added.length === 0) return;
  await cloud.journal.recordAll(
    tx,
    added.map(({ channel, what, notice, person, content }) => ({
      draft: {
        kind: 'notice.queued',
        facts: { channel, what },
        fields: { notice, person, ...(content.is === 'link' ? {} : { parcel: content.parcel }) },
      },
      owners: { notice: person, person, parcel: person },
    })),
  );
  await addTries(
    cloud,
    tx,
    added.map(({ notice, channel }) => ({ notice, channel, tries: 0, atMs: null })),
  );
  await cloud.changed(tx, ['notices']);
}

type Try = { notice: NoticeId; channel: store.Channel; tries: number; atMs: number | null };

/** So many messages of a channel are under way at once, in all processes together. The engine has workers for more. */
const LANES = 2;

/**
 * A far side that is slow, or black-holed, is waited for by the workers of its own channel: codes by SMS do not stand
 * behind a mail server, and neither stands before erasures, reminders and exports.
 */
// The last letter of an id has three bits and not five, and is nearly always of one kind.
function laneOf({ notice, channel }: Pick<Try, 'notice' | 'channel'>): string {
  return `notices ${channel} ${(notice.codePointAt(notice.length - 2) ?? 0) % LANES}`;
}

/** Tries of their own, in the caller's transaction. The key is not the one of a job that may run now. */
export async function addTries(cloud: Cloud, tx: Tx, tries: readonly Try[]): Promise<void> {
  const tenant = tenantOf(tx);
  await cloud.addJobs(
    tx,
    tries.map(({ notice, channel, tries, atMs }) => ({
      name: SEND_JOB,
      payload: { tenant, notice },
      key: `${notice}/${tries}`,
      lane: laneOf({ notice, channel }),
      ...(atMs === null ? {} : { runAtMs: atMs }),
    })),
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
