/** Whether the carriers of messages work, as a test or a person has set it. */
import { z } from 'zod';

const carrierState = z.enum(['up', 'down']);

export const rigCarriers = z.strictObject({ mail: carrierState, sms: carrierState });

/** What `POST /carriers` takes: one, the other, or both. */
export const rigCarriersChange = rigCarriers.partial();

/** Shared by the mail server, the SMS gateway and the API that sets it. */
export type Carriers = z.infer<typeof rigCarriers>;
