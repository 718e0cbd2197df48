/**
 * A modal question, with the browser's own dialog: focus stays inside, Escape closes, and who opened it has the focus
 * again, if the answer has not taken that away.
 */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.tsx';
import { catchFocus } from './focus.ts';
import { t } from './messages.ts';

type DialogProps = {
  open: boolean;
  title: string;
  onClose: () => void;
  actions?: ReactNode;
  children?: ReactNode;
};

export function Dialog({ open, title, onClose, actions, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element || element.open === open) return;
    if (open) return element.showModal();
    element.close();
    catchFocus();
  }, [open]);
  return (
    <dialog ref={dialog} className="k-dialog" aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <div className="k-card-head">
            <h2 id={id}>{title}</h2>
            <IconButton icon="cross" label={t('dialog.close')} onClick={onClose} />
          </div>
          {children}
          {actions && <div className="k-dialog-actions">{actions}</div>}
        </>
      )}
    </dialog>
  );
}
