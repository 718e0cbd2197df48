/** How a log begins: by an explicit command and never by itself, because one that is missing is a finding. */
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { LEDGER_KEY_LENGTH_MAX } from '../../domain/roster.ts';
import { EMPTY_ROOT, openCheckpoint, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { EMPTY_LOG } from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH } from '../../ledger/log/layout.ts';
import { isKeyName } from '../../ledger/log/vkey.ts';
import { NO_HASH } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { keysFrom, keysOf, type LogKeys, trustIn, vkeyAt } from './keys.ts';
import { vkeyOfLog } from './policy.ts';
import { keepCheckpoint, showCheckpoint } from './sequencer.ts';
import { encodeState } from './state.ts';
import * as store from './store.ts';

export type NewLog = {
  tenant: TenantId;
  /** Where others reach it; with the path below it is the log's name for ever. */
  host: string;
  /** The log before cannot go on: this one begins after it, with every record that is there. */
  succeeds: boolean;
  /** Unset: as the log before, and the first one is closed. */
  open?: boolean;
};

/** The path under which a log is read; the part of its origin after the host. */
export function pathOfLog({ tenant, generation }: { tenant: TenantId; generation: number }): string {
  return `log/${tenant}/${generation}`;
}

/** Answers the origin. */
export async function createLog(cloud: Cloud, { tenant, host, succeeds, open }: NewLog): Promise<string> {
  const stored = await cloud.ledger.objects.generations(tenant);
  const origin = await cloud.database.tenant(tenant, async (tx) => {
    const before = await store.lockLog(tx);
    const last = Math.max(0, before?.generation ?? 0, ...stored);
    if (before && !succeeds && (await isHalfMade(cloud, tenant, before))) return before.origin;
    if (last > 0 && !succeeds)
      throw new HoldfastError(
        'conflict',
        `${tenant} has a log already; see docs/runbooks/log-does-not-verify.md`,
      );
    if (last === 0 && succeeds)
      throw new HoldfastError('not-found', `${tenant} has no log that could have a successor`);
    const generation = last + 1;
    const name = `${host}/${pathOfLog({ tenant, generation })}`;
    if (!isKeyName(name)) throw new HoldfastError('input-invalid', 'a log’s name has no space and no plus');
    const vkey = vkeyOfLog({ origin: name, key: cloud.ledger.key.publicKey });
    // Banks audit the log whose key their roster names; one that no roster can name would be audited by none.
    if (vkey.length > LEDGER_KEY_LENGTH_MAX)
      throw new HoldfastError(
        'input-invalid',
        'the host is too long for a log’s name that a roster can hold',
      );
    await store.insertLog(tx, {
      ...{ generation, origin: name, key: cloud.ledger.key.publicKey, open: open ?? before?.open ?? false },
      ...{ size: 0, root: EMPTY_ROOT, published_size: 0, state: encodeState(EMPTY_LOG) },
      ...{ shown_size: 0, waits_since_ms: null, asked_size: null, asked_at_ms: null },
    });
    if (succeeds) await nameForerunner(cloud, tx, { tenant, generation, before });
    await keepCheckpoint(cloud, tx, {
      generation,
      checkpoint: { origin: name, size: 0, root: EMPTY_ROOT },
      signers: [{ name, ...cloud.ledger.key }],
    });
    return name;
  });
  await showCheckpoint(cloud, tenant);
  return origin;
}

/**
 * The successor says itself after which log it comes, and how far that one was signed: who remembers a head of the old
 * log finds it named by the new one. The store is asked first, because it can be newer than a restored database.
 */
async function nameForerunner(
  cloud: Cloud,
  tx: Tx,
  { tenant, generation, before }: { tenant: TenantId; generation: number; before: store.LogRow | undefined },
): Promise<void> {
  const shown = await cloud.ledger.objects.read({ tenant, generation: generation - 1 }, CHECKPOINT_PATH);
  const note = shown && fromUtf8(shown);
  const origin = note?.slice(0, note.indexOf('\n')) ?? before?.origin ?? '';
  const own = before?.origin === origin ? before : undefined;
  const keys = own ? await keysOf(tx, own) : keysFrom({ origin, key: cloud.ledger.key.publicKey }, []);
  const signed = note === undefined ? undefined : signedHead(note, keys);
  await cloud.journal.record(tx, {
    kind: 'log.succeeded',
    facts: {
      generation,
      before: base64url(sha256(utf8(vkeyAt(keys, signed?.size ?? 0)))),
      size: signed?.size ?? 0,
      root: signed ? base64url(signed.root) : NO_HASH,
    },
  });
}

/** Undefined where the key of that log did not sign it. */
function signedHead(note: string, keys: LogKeys): TreeHead | undefined {
  const opened = openCheckpoint(note, trustIn(keys));
  return opened.ok ? opened.value.checkpoint : undefined;
}

/** The command died before the first checkpoint was shown, and is given again. */
async function isHalfMade({ ledger }: Cloud, tenant: TenantId, log: store.LogRow): Promise<boolean> {
  if (log.size > 0 || !Buffer.from(log.key).equals(ledger.key.publicKey)) return false;
  return (await ledger.objects.read({ tenant, generation: log.generation }, CHECKPOINT_PATH)) === undefined;
}
