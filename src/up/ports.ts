/** The ports of a whole system on one machine, counted from one base, and whether they are free. */
import { createServer } from 'node:net';
import { HoldfastError } from '../domain/errors.ts';
import { codeOf } from '../platform/durable.ts';

const NAMES = [
  'start',
  'signer',
  'kiosk',
  'rig',
  'https',
  'mqtt',
  'smtp',
  'sms',
  'serial',
  'scanner',
  'uplink',
] as const;
export type PortName = (typeof NAMES)[number];
export type Ports = Record<PortName, number>;

export function portsFrom(base: number): Ports {
  const entries = NAMES.map((name, index) => [name, base + index] as const);
  return Object.fromEntries(entries) as Ports;
}

/** Throws a sentence that names every port that something else holds, and what to do. */
export async function requireFree(ports: Ports, base: number): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports))
    if (!(await isFree(port))) taken.push(`${port} (${name})`);
  if (taken.length === 0) return;
  const list = taken.join(', ');
  throw new HoldfastError(
    'conflict',
    `port ${list} is in use by another program. Stop that program, or choose another base: npm start -- --port ${base + 100}`,
  );
}

/** On both addresses of `localhost`: our servers have the first, and a browser that is given the name may take the other. */
async function isFree(port: number): Promise<boolean> {
  return (await isFreeAt('127.0.0.1', port)) && (await isFreeAt('::1', port));
}

function isFreeAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    // Where the machine has no such address (no IPv6), nobody else can stand there either.
    probe.once('error', (error) => resolve(['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error) ?? '')));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}

export type Urls = Record<
  'start' | 'kiosk' | 'resident' | 'courier' | 'admin' | 'rig' | 'signer' | 'api' | 'https',
  string
>;
export function urlsOf(ports: Ports): Urls {
  const start = `http://localhost:${ports.start}`;
  return {
    start: `${start}/`,
    kiosk: `http://localhost:${ports.kiosk}/`,
    resident: `${start}/resident/`,
    courier: `${start}/courier/`,
    admin: `${start}/admin/`,
    rig: `http://localhost:${ports.rig}/`,
    signer: `http://signer.localhost:${ports.signer}/`,
    api: `${start}/api`,
    https: `https://localhost:${ports.https}/`,
  };
}
