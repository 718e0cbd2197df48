/** Sentences about evidence that staff attach to a parcel. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  title: 'Evidence',
  lead: 'Photos, documents and notes about this parcel. Each stands in the record with its hash, and so does everybody who downloads it.',
  none: 'Nothing was attached to this parcel yet.',
  full: 'This parcel has as many files as it may have.',
  list: 'Attached',

  'item.jpeg': 'Photo (JPEG), {size}',
  'item.png': 'Picture (PNG), {size}',
  'item.webp': 'Picture (WebP), {size}',
  'item.pdf': 'Document (PDF), {size}',
  'item.text': 'Text, {size}',
  'item.attached': '{at}, by {by}',
  'item.somebody': 'somebody who has no account here any more',
  'item.gone': 'Somebody whom it was about was erased, and it with them. Nobody can read it any more.',
  'item.hash': 'SHA-256',
  'item.record': 'Record',
  'item.recordOf': 'The record of what was attached {at}',
  'item.download': 'Download',
  'item.downloadOf': 'Download what was attached {at}',

  'attach.title': 'Attach a file',
  'attach.file': 'File',
  'attach.choose': 'Choose a file',
  'attach.other': 'Choose another file',
  'attach.chosen': 'Chosen: {name}, {size}',
  'attach.fileHint':
    'A JPEG, PNG or WebP photo, a PDF or plain text, up to {mb} MB; {room} more for this parcel.',
  'attach.asItIs': 'It is kept byte for byte, so that its hash proves it',
  'attach.asItIsSays':
    'Nothing is taken out, not even what a photo tells of itself, often the place where it was taken. If nobody needs that, attach a copy without it.',
  'attach.purpose': 'What it shows, and why it is kept',
  'attach.purposeHint': 'It is recorded, and forgotten with the person. Write no names.',
  'attach.about': 'Whom it shows or names',
  'attach.recipient': 'the recipient',
  'attach.courier': 'the courier',
  'attach.both': 'both of them',
  'attach.aboutHint': 'It is sealed for them, and erased with whoever of them is erased first.',
  'attach.send': 'Attach',
  'attach.done': 'It was attached, and is on record.',
  'attach.needed': 'This is needed.',
  'attach.large': '{name} has {size}; at most {mb} MB are taken.',
  'attach.kind':
    '{name} is none of these: JPEG, PNG, WebP, PDF, plain text in UTF-8. What a file is called does not count.',
  'attach.unread': '{name} cannot be read.',

  'view.title': 'Download evidence',
  'view.says': 'That you download it is recorded, with its purpose. What you save is then in your care.',
  'view.purpose': 'Purpose',
  'view.purposeHint': 'It is recorded: “the insurer asks about the damage”.',
  'view.send': 'Download and record it',
  'view.done': 'It was downloaded, and that is on record.',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
