/** Evidence exports: asking for a bundle, and every one that was asked for. */
import { useState } from 'react';
import { LinkButton } from '../../kit/button.tsx';
import { Notice } from '../../kit/notice.tsx';
import { journalAt } from '../journal/address.ts';
import '../journal/journal.css';
import { PageHead } from '../parts.tsx';
import { type ExportsRoute, fragmentOf } from '../routes.ts';
import { Ask } from './ask.tsx';
import './exports.css';
import { List } from './list.tsx';
import { t } from './messages.ts';

export function Exports({ incident }: Pick<ExportsRoute, 'incident'>) {
  const [said, setSaid] = useState<string | null>(null);
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')}>
        <LinkButton href={fragmentOf(journalAt())}>{t('back')}</LinkButton>
      </PageHead>
      <Ask
        key={incident && `${incident.bank} ${incident.atMs}`}
        incident={incident}
        onAsked={(receiver) => setSaid(t('ask.asked', { receiver }))}
      />
      {said !== null && <Notice tone="good" title={said} />}
      <div className="a-wide">
        <List />
      </div>
    </>
  );
}
