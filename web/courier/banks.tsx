/** What is free at one bank, by size: the numbers that decide whether to walk there. */
import { Badge } from '../kit/badge.tsx';
import { Card } from '../kit/card.tsx';
import { t } from './messages.ts';
import type { Bank } from './session.ts';

const SIZES = ['S', 'M', 'L', 'XL'] as const satisfies readonly (keyof Bank['free'])[];

export function BankFree({ bank }: { bank: Bank }) {
  const full = SIZES.every((size) => bank.free[size] === 0);
  return (
    <Card title={bank.name} level={3} actions={<Line online={bank.online} />}>
      {!bank.online && <p className="k-muted">{t('banks.offline.text')}</p>}
      {full && <p>{t('banks.full')}</p>}
      <table className="c-free">
        <caption className="k-hidden">{t('banks.free', { bank: bank.name })}</caption>
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
              <td key={size} className={bank.free[size] === 0 ? 'c-none' : 'c-some'}>
                {bank.free[size]}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </Card>
  );
}

function Line({ online }: { online: boolean }) {
  return (
    <Badge tone={online ? 'good' : 'warn'} icon={online ? 'network' : 'networkOff'}>
      {t(online ? 'banks.online' : 'banks.offline')}
    </Badge>
  );
}
