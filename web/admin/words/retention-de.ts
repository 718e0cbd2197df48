/** German. */
import { inOtherWords } from '../privacy/retention-messages.ts';

export const german = inOtherWords({
  'retention.lead':
    'Wie lange die Daten ausgezogener Bewohner aufbewahrt werden. Was gelöscht ist, ist endgültig fort; die Einträge bleiben und bestätigen sich.',
  'retention.now': 'Wie es steht',
  'retention.off': 'Ungefragt wird niemand gelöscht.',
  'retention.on': {
    one: 'Bewohner werden einen Tag nach ihrem Auszug in der Nacht gelöscht.',
    other: 'Bewohner werden {count} Tage nach ihrem Auszug in der Nacht gelöscht.',
  },
  'retention.removed': 'Ausgezogen und aufbewahrt',
  'retention.erased': 'Bisher gelöscht',
  'retention.lastNight': 'Letzte Nacht',
  'retention.noNight': 'noch keine Nacht',
  'retention.night': '{at}: {erased} gelöscht, {held} unter Aufbewahrungssperre, {waiting} mit etwas Offenem',
  'retention.change': 'Eine andere Frist',
  'retention.days': 'Tage nach dem Auszug',
  'retention.daysHint': 'Von 1 bis {max}. Geändert wird nichts, bevor Sie gesehen haben, wen es betrifft.',
  'retention.daysShape': 'Eine ganze Zahl von 1 bis {max}.',
  'retention.preview': 'Zeigen, wen es betrifft',
  'retention.previewOf': {
    one: 'Einen Tag nach dem Auszug löschen',
    other: '{count} Tage nach dem Auszug löschen',
  },
  'retention.due': {
    one: 'Vor so langer Zeit ist ein Bewohner ausgezogen, am {at}.',
    other: 'Vor so langer Zeit sind {count} Bewohner ausgezogen, der erste am {at}.',
  },
  'retention.dueNone':
    'Vor so langer Zeit ist niemand ausgezogen. Wer von jetzt an auszieht, wird nach Ablauf der Frist gelöscht.',
  'retention.tonight': 'Die kommende Nacht',
  'retention.wouldErase': 'endgültig gelöscht',
  'retention.wouldHold': 'durch eine Aufbewahrungssperre behalten',
  'retention.wouldWait': 'behalten, bis etwas Offenes erledigt ist',
  'retention.later': 'Eine Nacht schafft {count}; die anderen folgen in den Nächten danach.',
  'retention.set': {
    one: 'Nach einem Tag löschen',
    other: 'Nach {count} Tagen löschen',
  },
  'retention.stop': 'Niemanden ungefragt löschen',
  'retention.wasSet': {
    one: 'Von der kommenden Nacht an werden Bewohner einen Tag nach ihrem Auszug gelöscht.',
    other: 'Von der kommenden Nacht an werden Bewohner {count} Tage nach ihrem Auszug gelöscht.',
  },
  'retention.wasStopped': 'Ungefragt wird niemand mehr gelöscht.',
  'retention.holds': 'Aufbewahrungssperren für Personen',
  'retention.parcelHolds': 'Aufbewahrungssperren für Pakete',
  'retention.holdsNone': 'Keine Aufbewahrungssperre besteht, weder für eine Person noch für ein Paket.',
  'retention.parcel': 'Paket',
  'retention.acts': 'Handlungen',
  'retention.open': 'Aufheben oder löschen',
  'retention.openOf': 'Aufheben oder löschen: {name}',
  'retention.name': 'Name',
  'retention.reason': 'Grund',
  'retention.by': 'Verhängt durch',
  'retention.since': 'Seit',
  'retention.until': 'Bis',
  'retention.untilLifted': 'bis sie aufgehoben wird',
});
