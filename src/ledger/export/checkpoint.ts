/** What a checkpoint in a file that somebody was given is worth: by a policy of the reader's, or without one. */
import { type OpenedCheckpoint, openCheckpoint } from '../log/checkpoint.ts';
import type { PolicyFile } from '../log/policy-file.ts';
import { splitNote } from '../log/signatures.ts';
import type { LogKey } from '../log/vkey.ts';
import { need, needValue, type Say } from './refusal.ts';

/** `own` is the log's key as the file itself names it. A policy has keys of its own for the log of that name. */
export function judgeCheckpoint(
  note: string,
  { own, policy, namedBy }: { own: LogKey; policy: PolicyFile | undefined; namedBy: string },
  say: Say,
): OpenedCheckpoint {
  const { name: origin } = own;
  need(own.type === 'signature', `the key of ${origin} is not one of a log`);
  const logKeys = policy ? policy.logs.filter(({ name }) => name === origin) : [own];
  need(logKeys.length > 0, `the policy names no log ${origin}`);
  const witnesses = policy?.witnesses ?? [];
  const opened = needValue(openCheckpoint(note, { origin, logKeys, witnesses }), 'the checkpoint');
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
