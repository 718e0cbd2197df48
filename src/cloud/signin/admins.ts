/**
 * Sign-in of administrators: a password and a TOTP code in one step. Whatever is wrong, the answer is the
 * same one, after the same work, on the same beat: a stranger learns neither whether an address is known
 * nor which factor failed. The record knows.
 */
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import { hashPassword, matchTotp, verifyPassword } from '../../crypto/password.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import { onBeat } from './beat.ts';
import { recordDecision } from './decision.ts';
import { knowDevice, type Tried, tryFrom } from './devices.ts';
import * as sessions from './sessions.ts';
import * as store from './store.ts';
import { isFirst, tellTurnedAway } from './turned-away.ts';

const TOTP_PLACE = 'signin/totp';
const PASSWORD_LENGTH_MIN = 12;

export type NewAdmin = {
  role: store.AdminRole;
  name: string;
  email: string;
  password: string;
  totpSecret: Uint8Array;
  by: people.By;
};

export async function addAdmin(cloud: Cloud, tx: Tx, of: NewAdmin): Promise<PersonId> {
  requireLength(of.password);
  const person = await people.addAdmin(cloud, tx, of);
  await store.insertCredential(tx, { person, role: of.role, ...(await credential(cloud, tx, person, of)) });
  return person;
}

type Secrets = Pick<NewAdmin, 'password' | 'totpSecret'>;

function requireLength(password: string): void {
  if (password.length < PASSWORD_LENGTH_MIN)
    throw new HoldfastError('input-invalid', `A password has at least ${PASSWORD_LENGTH_MIN} characters.`);
}

/** A password and a second factor, as they are kept. */
async function credential(cloud: Cloud, tx: Tx, person: PersonId, { password, totpSecret }: Secrets) {
  const totpSealed = await cloud.keys.sealFor(tx, person, TOTP_PLACE, base64url(totpSecret));
  return { passwordHash: await hashPassword(password), totpSealed };
}

/** Another password and second factor for an administrator. Nothing of before lets anybody in: every session and known device ends. */
export async function resetAdmin(
  cloud: Cloud,
  tx: Tx,
  of: Secrets & { person: PersonId; by: people.By },
): Promise<void> {
  requireLength(of.password);
  const { person, by } = of;
  // Locked in the order in which a sign-in does it: the person, and then what they sign in with.
  if ((await people.lockPerson(tx, person))?.state !== 'active') throw notThere();
  const role = await store.replaceCredential(tx, { person, ...(await credential(cloud, tx, person, of)) });
  if (role === undefined) throw notThere();
  await sessions.endAllOf(cloud, tx, person);
  const fields = { subject: person, ...(by === null ? {} : { person: by }) };
  await cloud.journal.record(tx, { kind: 'sign-in.reset', facts: { role }, fields }, fields);
}

/** Removes an administrator, whose sessions end at once. The last one stays: nobody else would look after the place. */
export async function removeAdmin(
  cloud: Cloud,
  tx: Tx,
  of: { person: PersonId; by: people.By; purpose: string },
): Promise<void> {
  const all = await people.lockAdmins(tx);
  if (!all.includes(of.person)) throw notThere();
  if (all.length === 1)
    throw new HoldfastError(
      'conflict',
      'This is the last administrator of their organisation, and nobody else would look after it. Add who comes after them first: holdfast cloud admin. Until then keep them out: holdfast cloud admin-reset, and keep the file.',
    );
  await people.removePerson(cloud, tx, of.person, of.by, of.purpose);
  await sessions.endAllOf(cloud, tx, of.person);
  await cloud.changed(tx, ['people']);
}

const notThere = () => new HoldfastError('not-found', 'There is no such administrator here.');

export type Presented = {
  email: string;
  password: string;
  totp: string;
  replaces: string | undefined;
  /** The browser's device cookie, if it has one. */
  device: string | undefined;
};

/** The tokens of the new session, and of the browser as a known device. */
export type Entered = { token: string; device: string };

/** Throws `sign-in-denied`, always in the same words. */
export async function signInAdmin(cloud: Cloud, presented: Presented): Promise<Entered> {
  const entered = await onBeat(cloud.clock, async () => {
    const known = await findAdmin(cloud, presented.email);
    return known ? await tryKnown(cloud, known, presented) : await tryUnknown(cloud, presented);
  });
  if (entered === undefined)
    throw new HoldfastError(
      'sign-in-denied',
      'Check the address, the password and the code, or wait for the next code.',
    );
  return entered;
}

