/**
 * French. Consigne (cabinet), porte, colis, code, personnel (staff). A no-break space stands before : ; ? and
 * inside « ».
 */
import { inOtherWords } from '../messages.ts';

export const french = inOtherWords({
  'app.page': 'Mes colis – Holdfast',
  'app.title': 'Mes colis',
  'app.who': '{name}, appartement {flat}',

  'signIn.title': 'Vos colis',
  'signIn.lead':
    'Tapez l’adresse e-mail que votre immeuble a de vous. Nous envoyons un lien qui vous connecte.',

  parcels: 'Colis',
  'parcels.title': 'Ce qui vous attend',
  'parcels.empty': 'Rien ne vous attend pour l’instant.',
  'parcels.empty.old': 'Rien ne vous attendait à ce moment-là.',
  'parcels.empty.text': 'Quand quelque chose arrive, vous recevez un message avec votre code.',
  'parcel.where': '{bank}, porte {n}',
  'parcel.until': 'À retirer avant : {time}',
  'parcel.left': 'encore {left}',
  'parcel.over': 'délai passé',
  'parcel.from': 'De',
  'parcel.came': 'Arrivé',
  'parcel.tracking': 'Numéro de suivi',
  'parcel.size': 'Taille',
  'parcel.height': 'Hauteur',
  'parcel.height.low': '{cm} cm, près du sol',
  'parcel.height.reach': '{cm} cm, à portée en position assise',
  'parcel.height.high': '{cm} cm, hors de portée en position assise',
  'parcel.held': 'Gardé par le personnel',
  'parcel.held.text': 'Le délai pour le retirer est passé. Adressez-vous au personnel de l’immeuble.',

  told: 'Message avec votre code',
  'told.none': 'Votre code est en route.',
  'told.sms.queued': 'Votre code part par SMS dans un instant.',
  'told.sms.sent': 'Votre code est parti par SMS : {time}',
  'told.sms.failed': 'L’envoi du SMS avec votre code est retenté.',
  'told.sms.dead': 'Le SMS avec votre code n’a pas pu être remis. Demandez au personnel de le renvoyer.',
  'told.email.queued': 'Votre code part par e-mail dans un instant.',
  'told.email.sent': 'Votre code est parti par e-mail : {time}',
  'told.email.failed': 'L’envoi de l’e-mail avec votre code est retenté.',
  'told.email.dead': 'L’e-mail avec votre code n’a pas pu être remis. Demandez au personnel de le renvoyer.',

  code: 'Votre code',
  'code.text':
    'Il est dans le message seulement, jamais dans cette application : qui entre ici n’a pas votre colis.',
  'code.show': 'À la consigne',
  'code.show.1': 'Ouvrez le message. L’e-mail porte un code QR, le SMS les chiffres.',
  'code.show.2': 'Agrandissez le code QR à la taille de l’écran et montez la luminosité au maximum.',
  'code.show.3': 'Approchez-le du lecteur. Ou tapez les chiffres à la consigne.',
  'code.lost': 'Je ne trouve pas le message',
  'code.lost.1':
    'Regardez parmi les indésirables, et si le numéro et l’adresse sous « Préférences » sont justes.',
  'code.lost.2': 'Si le message n’a pas pu être remis, le personnel le renvoie.',
  'code.lost.3':
    'S’il est perdu, le personnel ouvre votre porte avec un ordre signé. Personne ne peut consulter un code.',

  history: 'Historique',
  'history.empty': 'Aucun colis n’a encore été retiré.',
  'history.came': 'Arrivé : {came}.',
  'history.collected': 'Retiré : {ended}.',
  'history.removed': 'Sorti par le personnel : {ended}.',

  preferences: 'Préférences',
  'preferences.offline': 'Les préférences demandent une liaison',
  'preferences.offline.text': 'La façon de vous prévenir est gardée par le serveur, pas sur ce téléphone.',
  'preferences.channels': 'Comment vous prévenir',
  'preferences.sms': 'SMS au {phone}',
  'preferences.sms.none': 'SMS (pas de numéro de mobile)',
  'preferences.email': 'E-mail à {email}',
  'preferences.email.none': 'E-mail (pas d’adresse)',
  'preferences.one': 'Gardez-en au moins un : sans message, aucun code ne vous parvient.',
  'preferences.reach': 'Portée',
  'preferences.accessible': 'Préférer une porte à portée en position assise',
  'preferences.accessible.text': 'Entre 38 et 122 cm du sol, là où il y en a une de libre.',
  'preferences.save': 'Enregistrer',
  'preferences.saved': 'Enregistré. Cela vaut pour le prochain colis.',
  'preferences.wrong': 'Le numéro ou l’adresse est faux ? Demandez au personnel de l’immeuble de le changer.',
  'preferences.language': 'Langue',
  'preferences.language.text':
    'De cette application sur ce téléphone, jusqu’à la déconnexion. Les messages avec les codes sont en anglais.',
});
