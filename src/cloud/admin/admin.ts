/** What administrators do that is not one noun's alone. */
import type { Noun } from '../noun.ts';
import { routes as alarmRoutes } from './alarm-routes.ts';
import { routes as importRoutes } from './import-routes.ts';
import { routes as peopleRoutes } from './people-routes.ts';
import { routes } from './routes.ts';

export { attentionGauges } from './gauges.ts';
export { attention, odds, rosterStates } from './overview.ts';

export const admin = { routes: [...routes, ...alarmRoutes, ...peopleRoutes, ...importRoutes] } satisfies Noun;
