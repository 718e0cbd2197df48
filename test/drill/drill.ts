/** The drill from its beginning to its end, as facts; `print.ts` says them and `cloud.ts` is the command. */
import { signOrder } from '../../src/ledger/order.ts';
import { checkBank } from '../check-bank.ts';
import { type Accomplice, NOTHING_COLLECTED, playAccomplice } from './accomplice.ts';
import { type Attack, metalOf, occupied, type Row, runAttack } from './attack.ts';
import { bringIntoService, fill } from './before.ts';
import { type Denied, denialAttacks } from './denial.ts';
import { LATE_MESSAGE_ATTACKS, MESSAGE_ATTACKS } from './messages.ts';
import { ORDER_ATTACKS } from './orders.ts';
import { POWER_ATTACKS } from './powers.ts';
import { ROSTER_ATTACKS } from './rosters.ts';
import { DOORS, openStand, type Stand } from './stand.ts';

export type Alive = { doorsOpened: number; pulses: number; door: number };
export type Facts = {
  occupiedBefore: number;
  occupiedAfter: number;
  aliveBefore: Alive;
  aliveAfter: Alive;
  rows: readonly Row[];
  /** Doors that opened during the attacks, by the bank's records and by the metal. */
  doorsOpened: number;
  pulses: number;
  messagesSent: number;
  denied: Denied;
  accomplice: Accomplice;
  records: number;
  /** Why the drill is red; empty when it is not. */
  wrong: string[];
};

/** In this order: the later ones send again what the earlier ones sent. */
export const GROUPS = ['rosters', 'messages', 'orders', 'powers', 'repetitions', 'denial'] as const;
export type Group = (typeof GROUPS)[number];
export type Say = (line: string) => void;

type Before = { occupied: number; alive: Alive; pulses: number; sent: number };

export class Drill {
  readonly rows: Row[] = [];
  readonly denied: Denied = { doorsMs: 0, dropOffsMs: 0 };
  readonly #stand: Stand;
  readonly #say: Say;
  readonly #before: Before;

  /** A bank in service with 24 parcels in it, shown to be alive; from then on the cloud is the attacker's. */
  static async begin(say: Say = () => {}): Promise<Drill> {
    const stand = await openStand();
    try {
      say('the bank dials, gets roster, epoch and directory, and couriers fill it');
      await bringIntoService(stand);
      await fill(stand);
      // The attacker knows every key, and of the past what the past left behind.
      stand.cloud.forget();
      stand.takenAtSeq = stand.agent.journal.tip.lastSeq;
      const alive = await legitimateRelease(stand, 5);
      say(`alive: a legitimate release has opened door ${alive.door}`);
      const { pulses } = await metalOf(stand);
      const sent = stand.cloud.history.length;
      return new Drill(stand, say, { occupied: occupied(stand), alive, pulses, sent });
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  private constructor(stand: Stand, say: Say, before: Before) {
    this.#stand = stand;
    this.#say = say;
    this.#before = before;
  }

  async attack(group: Group): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const attack of this.#attacksOf(group)) {
      const row = await runAttack(this.#stand, attack);
      rows.push(row);
      this.#say(`${row.wrong === null ? 'answered' : 'RED'}: ${row.attack}`);
    }
    this.rows.push(...rows);
    return rows;
  }

  #attacksOf(group: Group): readonly Attack[] {
    switch (group) {
      case 'rosters':
        return ROSTER_ATTACKS;
      case 'messages':
        return MESSAGE_ATTACKS;
      case 'orders':
        return ORDER_ATTACKS;
      case 'powers':
        return POWER_ATTACKS;
      case 'repetitions':
        return LATE_MESSAGE_ATTACKS;
      case 'denial':
        return denialAttacks(this.denied);
    }
  }

