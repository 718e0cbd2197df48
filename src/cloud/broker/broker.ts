/**
 * The embedded MQTT broker: TLS 1.3 only, a client certificate of our authority, and one topic up and one
 * down for each bank. Who a connection is, its certificate says; names and passwords in the protocol mean
 * nothing. Whatever is not listed here is refused: retained messages, wills, sessions that outlive their
 * connection, foreign topics and wildcards.
 *
 * An operator's own broker takes its place with the same rules; the cloud connects to either as a client.
 */
import { createServer, type TLSSocket } from 'node:tls';
import { Duplex } from 'node:stream';
import { Aedes, type Client, type ConnectPacket, type PublishPacket, type Subscription } from 'aedes';
import { serverTls } from '../../crypto/tls.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { ALL_UP_TOPICS, downTopic, MESSAGE_BYTES_MAX, readTopic, upTopic } from '../../contract/uplink.ts';
import type { Log } from '../../platform/log.ts';
import { PacketGuard } from './guard.ts';

/** The common name of the certificate that a cloud process shows. No bank can have it: it is no bank id. */
export const CLOUD_NAME = 'cloud';

export type BrokerConfig = {
  host: string;
  port: number;
  /** PEM. */
  key: string;
  certificate: string;
  /** PEM of the authority whose client certificates count. */
  authority: string;
  log: Log;
  /** True when this certificate (DER) is the one that the bank was last given. */
  isOnFile(bank: string, certificate: Uint8Array): Promise<boolean>;
  /** A bank's connection began or ended. */
  onConnection(bank: string, connected: boolean): void;
};

export type Broker = { port: number; stop(): Promise<void> };

/** Room for the topic and the packet's own bytes around a message. */
const PACKET_BYTES_MAX = MESSAGE_BYTES_MAX + 1024;
const HANDSHAKE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 20_000;
const CONNECT_MS_MAX = 10_000;
const NOT_AUTHORIZED = 5;

type Shown = { name: string; certificate: Uint8Array };

export async function startBroker(config: BrokerConfig): Promise<Broker> {
  const log = config.log.child('broker');
  const shownBy = new WeakMap<object, Shown>();
  const whoIs = (client: Client) => shownBy.get(client.conn);
  const aedes = await Aedes.createBroker({
    connectTimeout: CONNECT_MS_MAX,
    preConnect: (client, packet, done) => done(null, isPlainConnect(whoIs(client), packet)),
    authenticate: (client, _name, _password, done) => {
      admit(config, whoIs(client)).then(
        (ok) => (ok ? done(null, true) : done(Object.assign(new Error('not authorized'), { returnCode: NOT_AUTHORIZED }), false)),
        () => done(Object.assign(new Error('unavailable'), { returnCode: 3 }), false),
      );
    },
    authorizePublish: (client, packet, done) => done(client === null || mayPublish(whoIs(client)?.name, packet) ? null : new Error('this topic is not for this certificate')),
    authorizeSubscribe: (client, subscription, done) => done(null, maySubscribe(whoIs(client)?.name, subscription) ? subscription : null),
    authorizeForward: (client, packet) => (mayReceive(whoIs(client)?.name, packet.topic) ? packet : null),
  });
  tellConnections(aedes, config, whoIs);
  aedes.on('connectionError', (_client, error) => log.info('a connection was refused', { error: error.message }));
  aedes.on('clientError', (client, error) => log.warn('a connection was broken off', { client: client.id, error: error.message }));

  const server = createServer({ ...serverTls, key: config.key, cert: config.certificate, ca: config.authority, requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS_MAX });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('tlsClientError', (error: Error & { code?: string }) => log.info('a handshake failed', { code: error.code ?? error.name }));
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const shown = readCertificate(socket);
    if (!shown) return socket.destroy();
    const guarded = guard(socket);
    shownBy.set(guarded, shown);
    aedes.handle(guarded);
  });
  const port = await listen(server, config);
  return {
    port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The one common name of the certificate that the handshake has verified. */
function readCertificate(socket: TLSSocket): Shown | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  const name: unknown = certificate.subject?.CN;
  return typeof name === 'string' && certificate.raw ? { name, certificate: new Uint8Array(certificate.raw) } : undefined;
}

function guard(socket: TLSSocket): Duplex {
  const readable = socket.pipe(new PacketGuard(PACKET_BYTES_MAX));
  socket.on('error', (error) => readable.destroy(error));
  socket.on('close', () => readable.destroy());
  const duplex = Duplex.from({ readable, writable: socket });
  duplex.on('close', () => socket.destroy());
  return duplex;
}

/** A bank's client id is its own id, so that no bank can push another off the broker by taking its id. */
function isPlainConnect(shown: Shown | undefined, packet: ConnectPacket): boolean {
  if (!shown || packet.will || packet.clean !== true || packet.protocolVersion !== 4) return false;
  return shown.name === CLOUD_NAME ? packet.clientId.startsWith(`${CLOUD_NAME}-`) : packet.clientId === shown.name;
}

async function admit(config: BrokerConfig, shown: Shown | undefined): Promise<boolean> {
  if (!shown) return false;
  return shown.name === CLOUD_NAME || (await config.isOnFile(shown.name, shown.certificate));
}

function mayPublish(name: string | undefined, packet: PublishPacket): boolean {
  if (name === undefined || packet.retain || packet.qos > 1 || packet.payload.length > MESSAGE_BYTES_MAX) return false;
  return name === CLOUD_NAME ? readTopic(packet.topic)?.way === 'down' : packet.topic === upTopic(name);
}

function maySubscribe(name: string | undefined, subscription: Subscription): boolean {
  if (name === undefined || subscription.qos > 1) return false;
  return subscription.topic === (name === CLOUD_NAME ? ALL_UP_TOPICS : downTopic(name));
}

function mayReceive(name: string | undefined, topic: string): boolean {
  if (name === undefined) return false;
  return name === CLOUD_NAME ? readTopic(topic)?.way === 'up' : topic === downTopic(name);
}

function tellConnections(aedes: Aedes, config: BrokerConfig, whoIs: (client: Client) => Shown | undefined): void {
  // A bank that reconnects is ready again before its old connection is noticed to be gone.
  const connections = new Map<string, Client>();
  aedes.on('clientReady', (client) => {
    const name = whoIs(client)?.name;
    if (name === undefined || name === CLOUD_NAME) return;
    connections.set(name, client);
    config.onConnection(name, true);
  });
  aedes.on('clientDisconnect', (client) => {
    const name = whoIs(client)?.name;
    if (name === undefined || connections.get(name) !== client) return;
    connections.delete(name);
    config.onConnection(name, false);
  });
}

function listen(server: ReturnType<typeof createServer>, { host, port }: BrokerConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: Error & { code?: string }) => {
      reject(cause.code === 'EADDRINUSE' ? new HoldfastError('unavailable', `Port ${port} is in use by another program; choose another with --port.`, { cause }) : cause);
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('a server that listens on TCP has a port'));
      resolve(address.port);
    });
  });
}
