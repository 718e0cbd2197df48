/**
 * What comes in while somebody reads. It is counted in a region that is read out politely; the focus stays where it
 * is, because one button stands for all that can be done about it.
 */
import { useEffect, useState } from 'react';
import { ARRIVED_MAX } from '../../../src/contract/http/records.ts';
import { Button } from '../../kit/button.tsx';
import type { JournalFilter } from './address.ts';
import { t } from './messages.ts';
import { askFromTheTop, type RecordsPage, useArrived } from './questions.ts';

type TailProps = { filter: JournalFilter; pages: readonly RecordsPage[] };

export function Tail({ filter, pages }: TailProps) {
  const [isLive, setLive] = useState(true);
  const newest = pages[0];
  const isPending = pages.some(({ items }) => items.some(({ proof }) => proof.is === 'pending'));
  const arrived = useArrived({ filter, mark: newest?.mark ?? '', isPending }).data;
  // Pages behind the first would move under whoever reads them.
  const isOlder = pages.length > 1;
  const follows = isLive && !isOlder;
  const count = arrived?.count ?? 0;
  const grew = arrived !== undefined && arrived.logSize !== (newest?.log?.size ?? null);
  const isBehind = count > 0 || (grew && isPending);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a mark is another page; its count is asked for anew.
  useEffect(() => {
    if (follows && isBehind) askFromTheTop(filter);
  }, [follows, isBehind, newest?.mark]);
  const turn = (): void => {
    if (follows) return setLive(false);
    setLive(true);
    askFromTheTop(filter);
  };
  return (
    <div className="k-row">
      <Button icon={follows ? 'clock' : 'again'} onClick={turn}>
        {buttonText(follows, count)}
      </Button>
      <p role="status" className="k-muted">
        {statusText({ follows, isOlder, count })}
      </p>
    </div>
  );
}

function buttonText(follows: boolean, count: number): string {
  if (follows) return t('tail.pause');
  if (count === 0) return t('tail.go');
  return count >= ARRIVED_MAX ? t('tail.showMany') : t('tail.show', { count });
}

function statusText({ follows, isOlder, count }: { follows: boolean; isOlder: boolean; count: number }) {
  if (follows) return t('tail.live');
  if (count === 0) return t(isOlder ? 'tail.older' : 'tail.paused');
  return count >= ARRIVED_MAX ? t('tail.waitsMany', { count }) : t('tail.waits', { count });
}
