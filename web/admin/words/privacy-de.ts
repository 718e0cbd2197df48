/** German. */
import { inOtherWords } from '../privacy/messages.ts';

export const german = inOtherWords({
  'parcel.title': 'Als Beweis aufheben',
  'parcel.noHold':
    'Es besteht keine Aufbewahrungssperre. Solange eine besteht, wird niemand gelöscht, der dieses Paket bekam oder brachte, auch nicht durch die Frist.',
  'parcel.placed': 'Für dieses Paket besteht eine Aufbewahrungssperre.',
  'parcel.lifted': 'Für dieses Paket besteht keine Aufbewahrungssperre mehr.',

  'privacy.open': 'Löschen',
  'privacy.openOf': '{name} löschen oder zurückhalten',
  'privacy.title': '{name} löschen oder zurückhalten',
  'privacy.holds': 'Aufbewahrungssperren',
  'privacy.noHold':
    'Keine Aufbewahrungssperre besteht. Solange eine besteht, löscht niemand diese Person, auch kein Zeitplan.',
  'privacy.hold': 'Seit {at}, durch {by}: {reason}',
  'privacy.holdUntil': 'Seit {at}, bis {until}, durch {by}: {reason}',
  'privacy.operator': 'den Betreiber',
  'privacy.unreadable': '(nicht lesbar)',
  'privacy.reason': 'Grund',
  'privacy.reasonHint': 'Er wird aufgezeichnet, und mit der Person vergessen.',
  'privacy.until': 'Bis',
  'privacy.untilHint':
    'Bis zum Ende dieses Tages, nach der Uhr dieses Rechners. Lassen Sie es leer, wenn die Sperre bestehen soll, bis sie aufgehoben wird.',
  'privacy.noDay': 'Das ist kein Tag: Das Jahr hat vier Ziffern.',
  'privacy.needed': 'Das wird gebraucht.',
  'privacy.place': 'Sperre verhängen',
  'privacy.lift': 'Jede Sperre aufheben',
  'privacy.placed': 'Für {name} besteht eine Aufbewahrungssperre.',
  'privacy.lifted': 'Für {name} besteht keine Aufbewahrungssperre mehr.',
  'privacy.erase': 'Endgültig löschen',
  'privacy.eraseSays':
    'Name, Wohnung, Adressen, Sendungsnummern und Anmeldungen werden vernichtet, und niemand bringt sie zurück. Die Einträge bleiben und bestätigen sich; um wen es ging, kann niemand mehr lesen.',
  'privacy.first': 'Zuerst',
  'privacy.held': 'Für diese Person besteht eine Aufbewahrungssperre. Die Ablehnung ist aufgezeichnet.',
  'privacy.confirm': 'Schreiben Sie {word}, um diese Person zu löschen',
  'privacy.word': 'löschen',
  'privacy.mistyped': 'Schreiben Sie genau: {word}',
  'privacy.erased': {
    one: '{name} wurde gelöscht. Eine Ausfuhr, die vorher herausgegeben wurde, zeigte etwas von dieser Person.',
    other:
      '{name} wurde gelöscht. {count} Ausfuhren, die vorher herausgegeben wurden, zeigten etwas von dieser Person.',
  },
  'privacy.erasedAll':
    '{name} wurde gelöscht. Keine Ausfuhr, die herausgegeben wurde, zeigte etwas von dieser Person.',
});
