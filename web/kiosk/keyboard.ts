/**
 * Every key press of the page passes here: scans become actions, typing goes to the entry of the present
 * screen, whatever has the focus. Keys that would reach the browser behind the page are stopped.
 */
import { createContext, type RefObject, useContext, useEffect, useRef, useState } from 'react';
import { inCapitals } from '../../src/domain/flat.ts';
import { after, steadyMs } from '../kit/clock.ts';
import { isKeyOfPage } from './stay.ts';
import { steppingOf, stepTo } from './step.ts';
import { hands, TIMER_MS } from './touch.ts';
import {
  FAST_MS,
  type Heard,
  hear,
  mayEndInSilence,
  type Press,
  SETTLE_MS,
  settle,
  WEDGE_START,
} from './wedge.ts';

/** Where typing goes. */
export type Entry = { type(text: string): void; remove(): void; clear(): void; enter(): void };

export const EntryTarget = createContext<RefObject<Entry | null>>({ current: null });

/** Listens for keys for as long as the kiosk is shown, and answers where entries announce themselves. */
export function useKeyboard(onScan: (text: string) => void): RefObject<Entry | null> {
  const target = useRef<Entry | null>(null);
  const scan = useRef(onScan);
  scan.current = onScan;
  useEffect(() => {
    const listen = listener(target, (text) => scan.current(text));
    document.addEventListener('keydown', listen.onKeyDown, { capture: true });
    document.addEventListener('keyup', listen.onKeyUp, { capture: true });
    return () => {
      listen.stop();
      document.removeEventListener('keydown', listen.onKeyDown, { capture: true });
      document.removeEventListener('keyup', listen.onKeyUp, { capture: true });
    };
  }, []);
  return target;
}

function listener(target: RefObject<Entry | null>, onScan: (text: string) => void) {
  const hand = hands();
  let wedge = WEDGE_START;
  let stopWaiting = (): void => undefined;
  const tell = (heard: Heard): void => {
    if (heard.is === 'typed') target.current?.type(heard.text);
    if (heard.is === 'enter') target.current?.enter();
    if (heard.is !== 'scan') return;
    target.current?.clear();
    onScan(heard.text);
  };
  /** Hears one key. Both clocks of the page count the same milliseconds from the same beginning. */
  const heardAt = (press: Press, atMs: number): Heard | null => {
    const result = hear(wedge, press, atMs);
    wedge = result.wedge;
    stopWaiting();
    stopWaiting = mayEndInSilence(wedge) ? after(SETTLE_MS + TIMER_MS, wait) : () => undefined;
    return result.heard;
  };
  const wait = (): void => {
    const result = settle(wedge, steadyMs());
    wedge = result.wedge;
    if (result.heard) tell(result.heard);
  };
  /** Moves on, or takes back, for whoever has a number pad alone. A scanner in full flow may type the same keys. */
  const steps = (event: KeyboardEvent): boolean => {
    const stepping = steppingOf(event, document.documentElement.dir === 'rtl');
    const inScan = wedge.burst.length > 1 && event.timeStamp - wedge.lastAtMs <= FAST_MS;
    if (stepping === null || event.ctrlKey || event.altKey || inScan) return false;
    if (stepping === 'remove') target.current?.remove();
    else stepTo(stepping);
    return true;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (event.isComposing) return;
    // First of all, because a key that is held down repeats, and each repetition counts for the browser. A
    // scanner types its separators with Ctrl and Alt: they are heard all the same, and reach nobody else.
    if (!isKeyOfPage(event)) event.preventDefault();
    if (event.repeat || metaKey) return;
    if (key === 'Backspace' && !ctrlKey && !altKey) {
      event.preventDefault();
      hand.pressed(key, { atMs: event.timeStamp, heard: null, burst: 1 });
      return target.current?.remove();
    }
    const heard = heardAt({ key, ctrl: ctrlKey, alt: altKey }, event.timeStamp);
    hand.pressed(key, { atMs: event.timeStamp, heard, burst: wedge.burst.length });
    if (steps(event)) return event.preventDefault();
    // A person who moves through the buttons by keyboard still presses them; a scanner in full flow does not.
    const onButton = event.target instanceof HTMLButtonElement && [' ', 'Enter'].includes(key);
    const presses = onButton && wedge.burst.length < 3;
    if (!heard || (presses && (heard.is === 'typed' || heard.is === 'enter'))) return;
    event.preventDefault();
    tell(heard);
  };
  const onKeyUp = (event: KeyboardEvent): void => {
    const heard = heardAt({ key: event.key, up: true }, event.timeStamp);
    if (!heard) return;
    hand.pressed(event.key, { atMs: event.timeStamp, heard, burst: wedge.burst.length });
    tell(heard);
  };
  const stop = (): void => {
    stopWaiting();
    hand.stop();
  };
  return { onKeyDown, onKeyUp, stop };
}

type EntryOptions = { accepts: RegExp; lengthMax: number; onEnter: (value: string) => void };

/**
 * One value, in capitals without accents, that the person types: on the screen's keys, a keyboard, or by assistive technology.
 * `round` counts how often it began anew.
 */
export function useEntry({ accepts, lengthMax, onEnter }: EntryOptions) {
  const [value, setValue] = useState('');
  const [round, setRound] = useState(0);
  const clean = (text: string): string => {
    const kept = [...inCapitals(text)].filter((one) => accepts.test(one));
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
