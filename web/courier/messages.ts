/** Every word of the courier app. */
import { translator } from '../kit/words.ts';

export const t = translator({
  'app.title': 'Drop-offs',
  'app.signOut': 'Sign out',
  'app.who': '{name}, {carrier}',

  'signIn.title': 'Courier sign-in',
  'signIn.lead': 'Type the e-mail address that the site has for you. We send a link that signs you in.',

  'state.active': 'Active',
  'state.active.text': 'Your badge and code let you drop off.',
  'state.waiting-for-roster': 'Waiting for roster',
  'state.waiting-for-roster.text':
    'Your badge works as soon as the site has signed its next roster and the banks have applied it.',
  'state.suspended': 'Suspended',
  'state.suspended.text': 'Banks refuse your badge for now. Ask the people who run the site.',
  'state.removed': 'Removed',
  'state.removed.text': 'Banks refuse your badge, and the next roster no longer names you.',

  banks: 'Free before you walk',
  'banks.empty': 'You serve no bank yet.',
  'banks.online': 'online',
  'banks.offline': 'offline',
  'banks.offline.text': 'Not heard from now; the numbers may be old.',
  'banks.full': 'No compartment is free.',
  'banks.free': 'Free compartments of {bank}',
  'banks.size': 'Size',
  'banks.count': 'Free',

  drops: 'Today’s drops',
  'drops.empty': 'No drop-off yet today.',
  'drops.where': '{bank}, door {n}',
  'drop.waiting': 'waiting',
  'drop.collected': 'collected',
  'drop.held': 'held for staff',
  'drop.removed': 'removed by staff',
});
