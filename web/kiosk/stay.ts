/**
 * A public screen stays on its page. What a finger, a mouse, a keyboard or a piece of foreign markup could
 * do beside the page's own buttons is turned off here: menus, selection, dragging, zoom, links, navigation.
 *
 * A page cannot stop the browser's own shortcuts everywhere: that is for the browser's kiosk mode and the
 * policy in docs/reference/kiosk-browser.md. Each of the two holds without the other.
 */
import { useEffect } from 'react';

const BLOCKED_EVENTS = [
  ...['contextmenu', 'selectstart', 'dragstart', 'dragover', 'drop', 'copy', 'cut', 'paste', 'auxclick'],
  ...['submit', 'gesturestart'],
] as const;

/** Keys that type nothing and still belong to the page: to move, to press, to mend, to shut a dialog. */
const MOVING_KEYS = new Set([
  ...['Tab', 'Enter', 'Backspace', 'Delete', 'Home', 'End', 'PageUp', 'PageDown', 'Escape'],
  ...['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'],
  // Held beside others, or on the way to a letter.
  ...['Shift', 'CapsLock', 'AltGraph', 'Process', 'Dead', 'Unidentified'],
]);

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'getModifierState'>;

/** What types one character or moves about. Everything else is for the browser, and so for nobody here. */
export function isKeyOfPage(event: Key): boolean {
  const types = [...event.key].length === 1;
  // Some systems report AltGr, which types letters, as Ctrl and Alt together.
  if (event.getModifierState('AltGraph')) return types;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  return types || MOVING_KEYS.has(event.key);
}

export function useStaying(): void {
  useEffect(() => {
    const away = new AbortController();
    const { signal } = away;
    const on = (name: string, listener: (event: Event) => void): void =>
      document.addEventListener(name, listener, { signal, capture: true, passive: false });
    for (const name of BLOCKED_EVENTS) on(name, (event) => event.preventDefault());
    on('mousedown', blockOtherButtons);
    on('mouseup', blockOtherButtons);
    on('wheel', blockZoomWheel);
    on('touchstart', blockSecondFinger);
    on('touchmove', blockSecondFinger);
    on('click', blockLeading);
    // Not every browser has it (HTML, 7.2.6 "The navigation API"); the policy of the kiosk's browser holds anyway.
    window.navigation?.addEventListener('navigate', blockNavigation, { signal });
    return () => away.abort();
  }, []);
}

/** Middle: scrolls by itself, pastes, opens tabs. Fourth and fifth: back and forward. */
function blockOtherButtons(event: Event): void {
  if (event instanceof MouseEvent && event.button !== 0) event.preventDefault();
}

/** A pinch on a touchpad arrives as a wheel with Ctrl, too. */
function blockZoomWheel(event: Event): void {
  if (event instanceof WheelEvent && event.ctrlKey) event.preventDefault();
}

function blockSecondFinger(event: Event): void {
  if (event instanceof TouchEvent && event.touches.length > 1 && event.cancelable) event.preventDefault();
}

/** The page has no link and no file to choose; whatever looks like one did not come from here. */
function blockLeading(event: Event): void {
  const leads = (one: EventTarget): boolean =>
    one instanceof Element && one.matches('a, area, input[type="file"], [popovertarget], [download]');
  if (event.composedPath().some(leads)) event.preventDefault();
}

/** Only the page itself may be loaded anew, in its own place. */
function blockNavigation(event: NavigateEvent): void {
  const own = `${location.origin}${location.pathname}${location.search}`;
  const isRenewal = ['replace', 'reload'].includes(event.navigationType);
  if (event.destination.url === own && isRenewal && !event.hashChange && !event.formData) return;
  if (event.cancelable) event.preventDefault();
}
