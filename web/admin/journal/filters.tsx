/** What is asked for. It stands in the address; this only writes it there. */
import { type ReactNode, type SyntheticEvent, useEffect, useState } from 'react';
import { RECORD_KINDS } from '../../../src/domain/kinds.ts';
import { Button, IconButton, LinkButton } from '../../kit/button.tsx';
import { SelectField, TextField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { minutesAheadOfUtc, momentOf } from '../../kit/time.ts';
import { t as admin } from '../messages.ts';
import { fragmentOf } from '../routes.ts';
import { useBanks } from '../session.ts';
import { isLook, type JournalFilter, type JournalRoute, journalAt } from './address.ts';
import { ChooseParcel, ChoosePerson } from './choose.tsx';
import { t } from './messages.ts';
import type { RecordsPage } from './questions.ts';

const CLOUD = 'cloud';

const KINDS_BY_FAMILY = Map.groupBy(RECORD_KINDS, (kind) => kind.split('.')[0] ?? '');

/** Whatever is asked for anew, no record is shown over it any more. */
function turnTo(route: JournalRoute, next: Partial<JournalFilter>): void {
  window.location.hash = fragmentOf({ ...route, record: null, ...next });
}

export type FilterField = 'door' | 'fromMs' | 'toMs';
/** What shows something that nothing can be asked by: the address does not have it, and no list goes by it. */
export type Unclear = ReadonlySet<FilterField>;

type FiltersProps = { route: JournalRoute; onUnclear: (field: FilterField, isUnclear: boolean) => void };

const DOOR = /^[1-9][0-9]{0,3}$/;

export function Filters({ route, onUnclear }: FiltersProps) {
  const banks = useBanks().data ?? [];
  const turn = (next: Partial<JournalFilter>) => turnTo(route, next);
  return (
    <div className="j-filters">
      <SelectField
        label={admin('journal.source')}
        value={route.bank ?? ''}
        onChange={({ target }) => turn({ bank: target.value || null, door: null })}
      >
        <option value="">{t('journal.anySource')}</option>
        <option value={CLOUD}>{t('journal.cloud')}</option>
        {banks.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      {route.bank !== null && route.bank !== CLOUD && (
        <SettledField
          {...{ label: t('journal.door'), inputMode: 'numeric' }}
          shown={route.door === null ? '' : String(route.door)}
          faultOf={(text) => (DOOR.test(text) ? null : t('journal.doorShape'))}
          onSettled={(text) => turn({ door: text === '' ? null : Number(text) })}
          onUnclear={(isUnclear) => onUnclear('door', isUnclear)}
        />
      )}
      <SelectField
        label={admin('journal.kind')}
        value={route.kind ?? ''}
        onChange={({ target }) => turn({ kind: target.value || null })}
      >
        <option value="">{t('journal.anyKind')}</option>
        {[...KINDS_BY_FAMILY].map(([family, kinds]) => (
          <optgroup key={family} label={family}>
            {kinds.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </optgroup>
        ))}
      </SelectField>
      {(['fromMs', 'toMs'] as const).map((name) => (
        <SettledField
          key={name}
          label={t(name === 'fromMs' ? 'journal.from' : 'journal.to')}
          type="datetime-local"
          shown={localText(route[name])}
          faultOf={(text) => (momentOf(text) === null ? t('journal.noTime') : null)}
          onSettled={(text) => turn({ [name]: momentOf(text) })}
          onUnclear={(isUnclear) => onUnclear(name, isUnclear)}
        />
      ))}
    </div>
  );
}

/** As the field writes it: the reader's own time, to the minute. */
function localText(atMs: number | null): string {
  if (atMs === null) return '';
  return new Date(atMs + minutesAheadOfUtc(atMs) * 60_000).toISOString().slice(0, 16);
}

type SettledProps = {
  label: string;
  type?: 'datetime-local';
  inputMode?: 'numeric';
  shown: string;
  /** Of what is not empty. */
  faultOf: (text: string) => string | null;
  onSettled: (text: string) => void;
  onUnclear: (isUnclear: boolean) => void;
};

/** What is typed counts once the field is left, or with Enter; half a date, or what is no door, counts as nothing. */
function SettledField({ shown, faultOf, onSettled, onUnclear, ...field }: SettledProps) {
  const [text, setText] = useState(shown);
  const [isHalf, setHalf] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    setText(shown);
    // What was wrong of it is gone with it, as when somebody goes back. Half a date stands in the field still.
    setFault(null);
  }, [shown]);
  const isUnclear = isHalf || fault !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: who is told is another function at each drawing.
  useEffect(() => {
    onUnclear(isUnclear);
    return () => onUnclear(false);
  }, [isUnclear]);
  const settle = ({ currentTarget: input }: SyntheticEvent<HTMLInputElement>): void => {
    const typed = text.trim();
    const wrong = typed === '' ? null : faultOf(typed);
    const { badInput } = input.validity;
    if (badInput) input.checkValidity();
    setHalf(badInput);
    setFault(wrong);
    if (!badInput && wrong === null && typed !== shown) onSettled(typed);
  };
  return (
    <TextField
      {...field}
      value={text}
      error={fault}
      autoComplete="off"
      onChange={({ target }) => setText(target.value)}
      onBlur={settle}
      onKeyDown={(event) => event.key === 'Enter' && settle(event)}
    />
  );
}

type AboutProps = {
  route: JournalRoute;
  about: RecordsPage['about'] | undefined;
  unclear: Unclear;
  onAgain: () => void;
  onClear: () => void;
};

/** Whom and what it is about, and that asking so leaves a trace. */
export function About({ route, about, unclear, onAgain, onClear }: AboutProps) {
  const [asked, setAsked] = useState<'person' | 'parcel' | null>(null);
  const turn = (next: Partial<JournalFilter>): void => {
    setAsked(null);
    turnTo(route, next);
  };
  const isAsked =
    unclear.size > 0 ||
    Object.entries(route).some(([name, value]) => !['at', 'record'].includes(name) && value !== null);
  return (
    <>
      <div className="k-row">
        {route.person === null ? (
          <Button icon="person" onClick={() => setAsked('person')}>
            {t('journal.person')}
          </Button>
        ) : (
          <Chip
            says={t('journal.aboutPerson', { name: about?.person ?? route.person })}
            ends={t('journal.notPerson', { name: about?.person ?? route.person })}
            onEnd={() => turn({ person: null })}
          />
        )}
        {route.parcel === null ? (
          <Button icon="parcel" onClick={() => setAsked('parcel')}>
            {t('journal.parcel')}
          </Button>
        ) : (
          <Chip
            says={t('journal.aboutParcel', { tracking: about?.tracking ?? route.parcel })}
            ends={t('journal.notParcel', { tracking: about?.tracking ?? route.parcel })}
            onEnd={() => turn({ parcel: null })}
          >
            <LinkButton href={fragmentOf({ at: 'parcel', id: route.parcel })}>
              {t('journal.parcelPage')}
            </LinkButton>
          </Chip>
        )}
        {isAsked && (
          <LinkButton tone="quiet" icon="erase" href={fragmentOf(journalAt())} onClick={onClear}>
            {t('journal.clear')}
          </LinkButton>
        )}
      </div>
      {isLook(route) && about && (
        <Notice tone="info" title={t('journal.look')}>
          <Button icon="again" onClick={onAgain}>
            {t('journal.again')}
          </Button>
        </Notice>
      )}
      <ChoosePerson
        open={asked === 'person'}
        onClose={() => setAsked(null)}
        onChosen={(person) => turn({ person })}
      />
      <ChooseParcel
        open={asked === 'parcel'}
        onClose={() => setAsked(null)}
        onChosen={(parcel) => turn({ parcel })}
      />
    </>
  );
}

type ChipProps = { says: string; ends: string; onEnd: () => void; children?: ReactNode };

function Chip({ says, ends, onEnd, children }: ChipProps) {
  return (
    <span className="j-chip k-row">
      <strong>{says}</strong>
      {children}
      <IconButton icon="cross" label={ends} onClick={onEnd} />
    </span>
  );
}
