/** What staff see who came with an order: the door that it names, or the two clocks. */
import type { KioskAction, KioskLayout, KioskScreen } from '../../../src/contract/kiosk.ts';
import { Button } from '../../kit/button.tsx';
import type { IconName } from '../../kit/icon.tsx';
import { formatWhole } from '../../kit/time.ts';
import type { Send } from '../agent.ts';
import { t } from '../messages.ts';
import { AgainButton, DoorScreen } from './door.tsx';
import { Title } from './parts.tsx';

type Staff = Extract<KioskScreen, { screen: 'staff' }>;
type Clock = Extract<KioskScreen, { screen: 'clock' }>;
type What = Extract<KioskAction, { do: 'found' }>['what'];

const FOUND: readonly { what: What; icon: IconName }[] = [
  { what: 'removed', icon: 'parcel' },
  { what: 'left', icon: 'lock' },
  { what: 'empty', icon: 'cross' },
];

export function StaffScreen({
  show,
  layout,
  busy,
  send,
}: {
  show: Staff;
  layout: KioskLayout | null;
  busy: boolean;
  send: Send;
}) {
  const { door, ask, expected } = show;
  const n = door.compartment;
  return (
    <DoorScreen
      door={door}
      ask={ask}
      layout={layout}
      lead={ask ? t('staff.ask', { n }) : t(`staff.lead.${expected}`)}
    >
      <div className="actions">
        {FOUND.map(({ what, icon }) => (
          <Button
            key={what}
            size="l"
            icon={icon}
            tone={ask ? 'go' : 'plain'}
            held={busy}
            onClick={() => send({ do: 'found', what })}
          >
            {t(`staff.${what}`)}
          </Button>
        ))}
      </div>
      <div className="actions">
        <AgainButton door={door} busy={busy} send={send} />
        <Button size="l" icon="leave" held={busy} onClick={() => send({ do: 'leave' })}>
          {t('staff.leave')}
        </Button>
      </div>
    </DoorScreen>
  );
}

export function ClockScreen({ show, busy, send }: { show: Clock; busy: boolean; send: Send }) {
  const same = Math.abs(show.bankMs - show.machineMs) < 1000;
  return (
    <div className="clock-screen">
      <Title title={t('clock.title')} lead={t(show.frozen ? 'clock.lead.frozen' : 'clock.lead')} />
      <div className="choices">
        <Button
          size="xl"
          tone="go"
          icon="clock"
          wide
          busy={busy}
          onClick={() => send({ do: 'clock', use: 'machine' })}
        >
          {formatWhole(show.machineMs)}
          <small>{t('clock.machine')}</small>
        </Button>
        {!same && (
          <Button size="xl" icon="clock" wide held={busy} onClick={() => send({ do: 'clock', use: 'bank' })}>
            {formatWhole(show.bankMs)}
            <small>{t('clock.bank')}</small>
          </Button>
        )}
        <Button size="l" icon="back" tone="quiet" wide held={busy} onClick={() => send({ do: 'cancel' })}>
          {t('clock.neither')}
        </Button>
      </div>
    </div>
  );
}
