/** `holdfast witness`: a witness of transparency logs, on the machine of somebody who is not the log's operator. */
import { resolve } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';
import { successionFile } from '../ledger/log/succession.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { type Log, openLog } from '../platform/log.ts';
import { runUntilStopped } from '../platform/process.ts';
import { watchedLogs } from './answer.ts';
import { type WitnessConfig, witnessConfig } from './config.ts';
import { Heads } from './heads.ts';
import { makeWitness, readWitnessKey, witnessVkey } from './key.ts';
import { serveWitness } from './server.ts';

export type StartWitness = {
  config: WitnessConfig;
  clock: Pick<Clock, 'nowMs'>;
  log: Log;
  onFatal(error: Error): void;
};

export type Witness = { port: number; vkey: string; stop(): Promise<void> };

/** Starts a witness from its files; refuses by name when one of them is not as it has to be. */
export async function startWitness({ config, clock, log, onFatal }: StartWitness): Promise<Witness> {
  const signer = readWitnessKey(config.keyFile);
  const logs = watchedLogs(
    config.logs,
    config.successions.map((path) => readConfig(path, successionFile)),
  );
  const vkey = witnessVkey(signer);
  const heads = new Heads(config.stateFile, vkey);
  try {
    const server = await serveWitness({ ...config.http, signer, logs, heads, clock, log, onFatal });
    const stop = async () => {
      await server.stop();
      heads.close();
    };
    return { port: server.port, vkey, stop };
  } catch (error) {
    heads.close();
    throw error;
  }
}

export type WitnessCommand = {
  rest: readonly string[];
  config: string | undefined;
  name: string | undefined;
  out: string | undefined;
};

export async function runWitness(given: WitnessCommand): Promise<number> {
  if (given.rest.length > 0) return init(given);
  if (given.config === undefined)
    throw new HoldfastError('input-invalid', 'say which configuration: --config FILE');
  const config = readConfig(resolve(given.config), witnessConfig);
  // Whatever a library creates is its owner's alone.
  process.umask(0o077);
  const log = openLog({ name: 'witness', level: config.logLevel, path: config.logPath });
  let life: { fail(error: Error): void } | null = null;
  const onFatal = (error: Error) => {
    log.error('the witness cannot go on', { error: error.message });
    life?.fail(error);
  };
  const witness = await startWitness({ config, clock: systemClock, log, onFatal });
  log.info('the witness is up', { port: witness.port, vkey: witness.vkey });
  return new Promise((resolve) => {
    life = runUntilStopped(witness, { onStopped: resolve });
  });
}

/** `holdfast witness init --name NAME --out FILE`. */
function init({ rest, name, out }: WitnessCommand): number {
  if (rest.join(' ') !== 'init' || name === undefined || out === undefined)
    throw new HoldfastError(
      'input-invalid',
      'holdfast witness knows: init --name NAME --out FILE, and --config FILE',
    );
  const path = resolve(out);
  const { vkey, statePath } = makeWitness({ name, path });
  process.stdout.write(
    `key made in ${path}, state in ${statePath} (both mode 0600)\n${vkey}\nGive this line to who shall trust the witness. Neither file is ever put back from a backup.\n`,
  );
  return 0;
}
