/** Signing in: administrators by password and code, residents and couriers by a link; and sessions. */
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import { sweep } from './sessions.ts';

import { deleteAllOf } from './store.ts';

export { addAdmin, findAdmin, removeAdmin, resetAdmin } from './admins.ts';
export { patchPerson } from './changes.ts';
export { authenticate, begin as beginSession, endAllOf } from './sessions.ts';

/** Nothing of a person is left that lets anybody in. */
export const forget = deleteAllOf;

export const signin = {
  migrations,
  routes,
  jobs: { 'signin.sweep': sweep },
  schedule: [{ job: 'signin.sweep', cron: '*/10 * * * *' }],
} satisfies Noun;
