/**
 * Signing out where no network is. The session's cookie is out of a page's reach, so a phone that cannot tell its
 * server notes that it has to: until it has, no page of the app shows anything, and each says "sign out" before it
 * asks anything.
 */
export type Leaving = {
  isSet(): boolean;
  set(): void;
  unset(): void;
};

export function leavingOf(app: string, page: Window = window): Leaving {
  const name = `holdfast/${app}/leaving`;
  // A browser that keeps nothing for us has kept nothing that would have to go.
  const tried = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch {
      return undefined;
    }
  };
  return {
    isSet: () => tried(() => page.localStorage.getItem(name)) != null,
    set: () => tried(() => page.localStorage.setItem(name, '1')),
    unset: () => tried(() => page.localStorage.removeItem(name)),
  };
}
