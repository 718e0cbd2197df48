/** German. */
import { inOtherWords } from '../suspensions/messages.ts';

export const german = inOtherWords({
  'suspended.caption': 'Gesperrt an {name}',
  'suspended.place': 'Was',
  'suspended.until': 'Bis',
  'suspended.by': 'Verlangt von',
  'suspended.state': 'Die Anlage sagt',
  'suspended.whole': 'Die ganze Anlage',
  'suspended.operator': 'dem Betreiber, per Befehl',
  'suspended.asked': 'noch nichts; verlangt ist es',
  'suspended.applied': 'gesperrt',
  'suspended.refused': 'abgelehnt',
  'suspended.lifting': 'hier aufgehoben; sie hat das Ende noch nicht gemeldet',
  'suspended.suspension-too-long':
    'sie würde nach den 24 Stunden enden, die die Anlage zwischen zwei Personenlisten zulässt',
  'suspended.message-replayed': 'sie hielt noch eine andere für dieselbe Stelle',
  'suspended.bank': 'Anlage sperren',
  'suspended.bankOf': 'Anlage sperren: {name}',
  'suspended.door': 'Tür {n} sperren',
  'suspended.doorOf': 'Tür {n} von {name}',
  'suspended.bankSays':
    'An dieser Anlage wird niemand bedient, auch nicht, wer dort ein Paket hat. Sofort, wenn sie verbunden ist; ohne Verbindung bedient sie weiter, bis sie wieder da ist.',
  'suspended.doorSays':
    'Diese Tür bekommt niemand, auch nicht der Empfänger eines Pakets dahinter. Sofort, wenn die Anlage verbunden ist; ohne Verbindung geht es weiter, bis sie wieder da ist.',
  'suspended.liftSays': 'Die Anlage bedient wieder, sobald sie davon hört.',
  'suspended.hours': 'Stunden',
  'suspended.hoursHint':
    'Von 1 bis 24. Eine Anlage lässt für ihre Türen insgesamt 24 Stunden zu, von der ersten Sperre bis zur nächsten Personenliste.',
  'suspended.hoursWrong': 'Eine ganze Zahl von 1 bis 24.',
  'suspended.liftDone': 'Die Sperre von {name} ist aufgehoben.',
  'suspended.asksDone': 'Eine Sperre ist verlangt: {name}. Was die Anlage sagt, steht darunter.',
});
