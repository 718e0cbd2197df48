/**
 * The screens with a door. The latch's answer and the door as it is sensed are two facts and stay two:
 * an answered pulse is never called an open door, and a closed door never a parcel taken or left.
 */
import { type ReactNode, useState } from 'react';
import type { KioskAction, KioskLayout, KioskScreen } from '../../../src/contract/kiosk.ts';
import { Button } from '../../kit/button.tsx';
import { Cabinet } from '../../kit/cabinet.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { useCaughtFocus } from '../../kit/focus.ts';
import { Icon, type IconName } from '../../kit/icon.tsx';
import type { Send } from '../agent.ts';
import { t } from '../messages.ts';
import { Title } from './parts.tsx';

type DropOff = Extract<KioskScreen, { screen: 'drop-off' }>;
type PickUp = Extract<KioskScreen, { screen: 'pick-up' }>;
type Door = DropOff['door'];
type Common = { layout: KioskLayout | null; busy: boolean; send: Send };

export function DropOffScreen({ show, layout, busy, send }: Common & { show: DropOff }) {
  const { door, ask } = show;
  const n = door.compartment;
  return (
    <DoorScreen
      door={door}
      ask={ask}
      layout={layout}
      lead={isStuck(door) ? t('drop.stuck') : ask ? t('drop.ask', { n }) : t('drop.lead')}
    >
      {show.otherDoor ? (
        <Button
          size="xl"
          tone={isStuck(door) ? 'go' : 'plain'}
          icon="door"
          wide
          busy={busy}
          onClick={() => send({ do: 'other-door' })}
        >
          {t('drop.other-door')}
        </Button>
      ) : (
        <Button
          size="xl"
          tone={ask ? 'go' : 'plain'}
          icon="check"
          wide
          busy={busy}
          onClick={() => send({ do: 'deposited' })}
        >
          {t(ask ? 'drop.deposited' : 'drop.deposited.early')}
        </Button>
      )}
      <div className="actions">
        <AgainButton door={door} busy={busy} send={send} />
        {show.larger && (
          <Button size="l" icon="larger" held={busy} onClick={() => send({ do: 'larger' })}>
            {t('drop.larger')}
          </Button>
        )}
        <Button size="l" icon="cross" held={busy} onClick={() => send({ do: 'cancel' })}>
          {t(ask ? 'drop.cancel' : 'drop.cancel.early')}
        </Button>
      </div>
    </DoorScreen>
  );
}

export function PickUpScreen({ show, layout, busy, send }: Common & { show: PickUp }) {
  const { door, ask } = show;
  const [reporting, setReporting] = useState(false);
  return (
    <DoorScreen
      door={door}
      ask={ask}
      layout={layout}
      lead={isStuck(door) ? t('pick.stuck') : ask ? t('pick.ask') : t('pick.lead')}
    >
      {isStuck(door) ? (
        <Button size="xl" icon="warn" wide held={busy} onClick={() => setReporting(true)}>
          {t('pick.report')}
        </Button>
      ) : (
        <Button
          size="xl"
          tone={ask ? 'go' : 'plain'}
          icon="check"
          wide
          busy={busy}
          onClick={() => send({ do: 'collected' })}
        >
          {t(ask ? 'pick.collected' : 'pick.collected.early')}
        </Button>
      )}
      <div className="actions">
        <AgainButton door={door} busy={busy} send={send} />
        {!isStuck(door) && (
          <Button size="l" icon="warn" held={busy} onClick={() => setReporting(true)}>
            {t('pick.report')}
          </Button>
        )}
      </div>
      <ReportDialog
        open={reporting}
        onClose={() => setReporting(false)}
        onReport={(what) => {
          setReporting(false);
          send({ do: 'report', what });
        }}
      />
    </DoorScreen>
  );
}

type DoorScreenProps = {
  door: Door;
  ask: boolean;
  layout: KioskLayout | null;
  lead: string;
  children: ReactNode;
};

