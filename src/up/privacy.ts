/** `holdfast admin erase`, `hold` and `retention`: over the database of this machine, or of `--config`. */
import { join, resolve } from 'node:path';
import { type PrivacyAct, type PrivacyValues, privacyCommand } from '../cloud/forgetting.ts';
import { HoldfastError } from '../domain/errors.ts';
import { confirm } from '../signer/confirm.ts';
import { onThisMachine } from './backup.ts';
import { placesIn } from './places.ts';

export type PrivacyArguments = {
  rest: readonly string[];
  values: PrivacyValues & { data?: string | undefined; config?: string | undefined; yes: boolean };
  root: string;
};

const ACTS: readonly PrivacyAct[] = ['erase', 'hold', 'hold place', 'hold lift', 'retention'];

export async function runPrivacy({ rest, values, root }: PrivacyArguments): Promise<number> {
  const act = ACTS.find((one) => one === rest.join(' '));
  if (!act)
    throw new HoldfastError(
      'input-invalid',
      `holdfast admin knows: erase, hold, hold place, hold lift, retention; not “${rest.join(' ')}”`,
    );
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const asked = (question: string) => (values.yes ? Promise.resolve(true) : confirm(question));
  let isDone = false;
  const run = async ({ config }: { config: string }) => {
    isDone = await privacyCommand({ act, values, say, confirm: asked, config });
  };
  if (values.config !== undefined) await run({ config: resolve(values.config) });
  else await onThisMachine(placesIn(resolve(values.data ?? join(root, '.holdfast'))), run);
  return isDone ? 0 : 1;
}
