/** What `holdfast cloud` is told at start. Secrets of others are in it; its own it makes itself (`files.ts`). */
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { logLevel, logPath, port } from '../platform/config.ts';
import { witnessing } from './witnessing.ts';

const path = z.string().refine(isAbsolute, 'an absolute path');
const host = z.string().min(1);
const pin = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'base64url of the SHA-256 of a key');

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** A message to a gateway holds a code and a phone number. */
function isSealedRoad(text: string, development: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    url.protocol === 'https:' || (development && url.protocol === 'http:' && LOOPBACK.includes(url.hostname))
  );
}

/** Wider ranges than these are nobody's proxies: they would believe everybody. */
const PREFIX_MIN = { 4: 8, 6: 32 } as const;
const PREFIX_MAX = { 4: 32, 6: 128 } as const;

/** An address, or a range of them in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3). */
function isProxyRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if ((version !== 4 && version !== 6) || more.length > 0) return false;
  if (prefix === undefined) return true;
  const bits = /^[1-9][0-9]{0,2}$/.test(prefix) ? Number(prefix) : 0;
  return bits >= PREFIX_MIN[version] && bits <= PREFIX_MAX[version];
}

export const cloudConfig = z
  .strictObject({
    databaseUrl: z
      .string()
      .min(1)
      .describe('PostgreSQL, as the role that owns no table; a superuser is refused'),
    ownerDatabaseUrl: z
      .string()
      .min(1)
      .describe('The same as the role that makes tables; used for migrations at start and then closed'),
    dataDir: path.describe('Everything that this process keeps on disk; a folder of mode 0700'),
    rootKeyFile: path.describe(
      '32 random bytes, mode 0600: opens every tenant’s keys. Kept apart from every backup of the database',
    ),
    operatorTokenFile: path.describe('The bearer token of `holdfast admin`, mode 0600'),
    http: z
      .strictObject({ port })
      .describe('HTTP on loopback, for a proxy on this machine that ends TLS before the apps'),
    https: z
      .strictObject({
        host: host.describe('The address it listens on'),
        port,
        hosts: z.array(host).min(1).describe('The names and addresses that its certificate is for'),
      })
      .describe('HTTPS with this cloud’s own keys, which banks and operators pin'),
    trustedProxies: z
      .array(z.string().refine(isProxyRange, 'an address, or a range like 10.1.0.0/16 that is not everybody'))
      .min(1)
      .max(16)
      .optional()
      .describe(
        'Addresses and ranges (CIDR) of your own proxies. `X-Forwarded-For` and `X-Forwarded-Proto` count from them alone; when left out, from nobody. Any other address has at most 500 connections to `https`',
      ),
    broker: z
      .union([
        z
          .strictObject({
            embedded: z
              .strictObject({ host: host.describe('The address it listens on'), port })
              .describe('For one cloud process'),
          })
          .describe('The broker of the package'),
        z
          .strictObject({
            host: host.describe('Where cloud processes reach it; no bank should'),
            port,
            pins: z
              .array(pin)
              .min(1)
              .max(3)
              .optional()
              .describe(
                'Of its TLS key. Unset: it holds this cloud’s own, which `holdfast cloud broker` gives it',
              ),
            mosquitto: z
              .strictObject({
                host: host.describe('Where banks reach it'),
                port,
                dir: path.describe('The folder on its machine where the files will lie'),
              })
              .optional()
              .describe('A Mosquitto that `holdfast cloud broker` writes the files for'),
          })
          .describe(
            'An operator’s own MQTT 3.1.1 broker or cluster, with the access rules of [peers](peers.md). Several cloud processes need one',
          ),
      ])
      .describe('Where banks and cloud meet'),
    offlinePin: pin
      .nullable()
      .describe('SHA-256 of a server key that lies in a safe; no command makes one yet, so null'),
    mail: z
      .strictObject({
        host: host.describe('The mail server'),
        port,
        tls: z
          .enum(['starttls', 'implicit'])
          .default('starttls')
          .describe('There is no third way: mail carries codes'),
        user: z.string().min(1).describe('Whom we sign in as'),
        password: z.string().min(1).describe('With which password'),
        caPem: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Who signed the mail server’s certificate, PEM; the authorities that Node trusts when left out',
          ),
        from: z.string().min(3).describe('The sender that people see'),
      })
      .describe('The mail server, SMTP with TLS'),
    sms: z
      .strictObject({
        url: z.url().describe('https; what is sent is posted to `/messages` below it'),
        token: z.string().min(16).describe('The bearer token that the gateway gave you'),
      })
      .describe('The SMS gateway'),
    witnessing: witnessing
      .optional()
      .describe('Witnesses of the logs ([ledger](ledger.md#cosignatures)); none are asked when left out'),
    reminderDays: z
      .array(z.int().min(1).max(60))
      .max(5)
      .optional()
      .describe(
        'So many days before a parcel is held for staff its recipient is reminded; [2, 1] when left out',
      ),
    urls: z
      .strictObject({
        resident: z.url().describe('Of residents'),
        courier: z.url().describe('Of couriers'),
        admin: z.url().describe('Of administrators'),
      })
      .describe('Where people reach the apps; links in messages begin with these'),
    webDir: path.nullable().describe('The built web apps; null serves the interface only'),
    development: z
      .boolean()
      .describe('A machine of a developer: shows the start page and says so. Never in production'),
    startFile: path.nullable().describe('What the start page shows; development only, else null'),
    stopping: z
      .strictObject({
        unreadyMs: z
          .int()
          .min(0)
          .max(60_000)
          .describe('How long requests are still taken after readiness says no, in ms'),
        finishMs: z
          .int()
          .min(1_000)
          .max(600_000)
          .describe('How long what has begun may take to finish, in ms, that time included'),
      })
      .refine(({ unreadyMs, finishMs }) => unreadyMs < finishMs, 'unreadyMs is a part of finishMs')
      .optional()
      .describe('What happens at a stop'),
    logPath: logPath.refine((value) => value === null || isAbsolute(value), 'an absolute path'),
    logLevel,
  })
  .refine((config) => config.development || config.startFile === null, {
    path: ['startFile'],
    message: 'only a development machine has a start page',
  })
  .refine(({ sms, development }) => isSealedRoad(sms.url, development), {
    path: ['sms', 'url'],
    message: 'https; without it only a development machine, and only on its own loopback',
  });
export type CloudConfig = z.infer<typeof cloudConfig>;
