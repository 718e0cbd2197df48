/** Attacks with orders: the only messages that can lead to an open door, if the root has signed them. */
import { newSigningKey } from '../../src/crypto/sign.ts';
import { idFrom } from '../../src/domain/ids.ts';
import type { OrderAct } from '../../src/domain/order.ts';
import { claimHash, signOrder } from '../../src/ledger/order.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Attack, allOccupied, shown } from './attack.ts';
import { signingKeys } from './hostile.ts';
import { DAY_MS, type Stand } from './stand.ts';

const send = (stand: Stand, note: string) => stand.cloud.send({ v: 1, type: 'order', note });
const waiting = (stand: Stand): number => Object.keys(stand.agent.state().order).length;
const noneWaits = (stand: Stand): string => shown('no order waits for a claim', waiting(stand) === 0);

async function underEveryKey(stand: Stand, act: OrderAct): Promise<void> {
  const keys = [...signingKeys(stand.cloud.keys).map(([, key]) => key), newSigningKey()];
  for (const key of keys) await send(stand, signOrder(stand.orderFor(act), [key]));
}

const forged: Attack = {
  name: 'forged order',
  sends:
    'orders to open doors 1 and 24, under each of the cloud’s keys and one more; then their claims at the kiosk',
  hopes: 'two open doors',
  async run(stand) {
    for (const door of [1, 24]) {
      const claim = stand.newClaim();
      await underEveryKey(stand, stand.releaseAct(claim, door));
      await stand.hands.scan(claim);
    }
  },
  answers: ['order.refused signature-wrong', 'attempt denied order-unknown'],
  holds: noneWaits,
};

const altered: Attack = {
  name: 'altered order',
  sends: 'an order of the root with another door, with the attacker’s claim, and with another nonce',
  hopes: 'that the root’s signature covers less than the whole order',
  async run(stand) {
    const claim = stand.newClaim();
    const own = stand.newClaim();
    const order = stand.orderFor(stand.releaseAct(claim, 7));
    const note = signOrder(order, [stand.site.root]);
    await send(stand, note.replace('"compartment":7', '"compartment":8'));
    await send(stand, note.replace(claimHash(claim), claimHash(own)));
    await send(stand, note.replaceAll(order.nonce, `${'A'.repeat(21)}A`));
    await stand.hands.scan(own);
  },
  answers: ['order.refused signature-wrong', 'attempt denied order-unknown'],
  holds: noneWaits,
};

const redirected: Attack = {
  name: 'redirected order',
  sends: 'the root’s order for another bank of the site; the same with this bank’s name written over it',
  hopes: 'that it opens a door here',
  async run(stand) {
    const claim = stand.newClaim();
    const bank = idFrom('bank', systemRandom.bytes(16));
    const note = signOrder(stand.orderFor(stand.releaseAct(claim, 9), { bank }), [stand.site.root]);
    await send(stand, note);
    await send(stand, note.replaceAll(bank, stand.bank));
    await stand.hands.scan(claim);
  },
  answers: [
    'order.refused order-wrong-bank',
    'order.refused signature-wrong',
    'attempt denied order-unknown',
  ],
  holds: noneWaits,
};

const replayed: Attack = {
  name: 'replayed order, claim guessed',
  sends: 'a genuine order for door 11 three times; at the kiosk its id, its hash and six guessed claims',
  hopes: 'that whoever carries an order can use it, once or often',
  async run(stand) {
    const order = stand.orderFor(stand.releaseAct(stand.newClaim(), 11));
    const note = signOrder(order, [stand.site.root]);
    for (let times = 0; times < 3; times++) await send(stand, note);
    if (!('claim' in order.act)) throw new Error('a release has a claim');
    const guesses = Array.from({ length: 6 }, () => stand.newClaim());
    for (const text of [order.order, order.act.claim, ...guesses]) await stand.hands.scan(text);
  },
  answers: [
    'order.accepted staff-release by cloud',
    'order.refused order-replayed',
    'attempt denied order-unknown',
  ],
  holds: (stand) => shown('the order waits once, for its claim', waiting(stand) === 1),
};

const heldBack: Attack = {
  name: 'order held back',
  sends:
    'a genuine order for door 13 a day late, when the bank has drawn another nonce; its claim has been found',
  hopes: 'that an order which nobody remembers still opens',
  async run(stand) {
    const claim = stand.newClaim();
    const order = stand.orderFor(stand.releaseAct(claim, 13));
    const note = signOrder({ ...order, untilMs: order.madeAtMs + 2 * DAY_MS }, [stand.site.root]);
    stand.pass(DAY_MS);
    await send(stand, note);
    await stand.hands.scan(claim);
  },
  answers: ['order.refused order-nonce-old', 'attempt denied order-unknown'],
  holds: noneWaits,
};

const freed: Attack = {
  name: 'freed compartment',
  sends:
    'messages that say a compartment is free; restore orders under cloud keys; door 3 suspended and lifted; then a courier asks for a door',
  hopes: 'that an occupied door opens for a drop-off',
  async run(stand) {
    const { cloud, hands } = stand;
    for (const type of ['free', 'compartment', 'compartment.freed'])
      await cloud.sendRaw(JSON.stringify({ v: 1, type, compartment: 3, use: 'empty' }));
    await underEveryKey(stand, { do: 'restore', compartment: 3 });
    const id = stand.newMessageId();
    const untilMs = stand.clock.nowMs() + 60_000;
    await cloud.send({
      v: 1,
      type: 'suspend',
      id,
      scope: 'compartment',
      subject: null,
      compartment: 3,
      untilMs,
    });
    await cloud.send({ v: 1, type: 'lift', id });
    await hands.signIn(stand.courier);
    await hands.act({ do: 'tracking', text: 'TBA900000099999' });
    await hands.act({ do: 'flat', text: '103' });
    await hands.act({ do: 'size', size: 'S' });
    await hands.home();
  },
  answers: [
    'message.refused message-kind-unknown',
    'order.refused signature-wrong',
    'suspension.applied compartment',
    'suspension.ended by cloud',
    'attempt allowed drop-off',
    'courier.signed-in',
    'attempt denied no-compartment-free',
  ],
  holds: allOccupied,
};

export const ORDER_ATTACKS: readonly Attack[] = [forged, altered, redirected, replayed, heldBack, freed];
