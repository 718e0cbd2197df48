/** Reasons of legal holds: whatever is refused is refused to who says it, and nothing is held or recorded by halves. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { holdRequest, releaseRequest } from '../../contract/http/privacy.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import {
  liftHolds,
  liftParcelHolds,
  placeHold,
  placeParcelHold,
  standingHolds,
  standingParcelHolds,
} from './privacy.ts';

let stand: Stand;
let filled: Filled;
before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: stand.root, mark: 'Alder' });
});
after(() => stand?.close());

const inTenant: Stand['inTenant'] = (run) => stand.cloud.database.tenant(filled.tenant, run);
const isRefused = (error: unknown) => error instanceof HoldfastError && error.code === 'input-invalid';

type Act = (reason: string) => Promise<void>;
const acts = (): Record<'places' | 'lifts', Act[]> => {
  const { cloud } = stand;
  const [person, parcel, by] = [filled.people.resident, filled.parcel, filled.people.admin];
  return {
    places: [
      (reason) => inTenant((tx) => placeHold(cloud, tx, { person, reason, untilMs: null, by })),
      (reason) => inTenant((tx) => placeParcelHold(cloud, tx, { parcel, reason, untilMs: null, by })),
    ],
    lifts: [
      (reason) => inTenant((tx) => liftHolds(cloud, tx, { person, reason, by })),
      (reason) => inTenant((tx) => liftParcelHolds(cloud, tx, { parcel, reason, by })),
    ],
  };
};
const standing = async () => {
  const { cloud } = stand;
  const over = await inTenant((tx) => standingHolds(cloud, tx, null));
  return [...over, ...(await inTenant((tx) => standingParcelHolds(cloud, tx, null)))].map(
    ({ reason }) => reason,
  );
};

test('a reason that its record would not take is refused by name, and holds nothing', async () => {
  const { places } = acts();
  for (const place of places)
    for (const reason of ['"'.repeat(1_000), '\\'.repeat(1_000), 'x\n'.repeat(500) + '"'.repeat(500)])
      await assert.rejects(place(reason), isRefused, reason.slice(0, 3));
  assert.deepEqual(await standing(), []);
  for (const place of places) await place(`${'line\n'.repeat(150)}${'"'.repeat(100)}`);
  assert.equal((await standing()).length, 2);
  for (const lift of acts().lifts) await lift('"'.repeat(1_000));
  assert.deepEqual(await standing(), []);
});

test('nobody writes what a terminal would act on into a reason, from a page or by command', async () => {
  const { places, lifts } = acts();
  for (const sign of ['\u0007', '\u001b[2J', '\u0000', '\u202e', '\r', '\ud800']) {
    for (const act of places) await assert.rejects(act(`case ${sign}12`), isRefused, JSON.stringify(sign));
    assert.ok(!holdRequest.safeParse({ reason: `case ${sign}12`, untilMs: null }).success);
    assert.ok(!releaseRequest.safeParse({ reason: `case ${sign}12` }).success);
  }
  for (const place of places) await place('case 12\nof the district court');
  for (const lift of lifts) {
    await assert.rejects(lift('closed\u001b[2J'), isRefused);
    await lift('closed');
  }
  assert.ok(holdRequest.safeParse({ reason: ' two\nlines ', untilMs: null }).success);
});
