/** Has the browser keep the app's shell. Without a secure context there is no worker, and the app works online only. */
export function keepShell(page: Navigator = navigator): void {
  if (!('serviceWorker' in page)) return;
  // A refusal (a private window, a full disk) takes away the offline page and nothing else.
  page.serviceWorker.register('./sw.js', { scope: './', updateViaCache: 'none' }).catch(() => undefined);
}