/** An address is one administrator's, over all tenants. */
export async function findAdmin(cloud: Cloud, email: string): Promise<people.Addressee | undefined> {
  const [known] = await cloud.database.estate((tx) =>
    people.addressees(cloud, tx, email, ['admin', 'super-admin']),
  );
  return known;
}

async function tryUnknown(cloud: Cloud, presented: Presented): Promise<undefined> {
  await verifyPassword(presented.password, await decoyHash(cloud));
  return undefined;
}

async function tryKnown(
  cloud: Cloud,
  known: people.Addressee,
  presented: Presented,
): Promise<Entered | undefined> {
  const { tenant, person } = known;
  const { device: shown } = presented;
  const counted = await cloud.database.tenant(tenant, (tx) => count(cloud, tx, { person, shown }));
  if (!counted) return await tryUnknown(cloud, presented);
  const verdict = await compare(cloud, counted, presented);
  if (!counted.isRecorded) return undefined;
  return await cloud.database.tenant(tenant, async (tx) => {
    const reason = await refusal(tx, { person, verdict, compared: counted.passwordHash });
    await tellTurnedAway(cloud, tx, person);
    const method = reason === 'sign-in-wrong' || reason === 'sign-in-locked-out' ? 'password' : 'totp';
    await recordDecision(cloud, tx, {
      method,
      role: counted.role,
      person,
      address: people.normalAddress(presented.email),
      reason,
    });
    if (reason !== undefined) return undefined;
    const { role, device } = counted;
    const token = await sessions.begin(cloud, tx, {
      ...{ app: 'admin', person, role, replaces: presented.replaces },
    });
    return { token, device: await knowDevice(cloud, tx, { person, device }) };
  });
}

/**
 * Somebody may have been removed while their password was compared, and their sessions ended by then. Or they were given
 * another password: what was right of the one before opens nothing any more.
 */
async function refusal(
  tx: Tx,
  { person, verdict, compared }: { person: PersonId; verdict: Verdict; compared: string },
): Promise<Denial | undefined> {
  if ('reason' in verdict) return verdict.reason;
  if (!(await people.holdActive(tx, person))) return 'sign-in-wrong';
  if ((await store.lockCredential(tx, person))?.passwordHash !== compared) return 'sign-in-wrong';
  return (await store.spendStep(tx, person, verdict.step)) ? undefined : 'second-factor-used';
}

type Verdict = { step: number } | { reason: Denial };
type Counted = store.Credential & Tried & { totpSecret: Uint8Array; isRecorded: boolean };
type Counting = { person: PersonId; shown: string | undefined };

async function count(cloud: Cloud, tx: Tx, { person, shown }: Counting): Promise<Counted | undefined> {
  const credential = await store.lockCredential(tx, person);
  if (!credential) return undefined;
  const tried = await tryFrom(cloud, tx, { person, was: credential, shown });
  const { sinceMs } = tried;
  const isRecorded = tried.may || (await isFirst(cloud, tx, { person, was: credential, sinceMs }));
  const opened = await cloud.keys.openFor(tx, person, TOTP_PLACE, credential.totpSealed);
  const totpSecret = opened === undefined ? undefined : fromBase64url(opened);
  return totpSecret && { ...credential, ...tried, totpSecret, isRecorded };
}

/** Does all the work whatever the outcome, outside of any transaction: Argon2 takes its time on purpose. */
async function compare(cloud: Cloud, counted: Counted, presented: Presented): Promise<Verdict> {
  const lockedOut = !counted.may;
  const passwordRight = await verifyPassword(
    presented.password,
    lockedOut ? await decoyHash(cloud) : counted.passwordHash,
  );
  const question = { secret: counted.totpSecret, code: presented.totp, atMs: cloud.clock.nowMs() };
  const step = matchTotp({ ...question, lastStep: counted.lastStep });
  const usedStep = matchTotp({ ...question, lastStep: 0 });
  if (lockedOut) return { reason: 'sign-in-locked-out' };
  if (!passwordRight) return { reason: 'sign-in-wrong' };
  if (step !== undefined) return { step };
  return { reason: usedStep === undefined ? 'second-factor-wrong' : 'second-factor-used' };
}

let decoy: Promise<string> | undefined;

/** The hash of a password that nobody has, made once a process; comparing with it costs the same. */
function decoyHash(cloud: Cloud): Promise<string> {
  decoy ??= hashPassword(base64url(cloud.random.bytes(32)));
  return decoy;
}
