/**
 * Keys on the screen, for a kiosk that has no others. Each key's accessible name is what it types. They stand as
 * on every keyboard, from left to right in each language.
 */
import type { MouseEvent } from 'react';
import { Icon } from './icon.tsx';
import { t } from './messages.ts';

/** As on a telephone; the last one stands below the others. */
export const DIGITS_IN_ORDER: readonly string[] = [...'1234567890'];
/** Rows of ten, in the places that people know. */
const LETTERS = [...'1234567890QWERTYUIOPASDFGHJKL-ZXCVBNM./'];

type KeyPadProps = {
  keys: 'digits' | 'letters';
  /** The order in which the ten digits stand. */
  digits?: readonly string[];
  onKey: (key: string) => void;
  onDelete: () => void;
  onClear: () => void;
  disabled?: boolean;
};

/** A touched key keeps the focus where it was, so that a scanner's Enter never presses it again. */
const keepFocus = (event: MouseEvent): void => event.preventDefault();

export function KeyPad({
  keys,
  digits = DIGITS_IN_ORDER,
  onKey,
  onDelete,
  onClear,
  disabled = false,
}: KeyPadProps) {
  const key = (text: string) => (
    <button
      key={text}
      type="button"
      className="k-key"
      onMouseDown={keepFocus}
      disabled={disabled}
      onClick={() => onKey(text)}
    >
      {text}
    </button>
  );
  const remove = (
    <button
      type="button"
      className="k-key k-key-quiet"
      onMouseDown={keepFocus}
      disabled={disabled}
      onClick={onDelete}
      aria-label={t('keypad.delete')}
    >
      <Icon name="erase" size={34} />
    </button>
  );
  const clear = (
    <button
      type="button"
      className="k-key k-key-quiet k-key-half"
      onMouseDown={keepFocus}
      disabled={disabled}
      onClick={onClear}
    >
      {t('keypad.clear')}
    </button>
  );
  if (keys === 'digits') {
    return (
      <fieldset className="k-keypad k-keypad-digits" aria-label={t('keypad')} dir="ltr">
        {digits.slice(0, -1).map(key)}
        {clear}
        {digits.slice(-1).map(key)}
        {remove}
      </fieldset>
    );
  }
  return (
    <fieldset className="k-keypad k-keypad-letters" aria-label={t('keypad')} dir="ltr">
      {LETTERS.map(key)}
      {remove}
      {clear}
      <button
        type="button"
        className="k-key k-key-quiet k-key-half"
        onMouseDown={keepFocus}
        disabled={disabled}
        onClick={() => onKey(' ')}
      >
        {t('keypad.space')}
      </button>
    </fieldset>
  );
}
