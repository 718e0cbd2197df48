/** Sentences about how long who moved out is kept. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'retention.lead':
    'How long the data of residents who moved out is kept. What is erased is gone for good; records stay and verify.',
  'retention.now': 'As it stands',
  'retention.off': 'Nobody is erased unasked.',
  'retention.on': {
    one: 'Residents are erased by night, one day after they moved out.',
    other: 'Residents are erased by night, {count} days after they moved out.',
  },
  'retention.removed': 'Moved out and kept',
  'retention.erased': 'Erased so far',
  'retention.lastNight': 'Last night',
  'retention.noNight': 'no night yet',
  'retention.night': '{at}: {erased} erased, {held} under a legal hold, {waiting} with something open',
  'retention.change': 'Another time',
  'retention.days': 'Days after moving out',
  'retention.daysHint': 'From 1 to {max}. Nothing is changed before you have seen whom it concerns.',
  'retention.daysShape': 'A whole number from 1 to {max}.',
  'retention.preview': 'See whom it concerns',
  'retention.previewOf': {
    one: 'Erase one day after moving out',
    other: 'Erase {count} days after moving out',
  },
  'retention.due': {
    one: 'One resident moved out that long ago, on {at}.',
    other: '{count} residents moved out that long ago, the first on {at}.',
  },
  'retention.dueNone':
    'No resident moved out that long ago. Whoever does from now on is erased when the time is over.',
  'retention.tonight': 'The coming night',
  'retention.wouldErase': 'erased for good',
  'retention.wouldHold': 'kept by a legal hold',
  'retention.wouldWait': 'kept until something open is settled',
  'retention.later': 'A night takes {count}; the others follow in the nights after it.',
  'retention.set': {
    one: 'Erase after one day',
    other: 'Erase after {count} days',
  },
  'retention.stop': 'Erase nobody unasked',
  'retention.wasSet': {
    one: 'From the coming night on, residents are erased one day after they moved out.',
    other: 'From the coming night on, residents are erased {count} days after they moved out.',
  },
  'retention.wasStopped': 'Nobody is erased unasked any more.',
  'retention.holds': 'Legal holds over people',
  'retention.parcelHolds': 'Legal holds over parcels',
  'retention.holdsNone': 'No legal hold stands, over a person or over a parcel.',
  'retention.parcel': 'Parcel',
  'retention.acts': 'Actions',
  'retention.open': 'Lift or erase',
  'retention.openOf': 'Lift or erase: {name}',
  'retention.name': 'Name',
  'retention.reason': 'Reason',
  'retention.by': 'Placed by',
  'retention.since': 'Since',
  'retention.until': 'Until',
  'retention.untilLifted': 'until it is lifted',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
