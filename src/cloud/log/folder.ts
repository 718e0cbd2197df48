/**
 * Whether the folder of this process is the one in which a log has grown. Two processes of one database that have two
 * folders would else both go on: each would show checkpoints of tiles that the other has.
 */
import type { TreeHead } from '../../ledger/log/checkpoint.ts';
import { readState } from '../../ledger/log/growth.ts';
import { TILE_WIDTH } from '../../ledger/log/layout.ts';
import { readBundle } from '../../ledger/log/tiles.ts';
import { type LogObjects, type LogPlace, tilesOf } from './objects.ts';

/**
 * What is wrong with what lies here under a signed head: its last bundle and the edge of its tree have to be there. They
 * are written before the head is signed, so no death explains that they are not. Undefined when nothing is.
 */
export async function wrongUnder(
  objects: LogObjects,
  { place, head }: { place: LogPlace; head: TreeHead },
): Promise<string | undefined> {
  const { size } = head;
  if (size === 0) return undefined;
  const tiles = tilesOf(objects, place);
  const index = Math.ceil(size / TILE_WIDTH) - 1;
  const width = size - index * TILE_WIDTH;
  const [bundle, state] = [
    await readBundle(tiles, { of: 'entries', index, width }),
    await readState(tiles, head),
  ];
  const wrong = [bundle, state].find(({ ok }) => !ok);
  return wrong === undefined || wrong.ok ? undefined : `${wrong.reason} ${wrong.about}`;
}
