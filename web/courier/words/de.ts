/** German. Anlage (cabinet), Tür (door), Fach (compartment), Paket, Ausweis (badge), Kurier, Hauspersonal (staff). */
import { inOtherWords } from '../messages.ts';

export const german = inOtherWords({
  'app.page': 'Abgaben – Holdfast',
  'app.title': 'Abgaben',
  'app.who': '{name}, {carrier}',

  'signIn.title': 'Anmeldung für Kuriere',
  'signIn.lead':
    'Geben Sie die E-Mail-Adresse ein, die der Standort von Ihnen hat. Wir schicken einen Link, mit dem Sie sich anmelden.',

  'state.active': 'Aktiv',
  'state.active.text': 'Mit Ausweis und Code können Sie abgeben.',
  'state.waiting-for-roster': 'Wartet auf die Personenliste',
  'state.waiting-for-roster.text':
    'Ihr Ausweis gilt, sobald der Standort die nächste Personenliste unterschrieben hat und die Anlagen sie übernommen haben.',
  'state.suspended': 'Ausgesetzt',
  'state.suspended.text': 'Die Anlagen lehnen Ihren Ausweis vorerst ab. Bitte fragen Sie das Hauspersonal.',
  'state.removed': 'Entfernt',
  'state.removed.text':
    'Die Anlagen lehnen Ihren Ausweis ab, und die nächste Personenliste nennt Sie nicht mehr.',

  today: 'Heute',
  'today.title': 'Heute',
  'today.count': { one: '{count} Paket heute abgegeben', other: '{count} Pakete heute abgegeben' },
  'today.other': {
    one: '{count} Paket am {day} abgegeben. Von heute ist noch nichts bekannt.',
    other: '{count} Pakete am {day} abgegeben. Von heute ist noch nichts bekannt.',
  },
  'banks.empty': 'Sie beliefern noch keine Anlage.',
  'banks.online': 'in Verbindung',
  'banks.offline': 'ohne Verbindung',
  'banks.heard': 'Zuletzt gehört {time}; die Zahlen sind von da.',
  'banks.never': 'Noch nie gehört; was frei ist, ist nicht bekannt.',
  'banks.full': 'Kein Fach ist frei.',
  'banks.full.old': 'Kein Fach war frei.',
  'banks.free': 'Freie Fächer: {bank}',
  'banks.free.old': 'Fächer, die frei waren: {bank}',
  'drops.of': 'Heute abgegeben: {bank}',
  'drops.then': 'An jenem Tag abgegeben: {bank}',
  'drops.where': '{bank}, Tür {n}',
  'drops.door': 'Tür {n}',
  'drop.waiting': 'wartet',
  'drop.collected': 'abgeholt',
  'drop.held': 'beim Hauspersonal',
  'drop.removed': 'vom Hauspersonal entnommen',

  back: 'Rückgabe',
  'back.title': 'Mitzunehmen',
  'back.empty': 'Nichts ist mitzunehmen.',
  'back.empty.old': 'Zu diesem Zeitpunkt war nichts mitzunehmen.',
  'back.how': 'Fragen Sie das Hauspersonal',
  'back.how.text':
    'Es öffnet die Tür mit einer unterschriebenen Anweisung. Ihr Ausweis öffnet keine Tür, hinter der etwas liegt.',
  'back.at': 'Mitzunehmen: {bank}',
  'back.left': 'Abgegeben am {day}.',
  'back.until': 'Abholbar bis {time}.',

  history: 'Verlauf',
  'history.title': 'Verlauf',
  'history.empty': 'Sie haben hier noch nichts abgegeben.',
  'history.of': 'Abgegeben am {day}',

  language: 'Sprache',
  'language.title': 'Sprache',
  'language.text':
    'Für diese App auf diesem Telefon, bis Sie sich abmelden. Die Anlage wird an der Anlage gefragt.',
});
