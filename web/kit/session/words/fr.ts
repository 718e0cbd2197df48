/** French. A no-break space stands before : ; ? and inside « ». */
import { inOtherWords } from '../messages.ts';

export const french = inOtherWords({
  loading: 'Chargement…',
  slow: 'Cela dure plus que d’habitude. La suite vient d’elle-même ; pour réessayer, rechargez la page.',
  retry: 'Réessayer',
  more: 'Afficher la suite',
  all: 'Tout afficher',
  offline: 'Pas de liaison avec le nuage',
  'offline.text':
    'Ce que vous voyez peut être ancien. Les portes, les codes et les badges marchent toujours à la consigne.',
  'problem.load': 'Le chargement n’a pas abouti',
  'problem.act': 'Cela n’a pas marché',
  'problem.reason': 'Raison : {reason}',
  ended: 'Votre session est terminée',
  'ended.text':
    'Connectez-vous de nouveau. La page où vous étiez s’ouvrira ; ce que vous y aviez écrit sans l’enregistrer est perdu.',
  ending: 'Votre session se termine bientôt',
  'ending.idle':
    'Personne n’a utilisé cette page depuis un moment. À {time}, vous serez déconnecté, et ce qui est écrit sans être enregistré sera perdu.',
  'ending.goOn': 'Je suis toujours là',
  'ending.age':
    'À {time}, il faudra vous reconnecter, même si vous utilisez cette page. Enregistrez avant cela ce que vous avez écrit.',
  'ending.read': 'J’ai lu cela',

  'link.email': 'Adresse e-mail',
  'link.ask': 'Demander un lien',
  'link.needed': 'Tapez votre adresse e-mail.',
  'link.sent': 'Regardez votre courrier',
  'link.sent.text': 'Si {email} est connue ici, un lien est en route. Il sert une fois.',
  'link.again': 'Utiliser une autre adresse',
  'link.using': 'Connexion…',
  'link.refused': 'Ce lien n’a pas marché',
  'link.refused.again': 'Demandez-en un nouveau ci-dessous.',
  'link.unanswered': 'Vous n’êtes pas encore connecté',
  'link.unanswered.text':
    'Aucune réponse n’est venue. Réessayez, ou ouvrez encore une fois le lien reçu par e-mail.',

  signOut: 'Se déconnecter',
  sections: 'Rubriques',
  languages: 'Langue',
  left: 'Vous êtes déconnecté sur ce téléphone',
  'left.text': 'Rien de vous n’y reste. Le serveur l’apprendra dès qu’il y aura une liaison.',
  old: 'Ce n’est pas l’état actuel',
  'old.asOf': 'État : {time} ({ago}).',
  'old.text': 'Aucune réponse ne vient. Ce qui a changé depuis manque ici.',
  unknown: 'Il faut une liaison pour cela',
  'unknown.text': 'Ce n’est pas gardé sur ce téléphone.',
  'no.sign-in-denied': 'Le lien est faux, déjà utilisé ou vieux de plus de quinze minutes.',
  'no.rate-limited': 'Trop d’essais en peu de temps. Attendez une minute, puis réessayez.',
  'no.unavailable': 'Le service ne peut pas répondre pour l’instant. Réessayez plus tard.',
  'no.other': 'Le serveur a refusé.',

  receipt: 'Reçu',
  'receipt.of': 'Reçu pour {tracking}',
  'receipt.saved': 'Le reçu est téléchargé',
  'receipt.check':
    'Toute personne à qui vous montrez le fichier peut le vérifier sans nous et sans réseau, par l’une de ces commandes :',
  'receipt.key': 'Le personnel de l’immeuble remet la clé, site-root.pub, et les programmes.',
  'receipt.waits': 'Le reçu est téléchargé, mais tout n’est pas encore dans le journal',
  'receipt.waits.text': {
    one: 'La preuve du journal manque encore pour {count} enregistrement. Téléchargez le reçu de nouveau après {time}.',
    other:
      'La preuve du journal manque encore pour {count} enregistrements. Téléchargez le reçu de nouveau après {time}.',
  },
  'receipt.noLog': 'Aucun journal n’est tenu ici. La signature de la consigne est dans le fichier.',
  'receipt.offline': 'Il faut une liaison pour un reçu',
  'receipt.offline.text': 'Il est refait chaque fois et n’est pas gardé sur ce téléphone.',
  'receipt.problem': 'Le reçu n’a pas pu être téléchargé',
});
