/** Every bank as it stands, door by door. Nothing here moves a latch: the cloud cannot. */
import { useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../kit/api.ts';
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { LinkButton } from '../kit/button.tsx';
import { Card, Empty, Facts } from '../kit/card.tsx';
import { useNow } from '../kit/clock.ts';
import { isFocusLost } from '../kit/focus.ts';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { formatAgo, formatDayTime } from '../kit/time.ts';
import { journalAt } from './journal/address.ts';
import { t } from './messages.ts';
import { OrdersOf } from './orders.tsx';
import { DoorsDrawn, DoorsLegend, DoorTable, standingText } from './overview/doors.tsx';
import { Exact, PageHead, Time } from './parts.tsx';
import { fragmentOf } from './routes.ts';
import { type BankSummary, type BankWithDoors, type Compartment, useBank, useCabinets } from './session.ts';
import { Suspensions } from './suspensions/suspensions.tsx';

const SIZES = ['S', 'M', 'L', 'XL'] as const;
const RENEW_MS = 5_000;

export function Banks({ bank, door }: { bank: string | null; door: number | null }) {
  return (
    <>
      <PageHead title={t('section.banks')} lead={t('banks.lead')}>
        {bank !== null && (
          <LinkButton icon="back" href={fragmentOf({ at: 'banks', bank: null, door: null })}>
            {t('banks.all')}
          </LinkButton>
        )}
      </PageHead>
      {bank === null ? <AllBanks /> : <OneBank id={bank} door={door} />}
    </>
  );
}

function AllBanks() {
  const banks = useCabinets();
  return (
    <>
      <Answered query={banks}>
        {(data) => <Cabinets banks={rowsOf(data)} asked={null} door={null} />}
      </Answered>
      <More rows={banks} />
    </>
  );
}

function OneBank({ id, door }: { id: string; door: number | null }) {
  const bank = useBank(id);
  if (bank.error instanceof ApiProblem && bank.error.status === 404)
    return <Cabinets banks={[]} asked={id} door={null} />;
  return <Answered query={bank}>{(known) => <Cabinets banks={[known]} asked={id} door={door} />}</Answered>;
}

type CabinetsProps = { banks: readonly BankWithDoors[]; asked: string | null; door: number | null };

function Cabinets({ banks, asked, door }: CabinetsProps) {
  if (banks.length === 0)
    return <Empty icon="door" title={t(asked === null ? 'banks.empty' : 'banks.unknown')} />;
  return (
    <>
      <DoorsLegend />
      {banks.map((bank) => (
        <BankCard key={bank.id} bank={bank} door={door} isAlone={asked !== null} />
      ))}
    </>
  );
}

function BankCard({ bank, door, isAlone }: { bank: BankWithDoors; door: number | null; isAlone: boolean }) {
  return (
    <Card title={bank.name} actions={<LineBadge bank={bank} />}>
      <div className="a-bank">
        <Doors bank={bank} picked={door} />
        <BankFacts bank={bank} />
      </div>
      {isAlone && bank.suspensions && <Suspensions bank={bank} rows={bank.suspensions} door={door} />}
      <details className="o-table">
        <summary>{t('banks.table', { name: bank.name })}</summary>
        <DoorTable bank={bank} />
      </details>
      {isAlone ? <OrdersOf bank={bank} /> : <FoldedOrders bank={bank} />}
    </Card>
  );
}

function LineBadge({ bank: { online, outSinceMs } }: { bank: BankSummary }) {
  if (outSinceMs !== null)
    return (
      <Badge tone="plain" icon="networkOff">
        {t('banks.out', { when: formatDayTime(outSinceMs) })}
      </Badge>
    );
  return (
    <Badge tone={online ? 'good' : 'bad'} icon={online ? 'network' : 'networkOff'}>
      {t(online ? 'banks.online' : 'banks.offline')}
    </Badge>
  );
}

/** Asked for when somebody opens them: among all banks nobody reads the orders of each. */
function FoldedOrders({ bank }: { bank: BankWithDoors }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="o-table" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>{t('orders.caption', { name: bank.name })}</summary>
      {isOpen && <OrdersOf bank={bank} isFolded />}
    </details>
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
          href={fragmentOf({ at: 'usage', days: 7, bank: bank.id, site: null })}
          aria-label={t('banks.usage', { name: bank.name })}
        >
          {t('section.usage')}
        </LinkButton>
        <LinkButton
          href={fragmentOf({ at: 'count', bank: bank.id, doors: [], begun: null })}
          aria-label={t('banks.count', { name: bank.name })}
        >
          {t('banks.countShort')}
        </LinkButton>
        <LinkButton
          href={fragmentOf(journalAt({ bank: bank.id }))}
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

/** The door that is looked at stands in the address; choosing another is no step that Back would undo. */
function Doors({ bank, picked }: { bank: BankWithDoors; picked: number | null }) {
  const chosen = bank.doors.find(({ n }) => n === picked);
  const drawn = useRef<HTMLDivElement>(null);
  // Chosen among all banks, it is drawn anew on the page of its own, and keeps the focus there.
  useEffect(() => {
    if (isFocusLost()) drawn.current?.querySelector<SVGElement>(`[data-door="${picked}"]`)?.focus();
  }, [picked]);
  const pick = (door: number): void => {
    window.location.replace(fragmentOf({ at: 'banks', bank: bank.id, door }));
  };
  return (
    <div className="k-stack a-doors" ref={drawn}>
      <DoorsDrawn bank={bank} picked={picked} onPick={pick} />
      <div aria-live="polite">
        {chosen ? (
          <DoorFacts door={chosen} />
        ) : (
          <p className="k-muted">
            {picked === null ? t('banks.pickHint') : t('banks.noDoor', { n: picked })}
          </p>
        )}
      </div>
    </div>
  );
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
          { term: t('banks.state'), fact: standingText(door) },
          { term: t('banks.door'), fact: t(`door.${door.door}`) },
          { term: t('banks.since'), fact: <Time atMs={door.sinceMs} /> },
          { term: t('banks.until'), fact: <Time atMs={door.untilMs} /> },
          { term: t('banks.size'), fact: size },
          { term: t('banks.parcel'), fact: parcel },
        ]}
      />
    </div>
  );
}
