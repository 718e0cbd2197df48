/** Proofs as an administrator gets them, verified with the log's public key and the record's bytes alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parcelProofs } from '../../contract/http/proofs.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { readPolicy } from '../../ledger/log/policy.ts';
import { verifyProof } from '../../ledger/log/proof-file.ts';
import { leafHash } from '../../ledger/record.ts';
import { NOUNS } from '../cloud.ts';
import { recordsBetween } from '../journal/journal.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { filledTenant } from '../test-tenants.ts';
import { drain, proofsOf } from './log.ts';
import { record } from './test-log.ts';

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

test('each record of a bank has a proof that verifies offline, for its own bytes and no others', async () => {
  const { cloud } = stand;
  const { tenant, bank } = await filledTenant(cloud, { root: newSigningKey(), mark: 'Alder' });
  await record(cloud, tenant, 300);
  await drain(cloud, tenant);
  const rows = await cloud.database.read(tenant, (tx) => recordsBetween(tx, bank, { first: 1, last: 999 }));
  const { log, proofs } = await proofsOf(cloud, { tenant, source: bank, seqs: rows.map(({ seq }) => seq) });
  assert.ok(log && rows.length > 2);
  const policy = readPolicy({ origin: log.origin, logs: [log.vkey], witnesses: [], quorum: 0 });
  assert.ok(policy.ok);
  parcelProofs.parse({ parcel: 'p', bank, log, proofs });
  for (const [at, { seq, proof }] of proofs.entries()) {
    assert.equal(seq, rows[at]?.seq);
    assert.ok(proof && Buffer.byteLength(proof) <= 2_000);
    const leafOf = (index: number) => leafHash(new Uint8Array(rows[index]?.bytes ?? []));
    assert.ok(verifyProof(proof, { leaf: leafOf(at), policy: policy.value }).ok);
    assert.ok(!verifyProof(proof, { leaf: leafOf((at + 1) % rows.length), policy: policy.value }).ok);
  }
});

test('a record that waits has no proof yet, and a tenant without a log has none at all', async () => {
  const { cloud } = stand;
  const { tenant } = await filledTenant(cloud, { root: newSigningKey(), mark: 'Birch' });
  await record(cloud, tenant, 1);
  const end = await cloud.database.read(tenant, (tx) => cloud.journal.endOf(tx, tenant));
  const seqs = [1, end?.lastSeq ?? 0];
  const [first, waits] = (await proofsOf(cloud, { tenant, source: tenant, seqs })).proofs;
  assert.ok(first?.proof);
  const pending = { index: null, state: 'pending', cosignedBy: [], proof: null };
  assert.equal(first.state, 'integrated');
  assert.deepEqual(waits, { seq: end?.lastSeq, ...pending });
  const without = await createTenant(cloud);
  const none = await proofsOf(cloud, { tenant: without, source: without, seqs: [1] });
  assert.deepEqual(none, { log: null, proofs: [{ seq: 1, ...pending }] });
});

test('tiles that are not the signed ones give no proof', async () => {
  const { cloud } = stand;
  const { tenant } = await filledTenant(cloud, { root: newSigningKey(), mark: 'Cedar' });
  const { objects } = cloud.ledger;
  const read: typeof objects.read = async (place, path) =>
    (await objects.read(place, path))?.map((byte) => byte ^ 1);
  const spoiled = { ...cloud, ledger: { ...cloud.ledger, objects: { ...objects, read } } };
  await assert.rejects(proofsOf(spoiled, { tenant, source: tenant, seqs: [1] }), /cannot be proved/);
});

test('an administrator of another organisation is given nothing of it', async () => {
  const { cloud } = stand;
  const one = await filledTenant(cloud, { root: newSigningKey(), mark: 'Dogwood' });
  const other = await filledTenant(cloud, { root: newSigningKey(), mark: 'Elder' });
  const { proofs } = await proofsOf(cloud, { tenant: one.tenant, source: other.bank, seqs: [1, 2] });
  assert.deepEqual(
    proofs.map(({ index, proof }) => [index, proof]),
    [
      [null, null],
      [null, null],
    ],
  );
});
