/**
 * A bank or a door that people take out of use for some hours, and what the bank made of it. The bank is the judge: it
 * may refuse (24 hours in all for its doors and each roster), it may be out of reach, and it says which suspensions it
 * holds. So what was asked and what holds are shown as two things.
 */
import type { z } from 'zod';
import type { suspensionView } from '../../contract/http/admin.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Projection } from '../noun.ts';
import * as people from '../people/people.ts';
import * as store from './store.ts';
import * as suspensions from './suspension-store.ts';
import { HOUR_MS, lift, messageOf, SUSPENSION_MS, suspend } from './suspensions.ts';

/** `door` null: the whole bank. */
export type Place = { bank: string; door: number | null };
type Act = Place & { by: PersonId | null; purpose: string };

/** What there is of the place; throws where there is none. */
async function requirePlace(tx: Tx, { bank, door }: Place): Promise<store.Bank> {
  const [found] = await store.selectBanks(tx, { bank });
  if (!found) throw new HoldfastError('not-found', 'There is no such bank here.');
  const isThere = door === null || found.layout.compartments.some(({ n }) => n === door);
  if (!isThere) throw new HoldfastError('not-found', 'This bank has no such door.');
  return found;
}

async function inForce(cloud: Cloud, tx: Tx, bank: store.Bank, door: number | null) {
  const rows = await suspensions.suspensionsAt(tx, bank.bank, cloud.clock.nowMs());
  return rows.filter(
    (row) => row.lifted_at_ms === null && row.scope !== 'courier' && row.compartment === door,
  );
}

/** Asks the bank to serve nobody at this place. `already`: it was asked before, and that is not over or lifted. */
export async function suspendPlace(
  cloud: Cloud,
  tx: Tx,
  { bank, door, hours, by, purpose }: Act & { hours: number },
): Promise<'asked' | 'already'> {
  const found = await requirePlace(tx, { bank, door });
  if (found.retired)
    throw new HoldfastError('conflict', 'This bank is out of service for good; it is told nothing more.');
  await store.lockBank(tx, found.bank);
  // A bank takes one suspension of a place at a time and would refuse the second.
  if ((await inForce(cloud, tx, found, door)).length > 0) return 'already';
  await suspend(cloud, tx, {
    site: found.site,
    scope: door === null ? 'bank' : 'compartment',
    subject: null,
    compartment: door,
    bank: found.bank,
    untilMs: cloud.clock.nowMs() + Math.min(hours * HOUR_MS, SUSPENSION_MS),
    by,
    purpose,
  });
  return 'asked';
}

/** Ends what was asked of this place. False where nothing was. */
export async function liftPlace(cloud: Cloud, tx: Tx, { bank, door, by, purpose }: Act): Promise<boolean> {
  const found = await requirePlace(tx, { bank, door });
  await store.lockBank(tx, found.bank);
  const rows = await inForce(cloud, tx, found, door);
  for (const { suspension_id: id } of rows) await lift(cloud, tx, { id, by, purpose });
  return rows.length > 0;
}

type Shown = z.infer<typeof suspensionView>;

/** What is suspended at a bank as a whole and at its doors, couriers aside, in the order in which it was asked. */
export async function suspendedAt(cloud: Cloud, tx: Tx, bank: store.Bank): Promise<Shown[]> {
  const held = new Set(bank.hello?.suspensions);
  const rows = (await suspensions.suspensionsAt(tx, bank.bank, cloud.clock.nowMs())).filter(
    (row) => row.scope !== 'courier' && (row.lifted_at_ms === null || held.has(row.suspension_id)),
  );
  const askers = rows.flatMap(({ asked_by: by }) => by ?? []);
  const names = askers.length > 0 ? await people.findPersons(cloud, tx, askers) : undefined;
  return rows.map((row) => {
    const state = stateOf(row, held);
    return {
      ...{ door: row.compartment, askedAtMs: row.asked_at_ms, untilMs: row.until_ms, state },
      by: row.asked_by === null ? null : (names?.get(row.asked_by)?.profile.name ?? ''),
      refused: state === 'refused' ? row.refused : null,
    };
  });
}

/** What the bank itself said last of what it holds goes before what it refused earlier: a new roster lets it take it. */
function stateOf(row: suspensions.SuspensionRow, held: ReadonlySet<string>): Shown['state'] {
  if (row.lifted_at_ms !== null) return 'lifting';
  if (held.has(row.suspension_id)) return 'applied';
  return row.refused === null ? 'asked' : 'refused';
}

/** A bank names what it refused by the hash of the message. Of what concerns one bank alone there is one answer. */
export const suspensionProjection: Projection = {
  kinds: ['message.refused'],
  async follow(cloud, tx, { bank, told }) {
    const rows = await suspensions.suspensionsAt(tx, bank, cloud.clock.nowMs());
    const asked = new Map(rows.map((row) => [hashOf(row), row.suspension_id]));
    let refused = 0;
    for (const { record } of told) {
      const id = asked.get(String(record.facts.hash));
      if (id === undefined) continue;
      await suspensions.setSuspensionRefused(tx, id, String(record.facts.reason));
      refused += 1;
    }
    if (refused > 0) await cloud.changed(tx, ['banks']);
    return [];
  },
};

const hashOf = (row: suspensions.SuspensionRow): string =>
  base64url(sha256(utf8(JSON.stringify(messageOf(row)))));
