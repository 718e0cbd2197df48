/** Leases for tests of one process: every bank is its own, and nobody else is there. */
import type { LeaseView } from './leases/leases.ts';

export const ALONE: LeaseView = { accepts: () => true, holds: () => true, fence: async () => true };
