/**
 * Reconciliation: the record against sensors, reports and counts. The cloud computes what does not fit and says
 * what to count; a count is taken by staff at the bank, with a signed order for each door, and comes back as the
 * bank's own record.
 */
import type { Noun } from '../noun.ts';
import { projection } from './follow.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';

export { foldSight, tellsOfSight } from './follow.ts';
export { resolve } from './resolve.ts';
export { NO_SIGHT, openReported, type Sight } from './store.ts';
export { discrepanciesOf } from './views.ts';

export const reconciliation: Noun = { migrations, routes, projections: [projection] };
