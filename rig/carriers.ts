/** Whether the carriers of messages work. */
import { type RigCarriers, rigCarriers } from '../src/contract/rig.ts';

/** What `POST /carriers` takes: one, the other, or both. */
export const rigCarriersChange = rigCarriers.partial();

/** Shared by the mail server, the SMS gateway and the API that sets it. */
export type Carriers = RigCarriers;
