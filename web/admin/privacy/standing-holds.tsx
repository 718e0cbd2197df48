/** Every legal hold that stands, over whom and over what, and the way to lift each: whoever moved out is on no other page. */
import { useState } from 'react';
import type { z } from 'zod';
import type * as contract from '../../../src/contract/http/privacy.ts';
import { Button } from '../../kit/button.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { formatEnd } from '../../kit/time.ts';
import { Exact, Time } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { t as privacy } from './messages.ts';
import { type Person, PrivacyDialog } from './privacy-dialog.tsx';
import { t } from './retention-messages.ts';

type Privacy = z.infer<typeof contract.privacy>;
type PersonHold = Privacy['holds'][number];
type ParcelHold = Privacy['parcelHolds'][number];

type StandingHoldsProps = Pick<Privacy, 'holds' | 'parcelHolds'> & { onDone: (said: string) => void };

export function StandingHolds({ holds, parcelHolds, onDone }: StandingHoldsProps) {
  const [asked, setAsked] = useState<Person | null>(null);
  return (
    <>
      {(holds.length > 0 || parcelHolds.length === 0) && (
        <div className="a-wide">
          <Table
            caption={t('retention.holds')}
            columns={personColumns(setAsked)}
            rows={holds}
            rowKey={({ id }) => id}
            csvName="legal-holds"
            empty={t('retention.holdsNone')}
            showCaption
          />
        </div>
      )}
      {parcelHolds.length > 0 && (
        <div className="a-wide">
          <Table
            caption={t('retention.parcelHolds')}
            columns={parcelColumns()}
            rows={parcelHolds}
            rowKey={({ id }) => id}
            csvName="legal-holds-parcels"
            showCaption
          />
        </div>
      )}
      <PrivacyDialog
        person={asked}
        stays
        onClose={() => setAsked(null)}
        onDone={(said) => {
          setAsked(null);
          onDone(said);
        }}
      />
    </>
  );
}

function personColumns(ask: (person: Person) => void): Column<PersonHold>[] {
  return [
    { key: 'name', head: t('retention.name'), cell: ({ name }) => name, text: ({ name }) => name },
    ...holdColumns(),
    {
      key: 'acts',
      head: t('retention.acts'),
      cell: ({ person, name }) => (
        <Button aria-label={t('retention.openOf', { name })} onClick={() => ask({ id: person, name })}>
          {t('retention.open')}
        </Button>
      ),
    },
  ];
}

/** A parcel's own page lifts its hold. */
function parcelColumns(): Column<ParcelHold>[] {
  return [
    {
      key: 'parcel',
      head: t('retention.parcel'),
      cell: ({ parcel }) => (
        <a href={fragmentOf({ at: 'parcel', id: parcel })}>
          <Exact>{parcel}</Exact>
        </a>
      ),
      text: ({ parcel }) => parcel,
    },
    ...holdColumns(),
  ];
}

function holdColumns(): Column<PersonHold | ParcelHold>[] {
  const by = ({ placedBy }: PersonHold | ParcelHold) => placedBy ?? privacy('privacy.operator');
  const reason = (hold: PersonHold | ParcelHold) => hold.reason ?? privacy('privacy.unreadable');
  return [
    { key: 'reason', head: t('retention.reason'), cell: reason, text: reason },
    { key: 'by', head: t('retention.by'), cell: by, text: by },
    {
      key: 'since',
      head: t('retention.since'),
      cell: ({ placedAtMs }) => <Time atMs={placedAtMs} />,
      text: ({ placedAtMs }) => new Date(placedAtMs).toISOString(),
    },
    {
      key: 'until',
      head: t('retention.until'),
      cell: ({ untilMs }) => (untilMs === null ? t('retention.untilLifted') : formatEnd(untilMs)),
      text: ({ untilMs }) =>
        untilMs === null ? t('retention.untilLifted') : new Date(untilMs).toISOString(),
    },
  ];
}
