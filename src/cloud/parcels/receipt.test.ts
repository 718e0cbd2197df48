/** A receipt as an administrator gets it: verified with the site root's key and a policy, and nothing of the cloud's. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { idFrom, type PersonId, type TenantId } from '../../domain/ids.ts';
import { type PolicyFile, parsePolicyFile } from '../../ledger/log/policy-file.ts';
import { type Receipt, receiptSchema, verifyReceipt } from '../../ledger/receipt.ts';
import { PROOF_TO_COME } from '../../ledger/receipt-log.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { createLog, drain } from '../log/log.ts';
import { addAdmin, addResident } from '../people/people.ts';
import { enrolledBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { filledTenant } from '../test-tenants.ts';
import { cosign, policyTextOf } from '../test-witnesses.ts';
import { parcels } from './parcels.ts';

const root = newSigningKey();
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

/** As the route answers an administrator whom the gate let in. */
async function receiptFor(
  cloud: Cloud,
  { tenant, parcel, admin }: { tenant: TenantId; parcel: string; admin: PersonId },
): Promise<Receipt> {
  const url = '/api/admin/parcels/:id/receipt';
  const route = (parcels.routes ?? []).find((one) => one.url === url) ?? assert.fail(url);
  const actor = { is: 'admin', tenant, person: admin, role: 'admin', signedInAtMs: 0 };
  const answer = await route.handle({ cloud, actor, params: { id: parcel } } as never);
  return receiptSchema.parse(JSON.parse(JSON.stringify(answer)));
}

async function policyOf(cloud: Cloud, tenant: TenantId): Promise<PolicyFile> {
  const read = parsePolicyFile(await policyTextOf(cloud, tenant));
  assert.ok(read.ok);
  return read.policy;
}

test('a receipt holds each record’s proof under a checkpoint that three witnesses cosigned, each at most 2,000 bytes', async () => {
  const { cloud } = stand;
  const of = await filledTenant(cloud, { root, mark: 'Alder' });
  await drain(cloud, of.tenant);
  await cosign(cloud, of.tenant);
  const receipt = await receiptFor(cloud, { ...of, admin: of.people.admin });
  assert.ok(receipt.entries.length > 1);
  for (const { proof } of receipt.entries) {
    assert.ok(proof && Buffer.byteLength(proof) <= 2_000);
    assert.equal(proof.split('\n').filter((line) => line.startsWith('— witness.example.org/')).length, 3);
  }
  const trust = { site: of.site, rootKeys: [base64url(root.publicKey)], k: 1 };
  const policy = await policyOf(cloud, of.tenant);
  const { holds, verdicts } = verifyReceipt(receipt, { ...trust, policy });
  assert.ok(holds, JSON.stringify(verdicts));
  assert.ok(verdicts.some(({ says }) => says === '3 of 3 witnesses cosigned, which is the quorum two'));
});

test('a receipt of before its records are in the log says that the proofs are to come, and a later one has them', async () => {
  const { cloud, tenant, site } = stand;
  await createLog(cloud, { tenant, host: 'ledger.example.org', succeeds: false });
  await drain(cloud, tenant);
  const person = { name: 'Ada', flat: '12', email: null, phone: null, accessible: false };
  const recipient = await stand.inTenant((tx) => addResident(cloud, tx, { site, ...person, by: null }));
  const admin = await stand.inTenant((tx) =>
    addAdmin(cloud, tx, { role: 'admin', name: 'Sam', email: 'sam@example.org', by: null }),
  );
  const bank = await enrolledBank(cloud, tenant, site);
  const ids = {
    courier: idFrom('person', new Uint8Array(16)),
    carrier: idFrom('carrier', new Uint8Array(16)),
  };
  const parcel = bank.writeJourney({
    ...{ ...ids, recipient, compartment: 3, tracking: 'RR123456789DE', collect: true },
  });
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  const before = await receiptFor(cloud, { tenant, parcel, admin });
  assert.ok(before.log);
  assert.deepEqual(
    before.entries.map(({ proof }) => proof),
    before.entries.map(() => PROOF_TO_COME),
  );
  await drain(cloud, tenant);
  const after = await receiptFor(cloud, { tenant, parcel, admin });
  assert.ok(after.entries.every(({ proof }) => proof?.startsWith('c2sp.org/tlog-proof@v1\n')));
  const bare = ({ entries, ...rest }: Receipt) => ({
    ...rest,
    entries: entries.map(({ proof: _, ...entry }) => entry),
  });
  assert.deepEqual(bare(after), bare(before), 'nothing else changed');
});
