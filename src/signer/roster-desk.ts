/** What `holdfast admin roster` asks of the cloud, over the pinned connection of an operator. */
import { z } from 'zod';
import { rosterDraft } from '../contract/http/admin.ts';
import { HoldfastError } from '../domain/errors.ts';
import { type Roster, rosterSchema } from '../domain/roster.ts';
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

export type Draft = { roster: Roster; previousNote: string | null };

export async function fetchDraft(access: OperatorAccess): Promise<Draft | undefined> {
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
  return { roster: rosterSchema.parse(JSON.parse(draft.rosterJson)), previousNote: draft.previousNote };
}

export async function submitNote(access: OperatorAccess, note: string): Promise<void> {
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
}
