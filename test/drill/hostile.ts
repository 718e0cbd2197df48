/**
 * The attacker's cloud: a broker of its own behind the pinned server keys, and every other key that a cloud
 * process holds. The bank dials it as it dials any cloud: TLS 1.3, both sides authenticated, MQTT 3.1.1. The
 * broker keeps none of the product's rules, because its owner wrote it: any topic, any size, any name.
 */
import { once } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import type { CloudFiles } from '../../src/cloud/files.ts';
import {
  type BatchMessage,
  batchOpenings,
  type DownMessage,
  downTopic,
  noticeCodes,
  readTopic,
  readUp,
  SEAL_INFO,
  type SealedBox,
  type UpMessage,
} from '../../src/contract/uplink.ts';
import { fromBase64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { type HpkeKey, hpkeOpen } from '../../src/crypto/hpke.ts';
import { privateKeyPem, publicKeyOf, type SigningKey } from '../../src/crypto/sign.ts';
import { serverTls } from '../../src/crypto/tls.ts';
import { selfSignedServer } from '../../src/crypto/x509.ts';
import { headHash, openHead } from '../../src/ledger/batch.ts';
import { type Clock, sleep, systemClock } from '../../src/platform/clock.ts';

const WAIT_MS = 20_000;
const LOOK_MS = 5;
const HOST = '127.0.0.1';

/** Everything that a cloud process can read. The site root's private key and the bank's own keys are not here. */
export type StolenKeys = {
  files: CloudFiles;
  operatorToken: string;
  intake: HpkeKey;
  notifier: SigningKey;
  /** There is no transparency log yet; this stands for the key that it will have. */
  ledger: SigningKey;
  /** Notifier epochs whose private half still exists, by their id. */
  epochs: Map<string, HpkeKey>;
};

/** The signing keys among them, by the name that the drill prints. */
export function signingKeys({ files, notifier, ledger }: StolenKeys): [string, SigningKey][] {
  return [
    ['TLS current', files.current],
    ['TLS next', files.next],
    [
      'bank authority',
      { privateKey: files.authority.privateKey, publicKey: publicKeyOf(files.authority.privateKey) },
    ],
    ['notifier', notifier],
    ['ledger', ledger],
  ];
}

/** Codes that passed through the notifier; `seq` names the bank's record of their grant. */
export type SeenCodes = { seq: number; pin: string; qr: string };
export type SeenOpening = { seq: number; field: string; value: string };
/** What becomes of a batch: kept and acknowledged as a cloud does, or acknowledged and thrown away. */
export type Stores = 'acknowledges' | 'throws away';

export type HostileOf = { keys: StolenKeys; bank: string; bankKey: Uint8Array; clock: Clock };

export class HostileCloud {
  readonly keys: StolenKeys;
  /** What the cloud has read since it was last told to forget. */
  codes: SeenCodes[] = [];
  openings: SeenOpening[] = [];
  batches: { first: number; last: number }[] = [];
  refusals: string[] = [];
  orderNonce: string | null = null;
  stores: Stores = 'acknowledges';
  /** How wrong the answer to a question for the time is. */
  lieMs = 0;
  timesAnswered = 0;
  /** Fields of records that the bank gave away for an acknowledgement and that nobody has. */
  fieldsLost = 0;
  /** Hangs up on whoever dials, as a cloud that is switched off. */
  isSilent = false;
  links = 0;
  /** Everything that was ever sent down, oldest first, for whoever wants to send it again. */
  readonly history: Buffer[] = [];
  readonly #of: HostileOf;
  readonly #broker: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();
  #bankClient: Client | null = null;
  #stopped = false;
  /** Called whenever something happened on the broker. */
  readonly #lookers = new Set<() => void>();
  #turn: Promise<unknown> = Promise.resolve();

  static async start(of: HostileOf): Promise<HostileCloud> {
    const broker = await Aedes.createBroker();
    const nowMs = systemClock.nowMs();
    const { files } = of.keys;
    const cert = await selfSignedServer({
      commonName: 'localhost',
      privateKey: files.current.privateKey,
      hosts: ['localhost', HOST],
      serial: Uint8Array.of(7),
      notBeforeMs: nowMs - 3_600_000,
      notAfterMs: nowMs + 86_400_000,
    });
    const server = createServer({
      ...serverTls,
      key: privateKeyPem(files.current.privateKey),
      cert,
      ca: files.authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const cloud = new HostileCloud(of, broker, server);
    server.listen(0, HOST);
    await once(server, 'listening');
    return cloud;
  }

  private constructor(of: HostileOf, broker: Aedes, server: Server) {
    this.#of = of;
    this.keys = of.keys;
    this.#broker = broker;
    this.#server = server;
    server.on('secureConnection', (socket) => {
      if (this.isSilent) return void socket.destroy();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      broker.handle(socket);
    });
    broker.on('subscribe', (subscriptions, client) => {
      if (!subscriptions.some(({ topic }) => topic === downTopic(of.bank))) return;
      this.#bankClient = client;
      this.links += 1;
    });
    broker.on('clientDisconnect', (client) => {
      if (this.#bankClient === client) this.#bankClient = null;
    });
    const looked = () => {
      for (const look of this.#lookers) look();
    };
    for (const event of ['ack', 'subscribe', 'clientDisconnect']) broker.addListener(event, looked);
    broker.on('publish', (packet, client) => {
      if (client && readTopic(packet.topic)?.way === 'up')
        void this.#heard(new Uint8Array(Buffer.from(packet.payload)));
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a server on TCP has a port');
    return address.port;
  }

  get isLinked(): boolean {
    return this.#bankClient !== null;
  }

  send(message: DownMessage): Promise<void> {
    return this.sendRaw(JSON.stringify(message));
  }

  /** Any bytes on the bank's topic; resolves when the bank has acknowledged them (MQTT 3.1.1 section 4.3.2). */
  sendRaw(...payloads: (string | Uint8Array)[]): Promise<void> {
    const all = payloads.map((payload) => Buffer.from(typeof payload === 'string' ? utf8(payload) : payload));
    const sent = this.#turn.then(() => this.#deliver(all));
    this.#turn = sent.catch(() => undefined);
    return sent;
  }

  /** At least once, as quality of service 1 has it: what a broken line swallowed is sent again. */
  async #deliver(payloads: readonly Buffer[]): Promise<void> {
    let taken = 0;
    const onAck = (_packet: unknown, client: Client) => {
      if (client === this.#bankClient) taken += 1;
    };
    this.#broker.prependListener('ack', onAck);
    try {
      while (taken < payloads.length) {
        await this.#until('the bank is connected', () => this.isLinked || this.#stopped);
        if (this.#stopped) return;
        const { links } = this;
        for (const payload of payloads.slice(taken)) await this.#publish(payload);
        const isOver = () => taken >= payloads.length || !this.isLinked || this.links > links;
        await this.#until('the bank takes the message', isOver);
      }
    } finally {
      this.#broker.off('ack', onAck);
    }
    this.history.push(...payloads);
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        cancel();
        this.#lookers.delete(look);
        resolve();
      };
      const cancel = systemClock.after(WAIT_MS, () => {
        this.#lookers.delete(look);
        reject(new Error(`it did not come true within ${WAIT_MS} ms: ${what}`));
      });
      this.#lookers.add(look);
      look();
    });
  }

  #publish(payload: Buffer): Promise<void> {
    const topic = downTopic(this.#of.bank);
    return new Promise((resolve, reject) =>
      this.#broker.publish({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false }, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }

  /** Drops the bank's connection; resolves when the bank has dialled again and asked for the time. */
  async reconnect(): Promise<void> {
    await this.#turn;
    const { links, timesAnswered } = this;
    this.#bankClient?.close();
    await eventually('the bank dials again', () => this.links > links && this.timesAnswered > timesAnswered);
    await this.#turn;
  }

  /** Says nothing any more, until `speak`. */
  async fallSilent(): Promise<void> {
    await this.#turn;
    this.isSilent = true;
    this.#bankClient?.close();
    await eventually('the bank is cut off', () => !this.isLinked);
  }

  async speak(): Promise<void> {
    const { timesAnswered } = this;
    this.isSilent = false;
    await eventually('the bank dials again', () => this.timesAnswered > timesAnswered);
    await this.#turn;
  }

  forget(): void {
    this.codes = [];
    this.openings = [];
    this.batches = [];
    this.refusals = [];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const look of this.#lookers) look();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #heard(bytes: Uint8Array): Promise<void> {
    const read = readUp(bytes);
    if (!read.ok) return;
    await this.#answer(read.message);
  }

  async #answer(message: UpMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        this.orderNonce = message.orderNonce ?? null;
        return;
      case 'refusal':
        this.refusals.push(message.reason);
        return;
      case 'time': {
        const atMs = Math.round(this.#of.clock.nowMs() + this.lieMs);
        await this.send({ v: 1, type: 'time', nonce: message.nonce, atMs });
        this.timesAnswered += 1;
        return;
      }
      case 'batch':
        return this.#take(message);
    }
  }

  async #take(batch: BatchMessage): Promise<void> {
    const head = openHead(batch.head, { name: this.#of.bank, publicKey: this.#of.bankKey });
    if (!head) throw new Error('the bank sent a head that its own key did not sign');
    this.batches.push({ first: head.first, last: head.last });
    const openings = await this.#openingsOf(batch, headHash(head));
    if (this.stores === 'acknowledges') {
      this.openings.push(...openings);
      await this.#readCodes(batch);
    } else this.fieldsLost += openings.length;
    await this.send({ v: 1, type: 'ack', lastSeq: head.last, head: headHash(head) });
  }

  async #openingsOf(batch: BatchMessage, hash: string): Promise<SeenOpening[]> {
    // Nothing of what this cloud acknowledged is asked for again here.
    if (!batch.openings) throw new Error('a batch came without what stands behind its commitments');
    const opened = await hpkeOpen(this.keys.intake.privateKey, box(batch.openings), {
      info: SEAL_INFO.intake,
      aad: hash,
    });
    if (!opened) throw new Error('openings do not open with the intake key');
    return batchOpenings
      .parse(JSON.parse(fromUtf8(opened)))
      .flatMap(({ seq, openings }) =>
        Object.entries(openings).map(([field, { value }]) => ({ seq, field, value })),
      );
  }

  async #readCodes(batch: BatchMessage): Promise<void> {
    for (const wish of batch.notices) {
      const epoch = this.keys.epochs.get(wish.epoch);
      const codes = await hpkeOpen(epoch?.privateKey ?? new Uint8Array(32), box(wish.codes), {
        info: SEAL_INFO.notice,
        aad: `${this.#of.bank}\0${wish.reference}`,
      });
      if (!codes) throw new Error('a notice does not open with the key of its epoch');
      const { pin, qr } = noticeCodes.parse(JSON.parse(fromUtf8(codes)));
      this.codes.push({ seq: wish.seq, pin, qr });
    }
  }
}

function box({ enc, ciphertext }: SealedBox) {
  return {
    enc: fromBase64url(enc) ?? new Uint8Array(0),
    ciphertext: fromBase64url(ciphertext) ?? new Uint8Array(0),
  };
}

export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + WAIT_MS;
  while (!(await holds())) {
    if (systemClock.monotonicMs() > endMs)
      throw new Error(`it did not come true within ${WAIT_MS} ms: ${what}`);
    await sleep(systemClock, LOOK_MS);
  }
}
