/** Work by the clock that is not one noun's alone: keys that are due, and banks that have to hear of them. */
import * as banks from './banks/banks.ts';
import type { Cloud } from './deps.ts';
import { tendKeys } from './keys/keys.ts';
import type { Noun } from './noun.ts';
import { allTenants } from './tenants/tenants.ts';

const TEND_KEYS = 'keys.tend';

async function tendAllKeys(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    await cloud.database.tenant(tenant, async (tx) => {
      const { epochMade } = await tendKeys(cloud, tx);
      if (!epochMade) return;
      for (const { site } of await banks.sites(tx)) await cloud.tellBanks(tx, site);
    });
  }
}

export const upkeep: Noun = {
  jobs: { [TEND_KEYS]: tendAllKeys },
  schedule: [{ job: TEND_KEYS, cron: '17 * * * *' }],
};
