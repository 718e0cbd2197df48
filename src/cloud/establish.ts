/**
 * How an estate begins: `holdfast cloud tenant | log | site | site-root | carrier | admin | bank | bank-out | enrol | access`, on a
 * cloud's own machine, with its configuration; and, since nobody in the apps may do it, how an administrator leaves it or
 * begins anew: `admin-remove | admin-reset`. What is secret in the answers goes into a file of mode 0600, never to a
 * terminal, whose window others may see and whose history is kept.
 */
import { z } from 'zod';
import { isWritten } from '../contract/http/common.ts';
import { bankLayout } from '../contract/layout.ts';
import { type Commissioning, UPLINK_VERSION } from '../contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8 } from '../crypto/bytes.ts';
import { isPublicKey } from '../crypto/sign.ts';
import { LAYOUT_24 } from '../domain/bank.ts';
import { HoldfastError } from '../domain/errors.ts';
import { FIELD_LENGTH_MAX } from '../domain/facts.ts';
import { type BankId, base32, parseId, type SiteId, type TenantId } from '../domain/ids.ts';
import { ROOT_KEYS_MAX } from '../domain/roster.ts';
import { readConfig } from '../platform/config.ts';
import type { Tx } from '../platform/database.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import * as banks from './banks/banks.ts';
import { type CloudDeps, openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import { createLog } from './log/log.ts';
import type { Noun } from './noun.ts';
import * as people from './people/people.ts';
import * as rosters from './rosters/rosters.ts';
import * as signin from './signin/signin.ts';
import { allTenants, createTenant } from './tenants/tenants.ts';

export const ESTABLISHES = [
  'tenant',
  'site',
  'site-root',
  'carrier',
  'admin',
  'admin-remove',
  'admin-reset',
  'bank',
  'bank-out',
  'enrol',
  'access',
  'log',
] as const;
export type Establishes = (typeof ESTABLISHES)[number];

/** What stood behind the command, as it was typed. */
export type EstablishValues = Partial<
  Record<
    | 'tenant'
    | 'site'
    | 'bank'
    | 'name'
    | 'email'
    | 'purpose'
    | 'layout'
    | 'out'
    | 'signatures'
    | 'broker-url',
    string
  >
> & { 'root-key'?: string[] | undefined; successor?: boolean | undefined; open?: boolean | undefined };

type Of = { cloud: Cloud; values: EstablishValues; say(line: string): void };

const TOTP_SECRET_BYTES = 20;
const PASSWORD_BYTES = 15;
const rootPublic = z.looseObject({ key: z.string() });

/** Does one step and says what the next needs. */
export async function establish(
  deps: CloudDeps,
  of: { what: Establishes; values: EstablishValues; nouns: readonly Noun[]; say(line: string): void },
): Promise<number> {
  const { what, values, nouns, say } = of;
  // A file that is there is somebody's; better to hear that before anything was made.
  if (values.out !== undefined && readIfExists(values.out))
    throw new HoldfastError('conflict', `there is a file ${values.out} already; it is not overwritten`);
  const { cloud } = await openCore(deps, nouns);
  try {
    await STEPS[what]({ cloud, values, say });
    return 0;
  } finally {
    await cloud.database.close();
  }
}

const STEPS: Record<Establishes, (of: Of) => Promise<void>> = {
  async tenant({ cloud, say }) {
    say(`tenant ${await createTenant(cloud)}`);
  },

  async site({ cloud, values, say }) {
    const tenant = await tenantFor(cloud, values);
    const name = needed(values, 'name', 'what the site is called');
    const { rootKeys, k } = rootIn(values);
    const site = await cloud.database.tenant(tenant, (tx) =>
      banks.addSite(cloud, tx, { name, rootKeys, rootSignatures: k }),
    );
    say(`site ${site}`);
  },

  async 'site-root'({ cloud, values, say }) {
    const { tenant, site } = await siteFor(cloud, needed(values, 'site', 'the id of the site'));
    const { rootKeys, k } = rootIn(values);
    const draft = await cloud.database.tenant(tenant, async (tx) => {
      await rosters.desireRoot(tx, site, { rootKeys, k });
      return rosters.draft(cloud, tx, site);
    });
    if (!draft) return say('the root of the site is this one already, and nothing waits to be signed');
    say(
      `roster ${draft.version} of ${site} is drafted and names this root. Nothing changes before the root of now and`,
    );
    say(
      'every key that comes in have signed it: holdfast admin roster sign --root-key FILE … --signatures K --out FILE',
    );
  },

  async carrier({ cloud, values, say }) {
    const tenant = await tenantFor(cloud, values);
    const name = needed(values, 'name', 'what the carrier is called');
    const carrier = await cloud.database.tenant(tenant, (tx) =>
      people.addCarrier(cloud, tx, { name, key: null }),
    );
    say(`carrier ${carrier}`);
  },

  async admin({ cloud, values, say }) {
    const tenant = await tenantFor(cloud, values);
    const name = needed(values, 'name', 'who it is');
    const email = needed(values, 'email', 'the address to sign in with');
    const out = needed(values, 'out', 'the file for the password and the authenticator’s key');
    const secrets = drawnFor(cloud);
    await cloud.database.tenant(tenant, async (tx) => {
      await signin.addAdmin(cloud, tx, { role: 'admin', name, email, ...secrets, by: null });
      writeSignIn(out, { email, ...secrets });
    });
    say(`${out} has the sign-in, mode 0600. Give it to ${name} and to nobody else, then remove it`);
  },

  async 'admin-remove'({ cloud, values, say }) {
    const email = needed(values, 'email', 'whose account it is, by the address to sign in with');
    const purpose = needed(values, 'purpose', 'why, for the record');
    if (!isWritten(purpose) || purpose.length > FIELD_LENGTH_MAX)
      throw wrong(`--purpose is text without control characters, ${FIELD_LENGTH_MAX} at most`);
    const { tenant, person } = await adminFor(cloud, email);
    await cloud.database.tenant(tenant, (tx) => signin.removeAdmin(cloud, tx, { person, by: null, purpose }));
    say(`${person} is no administrator any more, and every session of theirs has ended`);
    say('What else they may hold is in docs/runbooks/somebody-leaves.md');
    say(`To forget them: holdfast admin erase --person ${person} --config FILE`);
  },

  async 'admin-reset'({ cloud, values, say }) {
    const email = needed(values, 'email', 'whose account it is, by the address to sign in with');
    const out = needed(values, 'out', 'the file for the new password and the authenticator’s new key');
    const { tenant, person } = await adminFor(cloud, email);
    const secrets = drawnFor(cloud);
    await cloud.database.tenant(tenant, async (tx) => {
      await signin.resetAdmin(cloud, tx, { person, ...secrets, by: null });
      writeSignIn(out, { email, ...secrets });
    });
    say(`${out} has the new sign-in, mode 0600. The one before opens nothing, and every session has ended.`);
    say('Give it to its owner and to nobody else, then remove it');
  },

  async bank({ cloud, values, say }) {
    const name = needed(values, 'name', 'what the bank is called');
    const out = needed(values, 'out', 'the commissioning file');
    const layout = values.layout === undefined ? LAYOUT_24 : readConfig(values.layout, bankLayout);
    const { tenant, site } = await siteFor(cloud, needed(values, 'site', 'the id of its site'));
    const brokerUrl = brokerUrlFor(cloud, values);
    const bank = await cloud.database.tenant(tenant, async (tx) => {
      const made = await banks.registerBank(cloud, tx, { site, name, layout });
      await commission({ cloud, tx, out, tenant, bank: made, brokerUrl });
      return made;
    });
    sayCommissioned({ say, bank, out });
  },

  async 'bank-out'({ cloud, values, say }) {
    const purpose = needed(values, 'purpose', 'why it leaves service for good; that is recorded');
    const { bank, tenant } = await bankFor(cloud, values);
    const { out, draft } = await cloud.database.tenant(tenant, async (tx) => {
      const retired = await banks.retire(cloud, tx, { bank, purpose });
      return { out: retired, draft: await rosters.draft(cloud, tx, retired.site) };
    });
    say(
      `${out.name} (${bank}) is out of service for good: nothing of it is taken after record ${out.lastSeq}`,
    );
    if (out.parcels > 0)
      say(
        `doors that its records left taken: ${out.parcels}. Their parcels stand as lost, on the page Parcels`,
      );
    if (draft)
      say(
        `roster ${draft.version} of ${out.site} is drafted without it. Sign it now, for until then the roster in force names its key: holdfast admin roster sign`,
      );
  },

  async enrol({ cloud, values, say }) {
    const { bank, tenant } = await bankFor(cloud, values);
    const out = needed(values, 'out', 'the commissioning file');
    const brokerUrl = brokerUrlFor(cloud, values);
    await cloud.database.tenant(tenant, (tx) => commission({ cloud, tx, out, tenant, bank, brokerUrl }));
    sayCommissioned({ say, bank, out });
  },

  async log({ cloud, values, say }) {
    const tenant = await tenantFor(cloud, values);
    const [host = ''] = cloud.config.https.hosts;
    const given = { tenant, host, succeeds: values.successor === true };
    const open = values.open === true;
    say(`log ${await createLog(cloud, open ? { ...given, open } : given)}`);
  },

  async access({ cloud, values, say }) {
    const { site } = await siteFor(cloud, needed(values, 'site', 'the id of the site'));
    const out = needed(values, 'out', 'the file for the machine that holds the site root');
    const token = readIfExists(cloud.config.operatorTokenFile);
    if (!token) throw new HoldfastError('not-found', 'there is no operator’s token; run holdfast cloud init');
    writePrivate(out, { api: httpsUrl(cloud), token: fromUtf8(token).trim(), pins: pinsOf(cloud), site });
    say(
      `${out} lets \`holdfast admin\` reach this cloud, mode 0600. It belongs beside the site root, as operator.json`,
    );
  },
};

type Secrets = { password: string; totpSecret: Uint8Array };

function drawnFor(cloud: Cloud): Secrets {
  return {
    password: base64url(cloud.random.bytes(PASSWORD_BYTES)),
    totpSecret: cloud.random.bytes(TOTP_SECRET_BYTES),
  };
}

function writeSignIn(out: string, { email, password, totpSecret }: Secrets & { email: string }): void {
  const secret = base32(totpSecret).toUpperCase();
  const totpUri = `otpauth://totp/Holdfast:${encodeURIComponent(email)}?secret=${secret}&issuer=Holdfast`;
  writePrivate(out, { email, password, totpSecret: secret, totpUri });
}

async function adminFor(cloud: Cloud, email: string): Promise<people.Addressee> {
  const known = await signin.findAdmin(cloud, email);
  if (known) return known;
  throw new HoldfastError(
    'not-found',
    `there is no administrator with the address ${email}. It may be written otherwise, or they were removed already`,
  );
}

/** Writes a bank's papers, with a new code, as the last step of the caller's transaction. */
async function commission(of: {
  cloud: Cloud;
  tx: Tx;
  out: string;
  tenant: TenantId;
  bank: BankId;
  brokerUrl: string;
}): Promise<void> {
  const { cloud, tx, out, tenant, bank, brokerUrl } = of;
  const known = await banks.findBank(tx, bank);
  if (!known) throw new HoldfastError('not-found', 'there is no bank with this id');
  const root = await rosters.rootNow(tx, known.site);
  if (!root) throw new Error('a site has a root');
  const paper: Commissioning = {
    ...{ v: UPLINK_VERSION, tenant, site: known.site, bank, name: known.name, layout: known.layout },
    ...{ rootKeys: [...root.rootKeys], rootSignatures: root.k, pins: pinsOf(cloud) },
    enrolmentUrl: `${httpsUrl(cloud)}/api/enrolments`,
    enrolmentCode: await banks.enrolmentCode(cloud, tx, bank),
    brokerUrl,
    development: cloud.config.development,
  };
  writePrivate(out, paper);
}

function sayCommissioned({ say, bank, out }: Pick<Of, 'say'> & { bank: BankId; out: string }): void {
  say(`bank ${bank}`);
  say(`${out} is its commissioning file, mode 0600; its code is good for a day and for one bank`);
}

/** The one tenant, or the one that was named. */
async function tenantFor(cloud: Cloud, values: EstablishValues): Promise<TenantId> {
  const known = await allTenants(cloud);
  const named = values.tenant ?? (known.length === 1 ? known[0] : undefined);
  const tenant = known.find((one) => one === named);
  if (tenant) return tenant;
  if (known.length === 0)
    throw new HoldfastError(
      'not-found',
      'there is no tenant yet; make one: holdfast cloud tenant --config FILE',
    );
  throw wrong(`say whose: --tenant ID; there are ${known.join(', ')}`);
}

export async function siteFor(cloud: Cloud, text: string): Promise<{ tenant: TenantId; site: SiteId }> {
  for (const tenant of await allTenants(cloud)) {
    const sites = await cloud.database.tenant(tenant, (tx) => banks.sites(tx));
    const found = sites.find(({ site }) => site === text);
    if (found) return { tenant, site: found.site };
  }
  throw new HoldfastError(
    'not-found',
    `there is no site ${text}; make one: holdfast cloud site --config FILE`,
  );
}

async function bankFor(cloud: Cloud, values: EstablishValues): Promise<{ tenant: TenantId; bank: BankId }> {
  const bank = parseId('bank', needed(values, 'bank', 'the bank’s id'));
  const tenant = bank && (await banks.tenantOfBank(cloud, bank));
  if (!bank || !tenant) throw new HoldfastError('not-found', 'there is no bank with this id');
  return { bank, tenant };
}

function brokerUrlFor({ config }: Cloud, values: EstablishValues): string {
  const given = values['broker-url'];
  if (given !== undefined) {
    if (!URL.canParse(given) || new URL(given).protocol !== 'mqtts:')
      throw wrong('--broker-url is where banks reach the broker, as mqtts://HOST:PORT');
    return given;
  }
  const { broker, https } = config;
  if ('embedded' in broker) return `mqtts://${https.hosts[0]}:${broker.embedded.port}`;
  if (broker.mosquitto) return `mqtts://${broker.mosquitto.host}:${broker.mosquitto.port}`;
  throw wrong('say where banks reach the broker: --broker-url mqtts://HOST:PORT');
}

const httpsUrl = ({ config: { https } }: Cloud): string => `https://${https.hosts[0]}:${https.port}`;

function pinsOf({ pins: { current, next, offline } }: Cloud): string[] {
  return offline === null ? [current, next] : [current, next, offline];
}

function rootIn(values: EstablishValues): { rootKeys: string[]; k: number } {
  const rootKeys = (values['root-key'] ?? []).map(readRootKey);
  const k = Number(values.signatures ?? 1);
  if (rootKeys.length === 0)
    throw wrong('say whose signature its rosters need: --root-key site-root.pub, once for each key');
  if (new Set(rootKeys).size !== rootKeys.length) throw wrong('one of the --root-key files is there twice');
  if (rootKeys.length > ROOT_KEYS_MAX) throw wrong(`a site has at most ${ROOT_KEYS_MAX} root keys`);
  if (!Number.isInteger(k) || k < 1 || k > rootKeys.length)
    throw wrong(`--signatures is a whole number from 1 to the number of keys, ${rootKeys.length}`);
  return { rootKeys, k };
}

function readRootKey(path: string): string {
  const { key } = rootPublic.parse(readConfig(path, rootPublic));
  const bytes = fromBase64url(key);
  if (!bytes || !isPublicKey(bytes))
    throw wrong(
      `${path} is not the public half of a site root: site-root.pub, as holdfast admin root init made it`,
    );
  return key;
}

function needed(
  values: EstablishValues,
  name: Exclude<keyof EstablishValues, 'root-key' | 'successor' | 'open'>,
  what: string,
): string {
  const value = values[name];
  if (value === undefined || value.trim() === '') throw wrong(`say ${what}: --${name} …`);
  return value.trim();
}

const wrong = (message: string): HoldfastError => new HoldfastError('input-invalid', message);

/**
 * Written before the transaction that it belongs to commits. If the process dies in between, the file speaks of
 * what is not there and can be removed; the other way round there would be an account that nobody can enter.
 */
function writePrivate(path: string, value: unknown): void {
  writeDurable(path, `${JSON.stringify(value, null, 2)}\n`, 0o600);
}
