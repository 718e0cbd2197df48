/** SQL of the wrapped keys. */
import { sql } from 'kysely';
import type { PersonId } from '../../domain/ids.ts';
import { bytesColumn, textColumn } from '../../platform/columns.ts';
import { planned, type Tx, tables } from '../../platform/database.ts';

/** `tenant_id` is filled in and compared by the database; no query names it. */
export type KeyTables = {
  tenant_keys: TenantKeyRow;
  wrapping_epochs: { epoch: number; wrapped: Uint8Array | null; made_at_ms: number };
  destroyed_subjects: { person_id: PersonId; at_ms: number };
  subject_keys: { person_id: string; epoch: number; wrapped: Uint8Array };
  tenant_pairs: { name: PairName; public: Uint8Array; private_sealed: Uint8Array };
  retired_intake_keys: RetiredIntakeRow;
  retired_notifier_keys: RetiredNotifierRow;
  tenant_rotations: { begun_at_ms: number };
  notifier_epochs: {
    epoch_id: string;
    public: Uint8Array;
    private_sealed: Uint8Array | null;
    note: string;
    not_before_ms: number;
    not_after_ms: number;
  };
};
/**
 * `former`: the key before, until everything is under the one of now. `epoch_place`: null until the keys of a version
 * before have been put apart.
 */
export type TenantKeyRow = { wrapped: Uint8Array; former: Uint8Array | null; epoch_place: string | null };
export type RetiredIntakeRow = {
  /** The hash of its public half, as records name it. */
  hash: string;
  private_sealed: Uint8Array;
  retired_at_ms: number;
  /** Since when no bank seals to it; null while one may. */
  unneeded_from_ms: number | null;
};
export type RetiredNotifierRow = {
  /** The hash of its public half, as records name it. */
  hash: string;
  public: Uint8Array;
  private_sealed: Uint8Array;
  retired_at_ms: number;
};
export type PairName = 'intake' | 'notifier';
export type NotifierEpochRow = KeyTables['notifier_epochs'];

const on = (tx: Tx) => tables<KeyTables>(tx);

export async function insertTenantKey(tx: Tx, row: TenantKeyRow): Promise<void> {
  await on(tx).insertInto('tenant_keys').values(row).execute();
}

const KEY_COLUMNS = ['wrapped', 'former', 'epoch_place'] as const;

export async function tenantKey(tx: Tx): Promise<TenantKeyRow | undefined> {
  return on(tx).selectFrom('tenant_keys').select(KEY_COLUMNS).executeTakeFirst();
}

/**
 * Locked until the transaction ends: `share` while subject keys are put under the newest epoch, `update` while that is
 * replaced. The row of the epoch itself would not do: whoever waited for it finds it gone.
 */
export async function lockTenantKey(tx: Tx, lock: 'share' | 'update'): Promise<TenantKeyRow | undefined> {
  const query = on(tx).selectFrom('tenant_keys').select(KEY_COLUMNS);
  return (lock === 'share' ? query.forShare() : query.forUpdate()).executeTakeFirst();
}

export async function replaceTenantKey(
  tx: Tx,
  row: { wrapped: Uint8Array; former: Uint8Array },
): Promise<void> {
  await sql`update tenant_keys set wrapped = ${row.wrapped}, former = ${row.former},
    generation = generation + 1`.execute(tx);
}

export async function dropFormer(tx: Tx): Promise<void> {
  await on(tx).updateTable('tenant_keys').set({ former: null }).execute();
}

export async function setEpochPlace(tx: Tx, place: string): Promise<void> {
  await on(tx).updateTable('tenant_keys').set({ epoch_place: place }).execute();
}

export async function insertWrappingEpoch(tx: Tx, row: { epoch: number; made_at_ms: number }): Promise<void> {
  await on(tx)
    .insertInto('wrapping_epochs')
    .values({ ...row, wrapped: null })
    .execute();
}

export type EpochRow = { epoch: number; wrapped: Uint8Array | null; madeAtMs: number };