export function DoorScreen({ door, ask, layout, lead, children }: DoorScreenProps) {
  const state = stateOf(door, ask);
  // The screen stays while its buttons come and go with the door.
  useCaughtFocus([door.latch, door.door, door.again, ask].join());
  const place = { column: door.column + 1, row: door.row + 1 };
  const title = t(`door.${state.says}`, { n: door.compartment });
  return (
    <div className="door-screen">
      {/* The screen stays, so that nothing reads the question that has come with the shut door to who does not see it. */}
      <p className="k-hidden" role="status">
        {ask && `${title}. ${lead}`}
      </p>
      <div className={`door-head door-head-${state.tone}`}>
        <p className="door-plate" aria-hidden="true">
          {door.compartment}
        </p>
        <div>
          <Title title={title} lead={lead} />
          <p className="door-where">{t('door.where', place)}</p>
        </div>
      </div>
      {layout && (
        <div className="door-picture">
          <Cabinet
            label={t('door.picture', { ...place, n: door.compartment })}
            columns={layout.columns}
            doors={layout.compartments.map((one) => ({
              ...one,
              // Of its other doors the kiosk says nothing.
              sensed: one.n === door.compartment ? door.door : 'closed',
            }))}
            lit={door.compartment}
          />
        </div>
      )}
      <div className="door-foot">
        <TwoFacts door={door} />
        {children}
      </div>
    </div>
  );
}

type State = { says: 'open' | 'waiting' | 'pull' | 'maybe' | 'stuck' | 'shut'; tone: 'go' | 'wait' | 'warn' };

/** The lock said no, or said yes and nothing happened: what comes next is no parcel yet. */
export function isStuck({ latch, door, opened, stuck }: Door): boolean {
  return !opened && door !== 'open' && (stuck || latch === 'refused' || latch === 'failed');
}

/** What to say first: a door that is seen open outweighs every answer of its latch. */
function stateOf({ latch, door, stuck }: Door, ask: boolean): State {
  if (door === 'open') return { says: 'open', tone: 'go' };
  if (stuck) return { says: 'maybe', tone: 'warn' };
  if (ask && door === 'closed') return { says: 'shut', tone: 'wait' };
  switch (latch) {
    case 'waiting':
      return { says: 'waiting', tone: 'wait' };
    case 'released':
      return { says: 'pull', tone: 'go' };
    case 'unknown':
      return { says: 'maybe', tone: 'warn' };
    case 'refused':
    case 'failed':
      return { says: 'stuck', tone: 'warn' };
  }
}

const LATCH_ICON: Record<Door['latch'], IconName> = {
  waiting: 'clock',
  released: 'unlock',
  refused: 'lock',
  failed: 'warn',
  unknown: 'warn',
};
const DOOR_ICON: Record<Door['door'], IconName> = { open: 'doorOpen', closed: 'door', unknown: 'info' };

function TwoFacts({ door }: { door: Door }) {
  return (
    <dl className="two-facts" aria-live="polite">
      <div>
        <Icon name={LATCH_ICON[door.latch]} size={30} />
        <dt>{t('fact.latch')}</dt>
        <dd>{t(`fact.latch.${door.latch}`)}</dd>
      </div>
      <div className={door.door === 'open' ? 'fact-go' : ''}>
        <Icon name={DOOR_ICON[door.door]} size={30} />
        <dt>{t('fact.door')}</dt>
        <dd>{t(`fact.door.${door.door}`)}</dd>
      </div>
    </dl>
  );
}

export function AgainButton({ door, busy, send }: { door: Door; busy: boolean; send: Send }) {
  if (!door.again) return null;
  return (
    <Button size="l" icon="again" held={busy} onClick={() => send({ do: 'again' })}>
      {t('again', { n: door.compartment })}
      <small>{t('again.left', { count: door.pulsesLeft })}</small>
    </Button>
  );
}

type What = Extract<KioskAction, { do: 'report' }>['what'];
const REPORTS: readonly What[] = ['door-did-not-open', 'not-received', 'not-my-parcel'];

function ReportDialog({
  open,
  onClose,
  onReport,
}: {
  open: boolean;
  onClose: () => void;
  onReport: (what: What) => void;
}) {
  return (
    <Dialog open={open} title={t('report.title')} onClose={onClose}>
      <div className="choices">
        {REPORTS.map((what) => (
          <Button key={what} size="xl" wide onClick={() => onReport(what)}>
            {t(`report.${what}`)}
            {what === 'not-my-parcel' && <small>{t('report.not-my-parcel.hint')}</small>}
          </Button>
        ))}
        <Button size="l" icon="back" tone="quiet" wide onClick={onClose}>
          {t('report.back')}
        </Button>
      </div>
    </Dialog>
  );
}
