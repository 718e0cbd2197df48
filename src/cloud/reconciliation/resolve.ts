/**
 * A person's last word on what no count can explain: where a parcel that was missing has turned up. It is a record
 * of the cloud, and the bank's own records stay as they are.
 */
import type { z } from 'zod';
import type { resolution } from '../../contract/http/reconciliation.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type BankId, type PersonId, parseId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as store from './store.ts';

type Resolve = z.infer<typeof resolution> & { bank: BankId; by: PersonId };

export async function resolve(cloud: Cloud, tx: Tx, { bank, seq, how, note, by }: Resolve): Promise<void> {
  const open = await store.lockOpen(tx, { bank, seq });
  if (!open) throw new HoldfastError('conflict', 'There is no open discrepancy by that record.');
  const atMs = cloud.clock.nowMs();
  await store.setResolved(tx, { bank, seq, how, atMs });
  const { compartment } = open;
  const parcel = parseId('parcel', open.parcel ?? '');
  const place = compartment === null ? {} : { compartment };
  await cloud.journal.record(
    tx,
    {
      kind: 'discrepancy.resolved',
      ...place,
      facts: { what: open.what, how },
      fields: { person: by, subject: bank, note, ...(parcel ? { parcel } : {}) },
    },
    { person: by },
  );
  await endAlarm(cloud, tx, { bank, compartment, by });
  await cloud.changed(tx, ['reconciliation', 'attention']);
}

type Ends = { bank: BankId; compartment: number | null; by: PersonId };

/** The bank cannot end an alarm about a parcel that it no longer has; once nothing is open there, a person can. */
async function endAlarm(cloud: Cloud, tx: Tx, { bank, compartment, by }: Ends): Promise<void> {
  const others = await store.openReported(tx, { bank, limit: 1000 });
  if (others.some((one) => one.compartment === compartment)) return;
  if (!(await store.hasAlarm(tx, bank, compartment))) return;
  const facts = { condition: 'discrepancy' } as const;
  const place = compartment === null ? {} : { compartment };
  await cloud.journal.record(
    tx,
    { kind: 'alarm.ended', ...place, facts, fields: { person: by, subject: bank } },
    { person: by },
  );
  await banks.moveAlarms(cloud, tx, {
    bank,
    moves: [{ move: 'ends', seq: 0, compartment, names: null, atMs: cloud.clock.nowMs(), ...facts }],
  });
}
