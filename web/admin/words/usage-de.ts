/** German. */
import { inOtherWords } from '../usage/messages.ts';

export const german = inOtherWords({
  'usage.lead':
    'Wie voll die Anlagen waren, und wie lange Pakete darin lagen. Nur Zahlen: keine Person und kein Paket.',
  'usage.period': 'Zeitraum',
  'usage.days.1': '24 Stunden, je Stunde',
  'usage.days.7': '7 Tage, je 6 Stunden',
  'usage.days.30': '30 Tage, je Tag',
  'usage.days.90': '90 Tage, je Tag',
  'usage.site': 'Standort',
  'usage.bank': 'Anlage',
  'usage.all': 'Alle',

  'usage.occupancy': 'Belegung',
  'usage.occupancySays':
    'Fächer mit einem Paket, von {from} bis {to}: im Durchschnitt {average}, höchstens {peak}, von {compartments}.',
  'usage.average': 'Durchschnitt',
  'usage.peak': 'höchstens',
  'usage.limit': 'vorhandene Türen: {count}',
  'usage.averageFull': 'Im Durchschnitt voll',
  'usage.percent': '{percent} Prozent',
  'usage.mostFull': 'Am vollsten',
  'usage.mostOf': '{peak} von {compartments}',
  'usage.deposited': 'Eingelegte Pakete',
  'usage.ended': 'Herausgenommene Pakete',
  'usage.steps': 'Belegung, Schritt für Schritt',
  'usage.from': 'Von',
  'usage.averageHead': 'Durchschnittlich darin',
  'usage.peakHead': 'Höchstens darin',
  'usage.stepsAsTable': 'Belegung als Tabelle',
  'usage.until': 'Der letzte Schritt läuft noch und ist so weit gezeigt, wie er gekommen ist.',
  'usage.noBank': 'Hier gibt es noch keine Anlage.',

  'usage.dwell': 'Wie lange Pakete liegen',
  'usage.dwellSays':
    'Von den {collected} Paketen, die in dieser Zeit abgeholt wurden, lag die Hälfte nicht länger als {median}, und neun von zehn nicht länger als {long}.',
  'usage.dwellNone': 'In dieser Zeit wurde kein Paket abgeholt.',
  'usage.median': 'Die Hälfte lag nicht länger als',
  'usage.long': 'Neun von zehn lagen nicht länger als',
  'usage.collected': 'In dieser Zeit abgeholt',
  'usage.inside': 'Jetzt darin, nicht im Bild',
  'usage.binFirst': 'unter {to}',
  'usage.bin': '{from} bis {to}',
  'usage.binLast': '{from} oder mehr',
  'usage.dwellHead': 'Lag darin',
  'usage.countHead': 'Pakete',
  'usage.dwellAsTable': 'Wie lange Pakete liegen, als Tabelle',
});
