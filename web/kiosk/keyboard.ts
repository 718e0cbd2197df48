/**
 * Every key press of the page passes here: scans become actions, typing goes to the entry of the present
 * screen, whatever has the focus. And what a public screen must not offer is turned off: context menu,
 * selection, drag and drop, printing, saving, searching.
 */
import { createContext, type RefObject, useContext, useEffect, useRef, useState } from 'react';
import { hear, WEDGE_START } from './wedge.ts';

/** Where typing goes. */
export type Entry = { type(text: string): void; remove(): void; clear(): void; enter(): void };

export const EntryTarget = createContext<RefObject<Entry | null>>({ current: null });

const BLOCKED_EVENTS = [
  'contextmenu',
  'selectstart',
  'dragstart',
  'dragover',
  'drop',
  'copy',
  'cut',
  'paste',
] as const;
/** With Ctrl or Cmd: print, save, open, find, select all, source. */
const BLOCKED_KEYS = new Set(['p', 's', 'o', 'f', 'a', 'u']);

export function useBlockedGestures(): void {
  useEffect(() => {
    const block = (event: Event): void => event.preventDefault();
    for (const name of BLOCKED_EVENTS) document.addEventListener(name, block);
    return () => {
      for (const name of BLOCKED_EVENTS) document.removeEventListener(name, block);
    };
  }, []);
}

/** Listens for keys for as long as the kiosk is shown, and answers where entries announce themselves. */
export function useKeyboard(onScan: (text: string) => void): RefObject<Entry | null> {
  const target = useRef<Entry | null>(null);
  const scan = useRef(onScan);
  scan.current = onScan;
  useEffect(() => {
    let wedge = WEDGE_START;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.repeat || event.isComposing) return;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        if (BLOCKED_KEYS.has(event.key.toLowerCase())) event.preventDefault();
        return;
      }
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

/** One value, in capitals, that the person types: on the screen's keys, a keyboard, or by assistive technology. */
export function useEntry({ accepts, lengthMax, onEnter }: EntryOptions) {
  const [value, setValue] = useState('');
  const clean = (text: string): string => {
    const kept = [...text.toUpperCase()].filter((one) => accepts.test(one));
    return kept.slice(0, lengthMax).join('');
  };
  const set = (text: string): void => setValue(clean(text));
  const entry: Entry = {
    type: (text) => setValue((now) => clean(now + text)),
    remove: () => setValue((now) => now.slice(0, -1)),
    clear: () => setValue(''),
    enter: () => onEnter(value),
  };
  return { value, set, entry };
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
