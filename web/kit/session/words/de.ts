/** German. */
import { inOtherWords } from '../messages.ts';

export const german = inOtherWords({
  loading: 'Wird geladen …',
  slow: 'Das dauert länger als sonst. Es geht von selbst weiter; für einen neuen Versuch laden Sie die Seite neu.',
  retry: 'Noch einmal versuchen',
  more: 'Mehr zeigen',
  all: 'Alle zeigen',
  offline: 'Keine Verbindung zur Cloud',
  'offline.text':
    'Was Sie sehen, kann veraltet sein. Türen, Codes und Ausweise gelten an der Anlage weiterhin.',
  'problem.load': 'Das ließ sich nicht laden',
  'problem.act': 'Das hat nicht geklappt',
  'problem.reason': 'Grund: {reason}',
  ended: 'Ihre Sitzung ist zu Ende',
  'ended.text':
    'Melden Sie sich wieder an. Es öffnet sich die Seite, auf der Sie waren; was dort getippt und nicht gespeichert war, ist weg.',
  ending: 'Ihre Sitzung endet bald',
  'ending.idle':
    'Seit einer Weile hat niemand diese Seite benutzt. Um {time} werden Sie abgemeldet, und was getippt und nicht gespeichert ist, geht verloren.',
  'ending.goOn': 'Ich bin noch da',
  'ending.age':
    'Um {time} müssen Sie sich wieder anmelden, auch wenn Sie diese Seite benutzen. Speichern Sie vorher, was Sie getippt haben.',
  'ending.read': 'Ich habe das gelesen',

  'link.email': 'E-Mail',
  'link.ask': 'Link anfordern',
  'link.needed': 'Geben Sie Ihre E-Mail-Adresse ein.',
  'link.sent': 'Sehen Sie in Ihre Post',
  'link.sent.text': 'Wenn {email} hier bekannt ist, ist ein Link unterwegs. Er gilt einmal.',
  'link.again': 'Andere Adresse verwenden',
  'link.using': 'Sie werden angemeldet …',
  'link.refused': 'Dieser Link galt nicht',
  'link.refused.again': 'Fordern Sie unten einen neuen an.',
  'link.unanswered': 'Sie sind noch nicht angemeldet',
  'link.unanswered.text':
    'Es kam keine Antwort. Versuchen Sie es noch einmal, oder öffnen Sie den Link in Ihrer E-Mail noch einmal.',

  signOut: 'Abmelden',
  sections: 'Bereiche',
  languages: 'Sprache',
  left: 'Sie sind auf diesem Telefon abgemeldet',
  'left.text': 'Nichts von Ihnen bleibt darauf. Der Server erfährt es, sobald es eine Verbindung gibt.',
  old: 'Das ist nicht der jetzige Stand',
  'old.asOf': 'Stand: {time} ({ago}).',
  'old.text': 'Es kommt gerade keine Antwort. Was sich seitdem geändert hat, fehlt hier.',
  unknown: 'Dafür braucht es eine Verbindung',
  'unknown.text': 'Es wird nicht auf diesem Telefon aufbewahrt.',
  'no.sign-in-denied': 'Der Link ist falsch, verbraucht oder älter als fünfzehn Minuten.',
  'no.rate-limited':
    'Zu viele Versuche in kurzer Zeit. Warten Sie eine Minute und versuchen Sie es dann wieder.',
  'no.unavailable': 'Der Dienst kann gerade nicht antworten. Versuchen Sie es später wieder.',
  'no.other': 'Der Server hat das abgelehnt.',

  receipt: 'Beleg',
  'receipt.of': 'Beleg zu {tracking}',
  'receipt.saved': 'Der Beleg ist heruntergeladen',
  'receipt.check':
    'Wem Sie die Datei zeigen, der kann sie ohne uns und ohne Netz prüfen, mit einem von beiden:',
  'receipt.key': 'Den Schlüssel, site-root.pub, und die Programme gibt das Hauspersonal heraus.',
  'receipt.waits': 'Der Beleg ist heruntergeladen; noch steht nicht alles im Protokoll',
  'receipt.waits.text': {
    one: 'Der Nachweis des Protokolls zu {count} Eintrag fehlt noch. Laden Sie den Beleg nach {time} noch einmal herunter.',
    other:
      'Der Nachweis des Protokolls zu {count} Einträgen fehlt noch. Laden Sie den Beleg nach {time} noch einmal herunter.',
  },
  'receipt.noLog': 'Hier wird kein Protokoll geführt. Die Unterschrift der Anlage steht in der Datei.',
  'receipt.offline': 'Ein Beleg braucht eine Verbindung',
  'receipt.offline.text': 'Er wird jedes Mal neu gemacht und nicht auf diesem Telefon aufbewahrt.',
  'receipt.problem': 'Der Beleg ließ sich nicht herunterladen',
});
