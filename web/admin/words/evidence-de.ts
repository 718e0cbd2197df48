/** German. Beweisstück (evidence), Eintrag (record), Prüfwert (hash). */
import { inOtherWords } from '../evidence/messages.ts';

export const german = inOtherWords({
  title: 'Beweisstücke',
  lead: 'Fotos, Dokumente und Notizen zu diesem Paket. Jedes steht mit seinem Prüfwert im Journal, und jeder, der es herunterlädt, auch.',
  none: 'Zu diesem Paket wurde noch nichts hinzugefügt.',
  full: 'Dieses Paket hat so viele Dateien, wie es haben darf.',
  list: 'Hinzugefügt',

  'item.jpeg': 'Foto (JPEG), {size}',
  'item.png': 'Bild (PNG), {size}',
  'item.webp': 'Bild (WebP), {size}',
  'item.pdf': 'Dokument (PDF), {size}',
  'item.text': 'Text, {size}',
  'item.attached': '{at}, durch {by}',
  'item.somebody': 'jemanden, der hier kein Konto mehr hat',
  'item.gone':
    'Jemand, um den es ging, wurde gelöscht, und das Beweisstück mit dieser Person. Niemand kann es mehr lesen.',
  'item.hash': 'SHA-256',
  'item.record': 'Eintrag',
  'item.recordOf': 'Der Eintrag zu dem, was am {at} hinzugefügt wurde',
  'item.download': 'Herunterladen',
  'item.downloadOf': 'Herunterladen, was am {at} hinzugefügt wurde',

  'attach.title': 'Datei hinzufügen',
  'attach.file': 'Datei',
  'attach.choose': 'Datei wählen',
  'attach.other': 'Andere Datei wählen',
  'attach.chosen': 'Gewählt: {name}, {size}',
  'attach.fileHint':
    'Ein Foto (JPEG, PNG, WebP), ein PDF oder reiner Text, bis {mb} MB; für dieses Paket noch {room}.',
  'attach.asItIs': 'Sie wird Byte für Byte aufgehoben, damit ihr Prüfwert sie beweist',
  'attach.asItIsSays':
    'Nichts wird herausgenommen, auch nicht, was ein Foto von sich sagt, oft den Ort der Aufnahme. Wenn das niemand braucht, fügen Sie eine Kopie ohne diese Angaben hinzu.',
  'attach.purpose': 'Was sie zeigt, und warum sie aufgehoben wird',
  'attach.purposeHint': 'Es wird aufgezeichnet, und mit der Person vergessen. Schreiben Sie keine Namen.',
  'attach.about': 'Wen sie zeigt oder nennt',
  'attach.recipient': 'den Empfänger',
  'attach.courier': 'den Kurier',
  'attach.both': 'beide',
  'attach.aboutHint': 'Für diese Person wird sie versiegelt, und mit der ersten gelöscht, die gelöscht wird.',
  'attach.send': 'Hinzufügen',
  'attach.done': 'Die Datei ist hinzugefügt und steht im Journal.',
  'attach.needed': 'Das wird gebraucht.',
  'attach.large': '{name} hat {size}; höchstens {mb} MB werden genommen.',
  'attach.kind':
    '{name} ist nichts davon: JPEG, PNG, WebP, PDF, reiner Text in UTF-8. Wie eine Datei heißt, zählt nicht.',
  'attach.unread': '{name} lässt sich nicht lesen.',

  'view.title': 'Beweisstück herunterladen',
  'view.says':
    'Dass Sie es herunterladen, wird mit seinem Zweck aufgezeichnet. Was Sie speichern, ist dann in Ihrer Obhut.',
  'view.purpose': 'Zweck',
  'view.purposeHint': 'Er wird aufgezeichnet: „Die Versicherung fragt nach dem Schaden“.',
  'view.send': 'Herunterladen und aufzeichnen',
  'view.done': 'Es ist heruntergeladen, und das ist aufgezeichnet.',
});
