/**
 * Policies as auditors hand them round (C2SP tlog-policy, section "Policy file syntax and structure"): lines that name
 * logs, witnesses, groups of them with a threshold, and the one name that has to have cosigned.
 */
import { equalBytes } from '../../crypto/hash.ts';
import { readDecimal } from './numbers.ts';
import { type LogKey, type LogKeyType, parseVkey } from './vkey.ts';

export type PolicyFile = {
  logs: readonly LogKey[];
  witnesses: readonly LogKey[];
  quorum: string;
  holds(cosigned: ReadonlySet<LogKey>): boolean;
};
type PolicyRead = { ok: true; policy: PolicyFile } | { ok: false; why: string };

type Holds = PolicyFile['holds'];
type Reading = {
  logs: LogKey[];
  witnesses: LogKey[];
  names: Map<string, Holds>;
  /** What stands in a group already, and what never may. */
  members: Set<string>;
  quorum?: string;
};

export function parsePolicyFile(text: string): PolicyRead {
  const names = new Map<string, Holds>([['none', () => true]]);
  const reading: Reading = { logs: [], witnesses: [], names, members: new Set(['none']) };
  for (const line of text.split('\n')) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#')) continue;
    const why = readLine(reading, words);
    if (why !== undefined) return { ok: false, why };
  }
  const { logs, witnesses, quorum } = reading;
  const holds = names.get(quorum ?? '');
  if (quorum === undefined || !holds || logs.length === 0)
    return { ok: false, why: 'the policy has no quorum, or no log' };
  return { ok: true, policy: { logs, witnesses, quorum, holds } };
}

/** Why a line is not taken; undefined when it is. */
function readLine(reading: Reading, [word, ...rest]: readonly string[]): string | undefined {
  const { logs, witnesses, names } = reading;
  const [first = '', second = '', ...more] = rest;
  if (word === 'log' && (rest.length === 1 || rest.length === 2))
    return addKey(reading, { to: logs, text: first, type: 'signature' });
  if (word === 'witness' && (rest.length === 2 || rest.length === 3)) {
    const why = names.has(first)
      ? `${first} stands twice`
      : addKey(reading, { to: witnesses, text: second, type: 'cosignature' });
    const key = witnesses.at(-1);
    if (why === undefined && key) names.set(first, (cosigned) => cosigned.has(key));
    return why;
  }
  if (word === 'group' && rest.length >= 3)
    return addGroup(reading, { name: first, threshold: second, members: more });
  if (word === 'quorum' && rest.length === 1) {
    if (reading.quorum !== undefined) return 'there are two quorums';
    reading.quorum = first;
    return names.has(first) ? undefined : `${first} is not defined before it is used`;
  }
  return `a line is not understood: ${word}`;
}

/** One public key may stand once, under whatever name: what a witness signs does not hold its name. */
function addKey(
  { logs, witnesses }: Reading,
  { to, text, type }: { to: LogKey[]; text: string; type: LogKeyType },
): string | undefined {
  const key = parseVkey(text);
  if (!key.ok || key.value.type !== type) return `this is no key of a ${type}: ${text}`;
  const { value } = key;
  if ([...logs, ...witnesses].some((other) => equalBytes(other.publicKey, value.publicKey)))
    return `the key of ${value.name} stands twice`;
  to.push(value);
  return undefined;
}

/** A name is a member once in the whole file ("Defining a witness group"): one witness must not count in two groups. */
function addGroup(
  { names, members: used }: Reading,
  { name, threshold, members }: { name: string; threshold: string; members: readonly string[] },
): string | undefined {
  if (names.has(name)) return `${name} stands twice`;
  for (const member of members) {
    if (used.has(member)) return `${member} may not be a member of ${name}: it is one already, or is none`;
    used.add(member);
  }
  const all = members.flatMap((member) => names.get(member) ?? []);
  if (all.length !== members.length) return `a member of ${name} is not defined before it is used`;
  const given = readDecimal(threshold);
  const number = given.ok ? given.value : 0;
  const k = threshold === 'any' ? 1 : threshold === 'all' ? members.length : number;
  if (k < 1 || k > members.length) return `${name} asks for ${threshold} of ${members.length}`;
  names.set(name, (cosigned) => all.filter((holds) => holds(cosigned)).length >= k);
  return undefined;
}
