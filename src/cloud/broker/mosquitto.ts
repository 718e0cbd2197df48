/**
 * The files of an operator's own Mosquitto: `holdfast cloud broker` writes them from what the cloud knows, so
 * that nobody copies rules by hand. They say what `acl.ts` says of the embedded broker: TLS 1.3 with one
 * cipher, a client certificate of our authority, one topic up and one down for each bank.
 *
 * Two doors, because Mosquitto sets per listener whose name a client id is. At the banks' door it is the
 * certificate's, so that no bank can push another off by taking its id. Cloud processes share one name and
 * draw their ids, so they have a door of their own, which a firewall keeps from banks.
 */
import { join } from 'node:path';
import { ALL_UP_TOPICS, downTopic, MESSAGE_BYTES_MAX, upTopic } from '../../contract/uplink.ts';
import { privateKeyPem } from '../../crypto/sign.ts';
import { TLS_CIPHER } from '../../crypto/tls.ts';
import { selfSignedServer } from '../../crypto/x509.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { makePrivateDir, writeDurable } from '../../platform/durable.ts';
import { requireOwner } from '../../platform/folder-owner.ts';
import type { Random } from '../../platform/random.ts';
import type { CloudConfig } from '../config.ts';
import { openFiles, positiveSerial } from '../files.ts';
import { CLOUD_NAME } from './acl.ts';

const YEAR_MS = 365 * 86_400_000;
const SLACK_MS = 3_600_000;
const PACKET_BYTES_MAX = MESSAGE_BYTES_MAX + 1024;
/** A batch is large and comes one at a time; a process that falls behind is told to by the banks' repeating. */
const QUEUED_MESSAGES_MAX = 1_000;

export type Listener = { host: string; port: number };

/** Writes `broker/` into the data folder: configuration, rules, certificate and key. Run again, it renews them. */
export async function writeBrokerFiles(
  config: Pick<CloudConfig, 'broker' | 'dataDir' | 'rootKeyFile' | 'operatorTokenFile'>,
  { clock, random }: { clock: Clock; random: Random },
): Promise<void> {
  if ('embedded' in config.broker || config.broker.mosquitto === undefined)
    throw new HoldfastError(
      'input-invalid',
      'holdfast cloud broker needs broker.host, broker.port and broker.mosquitto in the configuration',
    );
  const { host, port, mosquitto } = config.broker;
  requireOwner(config.dataDir);
  const files = await openFiles(config);
  const notBeforeMs = clock.nowMs() - SLACK_MS;
  const certificate = await selfSignedServer({
    commonName: 'holdfast broker',
    privateKey: files.current.privateKey,
    hosts: [...new Set([mosquitto.host, host])],
    serial: positiveSerial(random),
    notBeforeMs,
    notAfterMs: notBeforeMs + YEAR_MS,
  });
  const dir = join(config.dataDir, 'broker');
  makePrivateDir(dir);
  writeDurable(join(dir, 'server.key'), privateKeyPem(files.current.privateKey), 0o600);
  writeDurable(join(dir, 'server.crt'), certificate, 0o600);
  writeDurable(join(dir, 'authority.crt'), files.authority.certificatePem, 0o600);
  writeDurable(join(dir, 'mosquitto.acl'), mosquittoRules(), 0o600);
  writeDurable(
    join(dir, 'mosquitto.conf'),
    mosquittoConf({ dir: mosquitto.dir, banks: mosquitto, cloud: { host, port } }),
    0o600,
  );
}

/**
 * What is still to be done once the next TLS server key is today's. A Mosquitto with our key shows the one before until it has
 * its files anew, and a cloud that was started again no longer pins that one: so the broker comes first.
 */
export function stepsAfterRotation(broker: CloudConfig['broker']): string {
  const sign = 'sign the roster that names the new next one: holdfast admin roster sign';
  if ('embedded' in broker) return `Restart the cloud, then ${sign}`;
  if (broker.mosquitto === undefined)
    return `If your broker shows this cloud's key, give it the new one first. Restart the cloud, then ${sign}`;
  return [
    'In this order, or the cloud and the broker do not find each other:',
    `1. holdfast cloud broker, copy broker/ to ${broker.mosquitto.dir} on the machine of Mosquitto, restart Mosquitto`,
    '2. restart the cloud',
    `3. ${sign}`,
  ].join('\n');
}

/** Mosquitto puts the certificate's common name in the place of `%u`, which is a bank's id. */
export function mosquittoRules(): string {
  return [
    '# A cloud process hears every bank and tells every bank.',
    `user ${CLOUD_NAME}`,
    `topic read ${ALL_UP_TOPICS}`,
    `topic write ${downTopic('+')}`,
    '',
    '# A bank has its own two topics.',
    `pattern write ${upTopic('%u')}`,
    `pattern read ${downTopic('%u')}`,
    '',
  ].join('\n');
}

export function mosquittoConf(of: { dir: string; banks: Listener; cloud: Listener }): string {
  return [
    'per_listener_settings true',
    '# Nothing is kept: a bank has its journal, the cloud its database.',
    'persistence false',
    'retain_available false',
    `max_packet_size ${PACKET_BYTES_MAX}`,
    `max_queued_messages ${QUEUED_MESSAGES_MAX}`,
    '',
    '# Banks: a client id is the certificate’s name.',
    ...listener(of.dir, of.banks),
    'use_username_as_clientid true',
    '',
    '# Cloud processes: keep banks from reaching this port.',
    ...listener(of.dir, of.cloud),
    '',
  ].join('\n');
}

function listener(dir: string, { host, port }: Listener): string[] {
  return [
    `listener ${port} ${host}`,
    'allow_anonymous false',
    `acl_file ${join(dir, 'mosquitto.acl')}`,
    'tls_version tlsv1.3',
    `ciphers_tls1.3 ${TLS_CIPHER}`,
    `certfile ${join(dir, 'server.crt')}`,
    `keyfile ${join(dir, 'server.key')}`,
    `cafile ${join(dir, 'authority.crt')}`,
    'require_certificate true',
    'use_identity_as_username true',
    'max_qos 1',
  ];
}
