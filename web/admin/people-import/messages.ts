/** Every word of the import of a list. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  title: 'Import a list',
  lead: 'Residents from a spreadsheet. You see what would happen to each row before anything does; nobody is removed.',
  back: 'All residents',

  'site.title': 'Which site?',
  'site.says': 'A list is of the residents of one site: only the banks there will know them.',

  'file.title': 'The file',
  'file.label': 'File with the list',
  'file.choose': 'Choose a file',
  'file.other': 'Choose another file',
  'file.drop': 'or drop it here',
  'file.hint':
    'A CSV file, as Excel, LibreOffice, Numbers and Google Sheets save it: at most {rows} rows and {mib} MB. It needs a name and a flat for each person; e-mail address and mobile number may be missing.',
  'file.example': 'Download an example',
  'file.exampleName': 'residents-example',
  'file.reading': 'Reading {name}…',
  'file.large': '{name} is larger than {mib} MB',
  'file.largeSays': 'Split the list into several files, and import one after the other.',
  'file.none': 'This is no file',
  'file.noneSays': 'Drop one file with the list here.',
  'file.failed': '{name} was not read',

  'found.title': 'How it was read',
  'found.file': 'File',
  'found.readAs': 'Read as',
  'found.delimiter': 'Cells between',
  'found.rows': 'Rows',
  'found.rowsOf': {
    one: '{count} row, empty rows left out: {empty}',
    other: '{count} rows, empty rows left out: {empty}',
  },
  'found.look':
    'Look at a name with an accent below. If it is wrong, save the list as “CSV UTF-8” and choose that file.',
  'found.asks': 'What is in this list?',
  'found.asks.header':
    'Its first row names no column that is known. Say whether it holds headings, and what each column is.',
  'found.asks.name': 'Say which column is the name.',
  'found.asks.flat': 'Say which column is the flat.',
  'found.header': 'The first row holds headings',
  'found.columns': 'Columns',
  'found.heading': 'Heading',
  'found.examples': 'For example',
  'found.field': 'Is',
  'found.fieldOf': 'Column {name} is',
  'found.column': 'Column {n}',
  'found.ignored': '(left out)',
  'found.country': 'Country',
  'found.countryHint': 'Of the numbers that have no country’s code.',
  'found.countryNone': 'not said',
  'found.countryNeeded': {
    one: '{count} number has no country’s code',
    other: '{count} numbers have no country’s code',
  },
  'found.countrySays': 'Choose the country below, and they are completed.',

  'readAs.utf-8': 'UTF-8',
  'readAs.utf-16le': 'UTF-16',
  'readAs.utf-16be': 'UTF-16 (big-endian)',
  'readAs.windows-1252': 'Windows-1252 (western European)',
  'delimiter.comma': 'commas',
  'delimiter.semicolon': 'semicolons',
  'delimiter.tab': 'tabs',
  'delimiter.bar': 'bars',

  'field.name': 'Name',
  'field.first-name': 'First name',
  'field.last-name': 'Last name',
  'field.flat': 'Flat',
  'field.email': 'Email',
  'field.phone': 'Mobile number',
  'field.accessible': 'Prefers a door within seated reach',

  'rows.title': 'What will happen',
  'rows.status':
    'The list was read: {new} new, {change} changes, {same} already there, {left} that cannot be imported.',
  'rows.show': 'Show',
  'rows.all': 'All ({count})',
  'rows.caption': 'Rows',
  'rows.row': 'Row',
  'rows.what': 'What',
  'rows.contact': 'Email and mobile number',
  'rows.says': 'Why, and what to do',
  'rows.none': 'No row is of this kind.',
  'rows.shown': 'The first {shown} of {count} rows.',
  'rows.more': 'Show more',
  'rows.consent': 'Make this change: row {row}',
  'rows.consentShort': 'Make this change',
  'rows.consentAll': { one: 'Make the {count} change', other: 'Make all {count} changes' },
  'rows.consentHint': 'A change is made only where it is ticked.',
  'rows.absent': {
    one: '{count} resident is not in this list',
    other: '{count} residents are not in this list',
  },
  'rows.absentSays': 'They stay. If somebody has moved out, remove them on the page of residents.',
  'rows.absentShow': 'Who they are',
  'rows.absentOf': '{name}, flat {flat}',
  'rows.import': { one: 'Import {count} person', other: 'Import {count} people' },
  'rows.nothing': 'There is nothing to import',
  'rows.nothingSays': 'Everybody who can be imported is there already.',

  'verdict.new': 'new',
  'verdict.change': 'change',
  'verdict.same': 'already there',
  'verdict.duplicate': 'twice in the list',
  'verdict.bad': 'cannot be imported',
  'show.new': 'New ({count})',
  'show.change': 'Changes ({count})',
  'show.same': 'Already there ({count})',
  'show.duplicate': 'Twice ({count})',
  'show.bad': 'Cannot be imported ({count})',

  'says.same': 'Nothing changes.',
  'says.duplicate':
    'The same person as in row {of}; that row counts. If this is somebody else of the same name, tell the two apart in the name.',
  'says.change': '{field}: {from} becomes {to}.',
  'says.nothing': '(nothing)',
  'says.yes': 'yes',
  'says.no': 'no',
  'says.at': '{column}: {says}',
  'says.unmade': 'This change was not made.',
  'says.stopped': 'The import stopped before this row.',

  'fault.name-missing': 'There is no name. Fill it in.',
  'fault.name-long': 'Longer than 120 characters. Shorten it.',
  'fault.flat-missing': 'There is no flat. Fill it in.',
  'fault.flat-long': 'Longer than 40 characters. Shorten it to the flat’s number.',
  'fault.flat-untypeable':
    'The keys of a kiosk cannot type it: no letter A to Z and no digit. Write it with one.',
  'fault.email-shape': 'This is no e-mail address. Correct it, or leave it empty.',
  'fault.email-several': 'There are several addresses. Keep one.',
  'fault.phone-shape': 'This is no telephone number. Correct it, or leave it empty.',
  'fault.phone-country':
    'The country’s code is missing. Choose the country above, or write the number with its code (+44…).',
  'fault.phone-shortened':
    'The spreadsheet has shortened this number, and its last digits are gone. Format the column as text and type the number again.',
  'fault.phone-several': 'There are several numbers. Keep the mobile number.',
  'fault.phone-extension':
    'A message cannot be sent to an extension. Take a number without one, or leave it empty.',
  'fault.accessible-word': 'Write yes or no, or leave it empty.',
  'fault.cell-error': 'The spreadsheet could not compute this cell. Type what it should be.',
  'fault.character-lost': 'A letter was lost when the list was saved or pasted. Type it again.',
  'fault.character-control': 'There is a character that cannot be shown. Type the cell again.',
  'fault.line-break': 'There is a line break in the cell. Put it on one line.',
  'fault.quote-open': 'A quotation mark (") in this row has no partner. Add it or take it away.',
  'fault.cells-too-many':
    'The row has more cells than the list has columns. A comma within a cell needs quotation marks around the cell.',
  'fault.totals': 'This looks like a total and not like a person. Leave it out.',
  'fault.heading-above': 'This stands above the headings. If it is a person, move it below them.',
  'fault.heading-again': 'These are the headings once more. Leave them out.',
  'fault.people-alike':
    'Two residents of this flat have this name, and it cannot be told who is meant. Change it on the page of residents.',

  'caution.contact-none': 'Without an e-mail address and a mobile number no code can reach this person.',
  'caution.phone-unusual': 'As far as is known, no numbers like this one are in use. Check it.',
  'caution.phone-landline': 'This is a landline: it may not take messages.',
  'caution.formula-text': 'This begins like a formula. It is taken as text, letter by letter.',
  'caution.perhaps-moved': 'Perhaps this is {name} of flat {flat}, who would be listed twice.',
  'caution.perhaps-renamed':
    'Has the address or number of {name} of flat {flat}. If it is the same person, change the name there instead.',

  'alike.title': {
    one: 'Two residents may be one person',
    other: '{count} pairs of residents may be one person each',
  },
  'alike.says':
    'Whoever is listed twice is told twice of each parcel. If a pair is one person, change one of the two and remove the other; two people are left as they are.',
  'alike.show': 'Who they are',
  'alike.same': '{name}, flat {flat}, is listed twice.',
  'alike.moved':
    '{name}, flat {flat}, has a contact of {otherName}, flat {otherFlat}: perhaps they have moved.',
  'alike.renamed':
    '{name}, flat {flat}, has the address or number of {otherName}: perhaps the name has changed.',

  'left.there-already': 'Somebody of that name was added to that flat meanwhile.',
  'left.not-as-previewed': 'This person has changed since the list was read. Read the list again.',

  'run.title': 'Importing',
  'run.progress': 'Progress of the import',
  'run.at': '{done} of {total} rows',
  'run.stay':
    'Stay on this page. If it is closed, choose the same file again: who was imported is then there already.',
  'run.stopped': 'The import stopped after {done} of {total} rows',

  'done.title': 'What became of it',
  'done.added': 'Added',
  'done.changed': 'Changed',
  'done.same': 'Already there',
  'done.not': 'Not imported',
  'done.all': 'Every row of the list is in.',
  'done.some': { one: '{count} row was not imported', other: '{count} rows were not imported' },
  'done.someSays':
    'Download them, correct them in the spreadsheet, and choose that file here. The first column says of each row why.',
  'done.download': 'Download the rows that were not imported',
  'done.fileName': 'residents-not-imported',
  'done.why': 'Why it was not imported',
  'done.another': 'Import another file',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
