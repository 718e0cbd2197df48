/** How a tenant's log stands with its witnesses: for administrators, for what needs a person, and for metrics. */
import type { z } from 'zod';
import type { attention as attentionSchema } from '../../contract/http/admin.ts';
import { type logStanding, WITNESS_ERRORS } from '../../contract/http/witnesses.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { momentOf } from './cosignatures.ts';
import { keysOf, vkeyAt } from './keys.ts';
import { witnessesOf } from './policy.ts';
import * as store from './store.ts';
import * as witnesses from './witness-store.ts';

type Attention = z.infer<typeof attentionSchema>['items'];
export type LogStanding = z.infer<typeof logStanding>;

/** Records get an index within a second. So long without is a fault that does not mend itself. */
const STALLED_MS = 300_000;

/** Null when the tenant keeps no log. */
export async function standingOf(cloud: Cloud, tx: Tx): Promise<LogStanding | null> {
  const log = await store.currentLog(tx);
  if (!log) return null;
  const { generation } = log;
  const [[newest], shown, rows, last, unshownSinceMs, keys] = await Promise.all([
    store.lastCheckpoints(tx, generation, 1),
    witnesses.cosignaturesShown(tx, generation),
    witnesses.witnessRows(tx, generation),
    witnesses.lastCosignatures(tx, generation),
    witnesses.unshownSinceMs(tx, generation),
    keysOf(tx, log),
  ]);
  if (!newest) return null;
  const nowMs = cloud.clock.nowMs();
  const { quorum = 0, alarmAfterMs = 0 } = cloud.config.witnessing ?? {};
  const isPast = (sinceMs: number | null | undefined, ms: number) =>
    typeof sinceMs === 'number' && nowMs - sinceMs >= ms;
  return {
    origin: log.origin,
    vkey: vkeyAt(keys, newest.size),
    newest: { size: newest.size, atMs: newest.at_ms, note: newest.note },
    shownSize: log.shown_size,
    shownCosignatures: shown.length,
    quorum,
    witnesses: witnessesOf(cloud).map(({ name, vkey }) => {
      const row = rows.find((one) => one.vkey === vkey);
      const agreed = last.find((one) => one.vkey === vkey);
      return {
        name,
        vkey,
        agreed: agreed ? { size: agreed.size, atMs: momentOf(agreed) } : null,
        error: errorOf(row?.error),
        errorSinceMs: row?.error_since_ms ?? null,
        conflictAtMs: row?.conflict_at_ms ?? null,
      };
    }),
    unagreedSinceMs: quorum > 0 ? (unshownSinceMs ?? null) : null,
    isUnagreed: quorum > 0 && isPast(unshownSinceMs, alarmAfterMs),
    waitsSinceMs: log.waits_since_ms,
    isStalled: isPast(log.waits_since_ms, STALLED_MS),
  };
}

/** A word that this program does not know was written by a later one, and means that there is no cosignature. */
function errorOf(error: string | null | undefined): LogStanding['witnesses'][number]['error'] {
  if (error === null || error === undefined) return null;
  return WITNESS_ERRORS.find((known) => known === error) ?? 'refused';
}

export async function attentionOfLog(cloud: Cloud, tx: Tx): Promise<Attention> {
  const standing = await standingOf(cloud, tx);
  if (!standing) return [];
  const items: Attention = [];
  for (const { name, error, errorSinceMs } of standing.witnesses)
    if (error === 'conflict')
      items.push({
        kind: 'log-conflict',
        severity: 'alarm',
        says: `The witness ${name} says that the log contradicts what it remembers.`,
        atMs: errorSinceMs ?? cloud.clock.nowMs(),
        link: null,
      });
  if (standing.isStalled)
    items.push({
      kind: 'log-stalled',
      severity: 'alarm',
      says: 'Records wait for the log, and it does not grow.',
      atMs: standing.waitsSinceMs ?? cloud.clock.nowMs(),
      link: null,
    });
  if (standing.isUnagreed)
    items.push({
      kind: 'log-unagreed',
      severity: 'warning',
      says: `Too few witnesses have cosigned the log beyond ${standing.shownSize} records.`,
      atMs: standing.unagreedSinceMs ?? cloud.clock.nowMs(),
      link: null,
    });
  return items;
}
