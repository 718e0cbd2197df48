/**
 * `holdfast cloud seed`: one tenant with one site, its people and one bank, for development and trials. It
 * runs once, in an empty database, and answers what a person needs to begin. Of the courier's badge it is
 * given the hash alone.
 */
import { base64url } from '../../crypto/bytes.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type BankId, base32, type SiteId, type TenantId } from '../../domain/ids.ts';
import { badgeText } from '../../domain/scan.ts';
import { badgeHash } from '../../ledger/roster.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import * as signin from '../signin/signin.ts';
import { allTenants, createTenant } from '../tenants/tenants.ts';
import { ADMIN, BANK_NAME, CARRIERS, COURIERS, SITE_NAME, seedResidents } from './names.ts';

export type SeedInput = { badgeHash: string; rootKeys: readonly string[] };

export type Seeded = {
  tenant: TenantId;
  site: SiteId;
  bank: { id: BankId; name: string; enrolmentCode: string };
  pins: Cloud['pins'];
  signIns: {
    admin: { email: string; password: string; totpSecret: string };
    courier: { carrier: string; name: string; email: string };
    resident: { flat: string; name: string; phone: string; email: string };
  };
};

/** Whom the start page and the demo introduce: the one resident of their flat. */
const RESIDENT_SHOWN = 11;
const SECRET_BYTES = 20;

export async function seed(cloud: Cloud, input: SeedInput): Promise<Seeded> {
  if ((await allTenants(cloud)).length > 0)
    throw new HoldfastError('conflict', 'the database has a tenant already; a seed goes into an empty one');
  const tenant = await createTenant(cloud);
  const password = base64url(cloud.random.bytes(15));
  const totpSecret = cloud.random.bytes(SECRET_BYTES);
  const made = await cloud.database.tenant(tenant, async (tx) => {
    const site = await banks.addSite(cloud, tx, {
      name: SITE_NAME,
      rootKeys: input.rootKeys,
      rootSignatures: 1,
    });
    const bank = await banks.registerBank(cloud, tx, { site, name: BANK_NAME, layout: LAYOUT_24 });
    for (const resident of seedResidents())
      await people.addResident(cloud, tx, { site, ...resident, by: null });
    await addCouriers(cloud, tx, input.badgeHash);
    await signin.addAdmin(cloud, tx, { role: 'admin', ...ADMIN, password, totpSecret, by: null });
    return { site, bank, enrolmentCode: await banks.enrolmentCode(cloud, tx, bank) };
  });
  const resident = seedResidents()[RESIDENT_SHOWN];
  if (!resident) throw new Error('the seed has that resident');
  return {
    tenant,
    site: made.site,
    bank: { id: made.bank, name: BANK_NAME, enrolmentCode: made.enrolmentCode },
    pins: cloud.pins,
    signIns: {
      admin: { email: ADMIN.email, password, totpSecret: base32(totpSecret).toUpperCase() },
      courier: {
        carrier: CARRIERS[0],
        name: COURIERS[CARRIERS[0]],
        email: addressOf(COURIERS[CARRIERS[0]]),
      },
      resident: { flat: resident.flat, name: resident.name, phone: resident.phone, email: resident.email },
    },
  };
}

async function addCouriers(cloud: Cloud, tx: Tx, shownBadgeHash: string): Promise<void> {
  for (const name of CARRIERS) {
    const carrier = await people.addCarrier(cloud, tx, { name, key: null });
    // The others' badges are nobody's: drawn, hashed and forgotten until an administrator gives out new ones.
    const hash = name === CARRIERS[0] ? shownBadgeHash : badgeHash(badgeText(cloud.random.bytes(16)));
    await people.addCourier(cloud, tx, {
      name: COURIERS[name],
      email: addressOf(COURIERS[name]),
      carrier,
      badgeHash: hash,
      by: null,
    });
  }
}

function addressOf(name: string): string {
  const plain = name
    .normalize('NFD')
    .replaceAll(/[^A-Za-z ]/g, '')
    .toLowerCase();
  return `${plain.replaceAll(' ', '.')}@couriers.example`;
}
