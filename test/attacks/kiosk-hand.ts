/** Hands at a kiosk and at its steel, for tests that need parcels behind doors. */
import assert from 'node:assert/strict';
import { type TestRig, until } from '../../rig/test-rig.ts';
import type { KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import type { NoticeCodes } from '../../src/contract/uplink.ts';
import type { Agent } from '../../src/edge/agent.ts';
import { newestCodes, type TestSite } from '../bank.ts';

export type DropOff = { tracking: string; flat: string; size: string };
export type Dropped = NoticeCodes & { n: number };

export class KioskHand {
  readonly #rig: TestRig;
  readonly #site: TestSite;
  readonly #agent: Agent;

  constructor(of: { rig: TestRig; site: TestSite; agent: Agent }) {
    this.#rig = of.rig;
    this.#site = of.site;
    this.#agent = of.agent;
  }

  async act(action: object): Promise<KioskView> {
    const response = await fetch(`http://127.0.0.1:${this.#agent.kioskPort}/api/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
      body: JSON.stringify(action),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as KioskView;
  }

  async signIn(badge: string, code: string): Promise<void> {
    const asked = (await this.act({ do: 'scan', text: badge })).show;
    assert.equal(asked.screen, 'courier-code');
    const action = asked.first ? { do: 'courier-code-new', code, again: code } : { do: 'courier-code', code };
    this.#on(await this.act(action), 'tracking');
  }

  async dropOff({ tracking, flat, size }: DropOff): Promise<Dropped> {
    this.#on(await this.act({ do: 'tracking', text: tracking }), 'flat');
    this.#on(await this.act({ do: 'flat', text: flat }), 'size');
    const n = this.#on(await this.act({ do: 'size', size }), 'drop-off').door.compartment;
    await this.#doorIs(n, 'open');
    await this.#rig.ask(`/parcels/${n}`, { do: 'put-in', label: tracking });
    await this.#shut(n);
    this.#on(await this.act({ do: 'deposited' }), 'drop-off-done');
    await this.#agent.settled();
    await this.act({ do: 'next-parcel' });
    return { n, ...(await newestCodes(this.#site, this.#agent)) };
  }

  async collect({ n, pin }: { n: number; pin: string }): Promise<void> {
    const { door } = this.#on(await this.act({ do: 'pin', pin }), 'pick-up');
    assert.equal(door.compartment, n);
    await this.#doorIs(n, 'open');
    await this.#rig.ask(`/parcels/${n}`, { do: 'take-out' });
    await this.#shut(n);
    this.#on(await this.act({ do: 'collected' }), 'pick-up-done');
    this.#on(await this.act({ do: 'leave' }), 'home');
  }

  #on<S extends KioskScreen['screen']>(view: KioskView, screen: S): Extract<KioskScreen, { screen: S }> {
    assert.equal(view.show.screen, screen, JSON.stringify(view));
    return view.show as Extract<KioskScreen, { screen: S }>;
  }

  async #shut(n: number): Promise<void> {
    await this.#rig.ask(`/doors/${n}/close`, undefined, 'POST');
    await this.#doorIs(n, 'closed');
  }

  #doorIs(n: number, door: 'open' | 'closed'): Promise<void> {
    return until(() => this.#agent.state().compartment[n]?.door === door);
  }
}
