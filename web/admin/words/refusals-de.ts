/** German. */
import { inOtherWords } from '../refusals.ts';

export const german = inOtherWords({
  'input-invalid': 'Etwas an der Eingabe passt nicht.',
  'cursor-invalid': 'Diese Stelle der Liste gibt es nicht. Laden Sie die Seite neu.',
  'json-malformed': 'Die Anfrage kam verstümmelt an. Laden Sie die Seite neu.',
  'http-malformed': 'Die Anfrage kam nicht so an, wie HTTP es verlangt.',
  'not-signed-in': 'Melden Sie sich zuerst an.',
  'sign-in-denied': 'Prüfen Sie Adresse, Passwort und Code, oder warten Sie auf den nächsten Code.',
  'not-allowed': 'Ihr Konto darf das nicht.',
  csrf: 'Die Anfrage kam nicht aus dieser App. Laden Sie die Seite neu.',
  'not-found': 'Das gibt es hier nicht, oder nicht mehr.',
  'method-not-allowed': 'Diese Art von Anfrage gibt es hier nicht.',
  'not-acceptable': 'Keine Form der Antwort, die es gibt, wurde angenommen.',
  'too-slow': 'Die Anfrage kam nicht rechtzeitig an. Versuchen Sie es noch einmal.',
  conflict: 'Das hat sich inzwischen geändert, oder so, wie es steht, geht es nicht.',
  'idempotency-busy': 'Dieselbe Anfrage wird gerade bearbeitet. Warten Sie einen Augenblick.',
  'idempotency-reused': 'Diese Anfrage gab es schon, mit anderem Inhalt. Laden Sie die Seite neu.',
  'file-unreadable': 'Die Datei ist keine Liste, die sich lesen lässt.',
  'too-large': 'Das ist größer, als hier angenommen wird.',
  'media-type': 'In dieser Form wird es hier nicht angenommen.',
  denied: 'Verweigert.',
  'headers-too-large': 'Die Kopfzeilen sind größer, als dieser Server annimmt.',
  'rate-limited': 'Zu viele Anfragen in kurzer Zeit. Warten Sie etwas, und versuchen Sie es dann wieder.',
  internal: 'Hier ist etwas kaputtgegangen; es wurde festgehalten.',
  upstream: 'Ein Dienst, den dieser braucht, hat nicht geantwortet. Versuchen Sie es später wieder.',
  unavailable: 'Der Dienst ist noch nicht bereit, oder er hört gerade auf. Versuchen Sie es später wieder.',
});
