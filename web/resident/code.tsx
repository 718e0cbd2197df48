/**
 * Where the code is. This app never has it, and that is not an oversight: the cloud serves this page and forgets a code
 * once it has sent it, so a cloud that turns hostile later finds none. A page that showed codes would give it all.
 */
import { Icon, type IconName } from '../kit/icon.tsx';
import { formatDayTime } from '../kit/time.ts';
import { t } from './messages.ts';
import type { Parcel } from './session.ts';

type ToldOne = Parcel['told'][number];

const ICON: Record<ToldOne['state'], IconName> = {
  sent: 'check',
  queued: 'clock',
  failed: 'clock',
  dead: 'warn',
};

/** The message with the code, one line a channel. */
export function Told({ told }: { told: readonly ToldOne[] }) {
  if (told.length === 0)
    return (
      <p className="r-told">
        <Icon name="clock" size={20} />
        <span>{t('told.none')}</span>
      </p>
    );
  return (
    <ul className="r-told-list" aria-label={t('told')}>
      {told.map(({ channel, state, atMs }) => (
        <li key={channel} className={`r-told r-told-${state}`}>
          <Icon name={ICON[state]} size={20} />
          <span>{t(`told.${channel}.${state}`, { time: formatDayTime(atMs) })}</span>
        </li>
      ))}
    </ul>
  );
}

const SHOW = ['code.show.1', 'code.show.2', 'code.show.3'] as const;
const LOST = ['code.lost.1', 'code.lost.2', 'code.lost.3'] as const;

export function CodeHelp() {
  return (
    <section className="r-help" aria-labelledby="code">
      <h2 id="code" className="r-help-title">
        {t('code')}
      </h2>
      <p>{t('code.text')}</p>
      <details>
        <summary>{t('code.show')}</summary>
        <ol>
          {SHOW.map((step) => (
            <li key={step}>{t(step)}</li>
          ))}
        </ol>
      </details>
      <details>
        <summary>{t('code.lost')}</summary>
        <ol>
          {LOST.map((step) => (
            <li key={step}>{t(step)}</li>
          ))}
        </ol>
      </details>
    </section>
  );
}
