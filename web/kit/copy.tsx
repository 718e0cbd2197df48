/** Copies a value that people would otherwise mistype. */
import { useEffect, useState } from 'react';
import { Button } from './button.tsx';
import { after } from './clock.ts';
import { t } from './messages.ts';

const SHOWN_MS = 2_000;

/** `what` names the value: its accessible name is "Copy <what>". */
export function CopyButton({ value, what }: { value: string; what: string }) {
  const [said, setSaid] = useState<'copy' | 'copy.done' | 'copy.failed'>('copy');
  useEffect(() => (said === 'copy' ? undefined : after(SHOWN_MS, () => setSaid('copy'))), [said]);
  const copy = (): void => {
    const wrote = navigator.clipboard?.writeText(value) ?? Promise.reject(new Error('no clipboard here'));
    wrote.then(
      () => setSaid('copy.done'),
      () => setSaid('copy.failed'),
    );
  };
  return (
    <Button
      icon={said === 'copy.done' ? 'check' : 'copy'}
      tone="quiet"
      aria-label={t('copy.of', { what })}
      onClick={copy}
    >
      <span aria-live="polite">{t(said)}</span>
    </Button>
  );
}
