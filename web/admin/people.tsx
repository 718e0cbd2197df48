/** Residents: whom notices go to and whose name a kiosk finds. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Badge } from '../kit/badge.tsx';
import { Button, LinkButton } from '../kit/button.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { TextField } from '../kit/field.tsx';
import { Notice } from '../kit/notice.tsx';
import { More } from '../kit/session/more.tsx';
import { restOf, rowsOf } from '../kit/session/pages.ts';
import { Answered, ProblemNotice } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { foldedText } from './format.ts';
import { t } from './messages.ts';
import { PageHead } from './parts.tsx';
import { Alike } from './people-import/alike.tsx';
import { t as privacy } from './privacy/messages.ts';
import { PrivacyDialog } from './privacy/privacy-dialog.tsx';
import { type FormAsked, ResidentForm } from './resident-form.tsx';
import { fragmentOf } from './routes.ts';
import { changed, type PersonRow, type Sites, session, useResidents } from './session.ts';

/** One dialog at a time: which, and for whom. */
type Asked = FormAsked | { what: 'privacy'; person: PersonRow };

export function People() {
  const residents = useResidents();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [find, setFind] = useState('');
  const done = (text: string): void => {
    setSaid(text);
    setAsked(null);
  };
  const close = (): void => setAsked(null);
  const sites = residents.data?.pages[0]?.sites ?? [];
  return (
    <>
      <PageHead title={t('section.people')} lead={t('people.lead')}>
        <div className="k-row">
          <LinkButton href={fragmentOf({ at: 'people-import' })}>{t('people.import')}</LinkButton>
          <Button tone="go" icon="person" onClick={() => setAsked({ what: 'add' })}>
            {t('people.add')}
          </Button>
        </div>
      </PageHead>
      {said !== null && <Notice tone="good" title={said} />}
      <Alike />
      <Answered query={residents}>
        {(data) => {
          const rows = rowsOf(data);
          const isFound = (row: PersonRow): boolean =>
            foldedText(`${row.name} ${row.flat ?? ''}`).includes(foldedText(find.trim()));
          const found = rows.filter(isFound);
          return (
            <>
              <div className="a-filters">
                <TextField
                  label={t('people.find')}
                  hint={t('people.findHint', { count: rows.length })}
                  type="search"
                  value={find}
                  onChange={(event) => setFind(event.target.value)}
                />
              </div>
              <div className="a-wide">
                <Table
                  caption={t('people.caption')}
                  columns={columnsOf(setAsked, sites)}
                  rows={found}
                  rest={restOf(residents, isFound)}
                  rowKey={(row) => row.id}
                  csvName="residents"
                  empty={rows.length === 0 ? t('people.empty') : t('people.findNone', { text: find })}
                />
              </div>
              <More rows={residents} />
            </>
          );
        }}
      </Answered>
      <ResidentForm
        asked={asked && (asked.what === 'add' || asked.what === 'edit') ? asked : null}
        sites={sites}
        onClose={close}
        onDone={done}
      />
      <RemoveDialog person={asked?.what === 'remove' ? asked.person : null} onClose={close} onDone={done} />
      <PrivacyDialog person={asked?.what === 'privacy' ? asked.person : null} onClose={close} onDone={done} />
    </>
  );
}

type RemoveDialogProps = { person: PersonRow | null; onClose: () => void; onDone: (said: string) => void };

function RemoveDialog({ person, onClose, onDone }: RemoveDialogProps) {
  const remove = useMutation({
    mutationFn: (leaving: PersonRow) =>
      session.api.delete(session.path(`people/${encodeURIComponent(leaving.id)}`)),
    onSuccess: async (_answer, leaving) => {
      await changed('people');
      onDone(t('people.removed', { name: leaving.name }));
    },
  });
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <Dialog
      open={person !== null}
      title={person ? t('people.removeSure', { name: person.name, flat: person.flat ?? '–' }) : ''}
      onClose={close}
      actions={
        <>
          <Button tone="danger" busy={remove.isPending} onClick={() => person && remove.mutate(person)}>
            {t('people.remove')}
          </Button>
          <Button onClick={close}>{t('app.cancel')}</Button>
        </>
      }
    >
      <p>{t('people.removeSays')}</p>
      {remove.error && <ProblemNotice problem={remove.error} />}
    </Dialog>
  );
}

function columnsOf(ask: (asked: Asked) => void, sites: Sites): Column<PersonRow>[] {
  const siteOf = (row: PersonRow): string => sites.find(({ id }) => id === row.site)?.name ?? '';
  const site = { key: 'site', head: t('people.site'), cell: siteOf, text: siteOf };
  return [
    { key: 'name', head: t('people.name'), cell: (row) => row.name, text: (row) => row.name },
    { key: 'flat', head: t('people.flat'), cell: (row) => row.flat, text: (row) => row.flat ?? '' },
    // With one site it would say the same in each row.
    ...(sites.length > 1 ? [site] : []),
    {
      key: 'email',
      head: t('people.email'),
      cell: (row) => row.email ?? '–',
      text: (row) => row.email ?? '',
    },
    {
      key: 'phone',
      head: t('people.phone'),
      cell: (row) => row.phone ?? '–',
      text: (row) => row.phone ?? '',
    },
    {
      key: 'accessible',
      head: t('people.reach'),
      cell: (row) => row.accessible && <Badge tone="info">{t('people.accessibleShort')}</Badge>,
      text: (row) => (row.accessible ? t('people.accessibleShort') : ''),
    },
    {
      key: 'actions',
      head: t('people.actions'),
      cell: (row) => (
        <span className="a-actions">
          <Button
            aria-label={t('people.editOf', { name: row.name })}
            onClick={() => ask({ what: 'edit', person: row })}
          >
            {t('people.edit')}
          </Button>
          <Button
            aria-label={t('people.removeOf', { name: row.name })}
            onClick={() => ask({ what: 'remove', person: row })}
          >
            {t('people.remove')}
          </Button>
          <Button
            aria-label={privacy('privacy.openOf', { name: row.name })}
            onClick={() => ask({ what: 'privacy', person: row })}
          >
            {privacy('privacy.open')}
          </Button>
        </span>
      ),
    },
  ];
}
