/** Every bank as it stands, door by door. Nothing here moves a latch: the cloud cannot. */
import { useState } from 'react';
import { ApiProblem } from '../kit/api.ts';
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { LinkButton } from '../kit/button.tsx';
import { Cabinet, type CabinetDoor, CabinetLegend, type DoorTone } from '../kit/cabinet.tsx';
import { Card, Empty, Facts } from '../kit/card.tsx';
import { useNow } from '../kit/clock.ts';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { formatAgo } from '../kit/time.ts';
import { t } from './messages.ts';
import { OrdersOf } from './orders.tsx';
import { Exact, PageHead, Time } from './parts.tsx';
import { fragmentOf } from './routes.ts';
import { type BankDetail, type BankSummary, type Compartment, useBank, useBankRows } from './session.ts';

const SIZES = ['S', 'M', 'L', 'XL'] as const;
const RENEW_MS = 5_000;

const TONE: Record<Compartment['state'], DoorTone> = {
  empty: 'empty',
  reserved: 'reserved',
  occupied: 'occupied',
  held: 'held',
  'out-of-service': 'off',
};
const STATES = Object.keys(TONE) as Compartment['state'][];

export function Banks({ bank }: { bank: string | null }) {
  return (
    <>
      <PageHead title={t('section.banks')} lead={t('banks.lead')}>
        {bank !== null && (
          <LinkButton icon="back" href={fragmentOf({ at: 'banks', bank: null })}>
            {t('banks.all')}
          </LinkButton>
        )}
      </PageHead>
      {bank === null ? <AllBanks /> : <OneBank id={bank} />}
    </>
  );
}

function AllBanks() {
  const banks = useBankRows();
  return (
    <>
      <Answered query={banks}>{(data) => <Cabinets banks={rowsOf(data)} asked={null} />}</Answered>
      <More rows={banks} />
    </>
  );
}

function OneBank({ id }: { id: string }) {
  const bank = useBank(id);
  if (bank.error instanceof ApiProblem && bank.error.status === 404)
    return <Cabinets banks={[]} asked={id} />;
  return <Answered query={bank}>{(known) => <Cabinets banks={[known]} asked={id} />}</Answered>;
}

function Cabinets({ banks, asked }: { banks: readonly BankSummary[]; asked: string | null }) {
  if (banks.length === 0)
    return <Empty icon="door" title={t(asked === null ? 'banks.empty' : 'banks.unknown')} />;
  return (
    <>
      <CabinetLegend
        items={STATES.map((state) => ({ tone: TONE[state], text: t(`compartment.${state}`) }))}
      />
      {banks.map((bank) => (
        <BankCard key={bank.id} bank={bank} />
      ))}
    </>
  );
}

function BankCard({ bank }: { bank: BankSummary }) {
  const detail = useBank(bank.id);
  const line = bank.online
    ? ({ tone: 'good', icon: 'network' } as const)
    : ({ tone: 'bad', icon: 'networkOff' } as const);
  return (
    <Card
      title={bank.name}
      actions={
        <Badge tone={line.tone} icon={line.icon}>
          {t(bank.online ? 'banks.online' : 'banks.offline')}
        </Badge>
      }
    >
      <div className="a-bank">
        <Answered query={detail}>{(known) => <Doors bank={known} />}</Answered>
        <BankFacts bank={bank} />
      </div>
      <OrdersOf bank={bank} />
    </Card>
  );
}

