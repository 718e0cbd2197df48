/** Evidence: files that staff attach to a parcel, kept byte for byte, sealed to whom they are about, and forgotten with them. */
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import { forgetEvidenceOf } from './store.ts';
import { sweepEvidence } from './sweep.ts';

export { type AboutWhom, attach, handOutEvidence } from './attach.ts';
export { checkEvidence } from './check.ts';
export { type EvidenceObjects, folderOfEvidence } from './objects.ts';
export {
  bytesOfEvidence,
  evidenceOfParcel,
  evidenceOfRecords,
  evidenceShowing,
  type ReadableEvidence,
  recordsOfEvidence,
} from './shown.ts';

const SWEEP = 'evidence.sweep';

/** With the person. The objects go behind the transaction; nobody has the key to them from here on. */
export async function forgetEvidence(cloud: Cloud, tx: Tx, person: PersonId): Promise<void> {
  if ((await forgetEvidenceOf(tx, person)) > 0)
    await cloud.addJobs(tx, [{ name: SWEEP, payload: {}, key: SWEEP }]);
}

export const evidence: Noun = {
  migrations,
  routes,
  jobs: { [SWEEP]: sweepEvidence },
  schedule: [{ job: SWEEP, cron: '41 * * * *' }],
};
