/** Bundles of evidence: made by command or for an administrator, encrypted to their receiver, kept for a week. */
import { sealedColumn } from '../keys/keys.ts';
import type { Noun } from '../noun.ts';
import { aboutPlace, envelopePlace, MAKE, SWEEP } from './kept.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import { makeAsked, sweepExports } from './run.ts';

export { forgetExports, noteGiven } from './kept.ts';
export { type Exported, makeExport } from './make.ts';
export { type ExportReceiver, type GivenReceiver, NOBODY_NAMED, receiverFrom } from './receiver.ts';
export {
  type Asked,
  EXPORT_TEXT_MAX,
  rangesTaken,
  readOpened,
  readPlainSelection,
  readSelection,
} from './selection.ts';
export { holdForErasure } from './store.ts';

export const exports: Noun = {
  migrations,
  routes,
  jobs: { [MAKE]: makeAsked, [SWEEP]: sweepExports },
  schedule: [{ job: SWEEP, cron: '29 * * * *' }],
  underTenantKey: [
    sealedColumn({
      table: 'exports',
      column: 'about',
      by: { export_id: 'text' },
      where: 'person_id is null',
      place: ([id]) => aboutPlace(String(id)),
    }),
    sealedColumn({
      table: 'exports',
      column: 'envelope',
      by: { export_id: 'text' },
      place: ([id]) => envelopePlace(String(id)),
    }),
  ],
};
