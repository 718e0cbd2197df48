/** The record of a bundle, and what has to hold when it is committed. */
import { base64url } from '../../crypto/bytes.ts';
import { canonical } from '../../ledger/export/format.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Exported, ExportOrder } from './make.ts';
import type { Packed } from './parts.ts';
import { receiverSubject } from './receiver.ts';
import { holdForRecording } from './store.ts';

type Made = { made: Exported; whole: Packed; showsErased(tx: Tx): Promise<boolean> };

/**
 * What was asked for, and why, stands behind commitments; where it names a person, under that person's key. False, and nothing is
 * recorded, where somebody was erased of whom something is in it: their erasure could not count this bundle. No erasure
 * commits between this look and the record, so that one which comes later counts it.
 */
export async function recordExport(
  cloud: Cloud,
  order: ExportOrder,
  { made, whole, showsErased }: Made,
): Promise<boolean> {
  const { tenant, selection, opened, purpose, madeBy, receiver, by } = order;
  const { person } = selection;
  const subject = canonical({
    ...{ ...selection, opened, madeBy },
    ...receiverSubject(receiver, whole.fileSha256),
  });
  const draft = {
    kind: 'export.made',
    facts: { entries: made.records, hash: base64url(whole.sha256) },
    fields: { purpose, subject, ...(by === null ? {} : { person: by }) },
  } as const;
  const owners = {
    ...(person === null ? {} : { subject: person, purpose: person }),
    ...(by === null ? {} : { person: by }),
  };
  return cloud.database.tenant(tenant, async (tx) => {
    await holdForRecording(tx);
    if (await showsErased(tx)) return false;
    const { seq } = await cloud.journal.record(tx, draft, owners);
    await order.note?.(tx, { ...made, seq });
    await cloud.changed(tx, ['journal']);
    return true;
  });
}
