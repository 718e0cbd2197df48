/** `holdfast admin export`: from the database of this machine, or of a cloud's configuration (`--config`). */
import { join, resolve } from 'node:path';
import { type ExportValues, exportBundle } from '../cloud/exporting.ts';
import { HoldfastError } from '../domain/errors.ts';
import { onThisMachine } from './backup.ts';
import { placesIn } from './places.ts';

export type ExportArguments = {
  values: ExportValues & { data?: string | undefined; config?: string | undefined; out?: string | undefined };
  stray: string | undefined;
  root: string;
};

export async function runExport({ values, stray, root }: ExportArguments): Promise<number> {
  if (values.out === undefined || stray !== undefined)
    throw new HoldfastError(
      'input-invalid',
      'say where the bundle goes: holdfast admin export --purpose WHY --out FILE',
    );
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const run = ({ config }: { config: string }) =>
    exportBundle({ config, values, out: resolve(values.out ?? ''), say });
  if (values.config !== undefined) await run({ config: resolve(values.config) });
  else await onThisMachine(placesIn(resolve(values.data ?? join(root, '.holdfast'))), run);
  return 0;
}
