/** What `holdfast admin audit` does with a database that answers: every tenant's log, verified anew, with a verdict. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { HoldfastError } from '../../domain/errors.ts';
import { isId, type TenantId } from '../../domain/ids.ts';
import { claimedOrigin } from '../../ledger/log/witness.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { type CloudConfig, cloudConfig } from '../config.ts';
import { openStored } from '../core.ts';
import { hashOf } from '../migrate.ts';
import { allTenants } from '../tenants/tenants.ts';
import { ASKS, CHECKS, type Check, RUNBOOK } from './findings.ts';
import { type Audited, auditTenant } from './tenant.ts';

export { auditTenant } from './tenant.ts';

export type AuditCommand = {
  config: string;
  /** Only this one; all where unset. */
  tenant: string | undefined;
  /** Files with a checkpoint each, kept elsewhere. */
  headFiles: readonly string[];
  say(line: string): void;
  /** Shown in the place of what it said before; says nothing where nobody looks on. */
  progress(line: string): void;
};

/** Answers whether everything holds. It writes nothing: an older shape of the database is refused and not migrated. */
export async function audit({
  config: path,
  tenant,
  headFiles,
  say,
  progress,
}: AuditCommand): Promise<boolean> {
  const config = readConfig(path, cloudConfig);
  const kept = headFiles.map((file) => ({ file, head: readFileSync(file, 'utf8') }));
  const heads = kept.map(({ head }) => head);
  await refuseOtherShape(config);
  const cloud = await openStored({ config, clock: systemClock, random: systemRandom, log: silentLog });
  try {
    const tenants = chosen(await allTenants(cloud), tenant);
    const began = systemClock.monotonicMs();
    const origins = new Set<string>();
    let bad = 0;
    for (const one of tenants) {
      let told = 0;
      const audited = await auditTenant(cloud, one, {
        heads,
        progress(done, total) {
          const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
          if (percent === told) return;
          told = percent;
          progress(`${one}: ${percent} % of ${total} records and entries`);
        },
      });
      for (const line of verdictLines(one, audited)) say(line);
      for (const origin of audited.origins) origins.add(origin);
      bad += audited.findings.total;
    }
    for (const line of strayHeads(kept, origins)) {
      say(line);
      bad += 1;
    }
    const seconds = ((systemClock.monotonicMs() - began) / 1000).toFixed(1);
    say(
      bad === 0 ? `everything holds; ${seconds} s` : `${bad} findings; ${seconds} s; what to do: ${RUNBOOK}`,
    );
    return bad === 0;
  } finally {
    await cloud.database.close();
  }
}

/** Each file that was given is one that was used, or a finding: an auditor believes that all of them were compared. */
export function strayHeads(
  kept: readonly { file: string; head: string }[],
  origins: ReadonlySet<string>,
): string[] {
  return kept
    .filter(({ head }) => !origins.has(claimedOrigin(head)))
    .map(
      ({ file }) =>
        `${file}: no log that was audited is the one of this head: it is of another, was mangled, or its log is gone, which cannot be told from one that never was`,
    );
}

function chosen(all: readonly TenantId[], wanted: string | undefined): readonly TenantId[] {
  if (wanted === undefined) return all;
  const found = isId('tenant', wanted) ? all.filter((one) => one === wanted) : [];
  if (found.length === 0) throw new HoldfastError('not-found', `there is no tenant ${wanted} here`);
  return found;
}

function verdictLines(tenant: string, { findings, records, log }: Audited): string[] {
  const lines = [
    `${tenant}: ${records} records${log ? `, ${log.size} of them in ${log.origin}` : ', and no log'}`,
  ];
  for (const check of CHECKS) lines.push(lineOf(check, { findings, log }));
  for (const { check, where, what } of findings.told) lines.push(`    ${check}: ${where}: ${what}`);
  for (const note of findings.notes) lines.push(`    note: ${note}`);
  return lines;
}

const OF_THE_LOG: readonly Check[] = ['order', 'tree', 'tiles', 'checkpoints', 'seen'];

function lineOf(check: Check, { findings, log }: Pick<Audited, 'findings' | 'log'>): string {
  const count = findings.count(check);
  const first = findings.firstIndex(check);
  const at = first === null ? '' : `, the first at index ${first}`;
  if (count > 0) return `  WRONG ${check}: ${count} findings${at} (${RUNBOOK})`;
  const unasked =
    check === 'head'
      ? !log || log.remembered === 0
      : (OF_THE_LOG.includes(check) && !log) || (check === 'seen' && log?.seen === 0);
  if (!unasked) return `  holds ${check}: ${ASKS[check]}`;
  if (check === 'seen' && log) return '  not asked seen: no bank has recorded a head of the log yet';
  return check === 'head'
    ? '  not asked head: no remembered head was given; without one, a log that was made anew from its keys looks whole'
    : `  not asked ${check}: there is no log`;
}

/** An audit of rows that this version does not know would be none; and to migrate them would be to write. */
async function refuseOtherShape({ ownerDatabaseUrl }: CloudConfig): Promise<void> {
  const client = new pg.Client({ connectionString: ownerDatabaseUrl, application_name: 'holdfast audit' });
  await client.connect();
  try {
    await client.query('begin transaction read only');
    const { rows } = await client.query<{ id: string; hash: string }>('select id, hash from migrations');
    const known = NOUNS.flatMap((noun) => noun.migrations ?? []);
    const same =
      rows.length === known.length &&
      known.every((step) => rows.some(({ id, hash }) => id === step.id && hash === hashOf(step)));
    if (!same)
      throw new HoldfastError(
        'conflict',
        'the database has another shape than this version; audit it with its own version',
      );
  } finally {
    await client.end();
  }
}
