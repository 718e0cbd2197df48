/** SQL of the wrapped keys. */
import { planned, type Tx, tables } from '../../platform/database.ts';

/** `tenant_id` is filled in and compared by the database; no query names it. */
export type KeyTables = {
  tenant_keys: { wrapped: Uint8Array };
  wrapping_epochs: { epoch: number; wrapped: Uint8Array; made_at_ms: number };
  subject_keys: { person_id: string; epoch: number; wrapped: Uint8Array };
  tenant_pairs: { name: PairName; public: Uint8Array; private_sealed: Uint8Array };
  notifier_epochs: {
    epoch_id: string;
    public: Uint8Array;
    private_sealed: Uint8Array | null;
    note: string;
    not_before_ms: number;
    not_after_ms: number;
  };
};
export type PairName = 'intake' | 'notifier';
export type NotifierEpochRow = KeyTables['notifier_epochs'];

const on = (tx: Tx) => tables<KeyTables>(tx);

export async function insertTenantKey(tx: Tx, wrapped: Uint8Array): Promise<void> {
  await on(tx).insertInto('tenant_keys').values({ wrapped }).execute();
}

export async function tenantKey(tx: Tx): Promise<Uint8Array | undefined> {
  return (await on(tx).selectFrom('tenant_keys').select('wrapped').executeTakeFirst())?.wrapped;
}

export async function insertWrappingEpoch(
  tx: Tx,
  row: { epoch: number; wrapped: Uint8Array; made_at_ms: number },
): Promise<void> {
  await on(tx).insertInto('wrapping_epochs').values(row).execute();
}

export async function wrappingEpoch(tx: Tx, epoch: number): Promise<Uint8Array | undefined> {
  return (
    await on(tx).selectFrom('wrapping_epochs').select('wrapped').where('epoch', '=', epoch).executeTakeFirst()
  )?.wrapped;
}

/** The newest epoch. Locked against its replacement while a subject key is put under it. */
export async function newestWrappingEpoch(
  tx: Tx,
  lock: 'share' | 'update',
): Promise<{ epoch: number; madeAtMs: number } | undefined> {
  const query = on(tx)
    .selectFrom('wrapping_epochs')
    .select(['epoch', 'made_at_ms as madeAtMs'])
    .orderBy('epoch', 'desc')
    .limit(1);
  return (lock === 'share' ? query.forShare() : query.forUpdate()).executeTakeFirst();
}

export async function deleteWrappingEpoch(tx: Tx, epoch: number): Promise<void> {
  await on(tx).deleteFrom('wrapping_epochs').where('epoch', '=', epoch).execute();
}

export async function insertSubjectKeys(tx: Tx, rows: readonly KeyTables['subject_keys'][]): Promise<void> {
  if (rows.length > 0) await on(tx).insertInto('subject_keys').values(rows).execute();
}

type WrappedSubject = KeyTables['subject_keys'] & { epoch_wrapped: Uint8Array; tenant_wrapped: Uint8Array };

/** Each with what it is wrapped under: its epoch's key, and the tenant's, of which there is one. */
const selectSubjectKeys = planned<WrappedSubject>(`
  select s.person_id, s.epoch, s.wrapped, e.wrapped as epoch_wrapped, t.wrapped as tenant_wrapped
  from subject_keys s join wrapping_epochs e using (epoch) cross join tenant_keys t
  where s.person_id = any($1::text[])`);

export async function subjectKeys(tx: Tx, persons: readonly string[]): Promise<WrappedSubject[]> {
  return await selectSubjectKeys(tx, persons);
}

export async function subjectKeysOfEpoch(
  tx: Tx,
  epoch: number,
): Promise<{ person_id: string; wrapped: Uint8Array }[]> {
  return on(tx)
    .selectFrom('subject_keys')
    .select(['person_id', 'wrapped'])
    .where('epoch', '=', epoch)
    .forUpdate()
    .execute();
}

export async function rewrapSubjectKey(
  tx: Tx,
  row: { person_id: string; epoch: number; wrapped: Uint8Array },
): Promise<void> {
  await on(tx)
    .updateTable('subject_keys')
    .set({ epoch: row.epoch, wrapped: row.wrapped })
    .where('person_id', '=', row.person_id)
    .execute();
}

export async function deleteSubjectKey(tx: Tx, person: string): Promise<void> {
  await on(tx).deleteFrom('subject_keys').where('person_id', '=', person).execute();
}

export async function insertPair(
  tx: Tx,
  row: { name: PairName; public: Uint8Array; private_sealed: Uint8Array },
): Promise<void> {
  await on(tx).insertInto('tenant_pairs').values(row).execute();
}

export async function pair(
  tx: Tx,
  name: PairName,
): Promise<{ public: Uint8Array; private_sealed: Uint8Array } | undefined> {
  return on(tx)
    .selectFrom('tenant_pairs')
    .select(['public', 'private_sealed'])
    .where('name', '=', name)
    .executeTakeFirst();
}

export async function insertNotifierEpoch(tx: Tx, row: NotifierEpochRow): Promise<void> {
  await on(tx).insertInto('notifier_epochs').values(row).execute();
}

export async function notifierEpoch(tx: Tx, epoch: string): Promise<NotifierEpochRow | undefined> {
  return on(tx).selectFrom('notifier_epochs').selectAll().where('epoch_id', '=', epoch).executeTakeFirst();
}

export async function newestNotifierEpoch(tx: Tx): Promise<NotifierEpochRow | undefined> {
  return on(tx)
    .selectFrom('notifier_epochs')
    .selectAll()
    .orderBy('not_after_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Removes the private halves of epochs that ended before `endedBeforeMs`; names them. */
export async function destroyNotifierEpochs(
  tx: Tx,
  endedBeforeMs: number,
): Promise<Pick<NotifierEpochRow, 'epoch_id' | 'public'>[]> {
  return on(tx)
    .updateTable('notifier_epochs')
    .set({ private_sealed: null })
    .where('not_after_ms', '<', endedBeforeMs)
    .where('private_sealed', 'is not', null)
    .returning(['epoch_id', 'public'])
    .execute();
}
