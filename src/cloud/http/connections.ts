/**
 * How many connections one address may have. Behind one address a whole building may sit, whose browsers keep six each,
 * and banks that enrol; so the number is far above what a site needs, and far below what the server takes in all.
 * A proxy that is trusted speaks for everybody and bounds its own.
 */
import { BlockList, isIPv6, type Server, type Socket } from 'node:net';

/** In all, of one server: far below what a process may have open. */
const CONNECTIONS_MAX = 10_000;
const OF_ONE_ADDRESS_MAX = 500;

/** For the server on loopback, where all come from this machine's proxy. */
export function boundAll(server: Server): void {
  server.maxConnections = CONNECTIONS_MAX;
}

/** Cuts off, before anything was said, whoever has as many already. */
export function boundEach(server: Server, trustedProxies: readonly string[]): void {
  boundAll(server);
  const trusted = trustedList(trustedProxies);
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    // Whoever has gone already has no address.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const address = plain(socket.remoteAddress);
    if (trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return;
    const place = placeOf(address);
    const count = open.get(place) ?? 0;
    if (count >= OF_ONE_ADDRESS_MAX) return void socket.destroy();
    open.set(place, count + 1);
    socket.once('close', () => {
      const left = (open.get(place) ?? 1) - 1;
      if (left > 0) open.set(place, left);
      else open.delete(place);
    });
  });
}

function trustedList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** On a socket for both families an IPv4 address comes in clothes of IPv6 (RFC 4291, section 2.5.5.2). */
const plain = (address: string) => address.replace(/^::ffff:(?=[\d.]+$)/i, '');

/** An address; of IPv6 the half that names a network: of the other half everybody has as many as they like. */
export function placeOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}
