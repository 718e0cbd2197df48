/** Which records, and which of their fields the receiver may read. */
import { useState } from 'react';
import { COMMITTED_FIELDS } from '../../../src/domain/facts.ts';
import { Button, IconButton } from '../../kit/button.tsx';
import { CheckField, SelectField, TextField } from '../../kit/field.tsx';
import { ChooseParcel, ChoosePerson } from '../journal/choose.tsx';
import { useEverybody, useNewestParcels } from '../journal/questions.ts';
import { exactTime } from '../parts.tsx';
import { useBankNames, useBanks } from '../session.ts';
import { t } from './messages.ts';
import type { PartProps } from './receiver.tsx';
import type { Named } from './wish.ts';

export function Which({ wish, faults, onWish }: PartProps) {
  const banks = useBanks().data ?? [];
  if (wish.incident !== null) return <OfIncident {...{ wish, faults, onWish }} />;
  return (
    <fieldset className="x-group k-stack">
      <legend>{t('ask.records')}</legend>
      <p className="k-muted">{t('ask.recordsHint')}</p>
      <div className="x-fields">
        <SelectField
          label={t('ask.bank')}
          value={wish.bank}
          onChange={({ target }) => onWish({ bank: target.value, door: '' })}
        >
          <option value="">{t('ask.anyBank')}</option>
          {banks.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        {wish.bank !== '' && (
          <TextField
            {...{ label: t('ask.door'), inputMode: 'numeric', autoComplete: 'off', value: wish.door }}
            error={faults.has('door') ? t('ask.doorShape') : null}
            onChange={({ target }) => onWish({ door: target.value })}
          />
        )}
        <TextField
          {...{ label: t('ask.from'), type: 'datetime-local', value: wish.from }}
          error={faults.has('from') ? t('ask.noTime') : null}
          onChange={({ target }) => onWish({ from: target.value })}
        />
        <TextField
          {...{ label: t('ask.to'), type: 'datetime-local', value: wish.to }}
          error={faults.has('to') ? t('ask.noTime') : faults.has('order') ? t('ask.order') : null}
          onChange={({ target }) => onWish({ to: target.value })}
        />
      </div>
      <Whom {...{ wish, faults, onWish }} />
    </fieldset>
  );
}

/** It says by itself which records; taken away, everything else can be asked for again. */
function OfIncident({ wish: { incident }, onWish }: PartProps) {
  const bank = useBankNames()(incident?.bank ?? '');
  return (
    <fieldset className="x-group k-stack">
      <legend>{t('ask.records')}</legend>
      <p className="k-muted">{t('ask.incidentHint')}</p>
      <div className="k-row">
        <Chosen
          says={t('ask.theIncident', { bank, at: exactTime(incident?.atMs ?? 0) })}
          ends={t('ask.notIncident')}
          onEnd={() => onWish({ incident: null })}
        />
      </div>
    </fieldset>
  );
}

function Whom({ wish, onWish }: PartProps) {
  const [asked, setAsked] = useState<'person' | 'parcel' | null>(null);
  const people = useEverybody(asked === 'person').data ?? [];
  const parcels = useNewestParcels(asked === 'parcel').data?.items ?? [];
  const close = (): void => setAsked(null);
  const choosePerson = (id: string): void => {
    onWish({ person: { id, name: people.find((one) => one.id === id)?.name ?? id } });
    close();
  };
  const chooseParcel = (id: string): void => {
    onWish({ parcel: { id, name: parcels.find((one) => one.id === id)?.tracking ?? id } });
    close();
  };
  return (
    <div className="k-row">
      {wish.person === null ? (
        <Button icon="person" onClick={() => setAsked('person')}>
          {t('ask.person')}
        </Button>
      ) : (
        <Chosen
          says={t('ask.thePerson', { name: wish.person.name })}
          ends={t('ask.notPerson')}
          onEnd={() => onWish({ person: null })}
        />
      )}
      {wish.parcel === null ? (
        <Button icon="parcel" onClick={() => setAsked('parcel')}>
          {t('ask.parcel')}
        </Button>
      ) : (
        <Chosen
          says={t('ask.theParcel', { name: wish.parcel.name })}
          ends={t('ask.notParcel')}
          onEnd={() => onWish({ parcel: null })}
        />
      )}
      <ChoosePerson open={asked === 'person'} onClose={close} onChosen={choosePerson} />
      <ChooseParcel open={asked === 'parcel'} onClose={close} onChosen={chooseParcel} />
    </div>
  );
}

function Chosen({ says, ends, onEnd }: { says: Named['name']; ends: string; onEnd: () => void }) {
  return (
    <span className="j-chip k-row">
      <strong>{says}</strong>
      <IconButton icon="cross" label={ends} onClick={onEnd} />
    </span>
  );
}

export function Opened({ wish, onWish }: PartProps) {
  const turn = (field: (typeof COMMITTED_FIELDS)[number], isOn: boolean): void =>
    onWish({ opened: COMMITTED_FIELDS.filter((one) => (one === field ? isOn : wish.opened.includes(one))) });
  return (
    <fieldset className="x-group k-stack">
      <legend>{t('ask.opened')}</legend>
      <p className="k-muted">{t('ask.openedHint')}</p>
      <div className="x-ticks">
        {COMMITTED_FIELDS.map((field) => (
          <CheckField
            key={field}
            label={t(`field.${field}`)}
            checked={wish.opened.includes(field)}
            onChange={({ target }) => turn(field, target.checked)}
          />
        ))}
      </div>
    </fieldset>
  );
}
