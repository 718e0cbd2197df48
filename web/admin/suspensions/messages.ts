/** The words of banks and doors that are suspended. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'suspended.caption': 'Suspended at {name}',
  'suspended.place': 'What',
  'suspended.until': 'Until',
  'suspended.by': 'Asked by',
  'suspended.state': 'The bank says',
  'suspended.whole': 'The whole bank',
  'suspended.operator': 'the operator, by command',
  'suspended.asked': 'nothing yet; asked for',
  'suspended.applied': 'in force',
  'suspended.refused': 'refused',
  'suspended.lifting': 'lifted here; it has not said that it ended',
  'suspended.suspension-too-long': 'it would end after the 24 hours that the bank allows between two rosters',
  'suspended.message-replayed': 'it held another one for the same place',
  'suspended.bank': 'Suspend the bank',
  'suspended.bankOf': 'Suspend the bank {name}',
  'suspended.door': 'Suspend door {n}',
  'suspended.doorOf': 'door {n} of {name}',
  'suspended.bankSays':
    'Nobody is served at this bank, whoever has a parcel there included. At once where it is connected; a bank that is offline goes on serving until it is back.',
  'suspended.doorSays':
    'Nobody gets this door, the recipient of a parcel behind it included. At once where the bank is connected; one that is offline goes on until it is back.',
  'suspended.liftSays': 'The bank serves again as soon as it hears of it.',
  'suspended.hours': 'Hours',
  'suspended.hoursHint':
    'From 1 to 24. A bank allows 24 hours in all for its doors, from the first suspension to the next roster.',
  'suspended.hoursWrong': 'A whole number from 1 to 24.',
  'suspended.liftDone': 'The suspension of {name} is lifted.',
  'suspended.asksDone': 'A suspension was asked for: {name}. Below stands what the bank says.',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
