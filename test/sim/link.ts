/**
 * The network between a bank and the cloud, with what MQTT 3.1.1 promises at quality of service 1 and no
 * more: a message may come late, twice, in another order, torn, or not at all when the line breaks.
 */
import type { DownMessage, UpMessage } from '../../src/contract/uplink.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import type { UploadLink } from '../../src/edge/upload.ts';
import type { Agenda } from './agenda.ts';
import type { Census } from './census.ts';
import type { Chance } from './chance.ts';

export const NETWORK_FAULTS = ['lost', 'twice', 'late', 'torn', 'line-broken'] as const;

/** In a thousand messages. */
const FATES = { arrives: 950, lost: 15, twice: 15, late: 12, torn: 8 };

/** One way, over a good line and over a poor one whose answers come just before the batch is sent again. */
const FAST_MS = [60, 900] as const;
const SLOW_MS = [1_800, 3_800] as const;

export type LinkDeps = {
  agenda: Agenda;
  chance: Chance;
  census: Census;
  onArrivedUp(bytes: Uint8Array): void;
  onArrivedDown(bytes: Uint8Array): void;
  /** The bank's process has a connection, or has it no more. */
  onConnection(up: boolean): void;
  onFault(): void;
};

export class Link implements UploadLink {
  connected = false;
  /** Whether the network would carry anything at all. */
  open = true;
  #line = 0;
  #calm = false;
  readonly #delay: readonly [number, number];
  readonly #deps: LinkDeps;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#delay = deps.chance.of(0.3) ? FAST_MS : SLOW_MS;
  }

  publish(message: UpMessage): boolean {
    if (!this.connected) return false;
    const line = this.#line;
    this.#carry(utf8(JSON.stringify(message)), (bytes) => {
      // What was under way when the line broke may have reached the broker, or not.
      if (line === this.#line || this.#deps.chance.of(0.5)) this.#deps.onArrivedUp(bytes);
    });
    return true;
  }

  /** The cloud's word to this bank; a broker keeps nothing for a session that is clean. */
  send(message: DownMessage): void {
    this.sendBytes(utf8(JSON.stringify(message)));
  }

  sendBytes(sent: Uint8Array): void {
    if (!this.connected) return;
    const line = this.#line;
    this.#carry(sent, (bytes) => {
      if (this.connected && line === this.#line) this.#deps.onArrivedDown(bytes);
    });
  }

  /** The bank's process wants a connection: it gets one after a while, if the network carries. */
  dial(isWanted: () => boolean): void {
    const { agenda, chance } = this.#deps;
    agenda.after(chance.between(400, 9_000), () => {
      if (!isWanted() || this.connected) return;
      if (!this.open) return this.dial(isWanted);
      this.connected = true;
      this.#line++;
      agenda.restless = true;
      this.#deps.onConnection(true);
    });
  }

  /** The line breaks; `tell` is false when the process that held it is gone too. */
  drop(tell: boolean): void {
    if (!this.connected) return;
    this.connected = false;
    this.#line++;
    if (tell) this.#deps.onConnection(false);
  }

  calm(): void {
    this.#calm = true;
    this.open = true;
  }

  #carry(bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
    const { agenda, chance, census, onFault } = this.#deps;
    const fate = this.#calm ? 'arrives' : chance.weigh(FATES);
    const delayMs = chance.between(...this.#delay);
    const then = (afterMs: number, what: Uint8Array) =>
      agenda.after(afterMs, () => {
        agenda.restless = true;
        arrive(what);
      });
    if (fate !== 'arrives') {
      census.count('network fault', fate);
      onFault();
    }
    if (fate === 'lost') return;
    if (fate === 'late') return void then(delayMs + chance.between(5_000, 240_000), bytes);
    if (fate === 'torn') return void then(delayMs, bytes.subarray(0, chance.between(0, bytes.length - 1)));
    then(delayMs, bytes);
    if (fate === 'twice') then(delayMs + chance.between(1, 30_000), bytes);
  }
}
