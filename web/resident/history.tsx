/** What came before, and how it ended. */
import { Empty } from '../kit/card.tsx';
import { AsOf, Known } from '../kit/session/as-of.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { ReceiptFile } from '../kit/session/receipt.tsx';
import { formatDay, formatDayTime } from '../kit/time.ts';
import { t } from './messages.ts';
import { receiptPath, session, useParcels } from './session.ts';

export function History() {
  const parcels = useParcels('past');
  return (
    <>
      <AsOf asked={[parcels]} />
      <Known query={parcels}>
        {(data) => {
          const past = rowsOf(data).flatMap((parcel) =>
            parcel.state === 'collected' || parcel.state === 'removed'
              ? [{ ...parcel, state: parcel.state }]
              : [],
          );
          if (past.length === 0) return <Empty title={t('history.empty')} />;
          return (
            <>
              <ul className="p-list" aria-label={t('history')}>
                {past.map((parcel) => (
                  <li key={parcel.id}>
                    <p className="k-spread">
                      <strong>{parcel.carrier}</strong>
                      <span>{t('parcel.where', { bank: parcel.bankName, n: parcel.compartment })}</span>
                    </p>
                    <p>
                      <bdi className="k-mono">{parcel.tracking}</bdi>
                    </p>
                    <p className="k-muted">
                      {t('history.came', { came: formatDay(parcel.depositedAtMs) })}{' '}
                      {parcel.endedAtMs !== null &&
                        t(`history.${parcel.state}`, { ended: formatDayTime(parcel.endedAtMs) })}
                    </p>
                    <ReceiptFile
                      api={session.api}
                      path={receiptPath(parcel.id)}
                      tracking={parcel.tracking}
                      atMs={parcel.depositedAtMs}
                    />
                  </li>
                ))}
              </ul>
              <More rows={parcels} />
            </>
          );
        }}
      </Known>
    </>
  );
}
