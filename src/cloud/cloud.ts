/**
 * The cloud: the list of its nouns, and the order in which its parts start and stop. It keeps nothing in
 * memory that matters, so any number of processes may run over one database and one broker.
 */
import { privateKeyPem, newSigningKey } from '../crypto/sign.ts';
import { issueClient, selfSignedServer } from '../crypto/x509.ts';
import { parseId, type SiteId, type TenantId } from '../domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import { notify, openDatabase, tenantOf } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { admin } from './admin/admin.ts';
import { banks, isCertificateOf, setConnected, tenantOfBank } from './banks/banks.ts';
import { startBroker } from './broker/broker.ts';
import { openLink } from './broker/link.ts';
import type { CloudConfig } from './config.ts';
import { couriers } from './couriers/couriers.ts';
import { readChanged, readTell, CHANGED, TELL } from './channels.ts';
import type { Cloud } from './deps.ts';
import { startHttp } from './http/http.ts';
import { intake, openIntake } from './intake/intake.ts';
import { addJob, migrateJobs, startJobs } from './jobs/jobs.ts';
import { journal, openJournal } from './journal/journal.ts';
import { openFiles, pinsOf, positiveSerial, type CloudFiles } from './keys/files.ts';
import { keysNoun, openKeys } from './keys/keys.ts';
import { migrate } from './migrate.ts';
import { notices } from './notices/notices.ts';
import type { Noun } from './noun.ts';
import { parcels } from './parcels/parcels.ts';
import { people } from './people/people.ts';
import { residents } from './residents/residents.ts';
import { rosters } from './rosters/rosters.ts';
import { authenticate, signin } from './signin/signin.ts';
import { tenants } from './tenants/tenants.ts';

/** In the order in which their projections run: the picture of the doors, then parcels, then who is told. */
export const NOUNS: readonly Noun[] = [tenants, keysNoun, journal, people, rosters, banks, intake, parcels, notices, signin, admin, residents, couriers];

export type CloudDeps = { config: CloudConfig; clock: Clock; random: Random; log: Log };
