/** What an administrator can do about one alarm: take it into care, and end what nobody else may end. */
import { useMutation } from '@tanstack/react-query';
import { Button } from '../../kit/button.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { formatDayTime } from '../../kit/time.ts';
import { type AttentionItem, changed, session } from '../session.ts';
import { t } from './messages.ts';

export type StandingAlarm = AttentionItem & { alarm: NonNullable<AttentionItem['alarm']> };

export function pathOf({ alarm }: StandingAlarm, act: 'care' | 'end'): string {
  return session.path(`banks/${encodeURIComponent(alarm.bank)}/alarms/${act}`);
}

/** By which the cloud knows which alarm is meant: one that began since is another. */
export function nameOf({ alarm }: StandingAlarm) {
  const { condition, compartment, raisedAtMs } = alarm;
  return { condition, compartment, raisedAtMs };
}

export function AlarmActs({ item, onEnd }: { item: StandingAlarm; onEnd: (item: StandingAlarm) => void }) {
  const { care, endsBy } = item.alarm;
  if (care === null) return <Care item={item} />;
  const name = care.by || t('alarms.someone');
  return (
    <>
      <span className="k-muted">{t('alarms.inCare', { name, at: formatDayTime(care.atMs) })}</span>
      {endsBy === 'person' && (
        <Button icon="check" aria-label={t('alarms.endOf', { says: item.says })} onClick={() => onEnd(item)}>
          {t('alarms.end')}
        </Button>
      )}
    </>
  );
}

function Care({ item }: { item: StandingAlarm }) {
  const take = useMutation({
    mutationFn: () => session.api.post(pathOf(item, 'care'), nameOf(item)),
    onSuccess: () => changed('attention'),
  });
  return (
    <>
      <Button
        aria-label={t('alarms.careOf', { says: item.says })}
        busy={take.isPending}
        onClick={() => take.mutate()}
      >
        {t('alarms.care')}
      </Button>
      {take.error && <ProblemNotice problem={take.error} />}
    </>
  );
}
