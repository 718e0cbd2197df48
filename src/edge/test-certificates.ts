/** A bank's certificate for tests that are about something else: one, which never ends. */
import type { UplinkDeps } from './uplink.ts';

export const oneCertificate = (pem: string): UplinkDeps['certificates'] => ({
  toShow: async () => pem,
  taken() {},
  refused() {},
  wanted: () => undefined,
  asked() {},
  answered() {},
});
