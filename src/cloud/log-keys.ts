/**
 * `holdfast cloud rotate-log-key | retire-log-key | log-succession`: another key signs the logs, the one before is
 * destroyed, and the file by which others follow. Each may be given again and goes on where it ended.
 */
import { HoldfastError } from '../domain/errors.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { NOUNS } from './cloud.ts';
import { type CloudDeps, type Core, openCore } from './core.ts';
import { nextLedgerKey, retireLedgerKey, waitingLedgerKey } from './files.ts';
import { drain, recordNextKey, successionFileOf, vkeyNow, wantsKeyBefore } from './log/log.ts';
import { allTenants } from './tenants/tenants.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function withCore(deps: CloudDeps, run: (core: Core) => Promise<number>): Promise<number> {
  const core = await openCore(deps, NOUNS);
  try {
    return await run(core);
  } finally {
    await core.cloud.database.close();
  }
}

/** The new key is on the disk before a log names it, and each log names it before anything is signed with it. */
export function rotateLogKey(deps: CloudDeps): Promise<number> {
  return withCore(deps, async ({ cloud, files }) => {
    const { publicKey } = nextLedgerKey(deps.config, files);
    for (const tenant of await allTenants(cloud)) {
      await recordNextKey(cloud, tenant, publicKey);
      await drain(cloud, tenant);
      const vkey = await vkeyNow(cloud, tenant);
      if (vkey !== undefined) say(`${tenant} ${vkey}`);
    }
    say(
      'Both keys sign now. Hand the new ones on (holdfast cloud log-succession --out FILE), have rosters signed that name them, then end the one before: holdfast cloud retire-log-key',
    );
    return 0;
  });
}

/** Nothing is destroyed while a log would be left that nobody could follow. */
export function retireLogKey(deps: CloudDeps): Promise<number> {
  return withCore(deps, async ({ cloud, files }) => {
    const next = waitingLedgerKey(deps.config, files);
    if (!next)
      throw new HoldfastError('conflict', 'no key takes over: holdfast cloud rotate-log-key makes one');
    const wanting: string[] = [];
    for (const tenant of await allTenants(cloud)) {
      const why = await wantsKeyBefore(cloud, tenant, next.publicKey);
      if (why !== undefined) wanting.push(why);
    }
    if (wanting.length > 0) {
      say(`not retired: ${wanting.join('; ')}. Give holdfast cloud rotate-log-key again, and then this`);
      return 1;
    }
    retireLedgerKey(deps.config, files, next);
    say('The key before is destroyed. Restart the cloud: until then it signs with what it holds in memory');
    return 0;
  });
}

type Values = { tenant?: string | undefined; out?: string | undefined };

export function writeSuccession(deps: CloudDeps, { tenant: named, out }: Values): Promise<number> {
  if (out === undefined) throw new HoldfastError('input-invalid', 'say where to: --out FILE');
  if (readIfExists(out))
    throw new HoldfastError('conflict', `there is a file ${out} already; it is not overwritten`);
  return withCore(deps, async ({ cloud }) => {
    const known = await allTenants(cloud);
    const tenant = named === undefined && known.length === 1 ? known[0] : known.find((one) => one === named);
    if (!tenant)
      throw new HoldfastError('input-invalid', `say whose: --tenant ID; there are ${known.join(', ')}`);
    const file = await successionFileOf(cloud, tenant);
    if (file === undefined) throw new HoldfastError('not-found', `${tenant} keeps no log`);
    // Everybody may read it: it holds what the log shows, and no more.
    writeDurable(out, file, 0o644);
    return 0;
  });
}
