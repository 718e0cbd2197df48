/**
 * What the pages of one app in one browser tell each other: that somebody signed in, or out. They have one cookie, so it
 * is true for each of them. It names nobody: whoever hears it asks the server.
 */
export type Said = 'signed-in' | 'signed-out';

export type Word = {
  say(said: Said): void;
  /** Calls for what the other pages say, and never for what this one does. */
  onHeard(run: (said: Said) => void): void;
};

/** Where there is no page, there is none beside it: a rule that is tested by itself. */
export const ALONE: Word = { say: () => undefined, onHeard: () => undefined };

type Place = Pick<Window, 'addEventListener' | 'localStorage'> & {
  BroadcastChannel?: typeof BroadcastChannel;
};

export function wordOf(app: string, page: Place = window): Word {
  const name = `holdfast/${app}/word`;
  if (page.BroadcastChannel) {
    const channel = new page.BroadcastChannel(name);
    return {
      say: (said) => channel.postMessage(said),
      onHeard: (run) => channel.addEventListener('message', ({ data }) => isSaid(data) && run(data)),
    };
  }
  // A browser from before 2022: a change of the store is told to the other pages (HTML standard, "storage" event).
  return {
    say(said) {
      try {
        page.localStorage.setItem(name, said);
        page.localStorage.removeItem(name);
      } catch {
        // In a browser that keeps nothing the server alone says so, to a page that asks in the session of before.
        return;
      }
    },
    onHeard: (run) =>
      page.addEventListener('storage', ({ key, newValue }) => {
        if (key === name && isSaid(newValue)) run(newValue);
      }),
  };
}

const isSaid = (data: unknown): data is Said => data === 'signed-in' || data === 'signed-out';
