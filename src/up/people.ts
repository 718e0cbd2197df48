/**
 * What people do, for the demo and the tests: at the kiosk, at the cabinet, with the phone, at the admin's
 * desk. Everything goes through the doors that people use: the kiosk's and the rig's HTTP, the admin's API.
 */

import type { KioskAction, KioskScreen, KioskView } from '../contract/kiosk.ts';
import type { RigDoor, RigMessage } from '../contract/rig.ts';
import { fromBase32, totpCode, totpStep } from '../crypto/password.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Seeded } from './kept.ts';
import type { Ports } from './ports.ts';
import { waitFor } from './wait.ts';

const PATIENCE_MS = 15_000;

export type PeopleDeps = { ports: Ports; signIns: Seeded['signIns']; clock: Clock };

export class People {
  readonly #deps: PeopleDeps;
  #cookie = '';
  #lastStep = 0;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  /** Of the administrator's session. */
  get cookie(): string {
    return this.#cookie;
  }

  async view(): Promise<KioskView> {
    return (await ask(`${this.#kiosk}/api/view`)) as KioskView;
  }

  /** Does something at the kiosk and answers what it shows. */
  async act(action: KioskAction): Promise<KioskView> {
    return (await ask(`${this.#kiosk}/api/actions`, {
      method: 'POST',
      body: action,
      headers: { 'x-holdfast-app': 'kiosk' },
    })) as KioskView;
  }

  /** Waits until the kiosk shows `screen`. */
  async shown<S extends KioskScreen['screen']>(screen: S): Promise<Extract<KioskScreen, { screen: S }>> {
    let seen: KioskView | undefined;
    const holds = async () => {
      seen = await this.view();
      return seen.show.screen === screen;
    };
    await waitFor({
      clock: this.#deps.clock,
      what: `the kiosk to show ${screen}`,
      msMax: PATIENCE_MS,
      holds,
    }).catch((cause: unknown) => {
      throw new HoldfastError(
        'unavailable',
        `the kiosk shows ${JSON.stringify(seen?.show)} (${seen?.message}), not ${screen}`,
        { cause },
      );
    });
    return seen?.show as Extract<KioskScreen, { screen: S }>;
  }

  async rig(path: string, body?: unknown): Promise<unknown> {
    return ask(`${this.#rig}${path}`, { method: 'POST', ...(body === undefined ? {} : { body }) });
  }

