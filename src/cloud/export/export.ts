/** Bundles of evidence: what `holdfast admin export` does with a database that answers. */
import { existsSync } from 'node:fs';
import { HoldfastError } from '../../domain/errors.ts';
import { parseId, type TenantId } from '../../domain/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import { cloudConfig } from '../config.ts';
import { openCore } from '../core.ts';
import type { Cloud } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import { makeExport } from './make.ts';
import { type Asked, readOpened, readSelection } from './selection.ts';

export { type Exported, makeExport } from './make.ts';
export { type Asked, readSelection } from './selection.ts';

/** What stood behind the command, as it was typed. */
export type ExportValues = Asked & {
  purpose?: string | undefined;
  name?: string | undefined;
  opened?: string[] | undefined;
  tenant?: string | undefined;
};

const PURPOSE_MAX = 1000;
const NAME_MAX = 200;

export async function exportBundle(of: {
  config: string;
  values: ExportValues;
  out: string;
  say(line: string): void;
}): Promise<void> {
  const { values, out, say } = of;
  const purpose = values.purpose?.trim() ?? '';
  if (purpose === '' || purpose.length > PURPOSE_MAX)
    throw new HoldfastError(
      'input-invalid',
      'say what it is for: --purpose "case 12 of the district court"; it is recorded',
    );
  if ((values.name ?? '').length > NAME_MAX)
    throw new HoldfastError('input-invalid', `--name has at most ${NAME_MAX} characters`);
  const [selection, opened] = [readSelection(values), readOpened(values.opened ?? [])];
  if (existsSync(out)) throw new HoldfastError('conflict', `${out} is there already; nothing is overwritten`);
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const { cloud } = await openCore({ config: readConfig(of.config, cloudConfig), ...deps }, NOUNS);
  try {
    const tenant = await tenantOf(cloud, values.tenant);
    const order = { tenant, selection, opened, purpose, madeBy: values.name ?? null, out };
    const { records, bytes, sha256 } = await makeExport(cloud, order);
    say(`${out}: ${records} records, ${bytes} bytes, SHA-256 ${sha256}`);
    say(opened.length === 0 ? 'no field is opened' : `opened: ${opened.join(', ')}; give it to nobody else`);
    say(`recorded with its purpose; check it with: holdfast verify ${out} --root-key site-root.pub`);
  } finally {
    await cloud.database.close();
  }
}

async function tenantOf(cloud: Cloud, text: string | undefined): Promise<TenantId> {
  const all = await allTenants(cloud);
  const [only, ...others] = all;
  const named = text === undefined ? undefined : parseId('tenant', text);
  if (text === undefined && only && others.length === 0) return only;
  if (named && all.includes(named)) return named;
  throw new HoldfastError(
    text === undefined ? 'input-invalid' : 'not-found',
    text === undefined ? 'say whose records: --tenant ID' : 'there is no such organisation here',
  );
}
