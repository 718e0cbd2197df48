/** Spanish. */
import { inOtherWords } from '../messages.ts';

export const spanish = inOtherWords({
  loading: 'Cargando…',
  slow: 'Tarda más de lo normal. Seguirá por sí solo; para intentarlo de nuevo, recargue la página.',
  retry: 'Intentar de nuevo',
  more: 'Mostrar más',
  all: 'Mostrar todo',
  offline: 'Sin conexión con la nube',
  'offline.text':
    'Lo que ve puede estar anticuado. Las puertas, los códigos y las tarjetas siguen valiendo en la consigna.',
  'problem.load': 'No se pudo cargar',
  'problem.act': 'No ha funcionado',
  'problem.reason': 'Motivo: {reason}',
  ended: 'Su sesión ha terminado',
  'ended.text':
    'Vuelva a entrar. Se abrirá la página en la que estaba; lo que escribió allí sin guardar se ha perdido.',
  ending: 'Su sesión termina pronto',
  'ending.idle':
    'Hace un rato que nadie usa esta página. A las {time} se cerrará su sesión, y se perderá lo escrito sin guardar.',
  'ending.goOn': 'Sigo aquí',
  'ending.age':
    'A las {time} tendrá que volver a entrar, aunque siga usando esta página. Guarde antes lo que ha escrito.',
  'ending.read': 'Lo he leído',

  'link.email': 'Correo electrónico',
  'link.ask': 'Pedir un enlace',
  'link.needed': 'Escriba su dirección de correo.',
  'link.sent': 'Mire su correo',
  'link.sent.text': 'Si {email} es una dirección conocida aquí, un enlace está en camino. Sirve una vez.',
  'link.again': 'Usar otra dirección',
  'link.using': 'Entrando…',
  'link.refused': 'Este enlace no sirvió',
  'link.refused.again': 'Pida otro aquí abajo.',
  'link.unanswered': 'Todavía no ha entrado',
  'link.unanswered.text':
    'No llegó ninguna respuesta. Inténtelo de nuevo, o abra otra vez el enlace de su correo.',

  signOut: 'Salir',
  sections: 'Secciones',
  languages: 'Idioma',
  left: 'Ha salido en este teléfono',
  'left.text': 'No queda nada suyo en él. El servidor lo sabrá en cuanto haya conexión.',
  old: 'Esto no es lo actual',
  'old.asOf': 'Estado de: {time} ({ago}).',
  'old.text': 'Ahora no llega respuesta. Lo que haya cambiado desde entonces falta aquí.',
  unknown: 'Para esto hace falta conexión',
  'unknown.text': 'No se guarda en este teléfono.',
  'no.sign-in-denied': 'El enlace es erróneo, ya se usó o tiene más de quince minutos.',
  'no.rate-limited': 'Demasiados intentos en poco tiempo. Espere un minuto e inténtelo de nuevo.',
  'no.unavailable': 'El servicio no puede responder ahora. Inténtelo más tarde.',
  'no.other': 'El servidor lo ha rechazado.',

  receipt: 'Recibo',
  'receipt.of': 'Recibo de {tracking}',
  'receipt.saved': 'El recibo está descargado',
  'receipt.check':
    'Quien reciba el archivo puede comprobarlo sin nosotros y sin red, con cualquiera de estas órdenes:',
  'receipt.key': 'El personal del edificio entrega la clave, site-root.pub, y los programas.',
  'receipt.waits': 'El recibo está descargado, pero aún no está todo en el registro',
  'receipt.waits.text': {
    one: 'Aún falta la prueba del registro de {count} anotación. Descargue el recibo otra vez después de las {time}.',
    other:
      'Aún falta la prueba del registro de {count} anotaciones. Descargue el recibo otra vez después de las {time}.',
  },
  'receipt.noLog': 'Aquí no se lleva ningún registro. La firma de la taquilla está en el archivo.',
  'receipt.offline': 'Para un recibo hace falta conexión',
  'receipt.offline.text': 'Se hace de nuevo cada vez y no se guarda en este teléfono.',
  'receipt.problem': 'No se pudo descargar el recibo',
});
