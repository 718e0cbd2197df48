/** Which doors are to be counted. What does not fit is proposed. */
import { useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { formatDayTime } from '../../kit/time.ts';
import { fragmentOf } from '../routes.ts';
import type { BankCounts } from '../session.ts';
import { type CountedDoor, misfits } from './counting.ts';
import { t } from './messages.ts';

export function Choosing({ counts }: { counts: BankCounts }) {
  const { bank, doors, lastSeq, nowMs } = counts;
  const [chosen, setChosen] = useState<readonly number[]>(() => misfits(doors));
  const turn = (n: number): void =>
    setChosen(chosen.includes(n) ? chosen.filter((one) => one !== n) : [...chosen, n]);
  const begin = (): void => {
    const begun = { after: Math.max(1, lastSeq), atMs: nowMs };
    window.location.hash = fragmentOf({
      ...{ at: 'count', bank, doors: [...chosen].sort((a, b) => a - b), begun },
    });
  };
  return (
    <Card title={t('count.choose')}>
      <p>{t('count.chooseSays')}</p>
      <div className="k-row">
        <Button onClick={() => setChosen(doors.map(({ n }) => n))}>{t('count.all')}</Button>
        <Button onClick={() => setChosen(misfits(doors))}>{t('count.misfits')}</Button>
        <Button onClick={() => setChosen([])}>{t('count.none')}</Button>
      </div>
      <Table
        caption={t('count.choose')}
        columns={[pickColumn(chosen, turn), ...doorColumns()]}
        rows={doors}
        rowKey={({ n }) => n}
        csvName="counts"
      />
      <p className="k-row">
        <Button tone="go" icon="forward" disabled={chosen.length === 0} onClick={begin}>
          {t('count.begin', { count: chosen.length })}
        </Button>
        {chosen.length === 0 && <span className="k-muted">{t('count.pick')}</span>}
      </p>
    </Card>
  );
}

function pickColumn(chosen: readonly number[], turn: (n: number) => void): Column<CountedDoor> {
  return {
    key: 'chosen',
    head: t('count.chosen'),
    cell: ({ n }) => (
      <input
        type="checkbox"
        className="r-pick"
        aria-label={t('count.pickDoor', { n })}
        checked={chosen.includes(n)}
        onChange={() => turn(n)}
      />
    ),
  };
}

function lastText({ last }: CountedDoor): string {
  if (last === null) return t('count.never');
  return t('count.lastSays', { when: formatDayTime(last.atMs), found: t(`found.${last.found}`) });
}

/** What is known of a door before anybody has looked. */
const doorColumns = (): readonly Column<CountedDoor>[] => [
  { key: 'n', head: t('count.door'), cell: ({ n }) => n, text: ({ n }) => n, numeric: true },
  {
    key: 'expected',
    head: t('count.expected'),
    cell: ({ expected }) => t(`expected.${expected}`),
    text: ({ expected }) => t(`expected.${expected}`),
  },
  {
    key: 'sensed',
    head: t('count.sensed'),
    cell: ({ sensed }) => t(`sensed.${sensed}`),
    text: ({ sensed }) => t(`sensed.${sensed}`),
  },
  {
    key: 'open',
    head: t('count.open'),
    cell: ({ open }) => open || '',
    text: ({ open }) => open,
    numeric: true,
  },
  {
    key: 'last',
    head: t('count.last'),
    cell: lastText,
    // The moment first: by that it is sorted, and in a file it is the same in every language.
    text: ({ last }) =>
      last === null ? '' : `${new Date(last.atMs).toISOString()} ${t(`found.${last.found}`)}`,
  },
];
