/** Choosing the file: by its button, or by dropping it. */
import { type DragEvent, useId, useRef, useState } from 'react';
import { FILE_BYTES_MAX, FILE_ROWS_MAX } from '../../../src/contract/http/people-import.ts';
import { Button } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { downloadCsv } from '../../kit/download.ts';
import { Icon } from '../../kit/icon.tsx';
import { locale } from '../../kit/words.ts';
import { EXAMPLE } from './example.ts';
import { t } from './messages.ts';

const MIB = FILE_BYTES_MAX / 1_048_576;

export type Chosen = { name: string; base64: string };
export type FileProblem = { title: string; says: string };

type FileCardProps = {
  /** The file that is shown below, if any. */
  chosen: boolean;
  onFile: (file: File) => void;
  onProblem: (problem: FileProblem) => void;
};

export function FileCard({ chosen, onFile, onProblem }: FileCardProps) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [over, setOver] = useState(false);
  const take = (files: FileList | null): void => {
    const file = files?.[0];
    if (!file || files.length > 1) onProblem({ title: t('file.none'), says: t('file.noneSays') });
    else if (file.size > FILE_BYTES_MAX)
      onProblem({ title: t('file.large', { name: file.name, mib: MIB }), says: t('file.largeSays') });
    else onFile(file);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <Card title={t('file.title')}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first. */}
      <div
        className={`i-drop ${over ? 'i-drop-over' : ''}`.trim()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Icon name="download" size={32} />
        <div className="k-row i-drop-row">
          <label className="k-hidden" htmlFor={id}>
            {t('file.label')}
          </label>
          <input
            ref={input}
            id={id}
            className="i-input"
            type="file"
            tabIndex={-1}
            accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"
            onChange={(event) => {
              take(event.target.files);
              // The same file, corrected meanwhile, can be chosen again.
              event.target.value = '';
            }}
          />
          <Button tone={chosen ? 'plain' : 'go'} onClick={() => input.current?.click()}>
            {t(chosen ? 'file.other' : 'file.choose')}
          </Button>
          <span>{t('file.drop')}</span>
        </div>
        <p className="k-muted i-hint">
          {t('file.hint', { rows: FILE_ROWS_MAX.toLocaleString(locale()), mib: MIB })}
        </p>
        <Button tone="quiet" icon="download" onClick={() => downloadCsv(t('file.exampleName'), EXAMPLE)}>
          {t('file.example')}
        </Button>
      </div>
    </Card>
  );
}

/** A file's bytes as base64, which is what travels. */
export function contentOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,?/, ''));
    reader.onerror = () => reject(reader.error ?? new Error('the file cannot be read'));
    reader.readAsDataURL(file);
  });
}
