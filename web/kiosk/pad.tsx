/**
 * Where a code is typed. Two choices are the person's, for as long as they stand here: digits in order or
 * mixed, so that neither a look over the shoulder nor worn and greasy keys tell the code; and whether what
 * was typed is shown. It is hidden at first, because it opens a door and is typed in a lobby.
 */
import { createContext, useContext, useMemo, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { shuffled } from '../kit/draw.ts';
import { DIGITS_IN_ORDER, KeyPad } from '../kit/keypad.tsx';
import type { useEntry } from './keyboard.ts';
import { t } from './messages.ts';
import { pinPlaces } from './pin.ts';

type Pad = { mixed: boolean; shown: boolean; setMixed(to: boolean): void; setShown(to: boolean): void };

export const PadChoice = createContext<Pad>({
  mixed: false,
  shown: false,
  setMixed() {},
  setShown() {},
});

/** Kept by the page alone; the page is replaced when the person leaves, and the choice goes with it. */
export function usePadChoice(): Pad {
  const [mixed, setMixed] = useState(false);
  const [shown, setShown] = useState(false);
  return useMemo(() => ({ mixed, shown, setMixed, setShown }), [mixed, shown]);
}

/** Mixed digits are drawn anew for every entry: two codes typed in one order would tell on each other. */
function useDigitOrder(round: number): readonly string[] {
  const { mixed } = useContext(PadChoice);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is what asks for another order.
  return useMemo(() => (mixed ? shuffled(DIGITS_IN_ORDER) : DIGITS_IN_ORDER), [mixed, round]);
}

export function CodeKeys({ code, busy }: { code: ReturnType<typeof useEntry>; busy: boolean }) {
  const { type, remove, clear } = code.entry;
  const digits = useDigitOrder(code.round);
  return (
    <KeyPad keys="digits" digits={digits} onKey={type} onDelete={remove} onClear={clear} disabled={busy} />
  );
}

export function PadOptions() {
  const { mixed, shown, setMixed, setShown } = useContext(PadChoice);
  return (
    <div className="pad-options">
      <Button size="l" icon={mixed ? 'sorted' : 'mixed'} onClick={() => setMixed(!mixed)}>
        {t(mixed ? 'pad.in-order' : 'pad.mix')}
      </Button>
      <Button size="l" icon={shown ? 'hide' : 'show'} onClick={() => setShown(!shown)}>
        {t(shown ? 'pad.hide' : 'pad.show')}
      </Button>
    </div>
  );
}

const HIDDEN = '●';

/** Places for a code whose length is known; `label` says how many are filled. */
export function PinPlaces({ typed, digits, label }: { typed: string; digits: number; label: string }) {
  const { shown } = useContext(PadChoice);
  let at = 0;
  return (
    <div className="pin" dir="ltr">
      <p className="k-hidden" role="status">
        {label}
      </p>
      {pinPlaces(typed, digits).map((group) => {
        at += group.length;
        return (
          <div className="pin-group" key={at} aria-hidden={!shown}>
            {group.map((digit, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a place is its number.
              <span key={index} className={digit ? 'pin-place pin-filled' : 'pin-place'}>
                {digit && (shown ? digit : HIDDEN)}
              </span>
            ))}
          </div>
        );
      })}
    </div>
  );
}

/** A code of any length. */
export function TypedCode({ typed, label }: { typed: string; label: string }) {
  const { shown } = useContext(PadChoice);
  return (
    <div className="pin" dir="ltr">
      <p className="k-hidden" role="status">
        {label}
      </p>
      <div className="pin-group pin-hidden" aria-hidden={!shown}>
        {shown ? typed : HIDDEN.repeat(typed.length)}
      </div>
    </div>
  );
}
