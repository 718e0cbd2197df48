/** German. */
import { inOtherWords } from '../messages.ts';

export const german = inOtherWords({
  'dialog.close': 'Schließen',
  busy: 'Bitte warten …',
  copy: 'Kopieren',
  'copy.of': '{what} kopieren',
  'copy.done': 'Kopiert',
  'copy.failed': 'Kopieren war nicht erlaubt',
  'table.csv': 'Als CSV herunterladen',
  'table.csv.of': 'Als CSV herunterladen: {what}',
  'table.empty': 'Hier ist noch nichts.',
  'table.rows': { one: '{count} Zeile', other: '{count} Zeilen' },
  'table.part': 'Erste Zeilen: {count}. Es gibt mehr.',
  'table.sortedPart': 'Sortiert sind nur die Zeilen, die hier stehen.',
  'table.fetching': 'Der Rest wird geholt. Zeilen bisher: {count}.',
  'table.cut':
    'Die Datei enthält nur die ersten Zeilen, {count}. Verlangen Sie weniger, dann passt alles hinein.',
  'table.notAll': 'Nicht jede Zeile kam an; darum gibt es keine Datei.',
  'field.half': 'Das ist noch nicht vollständig.',
  keypad: 'Tastenfeld',
  'keypad.delete': 'Löschen',
  'keypad.clear': 'Alles löschen',
  'keypad.space': 'Leertaste',
  'cabinet.screen': 'Anzeige',
  'cabinet.door': 'Tür {n}, Größe {size}',
  'cabinet.legend': 'Was die Türen bedeuten',
  'broken.title': 'Diese Seite ist stehen geblieben',
  'broken.text': 'Etwas Unerwartetes ist passiert. Dadurch wurde nichts verändert.',
  'broken.reload': 'Neu laden',
  'problem.network': 'Keine Antwort. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
  'problem.unreadable': 'Die Antwort war nicht lesbar.',
});
