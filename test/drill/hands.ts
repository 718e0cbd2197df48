/** Hands at the kiosk and at its steel: couriers, residents, staff and the attacker's accomplice. */
import type { KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import type { RigDoor } from '../../src/contract/rig.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { eventually } from './hostile.ts';

export class Hands {
  readonly #agent: Agent;
  readonly #rigPort: number;

  constructor(of: { agent: Agent; rigPort: number }) {
    this.#agent = of.agent;
    this.#rigPort = of.rigPort;
  }

  /** One action over the kiosk's own HTTP interface; answers what the screen shows then. */
  async act(action: object): Promise<KioskView> {
    const response = await fetch(`http://127.0.0.1:${this.#agent.kioskPort}/api/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
      body: JSON.stringify(action),
    });
    if (response.status !== 200) throw new Error(`the kiosk answered ${response.status}`);
    return (await response.json()) as KioskView;
  }

  async #rig(path: string, body?: object): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#rigPort}${path}`, {
      method: 'POST',
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`the rig answered ${answer.status} to ${path}`);
  }

  /** The metal itself, which no message of anybody's can talk into anything. */
  async doors(): Promise<RigDoor[]> {
    return (await (await fetch(`http://127.0.0.1:${this.#rigPort}/doors`)).json()) as RigDoor[];
  }

  async signIn(courier: { badge: string; code: string }): Promise<void> {
    const { screen, ...rest } = (await this.act({ do: 'scan', text: courier.badge })).show;
    if (screen !== 'courier-code') throw new Error(`a courier who scans a badge sees ${screen}`);
    const first = 'first' in rest && rest.first;
    const { code } = courier;
    on(
      await this.act(first ? { do: 'courier-code-new', code, again: code } : { do: 'courier-code', code }),
      'tracking',
    );
  }

  /** A signed-in courier puts one parcel in; answers its door. */
  async dropOff(parcel: { tracking: string; flat: string }): Promise<number> {
    on(await this.act({ do: 'tracking', text: parcel.tracking }), 'flat');
    on(await this.act({ do: 'flat', text: parcel.flat }), 'size');
    const n = on(await this.act({ do: 'size', size: 'S' }), 'drop-off').door.compartment;
    await this.#doorIs(n, 'open');
    await this.#rig(`/parcels/${n}`, { do: 'put-in', label: parcel.tracking });
    await this.#shut(n);
    on(await this.act({ do: 'deposited' }), 'drop-off-done');
    await this.#agent.settled();
    return n;
  }

  /** Types a PIN that is right: its door opens, the parcel comes out. Answers the door and what was in it. */
  async collect(pin: string): Promise<{ n: number; labels: string[] }> {
    const n = on(await this.act({ do: 'pin', pin }), 'pick-up').door.compartment;
    await this.#doorIs(n, 'open');
    const labels = (await this.doors()).find((door) => door.n === n)?.parcels ?? [];
    await this.#rig(`/parcels/${n}`, { do: 'take-out' });
    await this.#shut(n);
    on(await this.act({ do: 'collected' }), 'pick-up-done');
    on(await this.act({ do: 'leave' }), 'home');
    return { n, labels };
  }

  /** Staff with the claim of an order look behind its door, leave the parcel in and say so. */
  async lookBehind(claim: string): Promise<number> {
    const n = on(await this.act({ do: 'scan', text: claim }), 'staff').door.compartment;
    await this.#doorIs(n, 'open');
    await this.#shut(n);
    on(await this.act({ do: 'found', what: 'left' }), 'staff-done');
    await this.home();
    return n;
  }

  /** What the kiosk says to something that is scanned, from the home screen and back to it. */
  async scan(text: string): Promise<string> {
    const { message, show } = await this.act({ do: 'scan', text });
    await this.home();
    return message ?? show.screen;
  }

  async pin(pin: string): Promise<string> {
    const { message, show } = await this.act({ do: 'pin', pin });
    await this.home();
    return message ?? show.screen;
  }

  async home(): Promise<void> {
    await this.act({ do: 'leave' });
  }

  async #shut(n: number): Promise<void> {
    await this.#rig(`/doors/${n}/close`);
    await this.#doorIs(n, 'closed');
  }

  #doorIs(n: number, door: 'open' | 'closed'): Promise<void> {
    return eventually(`door ${n} is ${door}`, () => this.#agent.state().compartment[n]?.door === door);
  }
}

function on<S extends KioskScreen['screen']>(
  view: KioskView,
  screen: S,
): Extract<KioskScreen, { screen: S }> {
  if (view.show.screen !== screen)
    throw new Error(`the kiosk shows ${view.show.screen} (${view.message ?? 'no message'}), not ${screen}`);
  return view.show as Extract<KioskScreen, { screen: S }>;
}
