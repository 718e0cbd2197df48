/**
 * The certificates of a cloud process: one for its servers, under the key that banks pin, and one with which it goes to
 * the broker, under a key of its own. Each is good for a year, and a process may run for longer. So when two thirds of
 * that are over another one is drawn: servers show it to whoever comes from then on, the next connection to the broker
 * is begun with it, and nobody who is connected is cut off.
 */
import { newSigningKey, privateKeyPem } from '../crypto/sign.ts';
import { issueClient, selfSignedServer } from '../crypto/x509.ts';
import type { Cancel } from '../platform/clock.ts';
import { CLOUD_NAME } from './broker/broker.ts';
import type { Cloud } from './deps.ts';
import { type CloudFiles, positiveSerial } from './files.ts';

const YEAR_MS = 365 * 86_400_000;
const SLACK_MS = 3_600_000;
const GOOD_MS = (YEAR_MS * 2) / 3;
const LOOK_MS = 3_600_000;

type From = { cloud: Pick<Cloud, 'clock' | 'random' | 'log' | 'config'>; files: CloudFiles };

const timesOf = ({ cloud }: From) => {
  const notBeforeMs = cloud.clock.nowMs() - SLACK_MS;
  return { notBeforeMs, notAfterMs: notBeforeMs + YEAR_MS };
};

export class ServerCertificate {
  readonly #from: From;
  readonly #shownBy: ((pem: string) => void)[] = [];
  readonly #cancel: Cancel;
  #pem: string;
  #atMs: number;

  private constructor(from: From, pem: string) {
    this.#from = from;
    this.#pem = pem;
    this.#atMs = from.cloud.clock.nowMs();
    this.#cancel = from.cloud.clock.every(LOOK_MS, () => void this.#look());
  }

  static async open(from: From): Promise<ServerCertificate> {
    return new ServerCertificate(from, await drawServer(from));
  }

  get pem(): string {
    return this.#pem;
  }

  /** A server that is to show each one that is drawn from now on. */
  shownBy(take: (pem: string) => void): void {
    this.#shownBy.push(take);
  }

  stop(): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#from.cloud;
    const nowMs = clock.nowMs();
    if (nowMs - this.#atMs < GOOD_MS) return;
    this.#atMs = nowMs;
    try {
      this.#pem = await drawServer(this.#from);
      for (const take of this.#shownBy) take(this.#pem);
      log.info('the certificate of the servers was drawn anew');
    } catch (error) {
      // The one of before is good for months: a day later is early enough.
      this.#atMs = nowMs - GOOD_MS + 24 * LOOK_MS;
      log.error('the certificate of the servers was not drawn anew', { error: (error as Error).name });
    }
  }
}

/** Self-signed: banks pin the key, and browsers on loopback are told so. */
function drawServer(from: From): Promise<string> {
  return selfSignedServer({
    commonName: 'holdfast cloud',
    privateKey: from.files.current.privateKey,
    hosts: from.cloud.config.https.hosts,
    serial: positiveSerial(from.cloud.random),
    ...timesOf(from),
  });
}

export type Shown = { certificate: string; key: string };

/** What a process shows to the broker. It has a key of its own, which lives as long as the process. */
export function clientCertificate(from: From): () => Promise<Shown> {
  const { publicKey, privateKey } = newSigningKey();
  let drawn: { shown: Shown; atMs: number } | null = null;
  return async () => {
    const atMs = from.cloud.clock.nowMs();
    if (drawn && atMs - drawn.atMs < GOOD_MS) return drawn.shown;
    const certificate = await issueClient({
      authority: from.files.authority,
      commonName: CLOUD_NAME,
      publicKey,
      serial: positiveSerial(from.cloud.random),
      ...timesOf(from),
    });
    drawn = { shown: { certificate, key: privateKeyPem(privateKey) }, atMs };
    return drawn.shown;
  };
}
