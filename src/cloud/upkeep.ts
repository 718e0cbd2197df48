/** Work by the clock that is not one noun's alone: keys that are due, banks that have to hear of them, old answers. */
import * as banks from './banks/banks.ts';
import type { Cloud } from './deps.ts';
import { forgetAnswers, repeatMigrations } from './http/http.ts';
import { settleKeys, tendKeys } from './keys/keys.ts';
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
    await settleKeys(cloud, tenant);
  }
}

const FORGET_ANSWERS = 'requests.forget';

async function forgetAllAnswers(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud))
    await cloud.database.tenant(tenant, (tx) => forgetAnswers(cloud, tx));
}

export const upkeep: Noun = {
  // The interface is no noun; what it keeps is tended here.
  migrations: repeatMigrations,
  jobs: { [TEND_KEYS]: tendAllKeys, [FORGET_ANSWERS]: forgetAllAnswers },
  schedule: [
    { job: TEND_KEYS, cron: '17 * * * *' },
    { job: FORGET_ANSWERS, cron: '41 * * * *' },
  ],
};
