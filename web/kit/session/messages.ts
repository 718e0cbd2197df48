/** What every app with a session says alike. */
import { translator } from '../words.ts';

export const t = translator({
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
});
