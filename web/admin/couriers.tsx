/** Couriers by carrier: who may drop off, from when, and who is stopped now. */
import { useState } from 'react';
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { useCaughtFocus } from '../kit/focus.ts';
import { Notice } from '../kit/notice.tsx';
import { More } from '../kit/session/more.tsx';
import { type Rest, restOf, rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { BadgeCard, madeBadges, useMadeBadges } from './badge-card.tsx';
import { type CourierAct, CourierActDialog } from './courier-act.tsx';
import { CourierAddDialog } from './courier-add.tsx';
import { t } from './messages.ts';
import { exactTime, PageHead } from './parts.tsx';
import { type CourierRow, type Couriers as CouriersAnswer, useCouriers } from './session.ts';

type Carrier = CouriersAnswer['carriers'][number];

export function Couriers() {
  const couriers = useCouriers();
  const carriers = couriers.data?.pages[0]?.carriers ?? [];
  const [adding, setAdding] = useState(false);
  const made = useMadeBadges();
  const [act, setAct] = useState<{ act: CourierAct; courier: CourierRow } | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  useCaughtFocus(made.length);
  return (
    <>
      <PageHead title={t('section.couriers')} lead={t('couriers.lead')}>
        <Button tone="go" icon="badge" onClick={() => setAdding(true)} disabled={carriers.length === 0}>
          {t('couriers.add')}
        </Button>
      </PageHead>
      {made.map((badge) => (
        <BadgeCard key={badge.text} made={badge} onDone={() => madeBadges.printed(badge)} />
      ))}
      {said !== null && <Notice tone="good" title={said} />}
      <Answered query={couriers}>
        {(data) => (
          <>
            {carriers.length === 0 && <p className="k-muted">{t('couriers.noCarriers')}</p>}
            {carriers.map((carrier) => (
              <CarrierCard
                key={carrier.id}
                carrier={carrier}
                couriers={ofCarrier(rowsOf(data), carrier)}
                rest={restOf(couriers, (courier) => isOf(courier, carrier))}
                onAct={setAct}
              />
            ))}
            <More rows={couriers} />
          </>
        )}
      </Answered>
      <CourierAddDialog
        open={adding}
        carriers={carriers}
        onClose={() => setAdding(false)}
        onMade={() => setAdding(false)}
      />
      <CourierActDialog
        asked={act}
        onClose={() => setAct(null)}
        onDone={(text) => {
          setAct(null);
          setSaid(text);
        }}
      />
    </>
  );
}

const isOf = ({ carrier }: CourierRow, { id, name }: Carrier): boolean => carrier === id || carrier === name;

function ofCarrier(couriers: readonly CourierRow[], carrier: Carrier): CourierRow[] {
  return couriers.filter((courier) => isOf(courier, carrier));
}

type CarrierCardProps = {
  carrier: Carrier;
  couriers: readonly CourierRow[];
  rest: Rest<CourierRow>;
  onAct: (asked: { act: CourierAct; courier: CourierRow }) => void;
};

function CarrierCard({ carrier, couriers, rest, onAct }: CarrierCardProps) {
  return (
    <Card title={carrier.name}>
      {couriers.length === 0 ? (
        <p className="k-muted">{t('couriers.empty', { carrier: carrier.name })}</p>
      ) : (
        <Table
          caption={t('couriers.caption', { carrier: carrier.name })}
          columns={columnsOf((act, courier) => onAct({ act, courier }))}
          rows={couriers}
          rest={rest}
          rowKey={(row) => row.id}
          csvName="couriers"
        />
      )}
    </Card>
  );
}

const STATE_TONE: Record<CourierRow['state'], BadgeTone> = {
  active: 'good',
  'waiting-for-roster': 'warn',
  suspended: 'bad',
  removed: 'plain',
};

function columnsOf(ask: (act: CourierAct, courier: CourierRow) => void): Column<CourierRow>[] {
  return [
    { key: 'name', head: t('couriers.name'), cell: (row) => row.name, text: (row) => row.name },
    {
      key: 'state',
      head: t('couriers.state'),
      cell: (row) => <CourierState courier={row} />,
      text: stateText,
    },
    { key: 'actions', head: t('couriers.actions'), cell: (row) => <Actions courier={row} ask={ask} /> },
  ];
}

function stateText({ state, suspendedUntilMs }: CourierRow): string {
  const word = t(`courier.${state}`);
  if (suspendedUntilMs === null) return word;
  return `${word} ${t('couriers.until', { time: exactTime(suspendedUntilMs) })}`;
}

function CourierState({ courier: { state, suspendedUntilMs } }: { courier: CourierRow }) {
  return (
    <span className="k-row">
      <Badge tone={STATE_TONE[state]}>{t(`courier.${state}`)}</Badge>
      {suspendedUntilMs !== null && (
        <span className="k-muted">{t('couriers.until', { time: exactTime(suspendedUntilMs) })}</span>
      )}
    </span>
  );
}

/** One who is leaving is stopped already; lifting that would need a roster that names them again. */
function Actions({
  courier,
  ask,
}: {
  courier: CourierRow;
  ask: (act: CourierAct, courier: CourierRow) => void;
}) {
  const { name, state } = courier;
  if (state === 'removed') return null;
  return (
    <span className="a-actions">
      {state === 'suspended' ? (
        <Button aria-label={t('couriers.liftOf', { name })} onClick={() => ask('lift', courier)}>
          {t('couriers.lift')}
        </Button>
      ) : (
        <Button aria-label={t('couriers.suspendOf', { name })} onClick={() => ask('suspend', courier)}>
          {t('couriers.suspend')}
        </Button>
      )}
      <Button aria-label={t('couriers.removeOf', { name })} onClick={() => ask('remove', courier)}>
        {t('couriers.remove')}
      </Button>
    </span>
  );
}
