/** `holdfast admin keys` and `holdfast admin keys rotate`: over the database of this machine, or of `--config`. */
import { join, resolve } from 'node:path';
import { type KeysAct, keysCommand } from '../cloud/rotating.ts';
import { HoldfastError } from '../domain/errors.ts';
import { confirm } from '../signer/confirm.ts';
import { onThisMachine } from './backup.ts';
import { placesIn } from './places.ts';

export type KeysArguments = {
  rest: readonly string[];
  values: {
    tenant?: string | undefined;
    data?: string | undefined;
    config?: string | undefined;
    yes: boolean;
  };
  root: string;
};

const ACTS: readonly KeysAct[] = ['keys', 'keys rotate intake', 'keys rotate notifier', 'keys rotate tenant'];

export async function runKeys({ rest, values, root }: KeysArguments): Promise<number> {
  const act = ACTS.find((one) => one === rest.join(' '));
  if (!act)
    throw new HoldfastError(
      'input-invalid',
      `holdfast admin knows: ${ACTS.join(', ')}; not “${rest.join(' ')}”`,
    );
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const asked = (question: string) => (values.yes ? Promise.resolve(true) : confirm(question));
  let isDone = false;
  const run = async ({ config }: { config: string }) => {
    isDone = await keysCommand({ act, values, say, confirm: asked, config });
  };
  if (values.config !== undefined) await run({ config: resolve(values.config) });
  else await onThisMachine(placesIn(resolve(values.data ?? join(root, '.holdfast'))), run);
  return isDone ? 0 : 1;
}
