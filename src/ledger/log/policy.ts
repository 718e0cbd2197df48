/**
 * Which checkpoints of a log are believed: signed by the log, and cosigned by at least `quorum` of the known
 * witnesses (C2SP tlog-proof, section "Verifying a tlog proof", step 3). A verdict names who cosigned, and
 * when each of them says that it did.
 */
import { equalBytes } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { type LogTrust, type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts';
import { type LogResult, refused } from './refusals.ts';
import type { NoteSignature } from './signatures.ts';
import { type LogKey, type LogKeyType, parseVkey } from './vkey.ts';

export type LogPolicy = LogTrust & { quorum: number };

export type PolicyTexts = {
  origin: string;
  /** vkeys of the log: the one in use, and earlier ones while they still count. */
  logs: readonly string[];
  witnesses: readonly string[];
  /** How many of the witnesses must have cosigned; 0 asks for none. */
  quorum: number;
};

/**
 * A policy from vkeys. No public key may stand in it twice, under whatever name (C2SP tlog-policy, section
 * "Defining a witness"): what a witness cosigns does not hold its name, so one key would count twice. Nor
 * may a log be its own witness.
 */
export function readPolicy(texts: PolicyTexts): LogResult<LogPolicy> {
  const logKeys = readKeys(texts.logs, 'signature');
  if (!logKeys.ok) return logKeys;
  const witnesses = readKeys(texts.witnesses, 'cosignature');
  if (!witnesses.ok) return witnesses;
  const keys = [...logKeys.value, ...witnesses.value];
  const twice = keys.find((key, index) => keys.findIndex((other) => isSameKey(key, other)) !== index);
  if (twice) return refused('policy-key-twice', twice.name);
  const { origin, quorum } = texts;
  if (logKeys.value.length === 0) return refused('policy-quorum-impossible', `no key of ${origin}`);
  if (!(Number.isSafeInteger(quorum) && quorum >= 0 && quorum <= witnesses.value.length))
    return refused('policy-quorum-impossible', `${quorum} of ${witnesses.value.length}`);
  return allowed({ origin, logKeys: logKeys.value, witnesses: witnesses.value, quorum });
}

function readKeys(texts: readonly string[], type: LogKeyType): LogResult<LogKey[]> {
  const keys: LogKey[] = [];
  for (const text of texts) {
    const key = parseVkey(text);
    if (!key.ok) return key;
    if (key.value.type !== type) return refused('policy-key-type', key.value.name);
    keys.push(key.value);
  }
  return allowed(keys);
}

function isSameKey(a: LogKey, b: LogKey): boolean {
  return equalBytes(a.publicKey, b.publicKey);
}

export type QuorumVerdict = {
  holds: boolean;
  quorum: number;
  cosigned: { name: string; atS: number }[];
  missing: string[];
};

export function judgeQuorum(policy: LogPolicy, signatures: readonly NoteSignature[]): QuorumVerdict {
  const counted: LogKey[] = [];
  const cosigned: QuorumVerdict['cosigned'] = [];
  for (const { key, atS } of signatures) {
    if (atS === null || !policy.witnesses.includes(key)) continue;
    if (counted.some((other) => isSameKey(other, key))) continue;
    counted.push(key);
    cosigned.push({ name: key.name, atS });
  }
  const missing = policy.witnesses.filter((key) => !counted.includes(key)).map(({ name }) => name);
  return { holds: counted.length >= policy.quorum, quorum: policy.quorum, cosigned, missing };
}

export type WitnessedCheckpoint = OpenedCheckpoint & { verdict: QuorumVerdict };

/** A checkpoint that the policy believes. */
export function openWitnessed(note: string, policy: LogPolicy): LogResult<WitnessedCheckpoint> {
  const opened = openCheckpoint(note, policy);
  if (!opened.ok) return opened;
  const verdict = judgeQuorum(policy, opened.value.signatures);
  if (verdict.holds) return allowed({ ...opened.value, verdict });
  const found = `${verdict.cosigned.length} of ${verdict.quorum}`;
  return refused('quorum-missing', `${found}, without ${verdict.missing.join(', ')}`);
}
