/** A parcel's own card: what staff attached to it, attaching more, and downloading one for a purpose. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { EVIDENCE_PURPOSE_MAX, type EvidenceList } from '../../../src/contract/http/evidence.ts';
import { MEDIA } from '../../../src/domain/evidence.ts';
import { Button } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { downloadBlob } from '../../kit/download.ts';
import { TextField } from '../../kit/field.tsx';
import { Answered, ProblemNotice } from '../../kit/session/problem.tsx';
import { journalAt } from '../journal/address.ts';
import { exactTime } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { session } from '../session.ts';
import { AttachForm } from './attach.tsx';
import { t } from './messages.ts';
import { sizeText } from './size.ts';
import './evidence.css';

type Item = EvidenceList['attached'][number];

export function EvidenceCard({ id }: { id: string }) {
  const [said, setSaid] = useState('');
  const [asked, setAsked] = useState<Item | null>(null);
  const path = session.path(`parcels/${encodeURIComponent(id)}/evidence`);
  const attached = useQuery({
    queryKey: ['parcels', 'evidence', id],
    queryFn: ({ signal }) => session.api.get<EvidenceList>(path, signal),
  });
  return (
    <Card title={t('title')} className="e-card">
      <p className="k-muted k-small">{t('lead')}</p>
      <Answered query={attached}>
        {({ attached: items, room }) => (
          <div className="k-stack">
            {items.length === 0 && <p className="k-muted">{t('none')}</p>}
            {items.length > 0 && (
              <ul className="e-items" aria-label={t('list')}>
                {items.map((item) => (
                  <li key={item.id}>
                    <Attached item={item} onAsk={() => setAsked(item)} />
                  </li>
                ))}
              </ul>
            )}
            <p role="status" className="k-muted">
              {said}
            </p>
            {room === 0 ? (
              <p>{t('full')}</p>
            ) : (
              <AttachForm {...{ path, room }} onDone={() => setSaid(t('attach.done'))} />
            )}
          </div>
        )}
      </Answered>
      <ViewDialog
        item={asked}
        onClose={() => setAsked(null)}
        onDone={() => {
          setAsked(null);
          setSaid(t('view.done'));
        }}
      />
    </Card>
  );
}

function Attached({ item, onAsk }: { item: Item; onAsk: () => void }) {
  const { media, bytes, attachedAtMs, attachedBy, purpose, sha256, record } = item;
  const at = exactTime(attachedAtMs);
  return (
    <div className="k-stack-tight">
      <p className="k-spread">
        <strong>{t(`item.${media}`, { size: sizeText(bytes) })}</strong>
        {sha256 !== null && (
          <Button icon="download" aria-label={t('item.downloadOf', { at })} onClick={onAsk}>
            {t('item.download')}
          </Button>
        )}
      </p>
      {purpose !== null && <p className="a-words">{purpose}</p>}
      {sha256 === null && <p className="k-small">{t('item.gone')}</p>}
      <p className="k-muted k-small">
        {t('item.attached', { at, by: attachedBy ?? t('item.somebody') })}
        {' · '}
        <a href={fragmentOf(journalAt({ record }))} aria-label={t('item.recordOf', { at })}>
          {t('item.record')}
        </a>
      </p>
      {sha256 !== null && (
        <p className="k-small e-hash">
          {t('item.hash')} <code>{sha256}</code>
        </p>
      )}
    </div>
  );
}

type ViewDialogProps = { item: Item | null; onClose: () => void; onDone: () => void };

function ViewDialog({ item, onClose, onDone }: ViewDialogProps) {
  return (
    <Dialog open={item !== null} title={t('view.title')} onClose={onClose}>
      {item && <ViewForm {...{ item, onDone }} />}
    </Dialog>
  );
}

function ViewForm({ item, onDone }: { item: Item; onDone: () => void }) {
  const [purpose, setPurpose] = useState('');
  const [tried, setTried] = useState(false);
  const fetching = useMutation({
    mutationFn: () =>
      session.api.file(session.path(`evidence/${encodeURIComponent(item.id)}/file`), {
        purpose: purpose.trim(),
      }),
    onSuccess: (bytes) => {
      downloadBlob(`${item.id}.${MEDIA[item.media].ext}`, bytes);
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (purpose.trim()) fetching.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{t('view.says')}</p>
      <TextField
        {...{ label: t('view.purpose'), hint: t('view.purposeHint'), value: purpose }}
        {...{ maxLength: EVIDENCE_PURPOSE_MAX, autoComplete: 'off' }}
        error={tried && !purpose.trim() ? t('attach.needed') : null}
        onChange={({ target }) => setPurpose(target.value)}
      />
      {fetching.error && <ProblemNotice problem={fetching.error} />}
      <div className="k-row">
        <Button type="submit" tone="go" icon="download" busy={fetching.isPending}>
          {t('view.send')}
        </Button>
      </div>
    </form>
  );
}
