/**
 * For whoever has nothing but the keys of a number pad, or a pad of arrows with one key to press: such pads have no
 * Tab. Down and right go to the next control, up and left to the one before; of a number pad + and − do the same, and
 * the point takes the last character back. What the pad types itself is not walked through on the screen.
 */
export type Stepping = 'next' | 'before' | 'remove';

type Key = Pick<KeyboardEvent, 'key' | 'code'>;

/** `toLeft`: what is next stands to the left, as in Arabic. */
export function steppingOf({ key, code }: Key, toLeft: boolean): Stepping | null {
  if (key === 'ArrowDown') return 'next';
  if (key === 'ArrowUp') return 'before';
  if (key === 'ArrowRight') return toLeft ? 'before' : 'next';
  if (key === 'ArrowLeft') return toLeft ? 'next' : 'before';
  if (code === 'NumpadAdd') return 'next';
  if (code === 'NumpadSubtract') return 'before';
  return code === 'NumpadDecimal' ? 'remove' : null;
}

const CONTROLS = 'button:not(:disabled), input:not(:disabled), select:not(:disabled)';
const TYPED_ANYWAY = '.k-keypad-digits';

/** Beyond the last control comes the first. An open dialog has its own; a page that is being replaced has none. */
export function stepTo(stepping: Exclude<Stepping, 'remove'>): void {
  const within = document.querySelector('dialog[open]') ?? document.querySelector('.kiosk:not([inert])');
  const all = [...(within?.querySelectorAll<HTMLElement>(CONTROLS) ?? [])];
  const controls = all.filter((one) => one.closest(TYPED_ANYWAY) === null && one.checkVisibility());
  const { activeElement } = document;
  const isAt = (one: HTMLElement): number => activeElement?.compareDocumentPosition(one) ?? 0;
  const to =
    stepping === 'next'
      ? (controls.find((one) => isAt(one) & Node.DOCUMENT_POSITION_FOLLOWING) ?? controls[0])
      : (controls.findLast((one) => isAt(one) & Node.DOCUMENT_POSITION_PRECEDING) ?? controls.at(-1));
  to?.focus();
}
