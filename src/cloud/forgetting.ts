/** What `holdfast admin erase`, `hold` and `retention` do with a database that answers. */
import { HoldfastError } from '../domain/errors.ts';
import { parseId, type TenantId } from '../domain/ids.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { NOUNS } from './cloud.ts';
import { cloudConfig } from './config.ts';
import { openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import * as people from './people/people.ts';
import {
  erasePerson,
  liftHolds,
  liftParcelHolds,
  placeHold,
  placeParcelHold,
  retentionOf,
  setRetention,
  settle,
  standingHolds,
  standingParcelHolds,
} from './privacy/privacy.ts';
import { tenantNamed } from './tenants/tenants.ts';

/** What stood behind the command, as it was typed. */
export type PrivacyValues = {
  person?: string | undefined;
  parcel?: string | undefined;
  purpose?: string | undefined;
  until?: string | undefined;
  days?: string | undefined;
  tenant?: string | undefined;
};

export type PrivacyAct = 'erase' | 'hold' | 'hold place' | 'hold lift' | 'retention';

type Command = {
  act: PrivacyAct;
  values: PrivacyValues;
  say(line: string): void;
  /** Asked before what cannot be undone. */
  confirm(question: string): Promise<boolean>;
};

type Place = { cloud: Cloud; tenant: TenantId };

/** Answers whether it was done. */
export async function privacyCommand(of: Command & { config: string }): Promise<boolean> {
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const { cloud } = await openCore({ config: readConfig(of.config, cloudConfig), ...deps }, NOUNS);
  try {
    const place = { cloud, tenant: await tenantNamed(cloud, of.values.tenant) };
    switch (of.act) {
      case 'erase':
        return await erase(place, of);
      case 'hold':
        return await listHolds(place, of);
      case 'hold place':
      case 'hold lift':
        return await changeHold(place, of, of.act);
      case 'retention':
        return await retain(place, of);
    }
  } finally {
    await cloud.database.close();
  }
}

const personOf = ({ person }: PrivacyValues): string => {
  if (person === undefined || !parseId('person', person))
    throw new HoldfastError(
      'input-invalid',
      'say who: --person ID, as the people page of the admin app shows it',
    );
  return person;
};

const purposeOf = ({ purpose }: PrivacyValues): string => {
  const text = purpose?.trim() ?? '';
  if (text === '' || text.length > 1000)
    throw new HoldfastError(
      'input-invalid',
      'say why: --purpose "case 12 of the district court"; it is recorded',
    );
  return text;
};

async function erase({ cloud, tenant }: Place, { values, say, confirm }: Command): Promise<boolean> {
  const person = personOf(values);
  const found = await cloud.database.read(tenant, (tx) => people.findPerson(cloud, tx, person));
  if (!found) throw new HoldfastError('not-found', 'there is nobody here by that id');
  say(`${found.profile.name}, ${found.role}${found.active ? '' : ', removed'}`);
  if (!(await confirm('Erase this person for good? Nothing brings them back.'))) {
    say('nobody was erased');
    return false;
  }
  const erasure = await cloud.database.tenant(tenant, (tx) => erasePerson(cloud, tx, { person, by: null }));
  switch (erasure.is) {
    case 'held':
      say(
        'refused, and the refusal recorded: a legal hold stands over this person or a parcel of theirs (holdfast admin hold)',
      );
      return false;
    case 'waiting':
      say('not erased; first:');
      for (const line of erasure.says) say(`  ${line}`);
      return false;
    case 'erased':
      await settle(cloud, tenant);
      say(`erased: ${erasure.fields} fields of records can be read by nobody any more; every record stays`);
      if (erasure.exportsOut > 0)
        say(`${erasure.exportsOut} exports that showed something of this person were handed out before`);
      say('Take a backup now, and destroy every file of epoch keys from before: docs/runbooks/erasure.md');
      return true;
  }
}

async function listHolds({ cloud, tenant }: Place, { say }: Command): Promise<boolean> {
  const held = await cloud.database.read(tenant, (tx) => standingHolds(cloud, tx, null));
  for (const { person, reason, placedAtMs, untilMs } of held)
    say(`${person} since ${dayOf(placedAtMs)} until ${untilSays(untilMs)}: ${reason}`);
  const parcels = await cloud.database.read(tenant, (tx) => standingParcelHolds(cloud, tx, null));
  for (const { parcel, reason, placedAtMs, untilMs } of parcels)
    say(`${parcel} since ${dayOf(placedAtMs)} until ${untilSays(untilMs)}: ${reason}`);
  if (held.length + parcels.length === 0) say('no legal hold stands');
  return true;
}

async function changeHold(
  { cloud, tenant }: Place,
  of: Command,
  act: 'hold place' | 'hold lift',
): Promise<boolean> {
  const reason = purposeOf(of.values);
  const untilMs = untilOf(of.values);
  if (of.values.parcel !== undefined) {
    const { parcel } = of.values;
    if (of.values.person !== undefined)
      throw new HoldfastError('input-invalid', 'a hold is over a person or over a parcel, not both');
    await cloud.database.tenant(tenant, (tx) =>
      act === 'hold place'
        ? placeParcelHold(cloud, tx, { parcel, reason, untilMs, by: null })
        : liftParcelHolds(cloud, tx, { parcel, reason, by: null }),
    );
    of.say(
      act === 'hold place'
        ? `placed: nobody erases who received or brought this parcel until ${untilSays(untilMs)}`
        : 'lifted',
    );
    return true;
  }
  const person = personOf(of.values);
  await cloud.database.tenant(tenant, (tx) =>
    act === 'hold place'
      ? placeHold(cloud, tx, { person, reason, untilMs, by: null })
      : liftHolds(cloud, tx, { person, reason, by: null }),
  );
  of.say(act === 'hold place' ? `placed: nobody erases this person until ${untilSays(untilMs)}` : 'lifted');
  return true;
}

async function retain({ cloud, tenant }: Place, { values, say }: Command): Promise<boolean> {
  const { days } = values;
  if (days !== undefined)
    await cloud.database.tenant(tenant, (tx) =>
      setRetention(cloud, tx, { days: days === 'off' ? null : Number(days), by: null }),
    );
  const { movedOutDays, run, removed, erased } = await cloud.database.read(tenant, (tx) => retentionOf(tx));
  say(
    movedOutDays === null
      ? 'off: nobody is erased unasked'
      : `residents are erased ${movedOutDays} days after they were removed`,
  );
  say(`${removed} persons are removed and kept, ${erased} were erased`);
  if (run)
    say(
      `last night ${dayOf(run.atMs)}: ${run.erased} erased, ${run.held} held, ${run.waiting} with something open`,
    );
  return true;
}

const DAY = /^[1-9]\d{3}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** The end of the day named, in UTC: a command does not ask in which zone its machine stands. */
export function untilOf({ until }: PrivacyValues): number | null {
  if (until === undefined) return null;
  const atMs = DAY.test(until) ? Date.parse(until) : Number.NaN;
  // A day that its month does not have is read as one of the next month by some, and as none by others.
  if (!(atMs >= 0) || dayOf(atMs) !== until)
    throw new HoldfastError('input-invalid', `--until takes a day, as 2030-05-31, not ${until}`);
  return atMs + DAY_MS;
}

/** The last day, where it ends with one of UTC; a hold that was placed in the admin app ends with a day of its reader. */
export function untilSays(untilMs: number | null): string {
  if (untilMs === null) return 'lifted';
  if (untilMs % DAY_MS === 0) return `the end of ${dayOf(untilMs - DAY_MS)} UTC`;
  return `${new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
