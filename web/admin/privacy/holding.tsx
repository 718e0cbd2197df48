/** Legal holds, over a person or over a parcel: those that stand, and placing and lifting them. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { z } from 'zod';
import type * as contract from '../../../src/contract/http/privacy.ts';
import { Button } from '../../kit/button.tsx';
import { isHalfTyped, TextField } from '../../kit/field.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { endOfDay, formatDate, formatEnd } from '../../kit/time.ts';
import { changed, session } from '../session.ts';
import { t } from './messages.ts';

type Hold = Pick<
  z.infer<typeof contract.parcelHold>,
  'id' | 'placedAtMs' | 'untilMs' | 'placedBy' | 'reason'
>;

const REASON_MAX = 1_000;

type HoldFormProps = {
  /** Of what is held; the acts stand below it. */
  path: string;
  isHeld: boolean;
  topic: Parameters<typeof changed>[0];
  /** Is told whether a hold stands now. */
  onDone: (stands: boolean) => void;
};

export function Holds({ holds, none }: { holds: readonly Hold[]; none: string }) {
  const sentence = ({ placedAtMs, untilMs, placedBy, reason }: Hold) => {
    const by = placedBy ?? t('privacy.operator');
    const of = { at: formatDate(placedAtMs), by, reason: reason ?? t('privacy.unreadable') };
    return untilMs === null
      ? t('privacy.hold', of)
      : t('privacy.holdUntil', { ...of, until: formatEnd(untilMs) });
  };
  return (
    <section className="k-stack-tight" aria-label={t('privacy.holds')}>
      <h3>{t('privacy.holds')}</h3>
      {holds.length === 0 && <p className="k-muted">{none}</p>}
      <ul>
        {holds.map((hold) => (
          <li key={hold.id}>{sentence(hold)}</li>
        ))}
      </ul>
    </section>
  );
}

export function HoldForm({ path, isHeld, topic, onDone }: HoldFormProps) {
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const [tried, setTried] = useState(false);
  // Sent as a hold without an end, it would keep what nobody meant to keep.
  const isNoDay = until !== '' && endOfDay(until) === null;
  const changing = useMutation({
    mutationFn: () => {
      const said = { reason: reason.trim() };
      return isHeld
        ? session.api.post(`${path}/release`, said)
        : session.api.post(`${path}/hold`, {
            ...said,
            untilMs: endOfDay(until),
          });
    },
    onSuccess: async () => {
      await changed(topic);
      onDone(!isHeld);
      setReason('');
      setUntil('');
      setTried(false);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setTried(true);
    if (!isHalfTyped(event.currentTarget) && !isNoDay && reason.trim()) changing.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <TextField
        label={t('privacy.reason')}
        hint={t('privacy.reasonHint')}
        value={reason}
        maxLength={REASON_MAX}
        autoComplete="off"
        error={tried && !reason.trim() ? t('privacy.needed') : null}
        onChange={(event) => setReason(event.target.value)}
      />
      {!isHeld && (
        <TextField
          label={t('privacy.until')}
          hint={t('privacy.untilHint')}
          type="date"
          value={until}
          error={isNoDay ? t('privacy.noDay') : null}
          onChange={(event) => setUntil(event.target.value)}
        />
      )}
      {changing.error && <ProblemNotice problem={changing.error} />}
      <div className="k-row">
        <Button type="submit" busy={changing.isPending}>
          {t(isHeld ? 'privacy.lift' : 'privacy.place')}
        </Button>
      </div>
    </form>
  );
}
