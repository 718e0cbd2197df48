/** What an administrator sees at a glance: what needs a person, and how well codes withstand guessing. */
import type { z } from 'zod';
import type {
  attention as attentionSchema,
  odds as oddsSchema,
  rosterState,
} from '../../contract/http/admin.ts';
import { DEFAULT_POLICY } from '../../domain/roster.ts';
import { pinDigits } from '../../domain/scan.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { attentionOfLog } from '../log/log.ts';
import * as notices from '../notices/notices.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { discrepanciesOf } from '../reconciliation/reconciliation.ts';
import * as rosters from '../rosters/rosters.ts';

type Attention = z.infer<typeof attentionSchema>['items'];
const DAY_MS = 86_400_000;
const DEAD_SHOWN_MS = 7 * DAY_MS;
const CERTIFICATE_WARNED_MS = 60 * DAY_MS;
const SEVERITIES = ['alarm', 'warning', 'note'] as const;

export async function attention(cloud: Cloud, tx: Tx): Promise<Attention> {
  const items: Attention = [
    ...(await ofAlarms(cloud, tx)),
    ...(await ofBanks(cloud, tx)),
    ...(await ofDirectories(cloud, tx)),
    ...(await ofDrafts(cloud, tx)),
    ...(await ofNotices(cloud, tx)),
    ...(await ofParcels(tx)),
    ...(await ofSensors(cloud, tx)),
    ...(await attentionOfLog(cloud, tx)),
  ];
  return items.sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.atMs - a.atMs,
  );
}

/** With the name of whoever cares for each. */
async function ofAlarms(cloud: Cloud, tx: Tx): Promise<Attention> {
  const standing = await banks.alarms(tx);
  const carers = standing.flatMap(({ alarm }) => alarm.care?.by ?? []);
  const names = carers.length === 0 ? new Map() : await people.findPersons(cloud, tx, carers);
  return standing.map(({ alarm, ...item }) => {
    const { care } = alarm;
    const by = care && (names.get(care.by)?.profile.name ?? '');
    return { ...item, alarm: { ...alarm, care: care && { by: by ?? '', atMs: care.atMs } } };
  });
}

async function ofBanks(cloud: Cloud, tx: Tx): Promise<Attention> {
  const items: Attention = [];
  const nowMs = cloud.clock.nowMs();
  for (const bank of await banks.servingBanks(tx)) {
    const link = `/admin/banks/${bank.bank}`;
    const common = { severity: 'warning' as const, link };
    if (bank.key === null)
      items.push({
        ...common,
        severity: 'note',
        kind: 'not-enrolled',
        says: `${bank.name} has not been enrolled.`,
        atMs: bank.registeredAtMs,
      });
    else if (!banks.isOnline(bank, nowMs))
      items.push({
        ...common,
        kind: 'offline',
        says: `${bank.name} is not connected; it goes on working, and its records come later.`,
        atMs: bank.lastHeardMs ?? bank.registeredAtMs,
      });
    items.push(...ofCertificate(bank, nowMs));
    if (bank.roster.refused)
      items.push({
        ...common,
        kind: 'roster-refused',
        says: `${bank.name} refused a roster (${bank.roster.refused}).`,
        atMs: bank.roster.appliedAtMs ?? bank.registeredAtMs,
      });
    const held = [...(await banks.pictures(tx, bank.bank))].filter(([, door]) => door.use === 'held');
    for (const [n, door] of held)
      items.push({
        ...common,
        kind: 'held',
        says: `${bank.name}, door ${n}: a parcel is held for staff.`,
        link: `${link}/${n}`,
        atMs: door.sinceMs ?? bank.registeredAtMs,
      });
  }
  return items;
}

/** A bank renews its certificate four months ahead: one that nears its end says that this did not come about. */
function ofCertificate({ bank, name, certificate }: banks.Bank, nowMs: number): Attention {
  const { untilMs } = certificate;
  if (untilMs === null || untilMs - nowMs >= CERTIFICATE_WARNED_MS) return [];
  const day = new Date(untilMs).toISOString().slice(0, 10);
  const [severity, says] =
    untilMs <= nowMs
      ? (['alarm', `ended on ${day}: it cannot connect before it is enrolled anew`] as const)
      : (['warning', `ends on ${day} and was not renewed: after that it cannot connect`] as const);
  const link = `/admin/banks/${bank}`;
  return [
    {
      ...{ kind: 'certificate-ends', severity, link },
      says: `${name}: its certificate ${says}.`,
      atMs: untilMs - CERTIFICATE_WARNED_MS,
    },
  ];
}

async function ofDirectories(cloud: Cloud, tx: Tx): Promise<Attention> {
  const items: Attention = [];
  for (const { site, people: count, bytes } of await people.directoriesTooLong(tx))
    items.push({
      kind: 'directory-too-long',
      severity: 'warning',
      says: `${await banks.siteName(tx, site)}: the list of ${count} residents (${bytes} bytes) is too long for its banks; they keep the one from before.`,
      atMs: cloud.clock.nowMs(),
      link: '/admin/people',
    });
  return items;
}

