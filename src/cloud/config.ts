/** What `holdfast cloud` is told at start. Secrets of others are in it; its own it makes itself (`files.ts`). */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { logLevel, port } from '../platform/config.ts';

const path = z.string().refine(isAbsolute, 'an absolute path');
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

export const cloudConfig = z
  .strictObject({
    /** As the role that owns no table; a superuser is refused. */
    databaseUrl: z.string().min(1),
    /** As the role that makes tables; used for migrations at start and then closed. */
    ownerDatabaseUrl: z.string().min(1),
    /** Everything that this process keeps on disk; a 0700 folder. */
    dataDir: path,
    /** 32 random bytes, 0600: opens every tenant's keys. Kept apart from every backup of the database. */
    rootKeyFile: path,
    /** The bearer token of `holdfast admin`, 0600. */
    operatorTokenFile: path,
    http: z.strictObject({ port }),
    https: z.strictObject({ host: z.string().min(1), port, hosts: z.array(z.string().min(1)).min(1) }),
    broker: z.union([
      z.strictObject({ embedded: z.strictObject({ host: z.string().min(1), port }) }),
      /**
       * An operator's own MQTT 3.1.1 broker or cluster, with the access rules of docs/reference/peers.md.
       * Several cloud processes need one.
       */
      z.strictObject({
        /** Where cloud processes reach it; no bank should. */
        host: z.string().min(1),
        port,
        /** Of its TLS key. Unset: the broker holds this cloud's own keys, which `holdfast cloud broker` gives it. */
        pins: z.array(pin).min(1).max(3).optional(),
        /**
         * A Mosquitto that `holdfast cloud broker` writes the files for: where banks reach it, and the folder on
         * its machine where the files will lie.
         */
        mosquitto: z.strictObject({ host: z.string().min(1), port, dir: path }).optional(),
      }),
    ]),
    /** SHA-256 of the server key that lies in a safe; null until there is one. */
    offlinePin: pin.nullable(),
    mail: z.strictObject({
      host: z.string().min(1),
      port,
      /** There is no third way: mail carries codes. */
      tls: z.enum(['starttls', 'implicit']).default('starttls'),
      user: z.string().min(1),
      password: z.string().min(1),
      caPem: z.string().min(1),
      from: z.string().min(3),
    }),
    sms: z.strictObject({ url: z.url(), token: z.string().min(16) }),
    /** So many days before a parcel is held for staff its recipient is reminded; [2, 1] when not said. */
    reminderDays: z.array(z.int().min(1).max(60)).max(5).optional(),
    /** Where people reach the apps; links in messages begin with these. */
    urls: z.strictObject({ resident: z.url(), courier: z.url(), admin: z.url() }),
    /** The built web apps; null serves the interface only. */
    webDir: path.nullable(),
    /** A machine of a developer: shows the start page and says so. Never in production. */
    development: z.boolean(),
    /** What the start page shows; development only. */
    startFile: path.nullable(),
    /**
     * At a stop: how long requests are still taken after readiness says no, and how long what has begun may take
     * to finish, that time included.
     */
    stopping: z
      .strictObject({ unreadyMs: z.int().min(0).max(60_000), finishMs: z.int().min(1_000).max(600_000) })
      .refine(({ unreadyMs, finishMs }) => unreadyMs < finishMs, 'unreadyMs is a part of finishMs')
      .optional(),
    logPath: path.nullable(),
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
