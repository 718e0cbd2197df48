/**
 * The audit explorer: records by time, bank, door, kind, parcel and person, each with how far its proof has come. It
 * writes nothing but that somebody looked.
 */
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';

export const records: Noun = { migrations, routes };
