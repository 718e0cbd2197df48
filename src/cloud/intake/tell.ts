/**
 * What a bank is told, by comparing what it says that it holds with what is desired. The comparison is
 * made again on every hello and after every change, so that a lost message costs time and nothing else.
 */

import { type DownMessage, type HelloMessage, SEAL_INFO, UPLINK_VERSION } from '../../contract/uplink.ts';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { hpkeSeal } from '../../crypto/hpke.ts';
import type { Tx } from '../../platform/database.ts';
import type { Bank } from '../banks/banks.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as orders from '../orders/orders.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';

const v = UPLINK_VERSION;

/** In the order in which a bank needs them: what is signed by keys of the roster comes after the roster. */
export async function whatToTell(cloud: Cloud, tx: Tx, bank: Bank): Promise<DownMessage[]> {
  const { hello } = bank;
  if (hello === null || bank.key === null || bank.retired) return [];
  const roster = await rosterFor(tx, { ...bank, key: bank.key }, hello);
  const hasRoster = roster.length > 0 || hello.roster.version > 0;
  return [
    ...(await behindFor(cloud, tx, bank, hello)),
    ...forgetFor(bank, hello),
    ...roster,
    ...(hasRoster ? await epochFor(cloud, tx, hello) : []),
    ...(await directoryFor(cloud, tx, bank, hello)),
    ...(await suspensionsFor(cloud, tx, bank, hello)),
    ...(hasRoster ? await orders.toTell(cloud, tx, bank) : []),
  ];
}

/** How much this cloud has of the bank, where that is less than what the bank was told: it was restored, or rolled back. */
async function behindFor(cloud: Cloud, tx: Tx, bank: Bank, hello: HelloMessage): Promise<DownMessage[]> {
  const end = await cloud.journal.endOf(tx, bank.bank);
  if (!end || end.lastSeq >= hello.acknowledgedSeq) return [];
  return [{ v, type: 'behind', lastSeq: end.lastSeq, head: end.lastHead }];
}

function forgetFor({ forgetTo }: Bank, { keptFrom }: HelloMessage): DownMessage[] {
  return keptFrom !== undefined && keptFrom <= forgetTo ? [{ v, type: 'forget', upTo: forgetTo }] : [];
}

/** A roster that does not name this bank with this key would only be refused, so it is not sent. */
async function rosterFor(
  tx: Tx,
  bank: Bank & { key: Uint8Array },
  hello: HelloMessage,
): Promise<DownMessage[]> {
  const next = await rosters.noteAfter(tx, bank.site, hello.roster.version);
  if (!next || next.version <= hello.roster.version) return [];
  const key = base64url(bank.key);
  const named = next.roster.banks.some((other) => other.bank === bank.bank && other.key === key);
  return named ? [{ v, type: 'roster', note: next.note }] : [];
}

async function epochFor(cloud: Cloud, tx: Tx, hello: HelloMessage): Promise<DownMessage[]> {
  const current = await cloud.keys.currentEpoch(tx);
  return current && current.epoch !== hello.epoch ? [{ v, type: 'epoch', note: current.note }] : [];
}

/**
 * The key to which what is personal is sealed for a bank: the one that the site's newest roster names beside the key of
 * its journal, and no column of this cloud's, which whoever can write there would make their own. None for a bank that
 * no roster names yet, or names no more: it has nothing to do with whoever lives there.
 */
async function sealKeyOf(cloud: Cloud, tx: Tx, { bank, site, key }: Bank): Promise<Uint8Array | undefined> {
  const last = await rosters.current(tx, site);
  if (!last || key === null) return undefined;
  const roster = await rosters.verifiedRoster(tx, site, last.version);
  if (!roster)
    cloud.log.error('the newest roster of a site does not verify; no list of residents is sent', { site });
  const named = roster?.banks.find((other) => other.bank === bank && other.key === base64url(key));
  return named && fromBase64url(named.sealKey);
}

async function directoryFor(cloud: Cloud, tx: Tx, bank: Bank, hello: HelloMessage): Promise<DownMessage[]> {
  if ((await people.directoryVersion(tx, bank.site)) <= hello.directory) return [];
  const sealKey = await sealKeyOf(cloud, tx, bank);
  if (!sealKey) return [];
  const { version, entries } = await people.directory(cloud, tx, bank.site);
  // One that no bank could take is not sent: it would be refused each time, and the bank keeps the one it has.
  if (!(await people.fitsMessage(cloud, tx, { site: bank.site, version, entries }))) return [];
  const sealed = await hpkeSeal(sealKey, utf8(JSON.stringify(entries)), {
    info: SEAL_INFO.directory,
    aad: `${bank.bank}\0${version}`,
  });
  return [
    {
      v,
      type: 'directory',
      version,
      entries: { enc: base64url(sealed.enc), ciphertext: base64url(sealed.ciphertext) },
    },
  ];
}

async function suspensionsFor(cloud: Cloud, tx: Tx, bank: Bank, hello: HelloMessage): Promise<DownMessage[]> {
  const inForce = await banks.suspensionsOf(tx, {
    site: bank.site,
    bank: bank.bank,
    nowMs: cloud.clock.nowMs(),
  });
  const lifts = hello.suspensions.filter((id) => !inForce.some((suspension) => suspension.id === id));
  return [
    ...inForce.filter((suspension) => !hello.suspensions.includes(suspension.id)),
    ...lifts.map((id): DownMessage => ({ v, type: 'lift', id })),
  ];
}