  /** Holds a code before the scanner. An agent that was started just now takes a moment to be connected to it. */
  async scan(text: string): Promise<void> {
    const holds = async () => {
      const { listeners } = (await this.rig('/scan', { text })) as { listeners: number };
      return listeners > 0;
    };
    await waitFor({ clock: this.#deps.clock, what: 'the scanner to be heard', msMax: PATIENCE_MS, holds });
  }

  async door(n: number): Promise<RigDoor> {
    const doors = (await ask(`${this.#rig}/doors`)) as RigDoor[];
    const door = doors.find((candidate) => candidate.n === n);
    if (!door) throw new HoldfastError('not-found', `the rig has no door ${n}`);
    return door;
  }

  /** Waits until the kiosk has sensed the door of the session on its screen. */
  async sensed(door: 'open' | 'closed'): Promise<void> {
    const holds = async () => {
      const { show } = await this.view();
      return 'door' in show && show.door.door === door;
    };
    await waitFor({
      clock: this.#deps.clock,
      what: `the door to be sensed ${door}`,
      msMax: PATIENCE_MS,
      holds,
    });
  }

  /** Signs in with the badge; sets the personal code where it is the first use. */
  async courierSignsIn(): Promise<void> {
    const { badge, code } = this.#deps.signIns.courier;
    await this.scan(badge);
    const { first } = await this.shown('courier-code');
    await this.act(first ? { do: 'courier-code-new', code, again: code } : { do: 'courier-code', code });
    await this.shown('tracking');
  }

  /** One parcel, from the label to the shut door. Answers the compartment. */
  async dropsOff(parcel: { tracking: string; flat: string; size: 'S' | 'M' | 'L' | 'XL' }): Promise<number> {
    await this.act({ do: 'tracking', text: parcel.tracking });
    const view = await this.act({ do: 'flat', text: parcel.flat });
    if (view.show.screen === 'recipient') await this.act({ do: 'recipient', index: 0 });
    await this.act({ do: 'size', size: parcel.size });
    const { door } = await this.shown('drop-off');
    await this.sensed('open');
    await this.rig(`/parcels/${door.compartment}`, { do: 'put-in', label: parcel.tracking });
    await this.rig(`/doors/${door.compartment}/close`);
    await this.sensed('closed');
    await this.act({ do: 'deposited' });
    await this.shown('drop-off-done');
    return door.compartment;
  }

  /** Types the PIN, takes the parcel, shuts the door, says so. Answers the compartment. */
  async picksUp(pin: string): Promise<number> {
    await this.act({ do: 'pin', pin });
    return this.takesOut();
  }

  /** What follows the code, at the door that opens. */
  async takesOut(): Promise<number> {
    const { door } = await this.shown('pick-up');
    await this.sensed('open');
    await this.rig(`/parcels/${door.compartment}`, { do: 'take-out' });
    await this.rig(`/doors/${door.compartment}/close`);
    await this.sensed('closed');
    await this.act({ do: 'collected' });
    await this.shown('pick-up-done');
    return door.compartment;
  }

  async messages(): Promise<RigMessage[]> {
    return (await ask(`${this.#rig}/messages`)) as RigMessage[];
  }

  /** Waits for a message to the phone or the mailbox that came after `afterMs`, and has a PIN. */
  async pinFrom(
    channel: 'sms' | 'email',
    to: string,
    afterMs: number,
  ): Promise<{ pin: string; message: RigMessage }> {
    let found: { pin: string; message: RigMessage } | undefined;
    const holds = async () => {
      for (const message of await this.messages()) {
        const pin = /(?<!\d)(\d{3})[ -]?(\d{3})[ -]?(\d{3})(?!\d)/.exec(message.text);
        if (pin && message.channel === channel && message.to === to && message.receivedAtMs >= afterMs)
          found ??= { pin: pin.slice(1).join(''), message };
      }
      return found !== undefined;
    };
    await waitFor({
      clock: this.#deps.clock,
      what: `the ${channel} with the PIN`,
      msMax: PATIENCE_MS,
      holds,
    });
    if (!found) throw new HoldfastError('not-found', 'no PIN came');
    return found;
  }

  /** Waits for a mail to `to` that holds a link to sign in. */
  async linkFrom(to: string): Promise<string> {
    let link: string | undefined;
    const holds = async () => {
      const mail = (await this.messages()).find(
        (message) => message.to === to && message.text.includes('#token='),
      );
      link = /https?:\/\/\S+#token=[A-Za-z0-9_-]+/.exec(mail?.text ?? '')?.[0];
      return link !== undefined;
    };
    await waitFor({ clock: this.#deps.clock, what: 'the mail with the link', msMax: PATIENCE_MS, holds });
    if (link === undefined) throw new HoldfastError('not-found', 'no link came');
    return link;
  }

  /** Password and a time step that was not used before; a session that still lives is kept. */
  async adminSignsIn(): Promise<void> {
    if (this.#cookie !== '' && (await this.#isSignedIn())) return;
    const { email, password, totpSecret } = this.#deps.signIns.admin;
    const secret = fromBase32(totpSecret);
    if (!secret) throw new HoldfastError('input-invalid', 'the TOTP secret is no base32');
    const step = Math.max(totpStep(this.#deps.clock.nowMs()), this.#lastStep + 1);
    // Somebody may have used this step at a screen already; the next one is taken as well.
    const first = await this.#present({ email, password, totp: totpCode(secret, step) });
    const answer = first.ok
      ? first
      : await this.#present({ email, password, totp: totpCode(secret, step + 1) });
    this.#lastStep = first.ok ? step : step + 1;
    if (!answer.ok)
      throw new HoldfastError(
        'sign-in-denied',
        `the admin could not sign in (${answer.status}): ${await answer.text()}`,
      );
    this.#cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }

  #present(factors: { email: string; password: string; totp: string }): Promise<Response> {
    return fetch(`${this.#start}/api/admin/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-holdfast-app': 'admin', origin: this.#start },
      body: JSON.stringify(factors),
    });
  }

  async #isSignedIn(): Promise<boolean> {
    const headers = { cookie: this.#cookie, 'x-holdfast-app': 'admin' };
    return (await fetch(`${this.#start}/api/admin/me`, { headers })).ok;
  }

  /** The administrator's session, as a browser would send it. */
  get adminCookie(): string {
    return this.#cookie;
  }

  async admin(path: string): Promise<unknown> {
    return ask(`${this.#start}/api/admin${path}`, {
      headers: { cookie: this.#cookie, 'x-holdfast-app': 'admin' },
    });
  }

  /** The cloud's copy of a bank's journal, by sequence number. */
  async journalOf(bank: string): Promise<Map<number, string>> {
    const copy = new Map<number, string>();
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await this.admin(`/journal?bank=${bank}&limit=200${query}`)) as {
        items: { seq: number; json: string }[];
        nextCursor: string | null;
      };
      for (const item of page.items) copy.set(item.seq, item.json);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return copy;
  }

  async adminPosts(path: string, body: unknown): Promise<unknown> {
    return await this.adminAsks('POST', path, body);
  }

  async adminAsks(method: string, path: string, body?: unknown): Promise<unknown> {
    return ask(`${this.#start}/api/admin${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: { cookie: this.#cookie, 'x-holdfast-app': 'admin', origin: this.#start },
    });
  }

  get #kiosk(): string {
    return `http://127.0.0.1:${this.#deps.ports.kiosk}`;
  }

  get #rig(): string {
    return `http://127.0.0.1:${this.#deps.ports.rig}`;
  }

  get #start(): string {
    return `http://localhost:${this.#deps.ports.start}`;
  }
}

type Asked = { method?: string; body?: unknown; headers?: Record<string, string> };

async function ask(url: string, asked: Asked = {}): Promise<unknown> {
  const { method = 'GET', body, headers = {} } = asked;
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new HoldfastError('upstream', `${method} ${url} answered ${answer.status}: ${text.slice(0, 400)}`);
  return text === '' ? undefined : JSON.parse(text);
}
