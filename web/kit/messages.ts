/** What the kit itself says. */
import { translationOf, translator } from './words.ts';

export const TEXTS = {
  'dialog.close': 'Close',
  busy: 'Working…',
  copy: 'Copy',
  'copy.of': 'Copy {what}',
  'copy.done': 'Copied',
  'copy.failed': 'Copying was not allowed',
  'table.csv': 'Download as CSV',
  'table.csv.of': 'Download as CSV: {what}',
  'table.empty': 'Nothing here yet.',
  'table.rows': { one: '{count} row', other: '{count} rows' },
  'table.part': 'First rows: {count}. There are more.',
  'table.sortedPart': 'Only the rows that are here are sorted.',
  'table.fetching': 'Fetching the rest. Rows so far: {count}.',
  'table.cut': 'The file holds the first rows alone, {count} of them. Ask for less, and all of it fits.',
  'table.notAll': 'Not every row came, so no file was made.',
  'field.half': 'This is not complete yet.',
  keypad: 'Key pad',
  'keypad.delete': 'Delete',
  'keypad.clear': 'Clear',
  'keypad.space': 'Space',
  'cabinet.screen': 'Screen',
  'cabinet.door': 'Door {n}, size {size}',
  'cabinet.legend': 'What the doors mean',
  'broken.title': 'This page stopped',
  'broken.text': 'Something went wrong that it did not expect. Nothing was changed by that.',
  'broken.reload': 'Load it again',
  'problem.network': 'No answer came. Check the connection and try again.',
  'problem.unreadable': 'The answer could not be read.',
} as const;

export const t = translator(TEXTS);
/** For `web/kit/words/<language>.ts`. */
export const inOtherWords = translationOf<typeof TEXTS>();
