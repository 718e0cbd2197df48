/** The address bar's fragment, where the apps keep the page that a person is on. */
import { useSyncExternalStore } from 'react';

export function useFragment(): string {
  return useSyncExternalStore(watch, () => window.location.hash);
}

function watch(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}
