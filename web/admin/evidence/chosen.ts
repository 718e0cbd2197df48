/** A file that somebody chose, looked at before it is sent: the server would say the same of it, some megabytes later. */
import { EVIDENCE_BYTES_MAX, mediaOf } from '../../../src/domain/evidence.ts';
import { contentOf } from '../people-import/file.tsx';
import { t } from './messages.ts';
import { sizeText } from './size.ts';

export const MEGABYTES_MAX = EVIDENCE_BYTES_MAX / 1_000_000;

export type Chosen = { name: string; bytes: number; base64: string };
export type Choice = { chosen: Chosen } | { fault: string };

export async function choiceOf(file: File): Promise<Choice> {
  const { name, size } = file;
  if (size > EVIDENCE_BYTES_MAX)
    return { fault: t('attach.large', { name, size: sizeText(size), mb: MEGABYTES_MAX }) };
  try {
    if (!mediaOf(new Uint8Array(await file.arrayBuffer()))) return { fault: t('attach.kind', { name }) };
    return { chosen: { name, bytes: size, base64: await contentOf(file) } };
  } catch {
    // The file went, or is on a disk that did: what the browser says of it is no sentence for a person.
    return { fault: t('attach.unread', { name }) };
  }
}
