/** The doors of a bank: drawn, or as a table that says the same. */
import { Cabinet, type CabinetDoor, CabinetLegend } from '../../kit/cabinet.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { Time } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import type { BankOnMap, Compartment } from '../session.ts';
import { conditionText, t } from './messages.ts';
import { STANDINGS, standingOf } from './standing.ts';

/** What is wrong with a door, in words; its standing where nothing is. */
export function standingText(door: Compartment): string {
  const standing = standingOf(door);
  if (standing !== 'alarm') return t(`standing.${standing}`);
  return [...door.alarms.map(conditionText), ...(door.overdue ? [t('standing.overdue')] : [])].join(', ');
}

function drawn(door: Compartment): CabinetDoor {
  const { n, size, column, row, heightUnits, accessible } = door;
  const said = t('doors.said', { standing: standingText(door), sensed: t(`sensed.${door.door}`) });
  return {
    ...{ n, size, column, row, heightUnits, accessible, said },
    tone: standingOf(door),
    sensed: door.door,
  };
}

type DoorsDrawnProps = {
  bank: Pick<BankOnMap, 'name' | 'doors' | 'layoutColumns'>;
  picked?: number | null;
  onPick(n: number): void;
};

export function DoorsDrawn({ bank, picked = null, onPick }: DoorsDrawnProps) {
  return (
    <Cabinet
      label={t('overview.doorsOf', { name: bank.name })}
      columns={bank.layoutColumns}
      doors={bank.doors.map(drawn)}
      picked={picked}
      onPick={onPick}
    />
  );
}

export function DoorsLegend() {
  return (
    <CabinetLegend
      items={[
        ...STANDINGS.map((standing) => ({ tone: standing, text: t(`standing.${standing}`) })),
        ...(['open', 'unknown'] as const).map((sensed) => ({
          ...({ tone: 'empty', sensed } as const),
          text: t('overview.sensed', { sensed: t(`sensed.${sensed}`) }),
        })),
      ]}
    />
  );
}

export function DoorTable({ bank }: { bank: Pick<BankOnMap, 'id' | 'name' | 'doors'> }) {
  return (
    <Table
      caption={t('overview.doorsOf', { name: bank.name })}
      columns={columnsOf(bank.id)}
      rows={bank.doors}
      rowKey={(door) => door.n}
      csvName="doors"
    />
  );
}

function columnsOf(bank: string): Column<Compartment>[] {
  const time = (key: 'sinceMs' | 'untilMs', head: string): Column<Compartment> => ({
    key,
    head,
    cell: (door) => <Time atMs={door[key]} />,
    text: (door) => (door[key] === null ? '' : new Date(door[key]).toISOString()),
  });
  return [
    {
      key: 'n',
      head: t('doors.n'),
      cell: (door) => (
        <a className="a-cell-link" href={fragmentOf({ at: 'banks', bank, door: door.n })}>
          {door.n}
        </a>
      ),
      text: (door) => door.n,
    },
    { key: 'size', head: t('doors.size'), cell: (door) => door.size, text: (door) => door.size },
    {
      key: 'standing',
      head: t('doors.standing'),
      cell: (door) => t(`standing.${standingOf(door)}`),
      text: (door) => t(`standing.${standingOf(door)}`),
    },
    {
      key: 'alarms',
      head: t('doors.alarms'),
      cell: (door) => door.alarms.map(conditionText).join(', '),
      text: (door) => door.alarms.map(conditionText).join(', '),
    },
    {
      key: 'sensed',
      head: t('doors.sensed'),
      cell: (door) => t(`sensed.${door.door}`),
      text: (door) => t(`sensed.${door.door}`),
    },
    time('sinceMs', t('doors.since')),
    time('untilMs', t('doors.until')),
    {
      key: 'parcel',
      head: t('doors.parcel'),
      cell: ({ n, parcel }) =>
        parcel && (
          <a
            className="a-cell-link"
            href={fragmentOf({ at: 'parcel', id: parcel })}
            aria-label={t('doors.parcelOf', { n })}
          >
            {t('doors.open')}
          </a>
        ),
    },
  ];
}
