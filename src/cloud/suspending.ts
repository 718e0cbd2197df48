/**
 * `holdfast cloud suspend`: a bank, every bank of a site, or one door serves nobody for some hours, for whoever has the
 * cloud's machine and not the app; with `--lift` it ends, and with neither it says what is suspended and what each bank
 * made of it. A running cloud passes it on; banks that are away hear of it when they are back.
 */
import { SUSPENSION_HOURS_MAX } from '../contract/uplink.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Tx } from '../platform/database.ts';
import * as banks from './banks/banks.ts';
import { NOUNS } from './cloud.ts';
import { type CloudDeps, openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import { siteFor } from './establish.ts';

const PURPOSE_LENGTH_MAX = 200;

export type SuspendValues = Partial<
  Record<'bank' | 'site' | 'door' | 'hours' | 'purpose', string | undefined>
> & { lift?: boolean | undefined };

type Act =
  | { do: 'suspend'; hours: number; purpose: string }
  | { do: 'lift'; purpose: string }
  | { do: 'list' };
type Places = { tenant: TenantId; banks: banks.Bank[]; door: number | null };

export async function runSuspend(deps: CloudDeps, values: SuspendValues): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const act = actIn(values);
  const { bank, site } = values;
  if ((bank === undefined) === (site === undefined))
    throw wrong('say what: --bank ID, or --site ID for every bank of a site');
  if (bank === undefined && values.door !== undefined)
    throw wrong('--door N is a door of one bank: --bank ID');
  const door =
    values.door === undefined ? null : whole(values.door, 10_000, '--door is the number of a door');
  const { cloud } = await openCore(deps, NOUNS);
  try {
    const places = await placesFor(cloud, { bank, site, door });
    return await carryOut(cloud, { act, places, say });
  } finally {
    await cloud.database.close();
  }
}

function actIn({ hours, lift, purpose }: SuspendValues): Act {
  if (hours !== undefined && lift === true) throw wrong('say one of them: --hours H, or --lift');
  if (hours === undefined && lift !== true) return { do: 'list' };
  const why = purpose?.trim() ?? '';
  if (!/^\P{C}+$/u.test(why) || why.length > PURPOSE_LENGTH_MAX)
    throw wrong(`say why, in at most ${PURPOSE_LENGTH_MAX} characters; it is recorded: --purpose WHY`);
  if (hours === undefined) return { do: 'lift', purpose: why };
  const most = SUSPENSION_HOURS_MAX;
  return {
    do: 'suspend',
    hours: whole(hours, most, `--hours is a whole number from 1 to ${most}`),
    purpose: why,
  };
}

function whole(text: string, max: number, what: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > max) throw wrong(`${what}, not ${text}`);
  return number;
}

type Named = { bank: string | undefined; site: string | undefined; door: number | null };

async function placesFor(cloud: Cloud, { bank, site, door }: Named): Promise<Places> {
  if (site !== undefined) {
    const { tenant, site: id } = await siteFor(cloud, site);
    return { tenant, banks: await cloud.database.tenant(tenant, (tx) => banks.banksOf(tx, id)), door };
  }
  const tenant = bank === undefined ? undefined : await banks.tenantOfBank(cloud, bank);
  const found = tenant && (await cloud.database.tenant(tenant, (tx) => banks.findBank(tx, String(bank))));
  if (!tenant || !found) throw new HoldfastError('not-found', 'there is no bank with this id');
  return { tenant, banks: [found], door };
}

type Doing = { act: Act; places: Places; say(line: string): void };

/** Every bank by itself: one that was asked before keeps none of the others. Nothing done at all is a refusal. */
async function carryOut(cloud: Cloud, { act, places, say }: Doing): Promise<number> {
  const { tenant, door } = places;
  if (places.banks.length === 0) throw new HoldfastError('not-found', 'this site has no bank');
  let done = 0;
  for (const bank of places.banks) {
    const [isDone, ...lines] = await cloud.database.tenant(tenant, (tx) =>
      actAt(cloud, tx, { act, bank, door }),
    );
    // Said once it is committed, and no sooner.
    for (const line of lines) say(line);
    if (isDone) done += 1;
  }
  if (act.do !== 'list' && done > 0)
    say(
      'Each bank is told as soon as it is reached. What it made of it: the same command without --hours and --lift',
    );
  return done > 0 ? 0 : 1;
}

type At = { act: Act; bank: banks.Bank; door: number | null };

async function actAt(cloud: Cloud, tx: Tx, { act, bank, door }: At): Promise<[boolean, ...string[]]> {
  const name = `${bank.bank} (${bank.name})`;
  if (act.do === 'list') return [true, ...(await shownAt(cloud, tx, bank)).map((line) => `${name}: ${line}`)];
  const where = door === null ? name : `${name}, door ${door}`;
  const of = { bank: bank.bank, door, by: null, purpose: act.purpose };
  if (act.do === 'lift') {
    const isLifted = await banks.liftPlace(cloud, tx, of);
    return [isLifted, `${where}: ${isLifted ? 'lifted' : 'nothing was suspended here'}`];
  }
  const isAsked = (await banks.suspendPlace(cloud, tx, { ...of, hours: act.hours })) === 'asked';
  return [
    isAsked,
    `${where}: ${isAsked ? 'asked' : 'a suspension was asked for here already: lift it first'}`,
  ];
}

const STATES = {
  asked: 'asked for; the bank has not said that it applies it',
  applied: 'in force at the bank',
  refused: 'REFUSED by the bank',
  lifting: 'lifted; the bank has not said that it ended it',
} as const;

async function shownAt(cloud: Cloud, tx: Tx, bank: banks.Bank): Promise<string[]> {
  const shown = await banks.suspendedAt(cloud, tx, bank);
  if (shown.length === 0) return ['nothing is suspended'];
  return shown.map(({ door, untilMs, by, state, refused }) => {
    const what = door === null ? 'the whole bank' : `door ${door}`;
    const why = refused === null ? '' : ` (${refused})`;
    const asker = by === null ? 'the operator' : by || 'an administrator';
    return `${what} until ${new Date(untilMs).toISOString()}, by ${asker}: ${STATES[state]}${why}`;
  });
}

const wrong = (message: string): HoldfastError => new HoldfastError('input-invalid', message);
