/** Before walking: whether banks accept the badge, what is free where, and what was left there today. */
import { Notice, type NoticeTone } from '../kit/notice.tsx';
import { AsOf, Known, useAsOf } from '../kit/session/as-of.tsx';
import { formatDay } from '../kit/time.ts';
import { BankFree } from './banks.tsx';
import { DropList } from './drops.tsx';
import { t } from './messages.ts';
import { type Bank, type Drop, type Me, useBanks, useToday } from './session.ts';

const STATE_TONE: Record<Me['state'], NoticeTone> = {
  active: 'good',
  'waiting-for-roster': 'warn',
  suspended: 'bad',
  removed: 'bad',
};

export function TodayPage({ me }: { me: Me }) {
  const banks = useBanks();
  const { today, isAnotherDay } = useToday();
  const isOld = useAsOf([banks, today]).atMs !== null;
  return (
    <>
      <AsOf asked={[banks, today]} />
      <Notice tone={STATE_TONE[me.state]} title={t(`state.${me.state}`)}>
        {t(`state.${me.state}.text`)}
      </Notice>
      <Known query={today}>
        {({ drops, beganMs }) => (
          <p className="c-count">
            {isAnotherDay
              ? t('today.other', { count: drops.length, day: formatDay(beganMs) })
              : t('today.count', { count: drops.length })}
          </p>
        )}
      </Known>
      <Known query={banks}>
        {(items) => (
          <>
            {items.length === 0 && <p>{t('banks.empty')}</p>}
            {byBank(items, today.data?.drops ?? []).map(({ bank, drops }) => (
              <BankFree key={bank.id} bank={bank} isOld={isOld}>
                {drops.length > 0 && (
                  <DropList
                    drops={drops}
                    at="time"
                    name={
                      isAnotherDay ? t('drops.then', { bank: bank.name }) : t('drops.of', { bank: bank.name })
                    }
                  />
                )}
              </BankFree>
            ))}
          </>
        )}
      </Known>
    </>
  );
}

function byBank(banks: readonly Bank[], drops: readonly Drop[]): { bank: Bank; drops: Drop[] }[] {
  return banks.map((bank) => ({ bank, drops: drops.filter((drop) => drop.bank === bank.id) }));
}
