/**
 * A guided count of one bank: which doors, then one door at a time with the exact command, then what was found. The
 * page opens nothing. A count is its address, so it survives a reload and can be handed to a colleague.
 */
import { ApiProblem } from '../../kit/api.ts';
import { LinkButton } from '../../kit/button.tsx';
import { Empty } from '../../kit/card.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { PageHead } from '../parts.tsx';
import { type CountRoute, fragmentOf } from '../routes.ts';
import { useCounts } from '../session.ts';
import { Choosing } from './choosing.tsx';
import { Guide } from './guide.tsx';
import { t } from './messages.ts';

export function Count(route: CountRoute) {
  const counts = useCounts(route.bank);
  const isUnknown = counts.error instanceof ApiProblem && counts.error.status === 404;
  return (
    <>
      <PageHead
        title={counts.data ? t('count.title', { bank: counts.data.name }) : t('count.untitled')}
        lead={t('count.lead')}
      >
        <LinkButton icon="back" href={fragmentOf({ at: 'reconciliation', bank: route.bank })}>
          {t('count.back')}
        </LinkButton>
      </PageHead>
      {isUnknown ? (
        <Empty icon="door" title={t('count.unknown')} />
      ) : (
        <Answered query={counts}>
          {(known) =>
            route.begun === null ? (
              <Choosing counts={known} />
            ) : (
              <Guide counts={known} chosen={route.doors} begun={route.begun} />
            )
          }
        </Answered>
      )}
    </>
  );
}
