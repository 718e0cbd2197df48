/** The main job, whole, on any system: a parcel goes in, its owner takes it out, and the record proves it. */
import assert from 'node:assert/strict';
import type { z } from 'zod';
import type { parcelDetail, parcelRow } from '../../src/contract/http/admin.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Site } from '../site.ts';

type Row = z.infer<typeof parcelRow>;
type Detail = z.infer<typeof parcelDetail>;

export async function parcelOf({ people }: Site, tracking: string): Promise<Detail> {
  const { items } = (await people.admin('/parcels?limit=50')) as { items: Row[] };
  const row = items.find((item) => item.tracking === tracking);
  assert.ok(row, `the admin sees ${tracking}`);
  return (await people.admin(`/parcels/${row.id}`)) as Detail;
}

/** Badge, code, parcel, notice by SMS and e-mail, PIN, the right door, a dead code, custody. */
export async function inAndOut(site: Site): Promise<void> {
  const { people, seeded } = site;
  const { resident } = seeded.signIns;
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  const n = await people.dropsOff({ tracking: '1Z999AA10123456784', flat: resident.flat, size: 'M' });
  await people.act({ do: 'leave' });
  const sms = await people.pinFrom('sms', resident.phone, beganMs);
  const mail = await people.pinFrom('email', resident.email, beganMs);
  assert.equal(sms.pin, mail.pin);
  assert.match(sms.pin, /^\d{9}$/);
  assert.match(mail.message.qr ?? '', /^HFP1[A-Z2-7]{26}$/, 'the picture in the mail is the pick-up code');
  assert.doesNotMatch(sms.message.text, /https?:/, 'an SMS carries no link');
  assert.equal(await people.picksUp(sms.pin), n);
  assert.equal((await people.act({ do: 'pin', pin: sms.pin })).message, 'code-not-accepted');
  await site.drained();
  await people.adminSignsIn();
  const parcel = await parcelOf(site, '1Z999AA10123456784');
  assert.equal(parcel.state, 'collected');
  assert.equal(parcel.custody, 'recipient');
  assert.equal(parcel.courier, seeded.signIns.courier.name);
  assert.equal(parcel.recipient, resident.name);
  assert.deepEqual(parcel.verified, { chain: true, head: true, commitments: true, vouchedBy: 'site root' });
  const kinds = parcel.timeline.map((event) => event.kind);
  for (const kind of [
    'parcel.accepted',
    'release.decided',
    'release.answered',
    'door.opened',
    'door.closed',
    'parcel.deposited',
    'grant.issued',
    'attempt.decided',
    'session.opened',
    'parcel.collected',
  ]) {
    assert.ok(kinds.includes(kind as never), `the timeline tells of ${kind}`);
  }
  await site.checkSite();
}
