/** Says before a session ends that it will, over whatever is on the screen, and lets the person go on. */
import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { isAttended, touched } from '../attended.ts';
import { Button } from '../button.tsx';
import { useNow } from '../clock.ts';
import { useCaughtFocus } from '../focus.ts';
import { Notice } from '../notice.tsx';
import { formatTime } from '../time.ts';
import { type Ending, endingOf, isToBeAsked } from './ending.ts';
import { t } from './messages.ts';
import type { Session } from './session.ts';

const LOOK_MS = 5_000;

export function SessionEnds({ session }: { session: Session<unknown> }) {
  const { data, dataUpdatedAt, errorUpdatedAt, refetch } = session.useLeft();
  const nowMs = useNow(LOOK_MS);
  const [isRead, setRead] = useState(false);
  const told = data && { left: data, askedAtMs: dataUpdatedAt };
  useEffect(() => {
    const triedAtMs = Math.max(dataUpdatedAt, errorUpdatedAt);
    const known = data && { left: data, askedAtMs: dataUpdatedAt };
    if (isToBeAsked({ told: known, triedAtMs, isAttended: isAttended() }, nowMs))
      void refetch({ cancelRefetch: false });
  }, [data, dataUpdatedAt, errorUpdatedAt, refetch, nowMs]);
  const ending = told ? endingOf(told, nowMs) : null;
  const shown = ending?.by === 'age' && isRead ? null : ending;
  useCaughtFocus(shown === null);
  if (!shown) return null;
  const goOn = (): void => {
    if (shown.by === 'age') return setRead(true);
    touched();
    void refetch();
  };
  return (
    <Topmost>
      <Warning ending={shown} onGoOn={goOn} />
    </Topmost>
  );
}

function Warning({ ending: { by, atMs }, onGoOn }: { ending: Ending; onGoOn: () => void }) {
  return (
    <div className="s-ending k-no-print">
      <Notice tone="warn" title={t('ending')}>
        <div className="k-stack-tight s-problem">
          <p>{t(`ending.${by}`, { time: formatTime(atMs) })}</p>
          <Button onClick={onGoOn}>{t(by === 'idle' ? 'ending.goOn' : 'ending.read')}</Button>
        </div>
      </Notice>
    </div>
  );
}

/** What is outside of an open dialog can be neither seen to act nor heard (HTML standard, "inert"). */
const topmost = (): Element => [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
const MOVE_MS = 1_000;

function Topmost({ children }: { children: ReactNode }) {
  useNow(MOVE_MS);
  return createPortal(children, topmost());
}
