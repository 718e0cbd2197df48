/**
 * Every key press of the page passes here: scans become actions, typing goes to the entry of the present
 * screen, whatever has the focus. Keys that would reach the browser behind the page are stopped.
 */
import { createContext, type RefObject, useContext, useEffect, useRef, useState } from 'react';
import { isKeyOfPage } from './stay.ts';
import { hear, WEDGE_START } from './wedge.ts';

/** Where typing goes. */
export type Entry = { type(text: string): void; remove(): void; clear(): void; enter(): void };

export const EntryTarget = createContext<RefObject<Entry | null>>({ current: null });

/** Listens for keys for as long as the kiosk is shown, and answers where entries announce themselves. */
export function useKeyboard(onScan: (text: string) => void): RefObject<Entry | null> {
  const target = useRef<Entry | null>(null);
  const scan = useRef(onScan);
  scan.current = onScan;
  useEffect(() => {
    let wedge = WEDGE_START;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.isComposing) return;
      // First of all, because a key that is held down repeats, and each repetition counts for the browser.
      if (!isKeyOfPage(event)) return event.preventDefault();
      if (event.repeat) return;
      if (event.key === 'Backspace') {
        event.preventDefault();
        target.current?.remove();
        return;
      }
      const result = hear(wedge, event.key, event.timeStamp);
      wedge = result.wedge;
      const heard = result.heard;
      // A person who moves through the buttons by keyboard still presses them.
      const presses = event.target instanceof HTMLButtonElement && [' ', 'Enter'].includes(event.key);
      if (!heard || (presses && heard.is !== 'scan')) return;
      event.preventDefault();
      if (heard.is === 'typed') target.current?.type(heard.text);
      if (heard.is === 'enter') target.current?.enter();
      if (heard.is !== 'scan') return;
      target.current?.clear();
      scan.current(heard.text);
    };
    document.addEventListener('keydown', onKeyDown, { capture: true });
    return () => document.removeEventListener('keydown', onKeyDown, { capture: true });
  }, []);
  return target;
}

type EntryOptions = { accepts: RegExp; lengthMax: number; onEnter: (value: string) => void };

/**
 * One value, in capitals, that the person types: on the screen's keys, a keyboard, or by assistive technology.
 * `round` counts how often it began anew.
 */
export function useEntry({ accepts, lengthMax, onEnter }: EntryOptions) {
  const [value, setValue] = useState('');
  const [round, setRound] = useState(0);
  const clean = (text: string): string => {
    const kept = [...text.toUpperCase()].filter((one) => accepts.test(one));
    return kept.slice(0, lengthMax).join('');
  };
  const set = (text: string): void => setValue(clean(text));
  const entry: Entry = {
    type: (text) => setValue((now) => clean(now + text)),
    remove: () => setValue((now) => now.slice(0, -1)),
    clear: () => {
      setValue('');
      setRound((now) => now + 1);
    },
    enter: () => onEnter(value),
  };
  return { value, set, entry, round };
}

/** Makes `entry` the one that typing goes to, for as long as it is `active`. */
export function useTypingInto(entry: Entry, active = true): void {
  const target = useContext(EntryTarget);
  useEffect(() => {
    if (!active) return;
    target.current = entry;
    return () => {
      if (target.current === entry) target.current = null;
    };
  });
}
