/** By what a row of the list is known to be the same one in the next answer, so that it keeps the focus. Pure. */
import type { AttentionItem } from './session.ts';

type Keyed = { key: string; item: AttentionItem };

/**
 * By what it says and of what, and not by its time: of some the cloud knows only that they stand now. Of an alarm its
 * beginning is its name; one in care, and the same one come anew, may have begun at the same time.
 */
function nameOf({ kind, says, link, alarm }: AttentionItem): string {
  return JSON.stringify([kind, link, says, alarm?.raisedAtMs, alarm?.care?.atMs]);
}

/** Two that say the same are told apart by their order. */
export function keyed(items: readonly AttentionItem[]): Keyed[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const name = nameOf(item);
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { key: `${name} ${nth}`, item };
  });
}