async function ofDrafts(cloud: Cloud, tx: Tx): Promise<Attention> {
  const items: Attention = [];
  for (const { site, name } of await banks.sites(tx)) {
    const waiting = await rosters.draft(cloud, tx, site);
    if (!waiting) continue;
    const says = `${name}: roster ${waiting.version} waits for the signature of the site's root (${waiting.changes.length} changes).`;
    items.push({
      kind: 'roster-waiting',
      severity: 'note',
      says,
      atMs: waiting.madeAtMs,
      link: '/admin/rosters',
    });
  }
  return items;
}

async function ofNotices(cloud: Cloud, tx: Tx): Promise<Attention> {
  const dead = await notices.deadSince(tx, cloud.clock.nowMs() - DEAD_SHOWN_MS);
  return dead.map((row) => ({
    kind: 'notice-dead',
    severity: 'warning',
    says: `A notice by ${row.channel === 'sms' ? 'SMS' : 'mail'} was given up: ${row.lastError ?? 'unknown'}.`,
    atMs: row.atMs,
    link: row.parcel === null ? '/admin/notices' : `/admin/parcels/${row.parcel}`,
  }));
}

/** A courier who insists has delivered, whatever the sensor saw; so staff are asked to look. */
async function ofParcels(tx: Tx): Promise<Attention> {
  const names = new Map((await banks.allBanks(tx)).map(({ bank, name }) => [bank, name]));
  return (await parcels.doubted(tx)).map(({ parcel, bank, compartment, atMs }) => ({
    kind: 'delivery-doubted',
    severity: 'warning',
    says: `${names.get(bank) ?? bank}, door ${compartment}: a parcel is said to be inside, and the sensor saw none.`,
    atMs,
    link: `/admin/parcels/${parcel}`,
  }));
}

const doorsOf = (items: readonly { compartment: number | null }[]): string =>
  items
    .flatMap(({ compartment }) => compartment ?? [])
    .sort((a, b) => a - b)
    .join(', ');

/** One line a bank, about what nobody reported: the sensors themselves say other than the record. */
async function ofSensors(cloud: Cloud, tx: Tx): Promise<Attention> {
  const against = (await discrepanciesOf(cloud, tx, undefined))?.items.filter(
    ({ kind }) => kind === 'sensed-empty' || kind === 'sensed-occupied',
  );
  return [...Map.groupBy(against ?? [], ({ bank }) => bank)].map(([bank, items]) => ({
    kind: 'sensed-against-record',
    severity: 'warning',
    says: `${items[0]?.bankName ?? bank}: the sensor and the record disagree at door ${doorsOf(items)}.`,
    atMs: Math.max(...items.map(({ atMs }) => atMs)),
    link: `/admin/reconciliation?bank=${bank}`,
  }));
}

/**
 * The chance that a kiosk-day of guessing finds a code: a guess searches every live code of the bank. Live
 * codes are counted as doors with a parcel that waits.
 */
export async function odds(tx: Tx): Promise<z.infer<typeof oddsSchema>> {
  const all = await banks.servingBanks(tx);
  const items = await Promise.all(all.map((bank) => oddsOf(tx, bank)));
  return { items, fleetPerDay: 1 - items.reduce((none, { perKioskDay }) => none * (1 - perKioskDay), 1) };
}

async function oddsOf(tx: Tx, bank: banks.Bank): Promise<z.infer<typeof oddsSchema>['items'][number]> {
  const [roster, pictures] = await Promise.all([
    rosters.verifiedRoster(tx, bank.site, bank.roster.applied),
    banks.pictures(tx, bank.bank),
  ]);
  const guessesPerDay = (roster?.policy ?? DEFAULT_POLICY).kioskGuessesPerDay;
  const digits = pinDigits(bank.layout.compartments.length, guessesPerDay);
  const liveCodes = [...pictures.values()].filter((door) => door.use === 'occupied').length;
  const perKioskDay = Math.min(1, (guessesPerDay * liveCodes) / 10 ** digits);
  return { bank: bank.bank, liveCodes, digits, guessesPerDay, perKioskDay };
}

/** What an administrator types on the machine that holds the site's root. */
const SIGN_COMMAND = 'npm run holdfast -- admin roster sign';

export async function rosterStates(cloud: Cloud, tx: Tx): Promise<z.infer<typeof rosterState>[]> {
  const states: z.infer<typeof rosterState>[] = [];
  for (const { site, k, fingerprints } of await rosters.sites(tx)) {
    const waiting = await rosters.draft(cloud, tx, site);
    const signed = await rosters.current(tx, site);
    states.push({
      site,
      siteName: await banks.siteName(tx, site),
      draft: waiting && {
        version: waiting.version,
        hash: waiting.hash,
        command: SIGN_COMMAND,
        changes: waiting.changes,
      },
      desired: signed
        ? { version: signed.version, hash: signed.hash, signatures: signed.signatures, needed: k }
        : null,
      banks: (await banks.banksOf(tx, site)).map(({ bank, name, roster }) => ({
        bank,
        name,
        applied: roster.applied,
        appliedAtMs: roster.appliedAtMs,
        refused: roster.refused,
      })),
      rootFingerprints: fingerprints,
    });
  }
  return states;
}