export async function newestWrappingEpoch(tx: Tx): Promise<EpochRow | undefined> {
  return on(tx)
    .selectFrom('wrapping_epochs')
    .select(['epoch', 'wrapped', 'made_at_ms as madeAtMs'])
    .orderBy('epoch', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function deleteWrappingEpochsBefore(tx: Tx, epoch: number): Promise<void> {
  await on(tx).deleteFrom('wrapping_epochs').where('epoch', '<', epoch).execute();
}

export async function insertSubjectKeys(tx: Tx, rows: readonly KeyTables['subject_keys'][]): Promise<void> {
  if (rows.length > 0) await on(tx).insertInto('subject_keys').values(rows).execute();
}

type WrappedSubject = KeyTables['subject_keys'] & {
  epoch_wrapped: Uint8Array | null;
  tenant_wrapped: Uint8Array;
  tenant_former: Uint8Array | null;
  epoch_place: string | null;
};

/** Each with what it is wrapped under: its epoch's key, and the tenant's, of which there is one. */
const selectSubjectKeys = planned<WrappedSubject>(`
  select s.person_id, s.epoch, s.wrapped, e.wrapped as epoch_wrapped, t.wrapped as tenant_wrapped,
    t.former as tenant_former, t.epoch_place
  from subject_keys s join wrapping_epochs e using (epoch) cross join tenant_keys t
  where s.person_id = any($1::text[])`);

export async function subjectKeys(tx: Tx, persons: readonly string[]): Promise<WrappedSubject[]> {
  return await selectSubjectKeys(tx, persons);
}

type SubjectOfEpoch = { person_id: string; epoch: number; wrapped: Uint8Array };

/** Those under epochs before `epoch`, at most `limit`. */
export async function subjectKeysBefore(tx: Tx, epoch: number, limit: number): Promise<SubjectOfEpoch[]> {
  return on(tx)
    .selectFrom('subject_keys')
    .select(['person_id', 'epoch', 'wrapped'])
    .where('epoch', '<', epoch)
    .limit(limit)
    .execute();
}

export async function rewrapSubjectKeys(
  tx: Tx,
  { epoch, rows }: { epoch: number; rows: readonly { person_id: string; wrapped: Uint8Array }[] },
): Promise<void> {
  await sql`update subject_keys set epoch = ${epoch}, wrapped = fresh.wrapped
    from unnest(${textColumn(rows.map((row) => row.person_id))}::text[], ${bytesColumn(rows.map(({ wrapped }) => wrapped))}::bytea[])
      as fresh (person_id, wrapped) where subject_keys.person_id = fresh.person_id`.execute(tx);
}

export async function deleteSubjectKeys(tx: Tx, persons: readonly PersonId[]): Promise<void> {
  await on(tx)
    .deleteFrom('subject_keys')
    .where('person_id', 'in', [...persons])
    .execute();
}

export async function insertDestroyed(tx: Tx, persons: readonly PersonId[], atMs: number): Promise<void> {
  const rows = persons.map((person_id) => ({ person_id, at_ms: atMs }));
  await on(tx)
    .insertInto('destroyed_subjects')
    .values(rows)
    .onConflict((on) => on.column('person_id').doNothing())
    .execute();
}

export async function destroyedAmong(tx: Tx, persons: readonly string[]): Promise<PersonId[]> {
  const { rows } = await sql<{ person: PersonId }>`select person_id as person from destroyed_subjects
    where person_id = any(${textColumn([...persons])}::text[])`.execute(tx);
  return rows.map(({ person }) => person);
}

export async function allDestroyed(tx: Tx): Promise<PersonId[]> {
  const rows = await on(tx).selectFrom('destroyed_subjects').select('person_id').execute();
  return rows.map((row) => row.person_id);
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

/** The one of now, locked until the transaction ends. */
export async function lockPair(
  tx: Tx,
  name: PairName,
): Promise<{ public: Uint8Array; private_sealed: Uint8Array } | undefined> {
  return on(tx)
    .selectFrom('tenant_pairs')
    .select(['public', 'private_sealed'])
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
}

export async function replacePair(
  tx: Tx,
  { name, ...fresh }: { name: PairName; public: Uint8Array; private_sealed: Uint8Array },
): Promise<void> {
  await on(tx).updateTable('tenant_pairs').set(fresh).where('name', '=', name).execute();
}

export async function insertRetiredIntake(tx: Tx, row: RetiredIntakeRow): Promise<void> {
  await on(tx).insertInto('retired_intake_keys').values(row).execute();
}

/** Newest first: what arrives late was sealed to one that was replaced a while ago. */
export async function retiredIntakes(tx: Tx): Promise<RetiredIntakeRow[]> {
  return on(tx).selectFrom('retired_intake_keys').selectAll().orderBy('retired_at_ms', 'desc').execute();
}

export async function setUnneeded(tx: Tx, hash: string, fromMs: number | null): Promise<void> {
  await on(tx)
    .updateTable('retired_intake_keys')
    .set({ unneeded_from_ms: fromMs })
    .where('hash', '=', hash)
    .execute();
}

export async function deleteRetiredIntake(tx: Tx, hash: string): Promise<void> {
  await on(tx).deleteFrom('retired_intake_keys').where('hash', '=', hash).execute();
}

export async function insertRetiredNotifier(tx: Tx, row: RetiredNotifierRow): Promise<void> {
  await on(tx).insertInto('retired_notifier_keys').values(row).execute();
}

/** Newest first. */
export async function retiredNotifiers(tx: Tx): Promise<RetiredNotifierRow[]> {
  return on(tx).selectFrom('retired_notifier_keys').selectAll().orderBy('retired_at_ms', 'desc').execute();
}

export async function deleteRetiredNotifier(tx: Tx, hash: string): Promise<void> {
  await on(tx).deleteFrom('retired_notifier_keys').where('hash', '=', hash).execute();
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
