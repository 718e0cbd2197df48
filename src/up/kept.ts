/** What `up` keeps between starts: the secrets it drew, what the seed answered, and how far the first start got. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from './places.ts';

/** Drawn once, mode 0600: what the parts of a development machine share, and the courier's badge. */
export type Secrets = {
  ownerPassword: string;
  appPassword: string;
  smtpUser: string;
  smtpPassword: string;
  smtpCertificatePem: string;
  smtpKeyPem: string;
  smsToken: string;
  courier: { badge: string; code: string };
};

/** What `holdfast cloud seed` is given, and what it answers. */
export type SeedInput = { badgeHash: string; rootKeys: string[] };
export type Seeded = {
  tenant: string;
  site: string;
  bank: { id: string; name: string; enrolmentCode: string };
  pins: { current: string; next: string; offline: string | null };
  operatorToken: string;
  signIns: {
    admin: { email: string; password: string; totpSecret: string };
    courier: { carrier: string; name: string; email: string; badge: string; code: string };
    resident: { flat: string; name: string; phone: string; email: string };
  };
};

export type State = { commissioned: boolean };

export function readState(places: Places): State {
  if (!existsSync(places.stateFile)) return { commissioned: false };
  return JSON.parse(readFileSync(places.stateFile, 'utf8')) as State;
}

export function readSecrets(places: Places): Secrets {
  return JSON.parse(readFileSync(places.secretsFile, 'utf8')) as Secrets;
}

export function readSeeded(places: Places): Seeded {
  return JSON.parse(readFileSync(join(places.data, 'seeded.json'), 'utf8')) as Seeded;
}
