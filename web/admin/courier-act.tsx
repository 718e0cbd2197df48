/** Suspends a courier, lifts that, or removes them; each says first what it does and from when. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { TextField } from '../kit/field.tsx';
import { ProblemNotice } from '../kit/session/problem.tsx';
import { t } from './messages.ts';
import { type CourierRow, changed, session } from './session.ts';

export type CourierAct = 'suspend' | 'lift' | 'remove';

const REASON_LENGTH_MAX = 200;

const WORDS = {
  suspend: {
    title: 'couriers.suspendTitle',
    says: 'couriers.suspendSays',
    go: 'couriers.suspend',
    done: 'couriers.suspended',
  },
  lift: {
    title: 'couriers.liftTitle',
    says: 'couriers.liftSays',
    go: 'couriers.lift',
    done: 'couriers.lifted',
  },
  remove: {
    title: 'couriers.removeTitle',
    says: 'couriers.removeSays',
    go: 'couriers.remove',
    done: 'couriers.removed',
  },
} as const;

type CourierActDialogProps = {
  asked: { act: CourierAct; courier: CourierRow } | null;
  onClose: () => void;
  onDone: (said: string) => void;
};

export function CourierActDialog({ asked, onClose, onDone }: CourierActDialogProps) {
  return (
    <Dialog
      open={asked !== null}
      title={asked ? t(WORDS[asked.act].title, { name: asked.courier.name }) : ''}
      onClose={onClose}
    >
      {asked && <ActForm {...asked} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

type ActFormProps = { act: CourierAct; courier: CourierRow } & Omit<CourierActDialogProps, 'asked'>;

function ActForm({ act, courier, onClose, onDone }: ActFormProps) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const words = WORDS[act];
  const asksReason = act !== 'remove';
  const carryOut = useMutation({
    mutationFn: () => sent(act, courier, reason.trim()),
    onSuccess: async () => {
      await changed('couriers', 'rosters', 'attention');
      onDone(t(words.done, { name: courier.name }));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!asksReason || reason.trim()) carryOut.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{t(words.says)}</p>
      {asksReason && (
        <TextField
          label={t('couriers.suspendReason')}
          hint={t('couriers.reasonHint')}
          value={reason}
          maxLength={REASON_LENGTH_MAX}
          autoComplete="off"
          error={tried && !reason.trim() ? t('signIn.needed') : null}
          onChange={(event) => setReason(event.target.value)}
        />
      )}
      {carryOut.error && <ProblemNotice problem={carryOut.error} />}
      <div className="k-dialog-actions">
        <Button type="submit" tone={act === 'lift' ? 'go' : 'danger'} busy={carryOut.isPending}>
          {t(words.go)}
        </Button>
        <Button onClick={onClose}>{t('app.cancel')}</Button>
      </div>
    </form>
  );
}

function sent(act: CourierAct, { id }: CourierRow, reason: string): Promise<unknown> {
  const path = session.path(`couriers/${encodeURIComponent(id)}`);
  return act === 'remove' ? session.api.delete(path) : session.api.post(`${path}/${act}`, { reason });
}
