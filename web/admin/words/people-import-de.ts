/** German. */
import { inOtherWords } from '../people-import/messages.ts';

export const german = inOtherWords({
  title: 'Liste einlesen',
  lead: 'Bewohner aus einer Tabelle. Sie sehen, was mit jeder Zeile geschähe, bevor es geschieht; niemand wird ausgetragen.',
  back: 'Alle Bewohner',

  'site.title': 'Welcher Standort?',
  'site.says': 'Eine Liste gilt den Bewohnern eines Standorts: nur dessen Anlagen kennen sie dann.',

  'file.title': 'Die Datei',
  'file.label': 'Datei mit der Liste',
  'file.choose': 'Datei wählen',
  'file.other': 'Andere Datei wählen',
  'file.drop': 'oder hier ablegen',
  'file.hint':
    'Eine CSV-Datei, wie Excel, LibreOffice, Numbers und Google Tabellen sie speichern: höchstens {rows} Zeilen und {mib} MB. Jede Person braucht Namen und Wohnung; E-Mail-Adresse und Mobilnummer dürfen fehlen.',
  'file.example': 'Ein Beispiel herunterladen',
  'file.exampleName': 'bewohner-beispiel',
  'file.reading': '{name} wird gelesen …',
  'file.large': '{name} ist größer als {mib} MB',
  'file.largeSays': 'Teilen Sie die Liste in mehrere Dateien, und lesen Sie eine nach der anderen ein.',
  'file.none': 'Das ist keine Datei',
  'file.noneSays': 'Legen Sie hier eine Datei mit der Liste ab.',
  'file.failed': '{name} wurde nicht gelesen',

  'found.title': 'Wie sie gelesen wurde',
  'found.file': 'Datei',
  'found.readAs': 'Gelesen als',
  'found.delimiter': 'Zellen getrennt durch',
  'found.rows': 'Zeilen',
  'found.rowsOf': {
    one: '{count} Zeile, leere Zeilen ausgelassen: {empty}',
    other: '{count} Zeilen, leere Zeilen ausgelassen: {empty}',
  },
  'found.look':
    'Sehen Sie unten einen Namen mit Umlaut oder Akzent an. Stimmt er nicht, speichern Sie die Liste als „CSV UTF-8“ und wählen Sie diese Datei.',
  'found.asks': 'Was steht in dieser Liste?',
  'found.asks.header':
    'Die erste Zeile nennt keine bekannte Spalte. Sagen Sie, ob sie Überschriften enthält, und was jede Spalte ist.',
  'found.asks.name': 'Sagen Sie, welche Spalte der Name ist.',
  'found.asks.flat': 'Sagen Sie, welche Spalte die Wohnung ist.',
  'found.header': 'Die erste Zeile enthält Überschriften',
  'found.columns': 'Spalten',
  'found.heading': 'Überschrift',
  'found.examples': 'Zum Beispiel',
  'found.field': 'Ist',
  'found.fieldOf': 'Spalte {name} ist',
  'found.column': 'Spalte {n}',
  'found.ignored': '(ausgelassen)',
  'found.country': 'Land',
  'found.countryHint': 'Der Nummern ohne Vorwahl eines Landes.',
  'found.countryNone': 'nicht gesagt',
  'found.countryNeeded': {
    one: '{count} Nummer hat keine Vorwahl eines Landes',
    other: '{count} Nummern haben keine Vorwahl eines Landes',
  },
  'found.countrySays': 'Wählen Sie unten das Land, und sie werden ergänzt.',

  'readAs.utf-8': 'UTF-8',
  'readAs.utf-16le': 'UTF-16',
  'readAs.utf-16be': 'UTF-16 (Big-Endian)',
  'readAs.windows-1252': 'Windows-1252 (westeuropäisch)',
  'delimiter.comma': 'Kommas',
  'delimiter.semicolon': 'Semikolons',
  'delimiter.tab': 'Tabulatoren',
  'delimiter.bar': 'senkrechte Striche',

  'field.name': 'Name',
  'field.first-name': 'Vorname',
  'field.last-name': 'Nachname',
  'field.flat': 'Wohnung',
  'field.email': 'E-Mail',
  'field.phone': 'Mobilnummer',
  'field.accessible': 'Wünscht eine Tür, die im Sitzen erreichbar ist',

  'rows.title': 'Was geschehen wird',
  'rows.status':
    'Die Liste wurde gelesen: {new} neu, {change} Änderungen, {same} schon da, {left}, die nicht eingelesen werden können.',
  'rows.show': 'Zeigen',
  'rows.all': 'Alle ({count})',
  'rows.caption': 'Zeilen',
  'rows.row': 'Zeile',
  'rows.what': 'Was',
  'rows.contact': 'E-Mail und Mobilnummer',
  'rows.says': 'Warum, und was zu tun ist',
  'rows.none': 'Keine Zeile ist von dieser Art.',
  'rows.shown': 'Die ersten {shown} von {count} Zeilen.',
  'rows.more': 'Mehr zeigen',
  'rows.consent': 'Diese Änderung vornehmen: Zeile {row}',
  'rows.consentShort': 'Diese Änderung vornehmen',
  'rows.consentAll': { one: 'Die {count} Änderung vornehmen', other: 'Alle {count} Änderungen vornehmen' },
  'rows.consentHint': 'Geändert wird nur, wo ein Haken steht.',
  'rows.absent': {
    one: '{count} Bewohner steht nicht in dieser Liste',
    other: '{count} Bewohner stehen nicht in dieser Liste',
  },
  'rows.absentSays': 'Sie bleiben. Ist jemand ausgezogen, tragen Sie ihn auf der Seite der Bewohner aus.',
  'rows.absentShow': 'Wer sie sind',
  'rows.absentOf': '{name}, Wohnung {flat}',
  'rows.import': { one: '{count} Person einlesen', other: '{count} Personen einlesen' },
  'rows.nothing': 'Es gibt nichts einzulesen',
  'rows.nothingSays': 'Alle, die eingelesen werden können, sind schon da.',

  'verdict.new': 'neu',
  'verdict.change': 'Änderung',
  'verdict.same': 'schon da',
  'verdict.duplicate': 'zweimal in der Liste',
  'verdict.bad': 'kann nicht eingelesen werden',
  'show.new': 'Neu ({count})',
  'show.change': 'Änderungen ({count})',
  'show.same': 'Schon da ({count})',
  'show.duplicate': 'Zweimal ({count})',
  'show.bad': 'Nicht einlesbar ({count})',

  'says.same': 'Nichts ändert sich.',
  'says.duplicate':
    'Dieselbe Person wie in Zeile {of}; jene Zeile zählt. Ist es jemand anderes desselben Namens, unterscheiden Sie die beiden im Namen.',
  'says.change': '{field}: {from} wird {to}.',
  'says.nothing': '(nichts)',
  'says.yes': 'ja',
  'says.no': 'nein',
  'says.at': '{column}: {says}',
  'says.unmade': 'Diese Änderung wurde nicht vorgenommen.',
  'says.stopped': 'Das Einlesen hielt vor dieser Zeile an.',

  'fault.name-missing': 'Der Name fehlt. Tragen Sie ihn ein.',
  'fault.name-long': 'Länger als 120 Zeichen. Kürzen Sie ihn.',
  'fault.flat-missing': 'Die Wohnung fehlt. Tragen Sie sie ein.',
  'fault.flat-long': 'Länger als 40 Zeichen. Kürzen Sie auf die Nummer der Wohnung.',
  'fault.flat-untypeable':
    'Die Tasten eines Kiosks können sie nicht schreiben: kein Buchstabe von A bis Z, keine Ziffer. Schreiben Sie sie damit.',
  'fault.email-shape': 'Das ist keine E-Mail-Adresse. Berichtigen Sie sie, oder lassen Sie sie leer.',
  'fault.email-several': 'Es sind mehrere Adressen. Behalten Sie eine.',
  'fault.phone-shape': 'Das ist keine Telefonnummer. Berichtigen Sie sie, oder lassen Sie sie leer.',
  'fault.phone-country':
    'Die Vorwahl des Landes fehlt. Wählen Sie oben das Land, oder schreiben Sie die Nummer mit Vorwahl (+49…).',
  'fault.phone-shortened':
    'Die Tabelle hat diese Nummer gekürzt, und ihre letzten Ziffern sind verloren. Stellen Sie die Spalte auf Text, und schreiben Sie die Nummer neu.',
  'fault.phone-several': 'Es sind mehrere Nummern. Behalten Sie die Mobilnummer.',
  'fault.phone-extension':
    'An eine Durchwahl geht keine Nachricht. Nehmen Sie eine Nummer ohne Durchwahl, oder lassen Sie sie leer.',
  'fault.accessible-word': 'Schreiben Sie ja oder nein, oder lassen Sie es leer.',
  'fault.cell-error': 'Die Tabelle konnte diese Zelle nicht berechnen. Schreiben Sie, was dort stehen soll.',
  'fault.character-lost':
    'Beim Speichern oder Einfügen der Liste ging ein Buchstabe verloren. Schreiben Sie ihn neu.',
  'fault.character-control': 'Ein Zeichen darin lässt sich nicht zeigen. Schreiben Sie die Zelle neu.',
  'fault.line-break': 'In der Zelle ist ein Zeilenumbruch. Schreiben Sie sie in eine Zeile.',
  'fault.quote-open':
    'Ein Anführungszeichen (") in dieser Zeile hat kein Gegenstück. Ergänzen Sie es, oder nehmen Sie es weg.',
  'fault.cells-too-many':
    'Die Zeile hat mehr Zellen, als die Liste Spalten hat. Ein Komma in einer Zelle verlangt Anführungszeichen um die Zelle.',
  'fault.totals': 'Das sieht nach einer Summe aus und nicht nach einer Person. Lassen Sie es weg.',
  'fault.heading-above':
    'Das steht über den Überschriften. Ist es eine Person, setzen Sie sie unter die Überschriften.',
  'fault.heading-again': 'Das sind noch einmal die Überschriften. Lassen Sie sie weg.',
  'fault.people-alike':
    'Zwei Bewohner dieser Wohnung heißen so, und es lässt sich nicht sagen, wer gemeint ist. Ändern Sie es auf der Seite der Bewohner.',

  'caution.contact-none': 'Ohne E-Mail-Adresse und Mobilnummer erreicht diese Person kein Code.',
  'caution.phone-unusual': 'Soweit bekannt, sind Nummern wie diese nicht vergeben. Prüfen Sie sie.',
  'caution.phone-landline': 'Das ist ein Festnetzanschluss: Er nimmt vielleicht keine Nachrichten an.',
  'caution.formula-text': 'Das beginnt wie eine Formel. Es wird als Text genommen, Buchstabe für Buchstabe.',
  'caution.perhaps-moved':
    'Vielleicht ist das {name} aus Wohnung {flat}; dann stünde dieselbe Person zweimal in der Liste.',
  'caution.perhaps-renamed':
    'Hat Adresse oder Nummer von {name} aus Wohnung {flat}. Ist es dieselbe Person, ändern Sie stattdessen dort den Namen.',

  'alike.title': {
    one: 'Zwei Bewohner sind vielleicht eine Person',
    other: '{count} Paare von Bewohnern sind vielleicht je eine Person',
  },
  'alike.says':
    'Wer doppelt eingetragen ist, erfährt von jeder Sendung doppelt. Ist ein Paar eine Person, ändern Sie einen Eintrag und tragen Sie den anderen aus; zwei Personen bleiben, wie sie sind.',
  'alike.show': 'Wer das ist',
  'alike.same': '{name}, Wohnung {flat}, ist doppelt eingetragen.',
  'alike.moved':
    '{name}, Wohnung {flat}, hat eine Adresse oder Nummer von {otherName}, Wohnung {otherFlat}: vielleicht umgezogen.',
  'alike.renamed':
    '{name}, Wohnung {flat}, hat die Adresse oder Nummer von {otherName}: vielleicht heißt die Person jetzt anders.',

  'left.there-already': 'Jemand dieses Namens wurde inzwischen in dieser Wohnung eingetragen.',
  'left.not-as-previewed':
    'Diese Person hat sich geändert, seit die Liste gelesen wurde. Lesen Sie die Liste noch einmal.',

  'run.title': 'Es wird eingelesen',
  'run.progress': 'Fortschritt des Einlesens',
  'run.at': '{done} von {total} Zeilen',
  'run.stay':
    'Bleiben Sie auf dieser Seite. Wird sie geschlossen, wählen Sie dieselbe Datei noch einmal: Wer eingelesen wurde, ist dann schon da.',
  'run.stopped': 'Das Einlesen hielt nach {done} von {total} Zeilen an',

  'done.title': 'Was daraus wurde',
  'done.added': 'Eingetragen',
  'done.changed': 'Geändert',
  'done.same': 'Schon da',
  'done.not': 'Nicht eingelesen',
  'done.all': 'Jede Zeile der Liste ist da.',
  'done.some': {
    one: '{count} Zeile wurde nicht eingelesen',
    other: '{count} Zeilen wurden nicht eingelesen',
  },
  'done.someSays':
    'Laden Sie sie herunter, berichtigen Sie sie in der Tabelle, und wählen Sie jene Datei hier. Die erste Spalte sagt zu jeder Zeile, warum.',
  'done.download': 'Nicht eingelesene Zeilen herunterladen',
  'done.fileName': 'bewohner-nicht-eingelesen',
  'done.why': 'Warum nicht eingelesen',
  'done.another': 'Noch eine Datei einlesen',
});
