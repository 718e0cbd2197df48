/** One parcel: who had it, when, behind which door, and whether the records that say so check out. */

import { useMutation } from '@tanstack/react-query';
import { Badge } from '../kit/badge.tsx';
import { Button, LinkButton } from '../kit/button.tsx';
import { Card, Facts } from '../kit/card.tsx';
import { download } from '../kit/download.ts';
import { proofsToCome } from '../kit/receipt.ts';
import { Answered, ProblemNotice } from '../kit/session/problem.tsx';
import { Vouched } from './banks.tsx';
import { CustodyTimeline } from './custody-timeline.tsx';
import { EvidenceCard } from './evidence/evidence.tsx';
import { journalAt } from './journal/address.ts';
import { t } from './messages.ts';
import { NoticeState, noticeWhat } from './notices.tsx';
import { ParcelStateBadge, untilText } from './parcels.tsx';
import { exactTime, PageHead, Time } from './parts.tsx';
import { ParcelHoldsCard } from './privacy/parcel-holds.tsx';
import { fragmentOf } from './routes.ts';
import { fetchReceipt, type ParcelDetail, useBankNames, useParcel } from './session.ts';

export function Parcel({ id }: { id: string }) {
  const parcel = useParcel(id);
  return (
    <>
      <PageHead
        title={parcel.data ? t('parcel.title', { tracking: parcel.data.tracking }) : t('parcel.untitled')}
      >
        <div className="k-row">
          <LinkButton href={fragmentOf(journalAt({ parcel: id }))}>{t('parcel.records')}</LinkButton>
          <LinkButton icon="back" href={fragmentOf({ at: 'parcels', state: null, bank: null })}>
            {t('parcel.back')}
          </LinkButton>
        </div>
      </PageHead>
      <Answered query={parcel}>
        {(known) => (
          <div className="a-parcel">
            <div className="k-stack">
              <ParcelFacts parcel={known} />
              <Checks verified={known.verified} />
              <Receipt id={id} />
              <ParcelNotices notices={known.notices} />
              <ParcelHoldsCard id={id} />
            </div>
            <div className="k-stack">
              <CustodyTimeline events={known.timeline} />
              <EvidenceCard id={id} />
            </div>
          </div>
        )}
      </Answered>
    </>
  );
}

function ParcelFacts({ parcel }: { parcel: ParcelDetail }) {
  const bankName = useBankNames();
  return (
    <Card title={t('parcel.facts')}>
      <Facts
        items={[
          { term: t('parcels.state'), fact: <ParcelStateBadge state={parcel.state} /> },
          { term: t('parcels.custody'), fact: t(`custody.${parcel.custody}`) },
          {
            term: t('parcels.recipient'),
            fact: t('parcel.recipientOf', { name: parcel.recipient, flat: parcel.flat }),
          },
          {
            term: t('parcels.courier'),
            fact: t('parcel.carrierOf', { carrier: parcel.carrier, courier: parcel.courier }),
          },
          {
            term: t('parcels.where'),
            fact: t('parcels.at', { bank: bankName(parcel.bank), n: parcel.compartment }),
          },
          { term: t('parcels.size'), fact: parcel.size },
          { term: t('parcels.deposited'), fact: <Time atMs={parcel.depositedAtMs} exact /> },
          { term: t('parcels.until'), fact: untilText(parcel) },
          {
            term: t('parcels.ended'),
            fact: parcel.endedAtMs === null ? t('app.none') : exactTime(parcel.endedAtMs),
          },
        ]}
      />
    </Card>
  );
}

function Checks({ verified }: { verified: ParcelDetail['verified'] }) {
  const checks = [
    { name: t('parcel.chain'), says: t('parcel.chainSays'), good: verified.chain },
    { name: t('parcel.head'), says: t('parcel.headSays'), good: verified.head },
    { name: t('parcel.commitments'), says: t('parcel.commitmentsSays'), good: verified.commitments },
  ];
  const root = verified.vouchedBy === 'site root';
  return (
    <Card title={t('parcel.checks')}>
      <ul className="a-checks">
        {checks.map(({ name, says, good }) => (
          <li key={name}>
            <p className="k-spread">
              <strong>{name}</strong>
              <Badge tone={good ? 'good' : 'bad'} icon={good ? 'check' : 'cross'}>
                {t(good ? 'parcel.verified' : 'parcel.failed')}
              </Badge>
            </p>
            {good && <p className="k-muted k-small">{says}</p>}
            {!good && <p className="k-small">{t('parcel.failedSays')}</p>}
          </li>
        ))}
        <li>
          <p className="k-spread">
            <strong>{t('parcel.vouched')}</strong>
            <Vouched by={verified.vouchedBy} />
          </p>
          <p className="k-muted k-small">{t(root ? 'parcel.vouchedRootSays' : 'parcel.vouchedCloudSays')}</p>
        </li>
      </ul>
      <p className="k-muted k-small">{t('parcel.checkedBy')}</p>
    </Card>
  );
}

/** What can be taken away and checked without us. It says by itself which proofs are still to come. */
function Receipt({ id }: { id: string }) {
  const fetching = useMutation({
    mutationFn: () => fetchReceipt(id),
    onSuccess: (receipt) => download(`${id}.receipt.json`, JSON.stringify(receipt), 'application/json'),
  });
  const waits = fetching.data === undefined ? 0 : proofsToCome(fetching.data);
  return (
    <Card title={t('parcel.receipt')}>
      <p className="k-muted k-small">{t('parcel.receiptSays')}</p>
      <div className="k-row">
        <Button icon="download" busy={fetching.isPending} onClick={() => fetching.mutate()}>
          {t('parcel.receiptSave')}
        </Button>
      </div>
      {fetching.data && (
        <p className="k-small" role="status">
          {waits > 0 ? t('parcel.receiptWaits', { n: waits }) : t('parcel.receiptSaved')}
        </p>
      )}
      {fetching.error && <ProblemNotice problem={fetching.error} />}
    </Card>
  );
}

function ParcelNotices({ notices }: { notices: ParcelDetail['notices'] }) {
  return (
    <Card title={t('parcel.notices')}>
      {notices.length === 0 ? (
        <p className="k-muted">{t('parcel.noNotices')}</p>
      ) : (
        <ul className="a-plain">
          {notices.map((notice) => (
            <li key={`${notice.channel} ${notice.what} ${notice.atMs}`} className="k-spread">
              <span>
                {noticeWhat(notice.what)}, {t(`channel.${notice.channel}`)}
              </span>
              <span className="k-row">
                <Time atMs={notice.atMs} />
                <NoticeState state={notice.state} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
