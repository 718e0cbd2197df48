/**
 * `holdfast admin audit`: every log of this machine, or, with `--config`, of the cloud that a configuration names,
 * verified anew from storage. It only reads, beside a running cloud or without one.
 */
import { join, resolve } from 'node:path';
import { type AuditCommand, audit } from '../cloud/audit/audit.ts';
import { withDatabase } from './backup.ts';
import { placesIn } from './places.ts';

export type AuditArguments = {
  values: {
    data?: string | undefined;
    config?: string | undefined;
    tenant?: string | undefined;
    head?: string[] | undefined;
  };
  root: string;
};

export async function runAudit({ values, root }: AuditArguments): Promise<number> {
  const command: Omit<AuditCommand, 'config'> = {
    tenant: values.tenant,
    headFiles: (values.head ?? []).map((file) => resolve(file)),
    say: (line) => void process.stdout.write(`${line}\n`),
    progress: progressTo(process.stderr),
  };
  if (values.config !== undefined)
    return statusOf(await audit({ ...command, config: resolve(values.config) }));
  const places = placesIn(resolve(values.data ?? join(root, '.holdfast')));
  return withDatabase(places, async () =>
    statusOf(await audit({ ...command, config: join(places.cloud, 'config.json') })),
  );
}

const statusOf = (holds: boolean) => (holds ? 0 : 1);

/** On a terminal in one line that is written over; elsewhere every tenth part is a line. */
function progressTo(stream: NodeJS.WriteStream): (line: string) => void {
  if (stream.isTTY) return (line) => void stream.write(`\r${line}${line.includes(': 100 %') ? '\n' : ''}`);
  return (line) => {
    if (/: [0-9]?0 %|: 100 %/.test(line)) stream.write(`${line}\n`);
  };
}
