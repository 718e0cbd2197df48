/** German. Anlage (cabinet), Tür (door), Paket, Code, Kurier, Hauspersonal (staff). */
import { inOtherWords } from '../messages.ts';

export const german = inOtherWords({
  'app.page': 'Meine Pakete – Holdfast',
  'app.title': 'Meine Pakete',
  'app.who': '{name}, Wohnung {flat}',

  'signIn.title': 'Ihre Pakete',
  'signIn.lead':
    'Geben Sie die E-Mail-Adresse ein, die Ihr Haus von Ihnen hat. Wir schicken einen Link, mit dem Sie sich anmelden.',

  parcels: 'Pakete',
  'parcels.title': 'Das wartet auf Sie',
  'parcels.empty': 'Zurzeit wartet nichts auf Sie.',
  'parcels.empty.old': 'Zu diesem Zeitpunkt wartete nichts auf Sie.',
  'parcels.empty.text': 'Wenn etwas kommt, erhalten Sie eine Nachricht mit Ihrem Code.',
  'parcel.where': '{bank}, Tür {n}',
  'parcel.until': 'Abholen bis {time}',
  'parcel.left': 'noch {left}',
  'parcel.over': 'Zeit abgelaufen',
  'parcel.from': 'Von',
  'parcel.came': 'Gekommen',
  'parcel.tracking': 'Sendungsnummer',
  'parcel.size': 'Größe',
  'parcel.height': 'Höhe',
  'parcel.height.low': '{cm} cm, nahe am Boden',
  'parcel.height.reach': '{cm} cm, im Sitzen erreichbar',
  'parcel.height.high': '{cm} cm, im Sitzen nicht erreichbar',
  'parcel.held': 'Beim Hauspersonal',
  'parcel.held.text': 'Die Zeit, es selbst abzuholen, ist vorbei. Bitte fragen Sie das Hauspersonal.',

  told: 'Nachricht mit Ihrem Code',
  'told.none': 'Ihr Code ist unterwegs.',
  'told.sms.queued': 'Ihr Code geht gleich als SMS hinaus.',
  'told.sms.sent': 'Ihr Code ging als SMS hinaus: {time}',
  'told.sms.failed': 'Die SMS mit Ihrem Code wird noch einmal versucht.',
  'told.sms.dead':
    'Die SMS mit Ihrem Code kam nicht an. Bitten Sie das Hauspersonal, sie noch einmal zu schicken.',
  'told.email.queued': 'Ihr Code geht gleich als E-Mail hinaus.',
  'told.email.sent': 'Ihr Code ging als E-Mail hinaus: {time}',
  'told.email.failed': 'Die E-Mail mit Ihrem Code wird noch einmal versucht.',
  'told.email.dead':
    'Die E-Mail mit Ihrem Code kam nicht an. Bitten Sie das Hauspersonal, sie noch einmal zu schicken.',

  code: 'Ihr Code',
  'code.text':
    'Er steht nur in der Nachricht, nie in dieser App: Wer hier hineinkommt, kommt nicht an Ihr Paket.',
  'code.show': 'An der Anlage',
  'code.show.1': 'Öffnen Sie die Nachricht. In der E-Mail ist ein QR-Code, in der SMS stehen die Ziffern.',
  'code.show.2': 'Machen Sie den QR-Code so groß wie die Anzeige und die Anzeige so hell, wie es geht.',
  'code.show.3': 'Halten Sie ihn vor den Leser. Oder geben Sie die Ziffern an der Anlage ein.',
  'code.lost': 'Ich finde die Nachricht nicht',
  'code.lost.1':
    'Sehen Sie bei unerwünschter Post nach, und ob Nummer und Adresse unter „Einstellungen“ stimmen.',
  'code.lost.2': 'Kam die Nachricht nicht an, schickt das Hauspersonal sie noch einmal.',
  'code.lost.3':
    'Ist sie verloren, öffnet das Hauspersonal Ihre Tür mit einer unterschriebenen Anweisung. Nachsehen kann den Code niemand.',

  history: 'Verlauf',
  'history.empty': 'Es wurde noch kein Paket abgeholt.',
  'history.came': 'Gekommen {came}.',
  'history.collected': 'Abgeholt {ended}.',
  'history.removed': 'Vom Hauspersonal herausgenommen {ended}.',

  preferences: 'Einstellungen',
  'preferences.offline': 'Einstellungen brauchen eine Verbindung',
  'preferences.offline.text':
    'Wie Sie benachrichtigt werden, steht beim Server und nicht auf diesem Telefon.',
  'preferences.channels': 'So benachrichtigen wir Sie',
  'preferences.sms': 'SMS an {phone}',
  'preferences.sms.none': 'SMS (keine Handynummer hinterlegt)',
  'preferences.email': 'E-Mail an {email}',
  'preferences.email.none': 'E-Mail (keine Adresse hinterlegt)',
  'preferences.one': 'Lassen Sie einen Weg: Ohne Nachricht erreicht Sie kein Code.',
  'preferences.reach': 'Reichweite',
  'preferences.accessible': 'Möglichst eine Tür, die im Sitzen erreichbar ist',
  'preferences.accessible.text': 'Zwischen 38 und 122 cm über dem Boden, wo eine frei ist.',
  'preferences.save': 'Speichern',
  'preferences.saved': 'Gespeichert. Es gilt ab dem nächsten Paket.',
  'preferences.wrong':
    'Stimmt die Nummer oder die Adresse nicht? Bitten Sie das Hauspersonal, sie zu ändern.',
  'preferences.language': 'Sprache',
  'preferences.language.text':
    'Für diese App auf diesem Telefon, bis Sie sich abmelden. Nachrichten mit Codes sind auf Englisch.',
});
