/** Ends an alarm after an inquiry: with what it found, and a note. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ALARM_REASONS } from '../../../src/domain/conditions.ts';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { SelectField, TextField } from '../../kit/field.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { t as admin } from '../messages.ts';
import { changed, session } from '../session.ts';
import { nameOf, pathOf, type StandingAlarm } from './acts.tsx';
import { t } from './messages.ts';

const NOTE_MIN = 3;
const NOTE_MAX = 200;

type EndDialogProps = {
  asked: StandingAlarm | null;
  onClose: () => void;
  onDone: (item: StandingAlarm) => void;
};

export function EndDialog({ asked, onClose, onDone }: EndDialogProps) {
  return (
    <Dialog open={asked !== null} title={t('alarms.title')} onClose={onClose}>
      {asked && <EndForm item={asked} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

type EndFormProps = { item: StandingAlarm } & Pick<EndDialogProps, 'onClose' | 'onDone'>;

function EndForm({ item, onClose, onDone }: EndFormProps) {
  const [reason, setReason] = useState<(typeof ALARM_REASONS)[number]>('own-copy');
  const [note, setNote] = useState('');
  const [tried, setTried] = useState(false);
  const isShort = note.trim().length < NOTE_MIN;
  const ending = useMutation({
    mutationFn: () => session.api.post(pathOf(item, 'end'), { ...nameOf(item), reason, note: note.trim() }),
    onSuccess: async () => {
      await changed('attention', 'banks');
      onDone(item);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!isShort) ending.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{item.says}</p>
      <p className="k-muted">{t('alarms.endSays')}</p>
      <SelectField
        label={t('alarms.reason')}
        value={reason}
        onChange={({ target }) => setReason(ALARM_REASONS.find((one) => one === target.value) ?? reason)}
      >
        {ALARM_REASONS.map((one) => (
          <option key={one} value={one}>
            {t(`reason.${one}`)}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t('alarms.note')}
        hint={t('alarms.noteHint')}
        value={note}
        maxLength={NOTE_MAX}
        autoComplete="off"
        error={tried && isShort ? t('alarms.noteShort') : null}
        onChange={({ target }) => setNote(target.value)}
      />
      {ending.error && <ProblemNotice problem={ending.error} />}
      <div className="k-dialog-actions">
        <Button type="submit" tone="go" busy={ending.isPending}>
          {t('alarms.go')}
        </Button>
        <Button onClick={onClose}>{admin('app.cancel')}</Button>
      </div>
    </form>
  );
}
