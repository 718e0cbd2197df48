/** A real log for the tests of a witness, written by the pure core into memory, and a witness of it over HTTP. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../crypto/bytes.ts';
import { checkpointText, signCheckpoint, type TreeHead } from '../ledger/log/checkpoint.ts';
import { EMPTY_LOG, growTree, headOf, type LogState } from '../ledger/log/growth.ts';
import { proveConsistency } from '../ledger/log/prove.ts';
import type { LogSigner } from '../ledger/log/signatures.ts';
import { MemoryTiles, modelLeaf, RFC_SECRETS, signerOf } from '../ledger/log/test-model.ts';
import { vkeyText } from '../ledger/log/vkey.ts';
import { addCheckpointBody } from '../ledger/log/witness.ts';
import type { WitnessConfig } from './config.ts';
import { makeWitness } from './key.ts';

export class TestLog {
  readonly signer: LogSigner;
  readonly #tiles = new MemoryTiles();
  #state: LogState = EMPTY_LOG;

  constructor(origin = 'log.example/a', secret: string = RFC_SECRETS[0]) {
    this.signer = signerOf(origin, secret);
  }

  get origin(): string {
    return this.signer.name;
  }

  get vkey(): string {
    const { name, publicKey } = this.signer;
    return vkeyText({ type: 'signature', name, publicKey });
  }

  get head(): TreeHead {
    return headOf(this.#state);
  }

  get text(): string {
    return checkpointText({ origin: this.origin, ...this.head });
  }

  get note(): string {
    return signCheckpoint({ origin: this.origin, ...this.head }, this.signer);
  }

  /** Grows to `size`; logs of another `branch` have other entries from there on. */
  growTo(size: number, branch = 'main'): this {
    const from = this.head.size;
    const leaves = Array.from({ length: size - from }, (_, at) => modelLeaf(utf8(`${branch} ${from + at}`)));
    const { state, objects } = growTree(this.#state, leaves);
    this.#state = state;
    this.#tiles.write(objects);
    return this;
  }

  /** The same log up to here, which can then say something else. */
  fork(): TestLog {
    const other = new TestLog(this.origin);
    other.#state = this.#state;
    for (const [path, bytes] of this.#tiles.objects) other.#tiles.objects.set(path, bytes);
    return other;
  }

  /** What a log sends whose witness is at `oldSize`. */
  async request(oldSize: number): Promise<string> {
    const proven = await proveConsistency(this.#tiles, { from: oldSize, head: this.head });
    if (!proven.ok) throw new Error(proven.reason);
    return addCheckpointBody({ oldSize, proof: proven.value.proof, checkpoint: this.note });
  }
}

export type Answered = { status: number; type: string; text: string };

export async function post(port: number, body: string | Uint8Array): Promise<Answered> {
  const bytes = typeof body === 'string' ? utf8(body) : body;
  const answer = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, {
    method: 'POST',
    body: new Uint8Array(bytes),
  });
  const { status, headers } = answer;
  return { status, type: headers.get('content-type') ?? '', text: await answer.text() };
}

/** Key, state and configuration of a new witness in `folder`. */
export function newWitness(folder: string, logs: readonly string[], port = 0) {
  const { vkey, statePath } = makeWitness({ name: 'witness.example/w', path: join(folder, 'key') });
  const config: WitnessConfig = {
    keyFile: join(folder, 'key'),
    stateFile: statePath,
    http: { host: '127.0.0.1', port },
    logs: [...logs],
    successions: [],
    logPath: null,
    logLevel: 'info',
  };
  const configFile = join(folder, 'witness.json');
  writeFileSync(configFile, JSON.stringify(config));
  return { vkey, config, configFile };
}
