/** What every app with a session says alike. */
import { translationOf, translator } from '../words.ts';

export const TEXTS = {
  loading: 'Loading…',
  slow: 'This takes longer than usual. It goes on by itself; to try anew, load the page again.',
  retry: 'Try again',
  more: 'Show more',
  all: 'Show all',
  offline: 'No connection to the cloud',
  'offline.text': 'What you see may be old. Doors, codes and badges go on working at the bank.',
  'problem.load': 'This could not be loaded',
  'problem.act': 'That did not work',
  'problem.reason': 'Reason: {reason}',
  ended: 'Your session has ended',
  'ended.text': 'Sign in again. The page that you were on opens; what was typed there and not saved is gone.',
  ending: 'Your session ends soon',
  'ending.idle':
    'Nobody has used this page for a while. At {time} you are signed out, and what is typed and not saved is lost.',
  'ending.goOn': 'I am still here',
  'ending.age':
    'At {time} you have to sign in again, however much you use this page. Save before that what you have typed.',
  'ending.read': 'I have read this',

  'link.email': 'Email',
  'link.ask': 'Send me a link',
  'link.needed': 'Type your e-mail address.',
  'link.sent': 'Look at your mail',
  'link.sent.text': 'If {email} is known here, a link is on its way. It works once.',
  'link.again': 'Use another address',
  'link.using': 'Signing you in…',
  'link.refused': 'This link did not work',
  'link.refused.again': 'Ask for a new one below.',
  'link.unanswered': 'You are not signed in yet',
  'link.unanswered.text': 'No answer came. Try again, or open the link in your mail once more.',

  signOut: 'Sign out',
  sections: 'Sections',
  languages: 'Language',
  left: 'You are signed out on this phone',
  'left.text': 'Nothing of yours is kept on it. The server is told as soon as there is a connection.',
  old: 'This is not current',
  'old.asOf': 'As of {time} ({ago}).',
  'old.text': 'No answer comes now, so what has changed since then is missing here.',
  unknown: 'This needs a connection',
  'unknown.text': 'It is not kept on this phone.',
  'no.sign-in-denied': 'The link is wrong, used, or older than fifteen minutes.',
  'no.rate-limited': 'Too many tries in a short time. Wait a minute, then try again.',
  'no.unavailable': 'The service cannot answer now. Try again later.',
  'no.other': 'The server refused that.',

  receipt: 'Receipt',
  'receipt.of': 'Receipt for {tracking}',
  'receipt.saved': 'The receipt is downloaded',
  'receipt.check':
    'Whoever you show the file to can check it without us, and without a network, by either of these:',
  'receipt.key': 'The people who run the building give out the key, site-root.pub, and the programs.',
  'receipt.waits': 'The receipt is downloaded, and not all of it is in the log yet',
  'receipt.waits.text': {
    one: 'The log’s proof of {count} record is still to come. Download the receipt again after {time}.',
    other: 'The log’s proof of {count} records is still to come. Download the receipt again after {time}.',
  },
  'receipt.noLog': 'No log is kept here. The signature of the bank is in the file.',
  'receipt.offline': 'A receipt needs a connection',
  'receipt.offline.text': 'It is made anew each time, and not kept on this phone.',
  'receipt.problem': 'The receipt could not be downloaded',
} as const;

export const t = translator(TEXTS);
/** For `web/kit/session/words/<language>.ts`. */
export const inOtherWords = translationOf<typeof TEXTS>();
