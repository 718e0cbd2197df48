/** Every word of the courier app, in English. */
import { translationOf, translator } from '../kit/words.ts';

export const TEXTS = {
  'app.page': 'Drop-offs – Holdfast',
  'app.title': 'Drop-offs',
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

  today: 'Today',
  'today.title': 'Today',
  'today.count': { one: '{count} parcel left today', other: '{count} parcels left today' },
  'today.other': {
    one: '{count} parcel left on {day}. Nothing is known of today yet.',
    other: '{count} parcels left on {day}. Nothing is known of today yet.',
  },
  'banks.empty': 'You serve no bank yet.',
  'banks.online': 'online',
  'banks.offline': 'offline',
  'banks.heard': 'Not heard from since {time}; the numbers are from then.',
  'banks.never': 'Never heard from, so what is free is not known.',
  'banks.full': 'No compartment is free.',
  'banks.full.old': 'No compartment was free.',
  'banks.free': 'Free compartments of {bank}',
  'banks.free.old': 'Compartments of {bank} that were free',
  'drops.of': 'Left today at {bank}',
  'drops.then': 'Left that day at {bank}',
  'drops.where': '{bank}, door {n}',
  'drops.door': 'Door {n}',
  'drop.waiting': 'waiting',
  'drop.collected': 'collected',
  'drop.held': 'held for staff',
  'drop.removed': 'removed by staff',

  back: 'Take back',
  'back.title': 'To take back',
  'back.empty': 'Nothing is to be taken back.',
  'back.empty.old': 'Nothing was to be taken back then.',
  'back.how': 'Ask the people who run the building',
  'back.how.text':
    'They open the door with a signed order. Your badge opens no door behind which something lies.',
  'back.at': 'To take back at {bank}',
  'back.left': 'Left on {day}.',
  'back.until': 'Could be collected until {time}.',

  history: 'History',
  'history.title': 'History',
  'history.empty': 'You have left nothing here yet.',
  'history.of': 'Left on {day}',

  language: 'Language',
  'language.title': 'Language',
  'language.text': 'Of this app on this phone, until you sign out. The kiosk is asked at the kiosk.',
} as const;

export const t = translator(TEXTS);
/** For `web/courier/words/<language>.ts`. */
export const inOtherWords = translationOf<typeof TEXTS>();
