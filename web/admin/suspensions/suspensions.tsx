/**
 * What is suspended at a bank, and the buttons that suspend it or the door that is looked at. What was asked for and what
 * the bank says of it are two things, and each stands there.
 */
import { useState } from 'react';
import { Badge, type BadgeTone } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { useNow } from '../../kit/clock.ts';
import { useCaughtFocus } from '../../kit/focus.ts';
import { Notice } from '../../kit/notice.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { t as app } from '../messages.ts';
import { Time } from '../parts.tsx';
import type { BankWithDoors, SuspensionView } from '../session.ts';
import { type SuspendAsked, SuspendDialog } from './act.tsx';
import { t } from './messages.ts';

const RENEW_MS = 5_000;

const TONE: Record<SuspensionView['state'], BadgeTone> = {
  asked: 'warn',
  applied: 'bad',
  refused: 'bad',
  lifting: 'warn',
};

type SuspensionsProps = { bank: BankWithDoors; rows: readonly SuspensionView[]; door: number | null };

export function Suspensions({ bank, rows, door }: SuspensionsProps) {
  const [asked, setAsked] = useState<SuspendAsked | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const now = useNow(RENEW_MS);
  const standing = rows.filter(({ untilMs }) => untilMs > now);
  useCaughtFocus(standing.length);
  const isFree = (place: number | null) =>
    !standing.some(({ door: at, state }) => at === place && state !== 'lifting');
  const chosen = bank.doors.find(({ n }) => n === door);
  return (
    <div className="k-stack">
      {said !== null && <Notice tone="good" title={said} />}
      {standing.length > 0 && (
        <Table
          caption={t('suspended.caption', { name: bank.name })}
          showCaption
          columns={columnsOf((place) => setAsked({ act: 'lift', door: place }))}
          rows={standing}
          rowKey={(row) => `${row.door} ${row.askedAtMs}`}
        />
      )}
      <div className="k-row">
        {isFree(null) && (
          <Button
            aria-label={t('suspended.bankOf', { name: bank.name })}
            onClick={() => setAsked({ act: 'suspend', door: null })}
          >
            {t('suspended.bank')}
          </Button>
        )}
        {chosen && isFree(chosen.n) && (
          <Button onClick={() => setAsked({ act: 'suspend', door: chosen.n })}>
            {t('suspended.door', { n: chosen.n })}
          </Button>
        )}
      </div>
      <SuspendDialog
        bank={bank}
        asked={asked}
        onClose={() => setAsked(null)}
        onDone={(text) => {
          setAsked(null);
          setSaid(text);
        }}
      />
    </div>
  );
}

const placeOf = ({ door }: SuspensionView): string =>
  door === null ? t('suspended.whole') : app('banks.picked', { n: door });

const askerOf = ({ by }: SuspensionView): string =>
  by === null ? t('suspended.operator') : by || app('app.unknown');

/** The two reasons that people meet have words; any other is the word of the list, as the journal has it. */
function stateOf({ state, refused }: SuspensionView): string {
  const word = t(`suspended.${state}`);
  if (refused === null) return word;
  const isKnown = refused === 'suspension-too-long' || refused === 'message-replayed';
  return app('orders.reason', { state: word, reason: isKnown ? t(`suspended.${refused}`) : refused });
}

const columnsOf = (lift: (door: number | null) => void): readonly Column<SuspensionView>[] => [
  { key: 'place', head: t('suspended.place'), cell: placeOf },
  { key: 'until', head: t('suspended.until'), cell: (row) => <Time atMs={row.untilMs} /> },
  { key: 'by', head: t('suspended.by'), cell: askerOf },
  {
    key: 'state',
    head: t('suspended.state'),
    cell: (row) => <Badge tone={TONE[row.state]}>{stateOf(row)}</Badge>,
  },
  {
    key: 'actions',
    head: app('couriers.actions'),
    cell: (row) =>
      row.state !== 'lifting' && (
        <Button aria-label={app('couriers.liftOf', { name: placeOf(row) })} onClick={() => lift(row.door)}>
          {app('couriers.lift')}
        </Button>
      ),
  },
];
