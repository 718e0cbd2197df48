/** Adds a courier. The badge's secret is drawn here, in this browser; only its hash is sent. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { SelectField, TextField } from '../kit/field.tsx';
import { Notice } from '../kit/notice.tsx';
import { fieldProblem, ProblemNotice } from '../kit/session/problem.tsx';
import { drawBadge } from './badge.ts';
import { madeBadges } from './badge-card.tsx';
import { t } from './messages.ts';
import { NAME_LENGTH_MAX } from './resident-draft.ts';
import { type CourierAdd, type Couriers, changed, session } from './session.ts';

type Carriers = Couriers['carriers'];
type CourierAddDialogProps = {
  open: boolean;
  carriers: Carriers;
  onClose: () => void;
  onMade: () => void;
};

/** Browsers give WebCrypto to secure contexts only (W3C Secure Contexts, section 1.1). */
const hasCrypto = (): boolean => window.isSecureContext;

export function CourierAddDialog({ open, carriers, onClose, onMade }: CourierAddDialogProps) {
  return (
    <Dialog open={open} title={t('couriers.add')} onClose={onClose}>
      {!hasCrypto() ? (
        <Notice tone="bad" title={t('couriers.insecure')} />
      ) : (
        <AddForm carriers={carriers} onClose={onClose} onMade={onMade} />
      )}
    </Dialog>
  );
}

function AddForm({ carriers, onClose, onMade }: Omit<CourierAddDialogProps, 'open'>) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [carrier, setCarrier] = useState(carriers[0]?.id ?? '');
  const [tried, setTried] = useState(false);
  const drawn = useRef<ReturnType<typeof drawBadge> | null>(null);
  const add = useMutation({
    mutationFn: async () => {
      // Drawn once a form: a second try has to be the same act, with the same badge.
      drawn.current ??= drawBadge(crypto);
      const badge = await drawn.current;
      const given: CourierAdd = {
        name: name.trim(),
        email: email.trim() || null,
        carrier,
        badgeHash: badge.hash,
      };
      await session.api.post<unknown>(session.path('couriers'), given);
      const carrierName = carriers.find(({ id }) => id === carrier)?.name ?? '';
      // From here on it is the roster's: kept before anything else can go wrong, or somebody walks on.
      madeBadges.keep({ name: given.name, carrier: carrierName, text: badge.text });
    },
    onSuccess: async () => {
      await changed('couriers', 'rosters', 'attention');
      onMade();
    },
    // The secret leaves memory with the card that shows it, not with a cache.
    gcTime: 0,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (name.trim()) add.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      {add.error && <ProblemNotice problem={add.error} />}
      <SelectField
        label={t('couriers.carrier')}
        value={carrier}
        onChange={(event) => setCarrier(event.target.value)}
      >
        {carriers.map((known) => (
          <option key={known.id} value={known.id}>
            {known.name}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t('couriers.name')}
        value={name}
        maxLength={NAME_LENGTH_MAX}
        autoComplete="off"
        error={tried && !name.trim() ? t('signIn.needed') : fieldProblem(add.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t('couriers.email')}
        hint={t('couriers.emailHint')}
        type="email"
        value={email}
        autoComplete="off"
        error={fieldProblem(add.error, 'email')}
        onChange={(event) => setEmail(event.target.value)}
      />
      <div className="k-dialog-actions">
        <Button type="submit" tone="go" icon="badge" busy={add.isPending}>
          {t('couriers.make')}
        </Button>
        <Button onClick={onClose}>{t('app.cancel')}</Button>
      </div>
    </form>
  );
}
