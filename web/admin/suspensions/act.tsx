/** Suspends a bank or a door, or lifts that; says first whom it keeps out, and from when. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { TextField } from '../../kit/field.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { t as app } from '../messages.ts';
import { type BankWithDoors, changed, session } from '../session.ts';
import { t } from './messages.ts';

/** `door` null: the whole bank. */
export type SuspendAsked = { act: 'suspend' | 'lift'; door: number | null };

const REASON_LENGTH_MAX = 200;
const HOURS_MAX = 24;
const HOURS_FIRST = '4';

const WORDS = {
  suspend: { title: 'couriers.suspendTitle', go: 'couriers.suspend', done: 'suspended.asksDone' },
  lift: { title: 'couriers.liftTitle', go: 'couriers.lift', done: 'suspended.liftDone' },
} as const;

type SuspendDialogProps = {
  bank: BankWithDoors;
  asked: SuspendAsked | null;
  onClose: () => void;
  onDone: (said: string) => void;
};

const nameOf = (bank: BankWithDoors, { door }: SuspendAsked): string =>
  door === null ? bank.name : t('suspended.doorOf', { name: bank.name, n: door });

export function SuspendDialog({ bank, asked, onClose, onDone }: SuspendDialogProps) {
  const title = asked ? app(WORDS[asked.act].title, { name: nameOf(bank, asked) }) : '';
  return (
    <Dialog open={asked !== null} title={title} onClose={onClose}>
      {asked && <SuspendForm bank={bank} asked={asked} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

type SuspendFormProps = Omit<SuspendDialogProps, 'asked'> & { asked: SuspendAsked };

function SuspendForm({ bank, asked, onClose, onDone }: SuspendFormProps) {
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState(HOURS_FIRST);
  const [tried, setTried] = useState(false);
  const isSuspend = asked.act === 'suspend';
  const isHours = !isSuspend || (/^\d{1,2}$/.test(hours) && Number(hours) >= 1 && Number(hours) <= HOURS_MAX);
  const carryOut = useMutation({
    mutationFn: () =>
      sent(bank, asked, { reason: reason.trim(), ...(isSuspend ? { hours: Number(hours) } : {}) }),
    onSuccess: async () => {
      await changed('banks', 'attention');
      onDone(t(WORDS[asked.act].done, { name: nameOf(bank, asked) }));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (reason.trim() && isHours) carryOut.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{t(saysOf(asked))}</p>
      {isSuspend && (
        <TextField
          label={t('suspended.hours')}
          hint={t('suspended.hoursHint')}
          value={hours}
          inputMode="numeric"
          maxLength={2}
          autoComplete="off"
          error={tried && !isHours ? t('suspended.hoursWrong') : null}
          onChange={(event) => setHours(event.target.value)}
        />
      )}
      <TextField
        label={app('couriers.suspendReason')}
        hint={app('couriers.reasonHint')}
        value={reason}
        maxLength={REASON_LENGTH_MAX}
        autoComplete="off"
        error={tried && !reason.trim() ? app('signIn.needed') : null}
        onChange={(event) => setReason(event.target.value)}
      />
      {carryOut.error && <ProblemNotice problem={carryOut.error} />}
      <div className="k-dialog-actions">
        <Button type="submit" tone={isSuspend ? 'danger' : 'go'} busy={carryOut.isPending}>
          {app(WORDS[asked.act].go)}
        </Button>
        <Button onClick={onClose}>{app('app.cancel')}</Button>
      </div>
    </form>
  );
}

function saysOf({ act, door }: SuspendAsked) {
  if (act === 'lift') return 'suspended.liftSays';
  return door === null ? 'suspended.bankSays' : 'suspended.doorSays';
}

type Body = { reason: string; hours?: number };

function sent(bank: BankWithDoors, { act, door }: SuspendAsked, body: Body): Promise<unknown> {
  const place = door === null ? '' : `/doors/${door}`;
  return session.api.post(session.path(`banks/${encodeURIComponent(bank.id)}${place}/${act}`), body);
}
