/** What every message has in common, so that one that differs is known to be false. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as texts from './texts.ts';

const PIN = '482913770';
const PLACE = { bankName: 'North Lobby', compartment: 12, untilMs: Date.UTC(2026, 9, 3, 15) };
const ARRIVAL = { ...PLACE, pin: PIN };
const SIGN_IN_URL = 'https://parcels.example/resident#token=abc';

const whole = ({ subject, text, html }: texts.MailText) => `${subject}\n${text}\n${html}`;
const ARRIVALS = [texts.arrivalSms(ARRIVAL), whole(texts.arrivalMail(ARRIVAL))];
const LATER = [
  texts.reminderSms(PLACE),
  whole(texts.reminderMail(PLACE)),
  texts.expirySms(PLACE),
  whole(texts.expiryMail(PLACE)),
];
const signIn = (app: 'resident' | 'courier') => texts.signInMail({ app, url: SIGN_IN_URL, minutes: 15 });

/** Whatever a phone or a mail program would turn into something to tap. */
const LINK = /https?:|www\.|href|\b[a-z0-9-]+\.(?:com|org|net|example)\b|tel:|mailto:|sms:/i;
/** Words with which a message gets somebody to give a code away. */
const ASKS = /\b(?:reply|respond|call us|send us|confirm|verify|enter your|tell us|forward)\b/i;

test('no message about a parcel holds a link, and none asks for anything to be sent back', () => {
  for (const message of [...ARRIVALS, ...LATER]) {
    assert.doesNotMatch(message, LINK);
    assert.doesNotMatch(message, ASKS);
  }
});

test('the code stands in the first message only, and it says there that nobody asks for it', () => {
  for (const message of ARRIVALS) {
    assert.ok(message.includes(texts.grouped(PIN)));
    assert.match(message, /never asks you for it|nobody of Holdfast or of the building asks you for it/);
  }
  for (const message of LATER) assert.doesNotMatch(message, /\d{3} ?\d{3} ?\d{3}/);
});

test('a sign-in mail holds its one link, no code, and says what to do when nobody asked for it', () => {
  for (const app of ['resident', 'courier'] as const) {
    const { text, html } = signIn(app);
    assert.deepEqual(text.match(/https?:\S+/g), [SIGN_IN_URL]);
    assert.deepEqual(
      [...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url),
      [SIGN_IN_URL],
    );
    assert.doesNotMatch(whole(signIn(app)), /\d{3} ?\d{3} ?\d{3}|\bPIN\b/);
    assert.match(text, /do nothing/);
  }
});
