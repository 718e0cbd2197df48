/**
 * Guessing at an administrator's account is slowed down, and its owner is not locked out by it: OWASP's “Slow Down
 * Online Guessing Attacks with Device Cookies”. A browser in which somebody has signed in keeps a device cookie, and its
 * tries are counted by themselves. All other browsers share one count for each account, so a stranger who uses that up
 * locks out strangers.
 *
 * The cookie lets nobody in: password and code are asked of a known device as of any other. It is 256 random bits; the
 * database has their SHA-256 and whose they are, so none can be made up, none counts for another account, and a copy
 * of the database has none. It is drawn anew at each sign-in: one that was copied dies with the owner's next.
 */
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { newToken, tokenHashOf } from './sessions.ts';
import * as store from './store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Wrong tries in an hour: of a known device, and of all others together. Then right ones are refused too. */
const TRIES_PER_HOUR = 10;
/** As many failures in a row an account takes at most by NIST SP 800-63B, section 5.2.2; then it is one try a day. */
const FAILURES_MAX = 100;
/** After so many failures in a row a device is known no more. */
const DEVICE_FAILURES_MAX = 20;
const DEVICES_MAX = 5;
export const DEVICE_LIFE_MS = 180 * DAY_MS;

/** Counts one more try. Pure. `may` is false when it is not to be compared at all. */
export function countTry(was: store.Tries, nowMs: number): store.Tries & { may: boolean } {
  const isWorn = was.failures >= FAILURES_MAX;
  const [most, windowMs] = isWorn ? [1, DAY_MS] : [TRIES_PER_HOUR, HOUR_MS];
  const isOver = was.sinceMs + windowMs <= nowMs;
  const tries = isOver ? 1 : was.tries + 1;
  const may = tries <= most;
  return { tries, sinceMs: isOver ? nowMs : was.sinceMs, failures: was.failures + (may ? 1 : 0), may };
}

/** `sinceMs`: when the hour began in which it was counted, or the day. */
export type Tried = { may: boolean; sinceMs: number; device: Uint8Array | undefined };

type Trying = { person: PersonId; was: store.Tries; shown: string | undefined };

/** Counts a try of this account where it belongs; durable before anything is compared. */
export async function tryFrom(cloud: Cloud, tx: Tx, { person, was, shown }: Trying): Promise<Tried> {
  const nowMs = cloud.clock.nowMs();
  const device = shown === undefined ? undefined : tokenHashOf(shown);
  const known =
    device && (await store.lockDevice(tx, { device, person, madeAfterMs: nowMs - DEVICE_LIFE_MS }));
  if (device && known && known.failures < DEVICE_FAILURES_MAX) {
    const counted = countTry(known, nowMs);
    await store.setDeviceTries(tx, device, counted);
    return { may: counted.may, sinceMs: counted.sinceMs, device };
  }
  if (device && known) await store.deleteDevice(tx, device);
  const counted = countTry(was, nowMs);
  await store.setTries(tx, person, counted);
  return { may: counted.may, sinceMs: counted.sinceMs, device: undefined };
}

/**
 * Somebody has signed in: their failures in a row are over, and the tries are given back to where they came from.
 * A stranger's hour is not begun anew by the owner. Answers the device cookie of this browser from now on.
 */
export async function knowDevice(
  cloud: Cloud,
  tx: Tx,
  { person, device }: { person: PersonId; device: Uint8Array | undefined },
): Promise<string> {
  await store.forgive(tx, { person, tries: device === undefined });
  if (device) await store.deleteDevice(tx, device);
  const { token, tokenHash } = newToken(cloud);
  await store.insertDevice(tx, { device: tokenHash, person, nowMs: cloud.clock.nowMs() });
  await store.deleteOldDevices(tx, { person, keep: DEVICES_MAX });
  return token;
}
