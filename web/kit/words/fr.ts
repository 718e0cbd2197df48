/** French. */
import { inOtherWords } from '../messages.ts';

export const french = inOtherWords({
  'dialog.close': 'Fermer',
  busy: 'Un instant…',
  copy: 'Copier',
  'copy.of': 'Copier {what}',
  'copy.done': 'Copié',
  'copy.failed': 'La copie n’a pas été autorisée',
  'table.csv': 'Télécharger en CSV',
  'table.csv.of': 'Télécharger en CSV : {what}',
  'table.empty': 'Rien ici pour l’instant.',
  'table.rows': { one: '{count} ligne', other: '{count} lignes' },
  keypad: 'Clavier',
  'keypad.delete': 'Supprimer',
  'keypad.clear': 'Tout effacer',
  'keypad.space': 'Espace',
  'cabinet.screen': 'Écran',
  'cabinet.door': 'Porte {n}, taille {size}',
  'cabinet.legend': 'Ce que signifient les portes',
  'broken.title': 'Cette page s’est arrêtée',
  'broken.text': 'Quelque chose d’inattendu s’est produit. Rien n’a été changé par cela.',
  'broken.reload': 'Recharger',
  'problem.network': 'Aucune réponse. Vérifiez la connexion et réessayez.',
  'problem.unreadable': 'La réponse n’a pas pu être lue.',
});
