/** The administrator's authenticator: the rig computes the code, the page shows it and its last seconds. */
import { useEffect, useState } from 'react';
import { apiFor } from '../kit/api.ts';
import { Card } from '../kit/card.tsx';
import { after, every } from '../kit/clock.ts';
import { CopyButton } from '../kit/copy.tsx';
import { t } from './messages.ts';
import { targetId } from './tour.tsx';

const api = apiFor('rig');
const STEP_SECONDS = 30;
const RETRY_MS = 3_000;

type Totp = { code: string; secondsLeft: number };

export function Authenticator({ email }: { email: string }) {
  const totp = useTotp();
  const left = totp?.secondsLeft ?? 0;
  return (
    <Card title={t('totp')}>
      <p className="k-hint">{t('totp.of', { email })}</p>
      <div className="totp" id={targetId('authenticator')}>
        <Ring left={left} />
        <output className="totp-code">
          {totp ? `${totp.code.slice(0, 3)} ${totp.code.slice(3)}` : '— —'}
        </output>
        {totp && <CopyButton value={totp.code} what={t('totp.what')} />}
      </div>
    </Card>
  );
}

/** Asks again when the code has run out, and counts down in between. */
function useTotp(): Totp | null {
  const [totp, setTotp] = useState<Totp | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each round asks once.
  useEffect(() => {
    let cancel = (): void => {};
    let gone = false;
    const askAgain = (delayMs: number): void => {
      if (!gone) cancel = after(delayMs, () => setRound((now) => now + 1));
    };
    void api.get<Totp>('/totp').then(
      (answer) => {
        setTotp(answer);
        askAgain(answer.secondsLeft * 1000 + 100);
      },
      () => {
        setTotp(null);
        askAgain(RETRY_MS);
      },
    );
    return () => {
      gone = true;
      cancel();
    };
  }, [round]);
  useEffect(
    () =>
      every(1000, () => setTotp((now) => now && { ...now, secondsLeft: Math.max(0, now.secondsLeft - 1) })),
    [],
  );
  return totp;
}

const RADIUS = 17;
const AROUND = 2 * Math.PI * RADIUS;

function Ring({ left }: { left: number }) {
  return (
    <svg
      className="ring"
      viewBox="0 0 40 40"
      width={44}
      height={44}
      role="img"
      aria-label={t('totp.left', { count: left })}
    >
      <circle cx={20} cy={20} r={RADIUS} className="ring-track" />
      <circle
        cx={20}
        cy={20}
        r={RADIUS}
        className="ring-left"
        strokeDasharray={`${(left / STEP_SECONDS) * AROUND} ${AROUND}`}
      />
      <text x={20} y={20} textAnchor="middle" dominantBaseline="central">
        {left}
      </text>
    </svg>
  );
}
