/** What `holdfast admin keys` and `holdfast admin keys rotate` do with a database that answers. */
import { HoldfastError } from '../domain/errors.ts';
import type { TenantId } from '../domain/ids.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { NOUNS, ROTATED_PARTS } from './cloud.ts';
import { cloudConfig } from './config.ts';
import { openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import {
  type NeededBy,
  type RotationState,
  rotateIntake,
  rotateNotifier,
  rotateTenantKey,
  rotationState,
} from './rotation/rotation.ts';
import { tenantNamed } from './tenants/tenants.ts';

export type KeysAct = 'keys' | 'keys rotate intake' | 'keys rotate notifier' | 'keys rotate tenant';

type Command = {
  act: KeysAct;
  values: { tenant?: string | undefined };
  say(line: string): void;
  /** Asked before another key takes its place. */
  confirm(question: string): Promise<boolean>;
};

/** Answers whether it was done. */
export async function keysCommand(of: Command & { config: string }): Promise<boolean> {
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const { cloud } = await openCore({ config: readConfig(of.config, cloudConfig), ...deps }, NOUNS);
  try {
    const tenant = await tenantNamed(cloud, of.values.tenant);
    switch (of.act) {
      case 'keys':
        return await show(cloud, tenant, of);
      case 'keys rotate intake':
        return await intake(cloud, tenant, of);
      case 'keys rotate notifier':
        return await notifier(cloud, tenant, of);
      case 'keys rotate tenant':
        return await tenantKey(cloud, tenant, of);
    }
  } finally {
    await cloud.database.close();
  }
}

async function intake(cloud: Cloud, tenant: TenantId, { say, confirm }: Command): Promise<boolean> {
  if (!(await confirm('Make another intake key, to which banks seal from the next roster on?'))) {
    say('nothing was rotated');
    return false;
  }
  const { hash } = await rotateIntake(cloud, tenant);
  say(`intake key ${hash} made; banks seal to it from the next roster on`);
  say('First take a backup: without it a lost database takes with it what banks seal to this key');
  say('Then sign the roster that names it: holdfast admin roster sign');
  say('The key before is kept while a bank may seal to it: holdfast admin keys');
  return true;
}

async function notifier(cloud: Cloud, tenant: TenantId, { say, confirm }: Command): Promise<boolean> {
  const question =
    'Make another notifier key? Banks believe what the one before signs until they have the next roster.';
  if (!(await confirm(question))) {
    say('nothing was rotated');
    return false;
  }
  const { hash } = await rotateNotifier(cloud, tenant);
  say(`notifier key ${hash} made, and an epoch to which codes are sealed from now on`);
  say('Take a backup: one of before has the key of before');
  say('Then sign the roster that names it: holdfast admin roster sign');
  say('The key before signs beside it while a bank asks for it: holdfast admin keys');
  return true;
}

async function tenantKey(cloud: Cloud, tenant: TenantId, { say, confirm }: Command): Promise<boolean> {
  if (
    !(await confirm('Replace the key of this organisation? Backups of before need their own epoch keys.'))
  ) {
    say('nothing was rotated');
    return false;
  }
  const made = await rotateTenantKey(cloud, tenant);
  if (!made)
    throw new HoldfastError('conflict', 'the last rotation is not over yet: holdfast admin keys shows it');
  say(`key ${made.hash} of the organisation made; everything new is sealed under it`);
  say('A running cloud puts the rest under it, and a day later forgets the key before: holdfast admin keys');
  say('Take a backup now: what was taken before opens with epoch keys of before only');
  return true;
}

const whose = (one: NeededBy) =>
  'site' in one ? `the newest roster of ${one.site}` : `${one.name} (${one.bank})`;
const momentOf = (atMs: number) => new Date(atMs).toISOString();

async function show(cloud: Cloud, tenant: TenantId, { say }: Command): Promise<boolean> {
  const state = await cloud.database.read(tenant, (tx) => rotationState(tx, cloud, ROTATED_PARTS));
  for (const line of linesOf(state)) say(line);
  return true;
}

export function linesOf({ intake: kept, notifier, tenant }: RotationState): string[] {
  const lines = kept.map(({ hash, retiredAtMs, neededBy, forgottenFromMs }) => {
    const until =
      neededBy.length > 0
        ? `needed by ${neededBy.map(whose).join(', ')}`
        : forgottenFromMs === null
          ? 'needed by nobody'
          : `needed by nobody, forgotten after ${momentOf(forgottenFromMs)}`;
    return `intake key ${hash}, replaced ${momentOf(retiredAtMs)}: ${until}`;
  });
  for (const { hash, retiredAtMs, neededBy } of notifier) {
    const until =
      neededBy.length > 0
        ? `needed by ${neededBy.map(whose).join(', ')}`
        : 'needed by nobody, forgotten within a minute';
    lines.push(`notifier key ${hash}, replaced ${momentOf(retiredAtMs)}: ${until}`);
  }
  if (tenant)
    lines.push(
      `key of the organisation, replaced ${momentOf(tenant.begunAtMs)}: ${tenant.done} of ${tenant.of} parts are under the new one; the one before is forgotten when all are, not before ${momentOf(tenant.forgottenFromMs)}`,
    );
  return lines.length > 0 ? lines : ['no key is being rotated'];
}
