/**
 * Idempotency keys (IETF draft-ietf-httpapi-idempotency-key-header, sections 2.1 to 2.7): a request that is
 * sent again under its key has its effect once and gets the same answer, whichever process it reaches.
 *
 * What the handler writes and what it answered are committed together: the handler runs inside the
 * transaction that keeps the answer. A process that dies before the commit has done nothing; one that dies
 * after it is answered for by the next. A refusal changes nothing and is not kept: the same request may be
 * tried again once the reason is gone.
 *
 * A key belongs to one person and one route. An answer may hold personal data, so it is sealed: under the key of
 * the person whom it names by `id`, else of the one who asked. Destroying either forgets it.
 */
import { z } from 'zod';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { equalBytes, labelled, sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { isId, type PersonId, type TenantId } from '../../domain/ids.ts';
import type { Database, Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as store from './repeats-store.ts';

const DAY_MS = 86_400_000;
const KEEP_MS = DAY_MS;
export const KEY_HEADER = 'idempotency-key';

/** A structured field's string (RFC 9651, section 3.3.3) without escapes; short ones are no keys but counters. */
const KEY = /^"[ !#-[\]-~]{16,255}"$/;
export const keyHeader = z.looseObject({
  [KEY_HEADER]: z
    .string()
    .regex(KEY, 'a string in double quotes, of 16 to 255 characters')
    .optional()
    .describe(
      'Drawn anew for each act, and sent again with each repetition of it: the act happens once. Kept for 24 hours.',
    ),
});

export type Asked = {
  asker: { tenant: TenantId; person: PersonId };
  /** Method and pattern. */
  route: string;
  key: string;
  /** Path, query and body: everything in which two requests to one route may differ. */
  what: string;
  response: z.ZodType | undefined;
};

/** Runs the handler once for all requests under the key; a later one gets the answer of the first. */
export async function once(
  cloud: Cloud,
  asked: Asked,
  run: (within: Cloud) => Promise<unknown>,
): Promise<unknown> {
  const { tenant, person } = asked.asker;
  const keyHash = sha256(labelled('idempotency-key/v1', person, asked.route, asked.key));
  return await cloud.database.tenant(tenant, async (tx) => {
    if (!(await store.tryLock(tx, keyHash)))
      throw new HoldfastError('idempotency-busy', 'The same request is being served; ask again shortly.');
    const what = base64url(sha256(utf8(asked.what)));
    const kept = await store.findAnswer(tx, keyHash);
    if (kept && isYoung(cloud, kept))
      return await answerAgain(cloud, tx, {
        kept,
        fingerprints: await cloud.keys.indexes(tx, 'request', what),
      });
    if (kept) await store.deleteAnswer(tx, keyHash);
    const fingerprint = await cloud.keys.index(tx, 'request', what);
    const answer = await run(withinTransaction(cloud, tenant, tx));
    await keep(cloud, tx, { asked, keyHash, fingerprint, answer });
    return answer;
  });
}

function isYoung(cloud: Cloud, kept: store.KeptAnswer): boolean {
  return cloud.clock.nowMs() - kept.answered_at_ms < KEEP_MS;
}

async function answerAgain(
  cloud: Cloud,
  tx: Tx,
  { kept, fingerprints }: { kept: store.KeptAnswer; fingerprints: readonly Uint8Array[] },
): Promise<unknown> {
  // A key of the organisation that is replaced opens for more than a day longer; answers are kept for a day.
  if (!fingerprints.some((one) => equalBytes(new Uint8Array(kept.fingerprint), one)))
    throw new HoldfastError('idempotency-reused', 'Draw a new key for a new request.');
  if (kept.answer === null) return undefined;
  const place = placeOf(new Uint8Array(kept.key_hash));
  const text = await cloud.keys.openFor(tx, kept.person_id, place, new Uint8Array(kept.answer));
  if (text === undefined)
    throw new HoldfastError('conflict', 'That was done, and what it answered has been forgotten since.');
  return JSON.parse(text);
}

type Keep = { asked: Asked; keyHash: Uint8Array; fingerprint: Uint8Array; answer: unknown };

async function keep(cloud: Cloud, tx: Tx, { asked, keyHash, fingerprint, answer }: Keep): Promise<void> {
  const hasBody = asked.response !== undefined && typeof answer === 'object' && answer !== null;
  // An answer that breaks its own schema is a fault; it must undo the effect while that can still be done.
  const body: unknown = hasBody ? asked.response?.parse(answer) : undefined;
  const person = (await subjectOf(cloud, tx, body)) ?? asked.asker.person;
  await store.insertAnswer(tx, {
    key_hash: keyHash,
    fingerprint,
    person_id: person,
    answer: hasBody ? await cloud.keys.sealFor(tx, person, placeOf(keyHash), JSON.stringify(body)) : null,
    answered_at_ms: cloud.clock.nowMs(),
  });
}

/** The person whom an answer is about, if it names one. */
async function subjectOf(cloud: Cloud, tx: Tx, body: unknown): Promise<PersonId | undefined> {
  const id = (body as { id?: unknown } | undefined)?.id;
  if (typeof id !== 'string' || !isId('person', id)) return undefined;
  return (await cloud.keys.subjects(tx, [id])).has(id) ? id : undefined;
}

const placeOf = (keyHash: Uint8Array) => `requests/answer\0${base64url(keyHash)}`;

/**
 * The handler's own transactions become part of this one, which has taken a connection of the pool: a second one could
 * be waited for by as many requests as there are connections, each holding the one that another waits for. So a
 * `snapshot` is a part of it too. What it reads is then not of one moment but statement by statement of what is
 * committed (PostgreSQL manual, section 13.2.1). Who asks for an export can bear that: they read whether there is such
 * a bank, parcel or person, throw the rest away, and the job reads all of it again in a snapshot of its own
 * (`../export/make.ts`). A handler with a key that puts together what it read in one takes a lock, or no key.
 *
 * What belongs to no organisation, or commits by itself, cannot be undone with the rest; no act under a key does it.
 */
function withinTransaction(cloud: Cloud, tenant: TenantId, tx: Tx): Cloud {
  const { database } = cloud;
  const within: Database['tenant'] = async (of, run) => {
    if (of !== tenant) throw new Error('a request with a key stays within one organisation');
    return await run(tx);
  };
  const beside = (way: string) => () =>
    Promise.reject(
      new Error(`a request with a key asked \`${way}\` for a transaction beside the one it runs in`),
    );
  return {
    ...cloud,
    database: {
      ...database,
      ...{ tenant: within, snapshot: within, read: within },
      ...{ once: beside('once'), estate: beside('estate'), readEstate: beside('readEstate') },
    },
  };
}

/** Forgets what nobody may ask for again. Runs by the clock, for each organisation. */
export async function forgetAnswers(cloud: Cloud, tx: Tx): Promise<void> {
  await store.deleteOldAnswers(tx, cloud.clock.nowMs() - KEEP_MS);
}
