/**
 * The sealed bytes of evidence in a backup: a line each in the file of rows, so that its hash and its HMAC cover them.
 * What opens them stands sealed in their rows, under keys of persons that are in the file of keys: who was erased has
 * none in a newer one, and so the bytes in an older backup are forgotten with them. They are put back only where a row
 * that can still be read lacks them, and everything is held against what the records committed to.
 */
import pg from 'pg';
import { z } from 'zod';
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type EvidenceId, type ParcelId, parseId, type TenantId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { checkEvidence, type EvidenceObjects } from '../evidence/evidence.ts';
import { allTenants } from '../tenants/tenants.ts';
import { type BackupWriter, readBackup } from './file.ts';
import { EVIDENCE_OBJECTS } from './tables.ts';

const WANTED = `select evidence_id as id, parcel_id as parcel from evidence where sealed is not null order by 1`;

type From = { ownerUrl: string; evidence: EvidenceObjects; writer: BackupWriter };

/** Of the rows that the backup has; answers which of them have no bytes. An object is durable before its row is. */
export async function copyEvidence(
  client: pg.Client,
  tenants: readonly string[],
  { ownerUrl, evidence, writer }: From,
): Promise<string[]> {
  const missing: string[] = [];
  for (const id of tenants) {
    const tenant = id as TenantId;
    await client.query(`select set_config('holdfast.tenant', $1, true)`, [tenant]);
    const { rows } = await client.query<{ id: EvidenceId; parcel: ParcelId }>(WANTED);
    const gone: string[] = [];
    for (const place of rows) {
      const sealed = await evidence.read({ tenant, ...place });
      if (!sealed) gone.push(place.id);
      else writer.row(EVIDENCE_OBJECTS, JSON.stringify({ tenant, ...place, sealed: base64url(sealed) }));
    }
    if (gone.length > 0) await refuseErased(ownerUrl, tenant, gone);
    missing.push(...gone);
  }
  return missing;
}

/** Bytes that went with their person since the rows were read are not missing: that person's keys are in this backup. */
async function refuseErased(ownerUrl: string, tenant: TenantId, ids: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'holdfast backup' });
  await client.connect();
  try {
    await client.query(`select set_config('holdfast.tenant', $1, false)`, [tenant]);
    const { rows } = await client.query(
      'select 1 from evidence where sealed is null and evidence_id = any($1) limit 1',
      [ids],
    );
    if (rows[0]) throw new HoldfastError('conflict', 'somebody was erased meanwhile; take the backup again');
  } finally {
    await client.end();
  }
}

const objectSchema = z.strictObject({
  tenant: z.string(),
  id: z.string(),
  parcel: z.string(),
  sealed: z.string(),
});

type Finding = { where: string; what: string };
export type PutBack = { put: number; findings: Finding[] };

/**
 * Behind the rows, and behind the erasures that came after the backup. What lies in the folder as it was recorded is
 * left as it is; what is not there, or is something else, is put there. What is wrong even then is answered.
 */
export async function putEvidenceBack(
  cloud: Cloud,
  { file, sha256 }: { file: string; sha256: string },
): Promise<PutBack> {
  const before = await checkAll(cloud);
  if (before.length === 0) return { put: 0, findings: [] };
  const wrong = new Set(before.map(({ where }) => where));
  let put = 0;
  const { whole } = await readBackup(file, async (table, json) => {
    if (table !== EVIDENCE_OBJECTS) return;
    const { place, sealed } = objectOf(file, json);
    if (!wrong.has(place.id)) return;
    await cloud.evidence.write(place, sealed);
    put += 1;
  });
  if (whole.sha256 !== sha256)
    throw new HoldfastError('conflict', `${file} is another file now than it was a moment ago`);
  return { put, findings: await checkAll(cloud) };
}

async function checkAll(cloud: Cloud): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const tenant of await allTenants(cloud)) findings.push(...(await checkEvidence(cloud, tenant)));
  return findings;
}

/** The places are names of files: they are of the form of our ids, or nothing is written. */
function objectOf(file: string, json: string) {
  const { sealed, ...names } = objectSchema.parse(JSON.parse(json));
  const [tenant, parcel] = [parseId('tenant', names.tenant), parseId('parcel', names.parcel)];
  const [id, bytes] = [parseId('evidence', names.id), fromBase64url(sealed)];
  if (!tenant || !parcel || !id || !bytes)
    throw new HoldfastError('input-invalid', `${file} is not a whole backup: evidence in it has no place`);
  return { place: { tenant, parcel, id }, sealed: bytes };
}
