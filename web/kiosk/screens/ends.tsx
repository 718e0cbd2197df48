/** Screens that end something, or where nothing can begin. */
import type { ReactNode } from 'react';
import type { KioskScreen } from '../../../src/contract/kiosk.ts';
import { Button } from '../../kit/button.tsx';
import { Icon, type IconName } from '../../kit/icon.tsx';
import type { Send } from '../agent.ts';
import { t } from '../messages.ts';
import { saidForClosed } from '../said.ts';
import { Title } from './parts.tsx';

type EndProps = {
  icon: IconName;
  tone: 'go' | 'warn' | 'plain';
  title: string;
  text: string;
  children?: ReactNode;
};

export function End({ icon, tone, title, text, children }: EndProps) {
  return (
    <div className="end">
      <div className={`end-mark end-mark-${tone}`}>
        <Icon name={icon} size={96} />
      </div>
      <Title title={title} lead={text} />
      {children && <div className="end-actions">{children}</div>}
    </div>
  );
}

/** The reason is a code of the closed list; what the agent says in its own words is not shown. */
export function ClosedScreen({ show }: { show: Extract<KioskScreen, { screen: 'closed' }> }) {
  const { title, next } = saidForClosed(show.reason);
  return <End icon="lock" tone="warn" title={title} text={next} />;
}

type DoneProps = { busy: boolean; send: Send };

export function DropOffDoneScreen({
  show,
  busy,
  send,
}: DoneProps & { show: Extract<KioskScreen, { screen: 'drop-off-done' }> }) {
  const { tracking } = show;
  const text = t(show.offline ? 'drop-done.offline' : 'drop-done.text', { tracking });
  return (
    <End icon="check" tone="go" title={t('drop-done.title')} text={text}>
      <Button size="xl" tone="go" icon="parcel" wide busy={busy} onClick={() => send({ do: 'next-parcel' })}>
        {t('drop-done.next')}
      </Button>
      <Button size="xl" icon="leave" wide held={busy} onClick={() => send({ do: 'leave' })}>
        {t('drop-done.leave')}
      </Button>
    </End>
  );
}

export function PickUpDoneScreen({ busy, send }: DoneProps) {
  return (
    <End icon="check" tone="go" title={t('pick-done.title')} text={t('pick-done.text')}>
      <BackToStart busy={busy} send={send} />
    </End>
  );
}

export function StaffDoneScreen({
  show,
  busy,
  send,
}: DoneProps & { show: Extract<KioskScreen, { screen: 'staff-done' }> }) {
  return (
    <End icon="check" tone="go" title={t('staff-done.title')} text={t(`staff-done.${show.done}`)}>
      <BackToStart busy={busy} send={send} />
    </End>
  );
}

export function ReportedScreen({
  show,
  busy,
  send,
}: DoneProps & { show: Extract<KioskScreen, { screen: 'reported' }> }) {
  const text = `${t(show.notMine ? 'reported.not-mine' : 'reported.text')} ${t(show.offline ? 'reported.offline' : 'reported.next')}`;
  return (
    <End icon="hand" tone="plain" title={t('reported.title')} text={text}>
      <BackToStart busy={busy} send={send} />
    </End>
  );
}

function BackToStart({ busy, send }: DoneProps) {
  return (
    <Button size="xl" wide busy={busy} onClick={() => send({ do: 'cancel' })}>
      {t('start-again')}
    </Button>
  );
}
