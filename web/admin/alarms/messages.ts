/** The words of alarms in the hands of administrators. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'alarms.care': 'Take into care',
  'alarms.careOf': 'Take into care: {says}',
  'alarms.inCare': 'In care of {name} since {at}',
  'alarms.someone': 'somebody who is no longer here',
  'alarms.end': 'End',
  'alarms.endOf': 'End: {says}',
  'alarms.title': 'End this alarm?',
  'alarms.endSays':
    'What was found stays on the record, with your name, the reason and your note. If the same comes again, it is a new alarm.',
  'alarms.reason': 'What the inquiry found',
  'alarms.note': 'Note',
  'alarms.noteHint': 'What you looked at, for whoever asks later. No names of residents.',
  'alarms.noteShort': 'At least 3 characters.',
  'alarms.go': 'End the alarm',
  'alarms.ended': 'The alarm is ended: {says}',
  'alarms.all': 'All alarms',
  'alarms.allSays': 'Every alarm that ever was, newest first, with what somebody said of it.',
  'alarms.none': 'There has been no alarm.',
  'alarms.raised': 'Raised',
  'alarms.over': 'Ended',
  'alarms.stands': 'stands',
  'alarms.what': 'What',
  'alarms.acts': 'What was done',
  'alarms.evidence': 'Evidence',
  'alarms.export': 'Export',
  'alarms.exportOf': 'Export as an incident: {says}',
  'alarms.noActs': 'nothing by a person',
  'alarms.cared': '{name} took it into care',
  'alarms.endedBy': '{name} ended it: {reason} – {note}',
  'reason.own-copy': 'An old copy or a second agent of our own; it was stopped',
  'reason.attack': 'An attack; that key is in no roster any more',
  'reason.commissioned': 'The bank was commissioned anew',
  'reason.fault': 'A fault of a program or a machine, which is mended',
  'reason.trial': 'A trial that somebody made on purpose',
  'reason.not-explained': 'Not explained',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
