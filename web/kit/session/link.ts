/**
 * The secret of a sign-in link. It travels in the fragment, which no server, proxy or referrer sees, and
 * leaves the address bar and the history entry before it is used: a reload or a shared address gives
 * nobody a second try.
 */
import type { Session } from './session.ts';

const TOKEN = /^#\/?token=([A-Za-z0-9._~-]{20,200})$/;

export function tokenOf(fragment: string): string | null {
  return TOKEN.exec(fragment)?.[1] ?? null;
}

/** Uses the link that opened the page, and one that is opened later while the page already stands. */
export function watchForLink<Me>(session: Session<Me>, page: Window): void {
  const look = (): void => {
    const token = tokenOf(page.location.hash);
    if (page.location.hash.includes('token=')) page.history.replaceState(null, '', page.location.pathname);
    if (token !== null) session.arrive(token);
  };
  look();
  page.addEventListener('hashchange', look);
}
