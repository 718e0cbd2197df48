/** Spanish. Consigna (cabinet), puerta (door), compartimento, paquete, tarjeta (badge), repartidor, personal (staff). */
import { inOtherWords } from '../messages.ts';

export const spanish = inOtherWords({
  'app.page': 'Entregas – Holdfast',
  'app.title': 'Entregas',
  'app.who': '{name}, {carrier}',

  'signIn.title': 'Acceso para repartidores',
  'signIn.lead':
    'Escriba la dirección de correo que el edificio tiene de usted. Le enviamos un enlace para entrar.',

  'state.active': 'En activo',
  'state.active.text': 'Con su tarjeta y su código puede dejar paquetes.',
  'state.waiting-for-roster': 'A la espera de la lista de personas',
  'state.waiting-for-roster.text':
    'Su tarjeta valdrá cuando el edificio firme su próxima lista de personas y las consignas la tengan.',
  'state.suspended': 'En suspenso',
  'state.suspended.text': 'Por ahora las consignas rechazan su tarjeta. Pregunte al personal del edificio.',
  'state.removed': 'De baja',
  'state.removed.text': 'Las consignas rechazan su tarjeta, y la próxima lista de personas ya no le incluye.',

  today: 'Hoy',
  'today.title': 'Hoy',
  'today.count': {
    one: '{count} paquete dejado hoy',
    many: '{count} de paquetes dejados hoy',
    other: '{count} paquetes dejados hoy',
  },
  'today.other': {
    one: '{count} paquete dejado el {day}. De hoy aún no se sabe nada.',
    many: '{count} de paquetes dejados el {day}. De hoy aún no se sabe nada.',
    other: '{count} paquetes dejados el {day}. De hoy aún no se sabe nada.',
  },
  'banks.empty': 'Todavía no sirve a ninguna consigna.',
  'banks.online': 'con conexión',
  'banks.offline': 'sin conexión',
  'banks.heard': 'Sin noticias desde: {time}. Las cifras son de entonces.',
  'banks.never': 'Nunca se ha sabido de ella; no se sabe qué hay libre.',
  'banks.full': 'No hay ningún compartimento libre.',
  'banks.full.old': 'No había ningún compartimento libre.',
  'banks.free': 'Compartimentos libres de {bank}',
  'banks.free.old': 'Compartimentos de {bank} que estaban libres',
  'drops.of': 'Dejado hoy en {bank}',
  'drops.then': 'Dejado ese día en {bank}',
  'drops.where': '{bank}, puerta {n}',
  'drops.door': 'Puerta {n}',
  'drop.waiting': 'en espera',
  'drop.collected': 'recogido',
  'drop.held': 'lo guarda el personal',
  'drop.removed': 'retirado por el personal',

  back: 'Devolver',
  'back.title': 'Para llevarse',
  'back.empty': 'No hay nada que llevarse.',
  'back.empty.old': 'En ese momento no había nada que llevarse.',
  'back.how': 'Pregunte al personal del edificio',
  'back.how.text':
    'Abre la puerta con una orden firmada. Su tarjeta no abre ninguna puerta tras la que haya algo.',
  'back.at': 'Para llevarse de {bank}',
  'back.left': 'Dejado el {day}.',
  'back.until': 'Se podía recoger hasta: {time}.',

  history: 'Historial',
  'history.title': 'Historial',
  'history.empty': 'Todavía no ha dejado nada aquí.',
  'history.of': 'Dejado el {day}',

  language: 'Idioma',
  'language.title': 'Idioma',
  'language.text':
    'De esta app en este teléfono, hasta que salga. El de la consigna se elige en la consigna.',
});