  /** After the attacks: is the bank still alive, and what could somebody at the kiosk collect? */
  async end(): Promise<Facts> {
    const stand = this.#stand;
    const before = this.#before;
    const after = await metalOf(stand);
    const messagesSent = stand.cloud.history.length - before.sent;
    const occupiedAfter = occupied(stand);
    const failed: string[] = [];
    /** What cannot be carried out is red, and the report of the attacks is printed all the same. */
    const orElse = async <T>(what: string, run: () => Promise<T>, nothing: T): Promise<T> => {
      try {
        return await run();
      } catch (error) {
        failed.push(`${what}: ${(error as Error).message}`);
        return nothing;
      }
    };
    const dead: Alive = { doorsOpened: 0, pulses: 0, door: 17 };
    const aliveAfter = await orElse('not alive', () => legitimateRelease(stand, dead.door), dead);
    this.#say(`alive: a legitimate release has opened ${aliveAfter.doorsOpened} door`);
    const accomplice = await orElse('the accomplice', () => playAccomplice(stand), NOTHING_COLLECTED);
    const records = await orElse('the journal', async () => checkBank(stand.agent).length, 0);
    const facts: Facts = {
      occupiedBefore: before.occupied,
      occupiedAfter,
      aliveBefore: before.alive,
      aliveAfter,
      rows: this.rows,
      doorsOpened: this.rows.reduce((sum, row) => sum + row.doorsOpened, 0),
      pulses: after.pulses - before.pulses,
      messagesSent,
      denied: this.denied,
      accomplice,
      records,
      wrong: [],
    };
    facts.wrong = [
      ...failed,
      ...wrongIn(facts),
      ...stand.fatal.map(({ message }) => `the agent stopped: ${message}`),
    ];
    return facts;
  }

  stop(): Promise<void> {
    return this.#stand.stop();
  }
}

export async function runDrill(say: Say = () => {}): Promise<Facts> {
  const drill = await Drill.begin(say);
  try {
    for (const group of GROUPS) await drill.attack(group);
    return await drill.end();
  } finally {
    await drill.stop();
  }
}

/**
 * The control: an order that the root did sign, down the very connection of the attacks, and its claim at the
 * kiosk. The door opens; whoever came looks, leaves the parcel in and says so.
 */
async function legitimateRelease(stand: Stand, door: number): Promise<Alive> {
  const before = await metalOf(stand);
  const { lastSeq } = stand.agent.journal.tip;
  const claim = stand.newClaim();
  const note = signOrder(stand.orderFor(stand.releaseAct(claim, door)), [stand.site.root]);
  await stand.cloud.send({ v: 1, type: 'order', note });
  const opened = await stand.hands.lookBehind(claim);
  const after = await metalOf(stand);
  return {
    doorsOpened: stand.records(lastSeq).filter(({ kind }) => kind === 'door.opened').length,
    pulses: after.pulses - before.pulses,
    door: opened,
  };
}

function wrongIn(facts: Facts): string[] {
  const { accomplice, denied } = facts;
  const opensOne = ({ doorsOpened, pulses }: Alive) => doorsOpened === 1 && pulses === 1;
  const must: [string, boolean][] = [
    [`${DOORS} compartments were occupied before`, facts.occupiedBefore === DOORS],
    [`${DOORS} compartments were occupied after`, facts.occupiedAfter === DOORS],
    ['a legitimate release opened one door before', opensOne(facts.aliveBefore)],
    ['a legitimate release opened one door after', opensOne(facts.aliveAfter)],
    ['no door opened by an attack', facts.doorsOpened === 0],
    ['no latch was pulsed by an attack', facts.pulses === 0],
    ['it was measured how long the doors were denied', denied.doorsMs > 0],
    ['it was measured how long drop-offs were denied', denied.dropOffsMs > denied.doorsMs],
    ['no code of the cloud’s opened a parcel of before', accomplice.olderOpened === 0],
    ['the cloud read one code', accomplice.codesSeen === 1],
    ['the accomplice collected one parcel', accomplice.collected.length === 1],
    ['the other parcels of before are there', accomplice.olderLeft === DOORS - 1],
  ];
  const red = facts.rows.flatMap(({ attack, wrong }) => (wrong === null ? [] : [`${attack}: ${wrong}`]));
  return [...red, ...must.flatMap(([what, holds]) => (holds ? [] : [`not so: ${what}`]))];
}