function BankFacts({ bank }: { bank: BankSummary }) {
  const now = useNow(RENEW_MS);
  const root = bank.vouchedBy === 'site root';
  const free = SIZES.map((size) => `${bank.free[size]} ${size}`).join(' · ');
  return (
    <div className="k-stack a-bank-facts">
      <Facts
        items={[
          { term: t('banks.site'), fact: bank.site },
          {
            term: t('banks.heard'),
            fact: bank.lastHeardMs === null ? t('app.never') : formatAgo(bank.lastHeardMs, now),
          },
          {
            term: t('banks.occupied'),
            fact: t('banks.occupiedOf', { occupied: bank.occupied, compartments: bank.compartments }),
          },
          { term: t('banks.free'), fact: free },
          { term: t('banks.roster'), fact: <RosterVersions roster={bank.roster} /> },
          { term: t('banks.lastSeq'), fact: bank.lastSeq },
          { term: t('banks.vouched'), fact: <Vouched by={bank.vouchedBy} /> },
          {
            term: t('banks.fingerprint'),
            fact: bank.fingerprint === null ? t('app.unknown') : <Exact>{bank.fingerprint}</Exact>,
          },
        ]}
      />
      {!root && <p className="k-muted k-small">{t('parcel.vouchedCloudSays')}</p>}
      <div className="k-row">
        <LinkButton
          href={fragmentOf({ at: 'parcels', state: null, bank: bank.id })}
          aria-label={t('banks.parcels', { name: bank.name })}
        >
          {t('section.parcels')}
        </LinkButton>
        <LinkButton
          href={fragmentOf({ at: 'journal', bank: bank.id })}
          aria-label={t('banks.journal', { name: bank.name })}
        >
          {t('section.journal')}
        </LinkButton>
      </div>
    </div>
  );
}

function RosterVersions({ roster }: { roster: BankSummary['roster'] }) {
  const { desired, applied } = roster;
  if (applied === desired) return <Badge tone="good">{t('banks.rosterSame', { applied })}</Badge>;
  return <Badge tone="warn">{t('banks.rosterBehind', { applied, desired })}</Badge>;
}

export function Vouched({ by }: { by: BankSummary['vouchedBy'] }) {
  const look: { tone: BadgeTone; icon: 'shield' | 'warn' } =
    by === 'site root' ? { tone: 'good', icon: 'shield' } : { tone: 'warn', icon: 'warn' };
  return (
    <Badge tone={look.tone} icon={look.icon}>
      {t(by === 'site root' ? 'banks.vouchedRoot' : 'banks.vouchedCloud')}
    </Badge>
  );
}

function Doors({ bank }: { bank: BankDetail }) {
  const [picked, setPicked] = useState<number | null>(null);
  const chosen = bank.doors.find(({ n }) => n === picked);
  return (
    <div className="k-stack a-doors">
      <Cabinet
        label={t('banks.doorsOf', { name: bank.name })}
        columns={bank.layoutColumns}
        doors={bank.doors.map(drawnDoor)}
        picked={picked}
        onPick={setPicked}
      />
      <div aria-live="polite">
        {chosen ? <DoorFacts door={chosen} /> : <p className="k-muted">{t('banks.pickHint')}</p>}
      </div>
    </div>
  );
}

function drawnDoor(door: Compartment): CabinetDoor {
  const { n, size, column, row, heightUnits, accessible } = door;
  const said = t('banks.doorSaid', { state: t(`compartment.${door.state}`), door: t(`door.${door.door}`) });
  return {
    n,
    size,
    column,
    row,
    heightUnits,
    accessible,
    tone: TONE[door.state],
    open: door.door === 'open',
    said,
  };
}

function DoorFacts({ door }: { door: Compartment }) {
  const parcel =
    door.parcel === null ? (
      t('app.none')
    ) : (
      <a href={fragmentOf({ at: 'parcel', id: door.parcel })}>{t('banks.parcelOpen')}</a>
    );
  const size = door.accessible ? `${door.size}, ${t('banks.accessible')}` : door.size;
  return (
    <div className="k-stack-tight">
      <h3>{t('banks.picked', { n: door.n })}</h3>
      <Facts
        items={[
          { term: t('banks.state'), fact: t(`compartment.${door.state}`) },
          { term: t('banks.door'), fact: t(`door.${door.door}`) },
          { term: t('banks.since'), fact: <Time atMs={door.sinceMs} /> },
          { term: t('banks.size'), fact: size },
          { term: t('banks.parcel'), fact: parcel },
        ]}
      />
    </div>
  );
}
