/**
 * What had the focus is sometimes gone: a row that was removed, a card that was put away, a page that was left. A browser
 * then has none, and who works by keyboard or listens to the page would begin at the top again.
 */
import { useEffect, useRef } from 'react';

/** A page that has just been loaded has not lost any. */
let wasAnywhere = false;
document.addEventListener('focusin', () => {
  wasAnywhere = true;
});

export const isFocusLost = (): boolean =>
  wasAnywhere && (document.activeElement === null || document.activeElement === document.body);

/**
 * The page's own heading takes the focus that was lost: what an act led to is said right below it. Over the page stands
 * whatever dialog is open, and nothing behind it can take a focus (HTML standard, "inert").
 */
export function catchFocus(): void {
  if (!isFocusLost()) return;
  const over = [...document.querySelectorAll('dialog[open]')].at(-1);
  const heading = over
    ? over.querySelector<HTMLElement>('h2')
    : document.querySelector<HTMLElement>('main h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** Looks for it after each change of `shown`, which took something away; not at the first drawing. */
export function useCaughtFocus(shown: unknown): void {
  const before = useRef(shown);
  useEffect(() => {
    if (before.current === shown) return;
    before.current = shown;
    catchFocus();
  }, [shown]);
}
