/**
 * What the rig is told when it starts. Nothing here has a default that is a secret, and every server
 * binds to the loopback interface only.
 */
import { z } from 'zod';
import { rigCast } from '../src/contract/rig.ts';
import { boardsConfig } from './families.ts';

/** 0 asks the system for a free port, which the running rig then reports. */
const listeningPort = z.int().min(0).max(65535);

const tcpPort = z.int().min(1).max(65535);

/** What the lock boards' line is made of. */
const serialLine = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tcp'), port: listeningPort }),
  z.strictObject({ kind: z.literal('pty') }),
]);
export type SerialLine = z.infer<typeof serialLine>;

export const rigConfig = z.strictObject({
  /** The rig's own API and page. */
  httpPort: listeningPort,
  /** The phone's mail server, and what a sender must present to it. */
  smtpPort: listeningPort,
  smtpUser: z.string().min(1),
  smtpPassword: z.string().min(16),
  smtpCertificatePem: z.string().includes('-----BEGIN CERTIFICATE-----'),
  smtpKeyPem: z.string().includes('PRIVATE KEY-----'),
  /** The phone's SMS gateway, and its bearer token. */
  smsPort: listeningPort,
  smsToken: z.string().min(16),
  /** What hangs on the lock boards' line. */
  boards: boardsConfig,
  /** Where it is a pseudo-terminal, the running rig reports its path. */
  serialLine,
  /** The scanner's line. */
  scannerPort: listeningPort,
  /** The cabinet's router: what arrives at `uplinkPort` goes on to `brokerPort`. */
  uplinkPort: listeningPort,
  brokerPort: tcpPort,
  /** The kiosk's loopback server, whose screen the rig's page follows; null where there is none to see. */
  kioskPort: tcpPort.nullable().default(null),
  /** Where the steel's state is kept. */
  dataDir: z.string().min(1),
  /** Where the phone keeps its messages, one file each. */
  phoneDir: z.string().min(1),
  /** The built rig page; a plain list of endpoints is served where there is none. */
  webDir: z.string().min(1).nullable(),
  /** Whom the page shows as the people of the demonstration. */
  cast: rigCast.nullable(),
  /** Links that the page shows, by name. */
  links: z.record(z.string(), z.string()),
});
export type RigConfig = z.infer<typeof rigConfig>;

/** Only this machine may reach the rig: it can open every door of its cabinet. */
export const LOOPBACK = '127.0.0.1';
