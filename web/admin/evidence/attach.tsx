/** Attaching a file to a parcel: the file, what it shows, and whom. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import { EVIDENCE_PURPOSE_MAX, type EvidenceAttach } from '../../../src/contract/http/evidence.ts';
import { Button } from '../../kit/button.tsx';
import { SelectField, TextField } from '../../kit/field.tsx';
import { Icon } from '../../kit/icon.tsx';
import { Notice } from '../../kit/notice.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { changed, session } from '../session.ts';
import { type Choice, type Chosen, choiceOf, MEGABYTES_MAX } from './chosen.ts';
import { t } from './messages.ts';
import { sizeText } from './size.ts';

type AttachFormProps = {
  /** Of the parcel's evidence. */
  path: string;
  room: number;
  onDone: () => void;
};

const NOTHING: Partial<{ chosen: Chosen; fault: string }> = {};

export function AttachForm({ path, room, onDone }: AttachFormProps) {
  const [choice, setChoice] = useState(NOTHING);
  const [purpose, setPurpose] = useState('');
  const [about, setAbout] = useState<EvidenceAttach['about']>('recipient');
  const [tried, setTried] = useState(false);
  const attaching = useMutation({
    mutationFn: (file: string) => session.api.post(path, { purpose: purpose.trim(), about, file }),
    onSuccess: async () => {
      await changed('parcels');
      setChoice(NOTHING);
      setPurpose('');
      setTried(false);
      onDone();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (choice.chosen && purpose.trim()) attaching.mutate(choice.chosen.base64);
  };
  const missing = tried && !choice.chosen ? t('attach.needed') : null;
  return (
    <form className="k-stack" onSubmit={submit} noValidate aria-label={t('attach.title')}>
      <h3>{t('attach.title')}</h3>
      <FileChoice {...{ room, chosen: choice.chosen, onChoice: setChoice }} error={choice.fault ?? missing} />
      <Notice tone="info" title={t('attach.asItIs')} live="off">
        {t('attach.asItIsSays')}
      </Notice>
      <TextField
        {...{ label: t('attach.purpose'), hint: t('attach.purposeHint'), value: purpose }}
        {...{ maxLength: EVIDENCE_PURPOSE_MAX, autoComplete: 'off' }}
        error={tried && !purpose.trim() ? t('attach.needed') : null}
        onChange={({ target }) => setPurpose(target.value)}
      />
      <SelectField
        {...{ label: t('attach.about'), hint: t('attach.aboutHint'), value: about }}
        onChange={({ target }) => setAbout(target.value as EvidenceAttach['about'])}
      >
        <option value="recipient">{t('attach.recipient')}</option>
        <option value="courier">{t('attach.courier')}</option>
        <option value="both">{t('attach.both')}</option>
      </SelectField>
      {attaching.error && <ProblemNotice problem={attaching.error} />}
      <div className="k-row">
        <Button type="submit" busy={attaching.isPending}>
          {t('attach.send')}
        </Button>
      </div>
    </form>
  );
}

type FileChoiceProps = {
  room: number;
  chosen: Chosen | undefined;
  error: string | null;
  onChoice: (choice: Choice) => void;
};

function FileChoice({ room, chosen, error, onChoice }: FileChoiceProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const take = async (file: File | undefined): Promise<void> => {
    if (file) onChoice(await choiceOf(file));
  };
  return (
    <div className="k-field">
      <label htmlFor={id}>{t('attach.file')}</label>
      <input
        ref={input}
        id={id}
        className="e-file"
        type="file"
        tabIndex={-1}
        accept="image/jpeg,image/png,image/webp,application/pdf,text/plain"
        onChange={(event) => {
          void take(event.target.files?.[0]);
          // The same file, mended meanwhile, can be chosen again.
          event.target.value = '';
        }}
      />
      <div className="k-row">
        <Button aria-describedby={`${id}-hint`} onClick={() => input.current?.click()}>
          {t(chosen ? 'attach.other' : 'attach.choose')}
        </Button>
        <span role="status" className="e-name">
          {chosen && t('attach.chosen', { name: chosen.name, size: sizeText(chosen.bytes) })}
        </span>
      </div>
      <p className="k-hint" id={`${id}-hint`}>
        {t('attach.fileHint', { mb: MEGABYTES_MAX, room })}
      </p>
      {error && (
        <p className="k-error" role="alert">
          <Icon name="warn" size={18} /> {error}
        </p>
      )}
    </div>
  );
}
