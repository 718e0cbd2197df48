/**
 * A bank of the first organisation for tests over HTTP: its records are written as the bank would, and arrive in the
 * cloud when the test says so.
 */
import assert from 'node:assert/strict';
import type { PersonId } from '../../domain/ids.ts';
import { NOUNS } from '../cloud.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import type { HttpStand } from './test-http-stand.ts';

type Lying = { compartment: number; tracking?: string; untilMs?: number; collect?: boolean };

export type TestRecords = {
  bank: TestBank;
  /** What was written at the bank arrives in the cloud. */
  send(): Promise<void>;
  /** A parcel from the organisation's own courier to its own resident; answers which. */
  parcel(of: Lying): string;
  report(compartment: number, what: string, parcel?: string): number;
  count(compartment: number, found: string, parcel?: string): number;
  held(compartment: number, parcel: string): void;
  freedByOrder(compartment: number, parcel: string): void;
};

export async function testRecords(http: HttpStand): Promise<TestRecords> {
  const { stand, alder } = http;
  const bank = await enrolledBank(stand.cloud, alder.tenant, alder.site);
  const about = (parcel: string | undefined) => (parcel === undefined ? {} : { fields: { parcel } });
  return {
    bank,
    async send() {
      const message = await bank.batch();
      const from = { tenant: alder.tenant, bank: bank.bank, message };
      assert.ok((await takeBatch(stand.cloud, projectionsOf(NOUNS), from)).taken);
    },
    parcel: ({ compartment, tracking = `Alder ${compartment}`, collect = false, ...until }) =>
      bank.writeJourney({
        courier: alder.people.courier as PersonId,
        recipient: alder.people.resident as PersonId,
        carrier: alder.carrier,
        ...{ compartment, tracking, collect, ...until },
      }),
    report: (compartment, what, parcel) =>
      bank.write({ kind: 'discrepancy.reported', compartment, facts: { what }, ...about(parcel) }),
    count: (compartment, found, parcel) =>
      bank.write({ kind: 'count.taken', compartment, facts: { found }, ...about(parcel) }),
    held: (compartment, parcel) =>
      void bank.write({
        ...{ kind: 'parcel.held', compartment, facts: { why: 'discrepancy' }, fields: { parcel } },
      }),
    freedByOrder: (compartment, parcel) =>
      void bank.write({
        ...{ kind: 'compartment.freed', compartment, facts: { basis: 'order' }, fields: { parcel } },
      }),
  };
}
