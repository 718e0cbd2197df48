/** What is free at one bank, by size: the numbers that decide whether to walk there. */
import type { ReactNode } from 'react';
import { Badge } from '../kit/badge.tsx';
import { Card } from '../kit/card.tsx';
import { formatDayTime } from '../kit/time.ts';
import { t } from './messages.ts';
import type { Bank } from './session.ts';

const SIZES = ['S', 'M', 'L', 'XL'] as const satisfies readonly (keyof Bank['free'])[];

type BankFreeProps = { bank: Bank; isOld: boolean; children: ReactNode };

export function BankFree({ bank, isOld, children }: BankFreeProps) {
  const isKnown = bank.online || bank.heardAtMs !== null;
  const full = SIZES.every((size) => bank.free[size] === 0);
  return (
    <Card
      title={bank.name}
      // What a bank was a while ago is not what it is.
      {...(isOld ? { className: 'p-old' } : { actions: <Line online={bank.online} /> })}
    >
      {!bank.online && (
        <p className="k-muted">
          {bank.heardAtMs === null
            ? t('banks.never')
            : t('banks.heard', { time: formatDayTime(bank.heardAtMs) })}
        </p>
      )}
      {full && isKnown && <p>{t(isOld ? 'banks.full.old' : 'banks.full')}</p>}
      {isKnown && <Free bank={bank} isOld={isOld} />}
      {children}
    </Card>
  );
}

function Free({ bank, isOld }: { bank: Bank; isOld: boolean }) {
  return (
    <table className="c-free">
      <caption className="k-hidden">
        {t(isOld ? 'banks.free.old' : 'banks.free', { bank: bank.name })}
      </caption>
      <thead>
        <tr>
          {SIZES.map((size) => (
            <th key={size} scope="col">
              {size}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          {SIZES.map((size) => (
            <td key={size} className={bank.free[size] === 0 || isOld ? 'c-none' : 'c-some'}>
              {bank.free[size]}
            </td>
          ))}
        </tr>
      </tbody>
    </table>
  );
}

function Line({ online }: { online: boolean }) {
  return (
    <Badge tone={online ? 'good' : 'warn'} icon={online ? 'network' : 'networkOff'}>
      {t(online ? 'banks.online' : 'banks.offline')}
    </Badge>
  );
}
