/**
 * French. Consigne (cabinet), porte, case (compartment), colis, badge, livreur, personnel (staff). A no-break space
 * stands before : ; ? and inside « ».
 */
import { inOtherWords } from '../messages.ts';

export const french = inOtherWords({
  'app.page': 'Dépôts – Holdfast',
  'app.title': 'Dépôts',
  'app.who': '{name}, {carrier}',

  'signIn.title': 'Connexion des livreurs',
  'signIn.lead': 'Tapez l’adresse e-mail que le site a de vous. Nous envoyons un lien qui vous connecte.',

  'state.active': 'Actif',
  'state.active.text': 'Votre badge et votre code vous permettent de déposer.',
  'state.waiting-for-roster': 'En attente de la liste des personnes',
  'state.waiting-for-roster.text':
    'Votre badge marchera dès que le site aura signé sa prochaine liste et que les consignes l’auront reprise.',
  'state.suspended': 'Suspendu',
  'state.suspended.text':
    'Les consignes refusent votre badge pour l’instant. Adressez-vous au personnel de l’immeuble.',
  'state.removed': 'Retiré',
  'state.removed.text': 'Les consignes refusent votre badge, et la prochaine liste ne vous nomme plus.',

  today: 'Aujourd’hui',
  'today.title': 'Aujourd’hui',
  'today.count': {
    one: '{count} colis déposé aujourd’hui',
    many: '{count} de colis déposés aujourd’hui',
    other: '{count} colis déposés aujourd’hui',
  },
  'today.other': {
    one: '{count} colis déposé le {day}. On ne sait encore rien d’aujourd’hui.',
    many: '{count} de colis déposés le {day}. On ne sait encore rien d’aujourd’hui.',
    other: '{count} colis déposés le {day}. On ne sait encore rien d’aujourd’hui.',
  },
  'banks.empty': 'Vous ne servez encore aucune consigne.',
  'banks.online': 'en ligne',
  'banks.offline': 'hors ligne',
  'banks.heard': 'Sans nouvelles depuis : {time}. Les nombres datent de là.',
  'banks.never': 'Jamais entendue : on ne sait pas ce qui est libre.',
  'banks.full': 'Aucune case n’est libre.',
  'banks.full.old': 'Aucune case n’était libre.',
  'banks.free': 'Cases libres de {bank}',
  'banks.free.old': 'Cases de {bank} qui étaient libres',
  'drops.of': 'Déposé aujourd’hui à {bank}',
  'drops.then': 'Déposé ce jour-là à {bank}',
  'drops.where': '{bank}, porte {n}',
  'drops.door': 'Porte {n}',
  'drop.waiting': 'en attente',
  'drop.collected': 'retiré',
  'drop.held': 'gardé par le personnel',
  'drop.removed': 'sorti par le personnel',

  back: 'Reprendre',
  'back.title': 'À reprendre',
  'back.empty': 'Rien n’est à reprendre.',
  'back.empty.old': 'Rien n’était à reprendre à ce moment-là.',
  'back.how': 'Adressez-vous au personnel de l’immeuble',
  'back.how.text':
    'Il ouvre la porte avec un ordre signé. Votre badge n’ouvre aucune porte derrière laquelle il y a quelque chose.',
  'back.at': 'À reprendre à {bank}',
  'back.left': 'Déposé le {day}.',
  'back.until': 'Pouvait être retiré avant : {time}.',

  history: 'Historique',
  'history.title': 'Historique',
  'history.empty': 'Vous n’avez encore rien déposé ici.',
  'history.of': 'Déposé le {day}',

  language: 'Langue',
  'language.title': 'Langue',
  'language.text':
    'De cette application sur ce téléphone, jusqu’à la déconnexion. Celle de la consigne se choisit à la consigne.',
});
