/** Every word of the resident app. A code is never shown here: it travels in the message only. */
import { translator } from '../kit/words.ts';

export const t = translator({
  'app.title': 'My parcels',
  'app.signOut': 'Sign out',
  'app.sections': 'Sections',
  'app.who': '{name}, flat {flat}',

  'signIn.title': 'Your parcels',
  'signIn.lead': 'Type the e-mail address that your building has for you. We send a link that signs you in.',

  parcels: 'Parcels',
  'parcels.title': 'Waiting for you',
  'parcels.empty': 'Nothing waits for you now.',
  'parcels.empty.text': 'When something comes, you get a message with your code.',
  'parcels.code': 'Your code is in your message. It is never shown here.',
  'parcel.where': '{bank}, door {n}',
  'parcel.until': 'Collect by {time}',
  'parcel.left': '{left} left',
  'parcel.from': 'From',
  'parcel.came': 'Came',
  'parcel.tracking': 'Tracking number',
  'parcel.size': 'Size',
  'parcel.held': 'Held for staff',
  'parcel.held.text': 'The time to collect it yourself has passed. Ask the people who run your building.',

  history: 'History',
  'history.empty': 'No parcel has been collected yet.',
  'history.when': 'Came {came}, {what} {ended}',
  'history.collected': 'collected',
  'history.removed': 'taken out by staff',

  preferences: 'Preferences',
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
});
