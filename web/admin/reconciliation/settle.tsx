/** A person's last word on what a bank reported. It is recorded, and moves nothing. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { SelectField, TextField } from '../../kit/field.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { changed, session } from '../session.ts';
import { t } from './messages.ts';
import { type Discrepancy, whatText, whereText } from './says.ts';

const HOW = ['found', 'returned', 'lost'] as const;
const NOTE_MIN = 3;
const NOTE_MAX = 200;

type SettleDialogProps = {
  asked: Discrepancy | null;
  onClose: () => void;
  onDone: (item: Discrepancy) => void;
};

export function SettleDialog({ asked, onClose, onDone }: SettleDialogProps) {
  const title = asked ? t('settle.title', { what: whatText(asked) }) : '';
  return (
    <Dialog open={asked !== null} title={title} onClose={onClose}>
      {asked && <SettleForm item={asked} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

type SettleFormProps = { item: Discrepancy } & Pick<SettleDialogProps, 'onClose' | 'onDone'>;

function SettleForm({ item, onClose, onDone }: SettleFormProps) {
  const [how, setHow] = useState<(typeof HOW)[number]>('found');
  const [note, setNote] = useState('');
  const [tried, setTried] = useState(false);
  const isShort = note.trim().length < NOTE_MIN;
  const settle = useMutation({
    mutationFn: () =>
      session.api.post(session.path(`banks/${encodeURIComponent(item.bank)}/resolutions`), {
        ...{ seq: item.seq, how, note: note.trim() },
      }),
    onSuccess: async () => {
      await changed('reconciliation', 'attention');
      onDone(item);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!isShort) settle.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{whereText(item)}</p>
      <p className="k-muted">{t('settle.says')}</p>
      <SelectField
        label={t('settle.how')}
        value={how}
        onChange={({ target }) => setHow(HOW.find((one) => one === target.value) ?? how)}
      >
        {HOW.map((one) => (
          <option key={one} value={one}>
            {t(`how.${one}`)}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t('settle.note')}
        hint={t('settle.noteHint')}
        value={note}
        maxLength={NOTE_MAX}
        autoComplete="off"
        error={tried && isShort ? t('settle.noteShort') : null}
        onChange={({ target }) => setNote(target.value)}
      />
      {settle.error && <ProblemNotice problem={settle.error} />}
      <div className="k-dialog-actions">
        <Button type="submit" tone="go" busy={settle.isPending}>
          {t('settle.go')}
        </Button>
        <Button onClick={onClose}>{t('settle.cancel')}</Button>
      </div>
    </form>
  );
}
