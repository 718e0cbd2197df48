/** Chooses a person or a parcel by name. Names are shown here; what goes into the address is the id. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { TextField } from '../../kit/field.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { foldedText } from '../format.ts';
import type { ParcelRow, PersonRow } from '../session.ts';
import { t } from './messages.ts';
import { useEverybody, useNewestParcels } from './questions.ts';

const SHOWN_MAX = 50;

type ChooseProps = { open: boolean; onClose: () => void; onChosen: (id: string) => void };

export function ChoosePerson({ open, onClose, onChosen }: ChooseProps) {
  const people = useEverybody(open);
  return (
    <Dialog open={open} title={t('choose.person')} onClose={onClose}>
      <Answered query={people}>
        {(rows) => (
          <Choices
            hint={t('choose.personHint')}
            choices={rows.map((row) => ({ id: row.id, text: personText(row) }))}
            onChosen={onChosen}
          />
        )}
      </Answered>
    </Dialog>
  );
}

function personText({ name, flat, role }: PersonRow): string {
  return flat === null
    ? t('choose.role', { name, role: t(`role.${role}`) })
    : t('choose.flat', { name, flat });
}

export function ChooseParcel({ open, onClose, onChosen }: ChooseProps) {
  const parcels = useNewestParcels(open);
  return (
    <Dialog open={open} title={t('choose.parcel')} onClose={onClose}>
      <Answered query={parcels}>
        {({ items }) => (
          <Choices
            hint={t('choose.parcelHint')}
            choices={items.map(({ id, tracking }: ParcelRow) => ({ id, text: tracking }))}
            onChosen={onChosen}
          />
        )}
      </Answered>
    </Dialog>
  );
}

type ChoicesProps = {
  hint: string;
  choices: readonly { id: string; text: string }[];
  onChosen: (id: string) => void;
};

function Choices({ hint, choices, onChosen }: ChoicesProps): ReactNode {
  const [find, setFind] = useState('');
  const found = choices.filter(({ text }) => foldedText(text).includes(foldedText(find.trim())));
  return (
    <>
      <TextField
        {...{ label: t('choose.find'), hint, type: 'search', value: find }}
        onChange={({ target }) => setFind(target.value)}
      />
      <ul className="a-plain j-choices">
        {found.slice(0, SHOWN_MAX).map(({ id, text }) => (
          <li key={id}>
            <Button tone="quiet" onClick={() => onChosen(id)}>
              {text}
            </Button>
          </li>
        ))}
      </ul>
      <p role="status" className="k-muted k-small">
        {found.length === 0 && t('choose.none')}
        {found.length > SHOWN_MAX && t('choose.more')}
      </p>
    </>
  );
}
