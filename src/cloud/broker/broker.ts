/**
 * The embedded MQTT broker: TLS 1.3 only, a client certificate of our authority, and one topic up and one
 * down for each bank. Who a connection is, its certificate says; names and passwords in the protocol mean
 * nothing. Whatever is not listed here is refused: retained messages, wills, sessions that outlive their
 * connection, foreign topics and wildcards.
 *
 * An operator's own broker takes its place with the same rules; the cloud connects to either as a client.
 */

import { createServer, type TLSSocket } from 'node:tls';
import { Aedes, type AedesOptions, type Client } from 'aedes';
import { serverTls } from '../../crypto/tls.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Log } from '../../platform/log.ts';
import { CLOUD_NAME, isPlainConnect, mayPublish, mayReceive, maySubscribe, type Shown } from './acl.ts';
import { Line } from './line.ts';

export { CLOUD_NAME } from './acl.ts';
export { BrokerLink } from './link.ts';
export { stepsAfterRotation, writeBrokerFiles } from './mosquitto.ts';

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

export type Broker = {
  port: number;
  /** Whoever connects from now on is shown this certificate (PEM), under the same key. */
  shows(certificate: string): void;
  /** Ends every connection that shows this name. */
  drop(bank: string): void;
  stop(): Promise<void>;
};

const HANDSHAKE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 20_000;
const CONNECT_MS_MAX = 10_000;
/** So long nobody waits for one who takes not even the answers to what it sends. */
const DRAIN_MS_MAX = 10_000;
/** Return codes of CONNACK (MQTT 3.1.1 section 3.2.2.3). */
const SERVER_UNAVAILABLE = 3;
const NOT_AUTHORIZED = 5;

type WhoIs = (client: Client) => Shown | undefined;

export async function startBroker(config: BrokerConfig): Promise<Broker> {
  const log = config.log.child('broker');
  const shownBy = new WeakMap<object, Shown>();
  const whoIs: WhoIs = (client) => shownBy.get(client.conn);
  const aedes = await Aedes.createBroker(rulesOf(config, whoIs));
  tellConnections(aedes, config, whoIs);
  aedes.on('connectionError', (_client, error) => {
    log.info('a connection was refused', { error: error.name });
  });
  aedes.on('clientError', (client, error) => {
    // The far side hung up, which is no news.
    if (error.name === 'AbortError') return;
    // The client's own name for itself is a stranger's text; the certificate's is on file.
    log.warn('a connection was broken off', { bank: whoIs(client)?.name ?? null, error: error.name });
  });

  const server = openServer(config);
  server.on('tlsClientError', (error: Error & { code?: string }) => {
    log.info('a handshake failed', { code: error.code ?? error.name });
  });
  const sockets = new Map<TLSSocket, string | undefined>();
  server.on('secureConnection', (socket) => {
    const shown = readCertificate(socket);
    sockets.set(socket, shown?.name);
    socket.once('close', () => sockets.delete(socket));
    if (!shown) return socket.destroy();
    const line = new Line(socket);
    shownBy.set(line, shown);
    aedes.handle(line);
  });
  const port = await listen(server, config);
  return {
    port,
    shows: (certificate) => server.setSecureContext(tlsOf({ ...config, certificate })),
    drop(bank) {
      for (const [socket, name] of sockets) if (name === bank) socket.destroy();
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
  };
}

function rulesOf(config: BrokerConfig, whoIs: WhoIs): AedesOptions {
  return {
    connectTimeout: CONNECT_MS_MAX,
    drainTimeout: DRAIN_MS_MAX,
    preConnect(client, packet, done) {
      const plain = isPlainConnect(whoIs(client), packet);
      // Only an error ends the connection; a mere "no" would leave it hanging.
      done(plain ? null : new Error('the connection asks for what is not offered'), plain);
    },
    authenticate(client, _name, _password, done) {
      const refuse = (why: string, returnCode: number) =>
        done(Object.assign(new Error(why), { returnCode }), false);
      admit(config, whoIs(client)).then(
        (known) => (known ? done(null, true) : refuse('not authorized', NOT_AUTHORIZED)),
        () => refuse('unavailable', SERVER_UNAVAILABLE),
      );
    },
    authorizePublish(client, packet, done) {
      // Without a client it is the broker's own word on its own state.
      const may = client === null || mayPublish(whoIs(client)?.name, packet);
      done(may ? null : new Error('this topic is not for this certificate'));
    },
    authorizeSubscribe: (client, wanted, done) =>
      done(null, maySubscribe(whoIs(client)?.name, wanted) ? wanted : null),
    authorizeForward(client, packet) {
      const name = whoIs(client)?.name;
      if (!mayReceive(name, packet.topic)) return null;
      // A process of this cloud reads, and what it has not read yet holds the banks that send it.
      return name === CLOUD_NAME || hasRoom(client, packet.payload.length) ? packet : null;
    },
  };
}

const hasRoom = ({ conn }: Client, bytes: number) => conn instanceof Line && conn.hasRoomFor(bytes);

const tlsOf = ({ key, certificate, authority }: BrokerConfig) => ({
  ...{ ...serverTls, key, cert: certificate, ca: authority },
});

function openServer(config: BrokerConfig) {
  const server = createServer({
    ...tlsOf(config),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_MS_MAX,
  });
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

/** The one common name of the certificate that the handshake has verified. */
function readCertificate(socket: TLSSocket): Shown | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  const name: unknown = certificate.subject?.CN;
  return typeof name === 'string' && certificate.raw
    ? { name, certificate: new Uint8Array(certificate.raw) }
    : undefined;
}

async function admit(config: BrokerConfig, shown: Shown | undefined): Promise<boolean> {
  if (!shown) return false;
  return shown.name === CLOUD_NAME || (await config.isOnFile(shown.name, shown.certificate));
}

function tellConnections(aedes: Aedes, config: BrokerConfig, whoIs: WhoIs): void {
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
      reject(
        cause.code === 'EADDRINUSE'
          ? new HoldfastError(
              'unavailable',
              `Port ${port} is in use by another program; choose another with --port.`,
              { cause },
            )
          : cause,
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        return reject(new Error('a server that listens on TCP has a port'));
      resolve(address.port);
    });
  });
}
