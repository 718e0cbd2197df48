/** Sentences about erasing a person, and about legal holds. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'parcel.title': 'Keep as evidence',
  'parcel.noHold':
    'No legal hold stands. While one does, nobody who received or brought this parcel is erased, and no schedule does it.',
  'parcel.placed': 'A legal hold stands over this parcel.',
  'parcel.lifted': 'No legal hold stands over this parcel any more.',

  'privacy.open': 'Erase',
  'privacy.openOf': 'Erase or hold {name}',
  'privacy.title': 'Erase or hold {name}',
  'privacy.holds': 'Legal holds',
  'privacy.noHold': 'No legal hold stands. While one does, nobody erases this person, and no schedule does.',
  'privacy.hold': 'Since {at}, by {by}: {reason}',
  'privacy.holdUntil': 'Since {at}, until {until}, by {by}: {reason}',
  'privacy.operator': 'the operator',
  'privacy.unreadable': '(cannot be read)',
  'privacy.reason': 'Reason',
  'privacy.reasonHint': 'It is recorded, and forgotten with the person.',
  'privacy.until': 'Until',
  'privacy.untilHint':
    'To the end of that day, by the clock of this computer. Leave it empty for a hold that stands until it is lifted.',
  'privacy.noDay': 'This is no day: the year has four digits.',
  'privacy.needed': 'This is needed.',
  'privacy.place': 'Place a hold',
  'privacy.lift': 'Lift every hold',
  'privacy.placed': 'A legal hold stands over {name}.',
  'privacy.lifted': 'No legal hold stands over {name} any more.',
  'privacy.erase': 'Erase for good',
  'privacy.eraseSays':
    'Name, flat, addresses, numbers of parcels and sign-ins are destroyed, and nobody brings them back. Records stay and verify; whom they were about can be read by nobody.',
  'privacy.first': 'First',
  'privacy.held': 'A legal hold stands over this person. The refusal is on record.',
  'privacy.confirm': 'Type {word} to erase this person',
  'privacy.word': 'erase',
  'privacy.mistyped': 'Type exactly: {word}',
  'privacy.erased': {
    one: '{name} was erased. One export that was handed out before showed something of them.',
    other: '{name} was erased. {count} exports that were handed out before showed something of them.',
  },
  'privacy.erasedAll': '{name} was erased. No export that was handed out showed anything of them.',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
