/**
 * `holdfast admin roster sign`: fetches the draft, shows every change in it in plain rows, and signs what
 * was shown. What you see is what you sign: the text is decoded and rendered here, from the very bytes
 * that are signed, and nothing that the cloud says about them is believed.
 */
import { z } from 'zod';
import { rosterDraft } from '../contract/http/admin.ts';
import { base64url } from '../crypto/bytes.ts';
import type { SigningKey } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import { type Roster, type RosterChange, rosterChanges, rosterSchema } from '../domain/roster.ts';
import { openRoster, signRoster } from '../ledger/roster.ts';
import { callPinned } from '../platform/https.ts';
import { visible } from './visible.ts';

/** How an operator's machine reaches the cloud: kept in a 0600 file. */
export const operatorAccess = z.strictObject({
  api: z.string().describe('The cloud’s address over HTTPS'),
  token: z.string().min(20).describe('The operator’s bearer token'),
  pins: z
    .array(z.string())
    .min(1)
    .describe('SHA-256 of the server’s keys, base64url; a server with another key is refused'),
  site: z.string().describe('The site whose roster and orders are signed with this'),
});
export type OperatorAccess = z.infer<typeof operatorAccess>;

export type Draft = { roster: Roster; changes: RosterChange[] };

/**
 * What this signer signed last, kept beside the root key: the cloud's word for it would let an older roster
 * pass as the last one, and hide that somebody who was removed comes back.
 */
export type Memory = { read(): Promise<string | null>; keep(note: string): Promise<void> };

export async function fetchDraft(
  access: OperatorAccess,
  root: SigningKey,
  memory: Memory,
): Promise<Draft | undefined> {
  const url = `${access.api}/api/operator/rosters/${access.site}/draft`;
  const { status, text } = await callPinned({
    url,
    method: 'GET',
    pins: access.pins,
    headers: { authorization: `Bearer ${access.token}` },
  });
  if (status === 204) return undefined;
  if (status !== 200)
    throw new HoldfastError(
      'upstream',
      `the cloud gave no draft (${status}): ${visible(text.slice(0, 300))}`,
    );
  const draft = rosterDraft.parse(JSON.parse(text));
  const roster = rosterSchema.parse(JSON.parse(draft.rosterJson));
  if (roster.site !== access.site)
    throw new HoldfastError('conflict', `the draft is for ${roster.site}, not for ${access.site}`);
  const remembered = await memory.read();
  const before = previousOf(remembered ?? draft.previousNote, access.site, root);
  const own = base64url(root.publicKey);
  if (!roster.root.keys.includes(own))
    throw new HoldfastError(
      'conflict',
      'the draft does not name this root key; signing it would lock this root out',
    );
  if (before && roster.version <= before.version)
    throw new HoldfastError('conflict', `version ${roster.version} is not newer than ${before.version}`);
  return { roster, changes: rosterChanges(before, roster) };
}

/** The roster before, believed only if this root signed it; without one, every row counts as new. */
function previousOf(note: string | null, site: string, root: SigningKey): Roster | null {
  if (note === null) return null;
  const opened = openRoster(note, { site, rootKeys: [base64url(root.publicKey)], k: 1, version: 0 });
  if (!opened.ok)
    throw new HoldfastError(
      'conflict',
      `what stands as the last roster is not signed by this root (${opened.reason})`,
    );
  return opened.value;
}

export async function submitSigned(
  access: OperatorAccess,
  roster: Roster,
  root: SigningKey,
  memory: Memory,
): Promise<string> {
  const note = signRoster(roster, [root]);
  const url = `${access.api}/api/operator/rosters/${access.site}`;
  const { status, text } = await callPinned({
    url,
    method: 'PUT',
    pins: access.pins,
    body: JSON.stringify({ note }),
    headers: { authorization: `Bearer ${access.token}` },
  });
  if (status !== 200 && status !== 204)
    throw new HoldfastError(
      'upstream',
      `the cloud did not take the roster (${status}): ${visible(text.slice(0, 300))}`,
    );
  await memory.keep(note);
  return note;
}
