/** A bank's wish that a person be told the codes of a grant, which it sealed for the notifier. */
import type { NoticeWish } from '../../contract/uplink.ts';
import type { BankId, EpochId, ParcelId, PersonId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import type * as people from '../people/people.ts';
import { channelsOf, type Queue } from './queue.ts';

export type Wish = {
  wish: NoticeWish;
  bank: BankId;
  compartment: number;
  untilMs: number;
  parcel: ParcelId;
  recipient: PersonId;
};

/** A notice on every channel that the recipient wants. */
export function wishNotices(cloud: Cloud, recipient: people.Person | undefined, of: Wish): Queue[] {
  if (!recipient) {
    // A bank may work from a directory that is older than an erasure. Its record stands all the same.
    cloud.log.warn('a bank wished to tell somebody unknown', { bank: of.bank });
    return [];
  }
  const wanted = channelsOf(recipient);
  const content = {
    is: 'codes',
    parcel: of.parcel,
    bank: of.bank,
    compartment: of.compartment,
    untilMs: of.untilMs,
    epoch: of.wish.epoch as EpochId,
    box: of.wish.codes,
  } as const;
  const common = { reference: of.wish.reference, what: of.wish.what, person: of.recipient, content };
  // Somebody has to see that a parcel lies there of which its recipient cannot be told.
  return (wanted.length === 0 ? (['email'] as const) : wanted).map((channel) => ({ ...common, channel }));
}
