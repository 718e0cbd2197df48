/** Residents who may be one person listed twice: seen for as long as it is so, and not only while a list is imported. */
import type { PeopleAlike } from '../../../src/contract/http/people-import.ts';
import { Notice } from '../../kit/notice.tsx';
import { usePeopleAlike } from '../session.ts';
import { t } from './messages.ts';

export function Alike() {
  const { data } = usePeopleAlike();
  return data && data.count > 0 ? <Pairs {...data} /> : null;
}

function Pairs({ count, pairs }: PeopleAlike) {
  return (
    <Notice tone="warn" title={t('alike.title', { count })} live="off">
      <p>{t('alike.says')}</p>
      <details>
        <summary>{t('alike.show')}</summary>
        <ul>
          {pairs.map(({ why, older, newer }) => (
            <li key={`${older.id} ${newer.id}`}>
              {t(`alike.${why}`, {
                name: newer.name,
                flat: newer.flat,
                otherName: older.name,
                otherFlat: older.flat,
              })}
            </li>
          ))}
          {count > pairs.length && <li>…</li>}
        </ul>
      </details>
    </Notice>
  );
}
