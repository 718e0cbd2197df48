/** Who may do what on the broker: pure rules over the name that a verified certificate carries. */
import type { ConnectPacket, PublishPacket, Subscription } from 'aedes';
import { downTopic, MESSAGE_BYTES_MAX, readTopic, upTopic } from '../../contract/uplink.ts';

/** The common name of the certificate that a cloud process shows. No bank can have it: it is no bank id. */
export const CLOUD_NAME = 'cloud';

/** What a connection has shown in its handshake: one common name, and the certificate (DER). */
export type Shown = { name: string; certificate: Uint8Array };

/** A bank's client id is its own id, so that no bank can push another off the broker by taking its id. */
export function isPlainConnect(shown: Shown | undefined, packet: ConnectPacket): boolean {
  if (!shown || packet.will || packet.clean !== true || packet.protocolVersion !== 4) return false;
  return shown.name === CLOUD_NAME
    ? packet.clientId.startsWith(`${CLOUD_NAME}-`)
    : packet.clientId === shown.name;
}

export function mayPublish(name: string | undefined, packet: PublishPacket): boolean {
  if (name === undefined || packet.retain || packet.qos > 1 || packet.payload.length > MESSAGE_BYTES_MAX)
    return false;
  return name === CLOUD_NAME ? readTopic(packet.topic)?.way === 'down' : packet.topic === upTopic(name);
}

export function maySubscribe(name: string | undefined, subscription: Subscription): boolean {
  if (name === undefined || subscription.qos > 1) return false;
  // A cloud process hears the banks that it serves, one by one.
  return name === CLOUD_NAME
    ? readTopic(subscription.topic)?.way === 'up'
    : subscription.topic === downTopic(name);
}

export function mayReceive(name: string | undefined, topic: string): boolean {
  if (name === undefined) return false;
  return name === CLOUD_NAME ? readTopic(topic)?.way === 'up' : topic === downTopic(name);
}
