/** What every app with a session says alike. */
import { translationOf, translator } from '../words.ts';

export const TEXTS = {
  loading: 'Loading…',
  retry: 'Try again',
  more: 'Show more',
  all: 'Show all',
  offline: 'No connection to the cloud',
  'offline.text': 'What you see may be old. Doors, codes and badges go on working at the bank.',
  'problem.load': 'This could not be loaded',
  'problem.act': 'That did not work',
  'problem.reason': 'Reason: {reason}',
  ended: 'Your session has ended',
  'ended.text': 'Sign in again to go on where you were.',

  'link.email': 'Email',
  'link.ask': 'Send me a link',
  'link.needed': 'Type your e-mail address.',
  'link.sent': 'Look at your mail',
  'link.sent.text': 'If {email} is known here, a link is on its way. It works once.',
  'link.again': 'Use another address',
  'link.using': 'Signing you in…',
  'link.refused': 'This link did not work',
  'link.refused.again': 'Ask for a new one below.',

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
} as const;

export const t = translator(TEXTS);
/** For `web/kit/session/words/<language>.ts`. */
export const inOtherWords = translationOf<typeof TEXTS>();
