/** Every word of the resident app, in English. A code is never shown here: it travels in the message only. */
import { translationOf, translator } from '../kit/words.ts';

export const TEXTS = {
  'app.page': 'My parcels – Holdfast',
  'app.title': 'My parcels',
  'app.who': '{name}, flat {flat}',

  'signIn.title': 'Your parcels',
  'signIn.lead': 'Type the e-mail address that your building has for you. We send a link that signs you in.',

  parcels: 'Parcels',
  'parcels.title': 'Waiting for you',
  'parcels.empty': 'Nothing waits for you now.',
  'parcels.empty.old': 'Nothing waited for you then.',
  'parcels.empty.text': 'When something comes, you get a message with your code.',
  'parcel.where': '{bank}, door {n}',
  'parcel.until': 'Collect by {time}',
  'parcel.left': '{left} left',
  'parcel.over': 'time is over',
  'parcel.from': 'From',
  'parcel.came': 'Came',
  'parcel.tracking': 'Tracking number',
  'parcel.size': 'Size',
  'parcel.height': 'Height',
  'parcel.height.low': '{cm} cm, near the floor',
  'parcel.height.reach': '{cm} cm, within seated reach',
  'parcel.height.high': '{cm} cm, above seated reach',
  'parcel.held': 'Held for staff',
  'parcel.held.text': 'The time to collect it yourself has passed. Ask the people who run your building.',

  told: 'Message with your code',
  'told.none': 'Your code is on its way.',
  'told.sms.queued': 'Your code goes out by SMS in a moment.',
  'told.sms.sent': 'Your code went out by SMS: {time}',
  'told.sms.failed': 'The SMS with your code is being tried again.',
  'told.sms.dead': 'The SMS with your code could not be delivered. Ask staff to send it again.',
  'told.email.queued': 'Your code goes out by e-mail in a moment.',
  'told.email.sent': 'Your code went out by e-mail: {time}',
  'told.email.failed': 'The e-mail with your code is being tried again.',
  'told.email.dead': 'The e-mail with your code could not be delivered. Ask staff to send it again.',

  code: 'Your code',
  'code.text': 'It is in the message only, never in this app: so nobody who gets in here gets your parcel.',
  'code.show': 'At the kiosk',
  'code.show.1': 'Open the message. The e-mail has a QR code, the SMS the digits.',
  'code.show.2': 'Make the QR code as large as the screen and the screen as bright as it gets.',
  'code.show.3': 'Hold it before the scanner. Or type the digits at the kiosk.',
  'code.lost': 'I cannot find the message',
  'code.lost.1':
    'Look among unwanted mail, and whether the number and the address under Preferences are right.',
  'code.lost.2': 'If the message could not be delivered, staff send it again.',
  'code.lost.3': 'If it is lost, staff open your door with a signed order. Nobody can look a code up.',

  history: 'History',
  'history.empty': 'No parcel has been collected yet.',
  'history.came': 'Came {came}.',
  'history.collected': 'Collected {ended}.',
  'history.removed': 'Taken out by staff {ended}.',

  preferences: 'Preferences',
  'preferences.offline': 'Preferences need a connection',
  'preferences.offline.text': 'How you are told is kept at the server, and not on this phone.',
  'preferences.channels': 'How we tell you',
  'preferences.sms': 'SMS to {phone}',
  'preferences.sms.none': 'SMS (no mobile number on file)',
  'preferences.email': 'E-mail to {email}',
  'preferences.email.none': 'E-mail (no address on file)',
  'preferences.one': 'Keep at least one: without a message no code reaches you.',
  'preferences.reach': 'Reach',
  'preferences.accessible': 'Prefer a door within seated reach',
  'preferences.accessible.text': 'Between 38 and 122 cm above the floor, where one is free.',
  'preferences.save': 'Save',
  'preferences.saved': 'Saved. It holds for the next parcel.',
  'preferences.wrong':
    'Is the number or the address wrong? Ask the people who run your building to change it.',
  'preferences.language': 'Language',
  'preferences.language.text':
    'Of this app on this phone, until you sign out. Messages with codes are in English.',
} as const;

export const t = translator(TEXTS);
/** For `web/resident/words/<language>.ts`. */
export const inOtherWords = translationOf<typeof TEXTS>();
