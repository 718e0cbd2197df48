/** To what the bundle is encrypted: a certificate from a file, or a passphrase typed twice. */
import { useId, useRef, useState } from 'react';
import { Button } from '../../kit/button.tsx';
import { SelectField, TextField } from '../../kit/field.tsx';
import { Icon } from '../../kit/icon.tsx';
import { contentOf } from '../people-import/file.tsx';
import { t } from './messages.ts';
import { pemOf, type Wish, type WishFault } from './wish.ts';

const FILE_BYTES_MAX = 65_536;

export type PartProps = {
  wish: Wish;
  /** Those that are said already. */
  faults: ReadonlySet<WishFault>;
  onWish: (next: Partial<Wish>) => void;
};

export function Sealing({ wish, faults, onWish }: PartProps) {
  return (
    <fieldset className="x-group k-stack">
      <legend>{t('seal.title')}</legend>
      <div className="x-fields">
        <SelectField
          label={t('seal.by')}
          value={wish.by}
          onChange={({ target }) =>
            onWish({ by: target.value === 'passphrase' ? 'passphrase' : 'certificate' })
          }
        >
          <option value="certificate">{t('seal.certificate')}</option>
          <option value="passphrase">{t('seal.passphrase')}</option>
        </SelectField>
        {wish.by === 'certificate' ? (
          <CertificateFile {...{ wish, faults, onWish }} />
        ) : (
          <Passphrase {...{ wish, faults, onWish }} />
        )}
      </div>
    </fieldset>
  );
}

function CertificateFile({ wish, faults, onWish }: PartProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [large, setLarge] = useState(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const isLarge = file.size > FILE_BYTES_MAX;
    setLarge(isLarge);
    const certificate = isLarge ? null : { name: file.name, pem: pemOf(await contentOf(file)) };
    onWish({ certificate });
  };
  const error = large ? t('seal.large') : faults.has('certificate') ? t('ask.needed') : null;
  return (
    <div className="k-field">
      <label htmlFor={id}>{t('seal.file')}</label>
      <input
        ref={input}
        id={id}
        className="x-file"
        type="file"
        tabIndex={-1}
        accept=".pem,.crt,.cer,.der,application/x-x509-ca-cert,application/pkix-cert"
        onChange={(event) => {
          void take(event.target.files?.[0]);
          // The same file, mended meanwhile, can be chosen again.
          event.target.value = '';
        }}
      />
      <div className="k-row">
        <Button icon="key" onClick={() => input.current?.click()}>
          {t('seal.choose')}
        </Button>
        <span role="status">{wish.certificate && t('seal.chosen', { name: wish.certificate.name })}</span>
      </div>
      <p className="k-hint">{t('seal.fileHint')}</p>
      {error && (
        <p className="k-error" role="alert">
          <Icon name="warn" size={18} /> {error}
        </p>
      )}
    </div>
  );
}

function Passphrase({ wish, faults, onWish }: PartProps) {
  return (
    <>
      <TextField
        {...{ label: t('seal.phrase'), hint: t('seal.phraseHint'), type: 'password', value: wish.passphrase }}
        autoComplete="new-password"
        error={faults.has('passphrase') ? t('ask.needed') : null}
        onChange={({ target }) => onWish({ passphrase: target.value })}
      />
      <TextField
        {...{ label: t('seal.again'), type: 'password', value: wish.again }}
        autoComplete="new-password"
        error={faults.has('again') ? t('seal.differs') : null}
        onChange={({ target }) => onWish({ again: target.value })}
      />
    </>
  );
}
