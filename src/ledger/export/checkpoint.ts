/** What a checkpoint in a file that somebody was given is worth: by a policy of the reader's, or without one. */
import { type KeyTerm, type LogTrust, type OpenedCheckpoint, openCheckpoint } from '../log/checkpoint.ts';
import type { PolicyFile } from '../log/policy-file.ts';
import { splitNote } from '../log/signatures.ts';
import { followSuccession, type SuccessionLink } from '../log/succession.ts';
import { type LogKey, vkeyText } from '../log/vkey.ts';
import { need, needValue, type Say } from './refusal.ts';

type Judging = {
  own: LogKey;
  policy: PolicyFile | undefined;
  namedBy: string;
  /** How the log's later keys follow from earlier ones, as somebody says. */
  succession: readonly SuccessionLink[];
};

/** `own` is the log's key as the file itself names it. A policy has keys of its own for the log of that name. */
export function judgeCheckpoint(
  note: string,
  { own, policy, namedBy, succession }: Judging,
  say: Say,
): OpenedCheckpoint {
  const { name: origin } = own;
  need(own.type === 'signature', `the key of ${origin} is not one of a log`);
  const logKeys = policy ? policy.logs.filter(({ name }) => name === origin) : [own];
  need(logKeys.length > 0, `the policy names no log ${origin}`);
  const witnesses = policy?.witnesses ?? [];
  const trust = { origin, logKeys, witnesses };
  const successors = followed(succession, { trust, policy, say });
  const opened = needValue(openCheckpoint(note, { ...trust, successors }), 'the checkpoint');
  const { size } = opened.checkpoint;
  say(
    `the log ${origin} signed a tree of ${size} entries${policy ? '' : `, by the key that ${namedBy} names`}`,
  );
  if (policy) sayCosigned(policy, opened, say);
  else {
    const others = needValue(splitNote(note), 'the checkpoint').lines.length - 1;
    say(
      `cosignatures: not judged, for no --policy says whose count; ${others} other signature lines stand there`,
      null,
    );
  }
  return opened;
}

/** A link that begins at a key of the reader's own has to hold, under the reader's own policy. */
function followed(
  succession: readonly SuccessionLink[],
  { trust, policy, say }: { trust: LogTrust; policy: PolicyFile | undefined; say: Say },
): KeyTerm[] {
  const agreed = ({ signatures }: OpenedCheckpoint) =>
    policy?.holds(new Set(signatures.flatMap(({ key, atS }) => (atS === null ? [] : [key])))) ?? true;
  const keys = needValue(followSuccession(succession, { ...trust, agreed }), 'the succession of keys');
  for (const { key, fromSize } of keys)
    say(`the log recorded that from ${fromSize} entries on the key ${vkeyText(key)} signs it`);
  return keys;
}

function sayCosigned(policy: PolicyFile, { signatures }: OpenedCheckpoint, say: Say): void {
  const cosigned = new Set<LogKey>();
  for (const { key, atS } of signatures) {
    if (atS === null) continue;
    cosigned.add(key);
    say(`${key.name} cosigned it at ${new Date(Math.min(atS, 8.64e12) * 1000).toISOString()}`);
  }
  const counted = `${cosigned.size} of ${policy.witnesses.length} witnesses cosigned`;
  need(policy.holds(cosigned), `${counted}, which is not the quorum ${policy.quorum}`);
  say(`${counted}, which is the quorum ${policy.quorum}`);
}
