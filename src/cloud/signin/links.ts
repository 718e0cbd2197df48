/**
 * Sign-in of residents and couriers by a link that is sent to the address on file. The link's secret has
 * 256 bits, works once within fifteen minutes, and travels in the URL's fragment, which browsers send to
 * nobody (RFC 3986 section 3.5), so that it reaches no log.
 */
import { HoldfastError } from '../../domain/errors.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as notices from '../notices/notices.ts';
import * as people from '../people/people.ts';
import { onBeat } from './beat.ts';
import { recordDecision } from './decision.ts';
import * as sessions from './sessions.ts';
import * as store from './store.ts';

const MINUTE_MS = 60_000;
const LINK_MINUTES = 15;
/** A stranger who knows an address can have this many mails sent to it in an hour. */
const LINKS_PER_HOUR = 5;

/** Sends a link to each account of that address, if there is one; the caller cannot tell. */
export async function askForLink(cloud: Cloud, app: store.LinkApp, email: string): Promise<void> {
  await onBeat(cloud.clock, async () => {
    const found = await cloud.database.estate((tx) => people.addressees(cloud, tx, email, [app]));
    for (const { tenant, person } of found)
      await cloud.database.tenant(tenant, (tx) => makeLink(cloud, tx, app, person));
  });
}

async function makeLink(
  cloud: Cloud,
  tx: Tx,
  app: store.LinkApp,
  person: people.Addressee['person'],
): Promise<void> {
  const nowMs = cloud.clock.nowMs();
  await store.lockLinksOf(tx, person);
  if ((await store.linksSince(tx, person, nowMs - 60 * MINUTE_MS)) >= LINKS_PER_HOUR) return;
  const { token, tokenHash } = sessions.newToken(cloud);
  await store.insertLink(tx, { tokenHash, person, app, nowMs });
  const base = app === 'resident' ? cloud.config.urls.resident : cloud.config.urls.courier;
  await notices.queueLink(cloud, tx, { person, app, url: `${base}#token=${token}`, minutes: LINK_MINUTES });
}

/** The new session's token. Throws `sign-in-denied`, always in the same words. */
export async function enterByLink(
  cloud: Cloud,
  of: { app: store.LinkApp; token: string; replaces: string | undefined },
): Promise<string> {
  const tokenHash = sessions.tokenHashOf(of.token);
  const link = tokenHash && (await cloud.database.estate((tx) => store.findLink(tx, tokenHash)));
  const session =
    tokenHash && link?.app === of.app
      ? await cloud.database.tenant(link.tenant, (tx) => spend(cloud, tx, { ...of, tokenHash, link }))
      : undefined;
  if (session === undefined)
    throw new HoldfastError(
      'sign-in-denied',
      'The link is wrong, used, or older than fifteen minutes. Ask for a new one.',
    );
  return session;
}

type Spend = {
  app: store.LinkApp;
  tokenHash: Uint8Array;
  link: store.Link;
  replaces: string | undefined;
};

async function spend(
  cloud: Cloud,
  tx: Tx,
  { app, tokenHash, link, replaces }: Spend,
): Promise<string | undefined> {
  // Held: who is removed at this moment is removed before, and gets in no more, or after, and their session ends.
  const isActive = await people.holdActive(tx, link.person);
  const reason = await refusal(cloud, tx, { tokenHash, link, isActive });
  // A link that lets nobody in any more can be sent again for a day, and what is recorded stays for ever.
  if (reason !== undefined && !(await store.noteRefused(tx, tokenHash))) return undefined;
  await recordDecision(cloud, tx, { method: 'link', role: app, person: link.person, address: null, reason });
  if (reason !== undefined) return undefined;
  return await sessions.begin(cloud, tx, { app, person: link.person, role: app, replaces });
}

async function refusal(
  cloud: Cloud,
  tx: Tx,
  of: { tokenHash: Uint8Array; link: store.Link; isActive: boolean },
): Promise<Denial | undefined> {
  const nowMs = cloud.clock.nowMs();
  if (!of.isActive || nowMs - of.link.madeAtMs >= LINK_MINUTES * MINUTE_MS) return 'link-wrong';
  return (await store.spendLink(tx, of.tokenHash, nowMs)) ? undefined : 'link-used';
}
