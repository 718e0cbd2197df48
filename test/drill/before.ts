/** What is there before the cloud is taken: a bank in service, and 24 parcels that couriers brought. */
import { newHpkeKey } from '../../src/crypto/hpke.ts';
import { eventually } from './hostile.ts';
import { DOORS, type Stand } from './stand.ts';

/** Roster, epoch and directory come down as from any cloud, over the very connection of the attacks. */
export async function bringIntoService(stand: Stand): Promise<void> {
  const { agent, cloud } = stand;
  await eventually('the bank has dialled the broker', () => cloud.isLinked);
  await stand.rosterFromRoot(1);
  const key = await newHpkeKey();
  const id = stand.newEpochId();
  cloud.keys.epochs.set(id, key);
  await cloud.send({ v: 1, type: 'epoch', note: stand.epochNote({ key: key.publicKey, id }) });
  await stand.sendDirectory(stand.residents);
  await eventually('every door is seen shut', () =>
    Object.values(agent.state().compartment).every(({ door }) => door === 'closed'),
  );
  stand.tick();
}

/** One parcel for each flat, brought by a courier at the kiosk, until no compartment is empty. */
export async function fill(stand: Stand): Promise<void> {
  const { hands, cloud, residents } = stand;
  const doorOf = new Map<number, { flat: string; tracking: string }>();
  await hands.signIn(stand.courier);
  for (const [index, { flat }] of residents.entries()) {
    const tracking = `TBA9000000${String(10_000 + index)}`;
    doorOf.set(await hands.dropOff({ tracking, flat }), { flat, tracking });
    await hands.act({ do: 'next-parcel' });
  }
  await hands.home();
  await stand.drained();
  await eventually('every code was sent', () => cloud.codes.length === DOORS);
  const compartmentOf = new Map(stand.records(0).map(({ seq, compartment }) => [seq, compartment]));
  for (const { seq, pin, qr } of cloud.codes) {
    const n = compartmentOf.get(seq) ?? 0;
    const parcel = doorOf.get(n);
    if (!parcel) throw new Error(`a code was sent for door ${n}, where nobody put a parcel`);
    stand.older.push({ n, pin, qr, ...parcel });
  }
}
