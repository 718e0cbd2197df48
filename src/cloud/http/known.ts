/**
 * Who was behind a session token the last time. It lets nobody in: what such a person asks is looked up while the
 * database is asked whether the session still stands, and nothing of it is answered before that was said.
 */
import { utf8 } from '../../crypto/bytes.ts';
import { sha256Text } from '../../crypto/hash.ts';
import type { App, SignedIn } from './gate.ts';

const KNOWN_MAX = 10_000;

export class Known {
  /** By the hash of the token. Who was met longest ago is forgotten first. */
  readonly #actors = new Map<string, SignedIn>();

  of(app: App, token: string): SignedIn | undefined {
    return this.#actors.get(nameOf(app, token));
  }

  /** What was found just now; undefined when there was nobody. */
  keep(app: App, token: string, found: SignedIn | undefined): void {
    const name = nameOf(app, token);
    this.#actors.delete(name);
    if (!found) return;
    this.#actors.set(name, found);
    const [oldest] = this.#actors.keys();
    if (this.#actors.size > KNOWN_MAX && oldest !== undefined) this.#actors.delete(oldest);
  }
}

const nameOf = (app: App, token: string): string => sha256Text(utf8(`${app} ${token}`));

export function isSame(a: SignedIn, b: SignedIn): boolean {
  return (
    a.is === b.is &&
    a.tenant === b.tenant &&
    a.person === b.person &&
    a.signedInAtMs === b.signedInAtMs &&
    (a.is === 'admin' ? a.role : '') === (b.is === 'admin' ? b.role : '')
  );
}
