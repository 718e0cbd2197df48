/** A notice that was given up is sent again by an administrator, who has mended what was wrong. */
import { HoldfastError } from '../../domain/errors.ts';
import { isId, type PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { addTries } from './queue.ts';
import * as store from './store.ts';

/** As long as there is something to say: a code that lives, or where a parcel lies. A link is asked for anew. */
export function canSendAgain(cloud: Cloud, { state, content }: store.NoticeRow): boolean {
  if (state !== 'dead' || content === null || content.is === 'link') return false;
  return content.is === 'place' || content.untilMs > cloud.clock.nowMs();
}

export async function sendAgain(
  cloud: Cloud,
  tx: Tx,
  { notice, by }: { notice: string; by: PersonId },
): Promise<store.NoticeRow> {
  const row = isId('notice', notice) ? await store.findNotice(tx, notice) : undefined;
  if (!row) throw new HoldfastError('not-found', 'There is no notice here by that id.');
  if (!canSendAgain(cloud, row))
    throw new HoldfastError(
      'conflict',
      'This notice cannot be sent again: it was not given up, or its code has ended and is forgotten.',
    );
  const nowMs = cloud.clock.nowMs();
  await store.startAnew(tx, row.notice, nowMs);
  await cloud.journal.record(
    tx,
    {
      kind: 'notice.again',
      facts: { channel: row.channel },
      fields: { notice: row.notice, subject: row.person, person: by },
    },
    { notice: row.person, subject: row.person, person: by },
  );
  await addTries(cloud, tx, [{ notice: row.notice, channel: row.channel, tries: 0, atMs: null }]);
  await cloud.changed(tx, ['notices', 'attention']);
  return { ...row, state: 'queued', tries: 0, lastError: null };
}
