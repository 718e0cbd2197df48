/**
 * What happened while the journal had no room: facts about doors and boards, kept in memory in their order
 * and with their moment, and told to the planner when there is room again. What nobody can know any more
 * after a power cut is settled as unknown by the restart, as ever.
 */
import type { Moment } from './plan/draft.ts';
import type { Event } from './plan/plan.ts';

/** A bank whose sensors change this often without room is told by a fresh look at every door instead. */
const MISSED_MAX = 1000;

export type Missed = { event: Event; moment: Moment };

export class MissedEvents {
  #events: Missed[] = [];
  #lost = false;

  /** True for what has happened, whether anybody could write it down or not; a wish of somebody is none. */
  static holds(event: Event): boolean {
    return ['started', 'board-answered', 'sensed', 'board'].includes(event.type);
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** The bank's start is not written down yet: before it nothing else may be. */
  get startWaits(): boolean {
    return this.#events[0]?.event.type === 'started';
  }

  keep(missed: Missed): void {
    // There are no more answers than doors, and nobody can ask for one anew: its session would wait for ever.
    const isAnswer = missed.event.type === 'board-answered';
    if (this.#events.length < MISSED_MAX || isAnswer) this.#events.push(missed);
    else this.#lost = true;
  }

  takeFirst(): Missed | undefined {
    return this.#events.shift();
  }

  putBack(missed: Missed): void {
    this.#events.unshift(missed);
  }

  /** Answers once whether more happened than was kept. */
  takeLost(): boolean {
    const lost = this.#lost && this.isEmpty;
    if (lost) this.#lost = false;
    return lost;
  }
}
