/** Privacy: erasure that keeps the proof, legal holds that stand before it, and how long who moved out is kept. */
import { parseId } from '../../domain/ids.ts';
import { sealedColumn } from '../keys/keys.ts';
import type { Noun } from '../noun.ts';
import { SETTLE, settle } from './erase.ts';
import { migrations } from './migrations.ts';
import { placeOfReason } from './parcel-holds.ts';
import { retainAll } from './retention.ts';
import { routes } from './routes.ts';

export { type Erasure, eraseLost, erasePerson, settle } from './erase.ts';
export { type Held, liftHolds, placeHold, standingHolds } from './holds.ts';
export { type HeldParcel, liftParcelHolds, placeParcelHold, standingParcelHolds } from './parcel-holds.ts';
export { previewRetention, retainAll, retentionOf, setRetention } from './retention.ts';

export const privacy: Noun = {
  migrations,
  routes,
  jobs: {
    [SETTLE]: async (cloud, { tenant: text }) => {
      const tenant = parseId('tenant', String(text));
      if (tenant) await settle(cloud, tenant);
    },
    'privacy.retain': retainAll,
  },
  schedule: [{ job: 'privacy.retain', cron: '23 3 * * *' }],
  underTenantKey: [
    sealedColumn({
      table: 'parcel_holds',
      column: 'reason',
      by: { hold_id: 'text' },
      where: 'owner_id is null',
      place: ([hold]) => placeOfReason(String(hold)),
    }),
  ],
};
