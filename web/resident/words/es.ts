/** Spanish. Consigna (cabinet), puerta (door), paquete, código, personal (staff). */
import { inOtherWords } from '../messages.ts';

export const spanish = inOtherWords({
  'app.page': 'Mis paquetes – Holdfast',
  'app.title': 'Mis paquetes',
  'app.who': '{name}, apartamento {flat}',

  'signIn.title': 'Sus paquetes',
  'signIn.lead':
    'Escriba la dirección de correo que su edificio tiene de usted. Le enviamos un enlace para entrar.',

  parcels: 'Paquetes',
  'parcels.title': 'Le espera',
  'parcels.empty': 'Ahora no le espera nada.',
  'parcels.empty.old': 'En ese momento no le esperaba nada.',
  'parcels.empty.text': 'Cuando llegue algo, recibirá un mensaje con su código.',
  'parcel.where': '{bank}, puerta {n}',
  'parcel.until': 'Recoger hasta: {time}',
  'parcel.left': 'quedan {left}',
  'parcel.over': 'plazo vencido',
  'parcel.from': 'De',
  'parcel.came': 'Llegó',
  'parcel.tracking': 'Número de seguimiento',
  'parcel.size': 'Tamaño',
  'parcel.height': 'Altura',
  'parcel.height.low': '{cm} cm, cerca del suelo',
  'parcel.height.reach': '{cm} cm, al alcance sentado',
  'parcel.height.high': '{cm} cm, fuera del alcance sentado',
  'parcel.held': 'Lo guarda el personal',
  'parcel.held.text': 'El plazo para recogerlo ha pasado. Pregunte al personal del edificio.',

  told: 'Mensaje con su código',
  'told.none': 'Su código está en camino.',
  'told.sms.queued': 'Su código sale por SMS en un momento.',
  'told.sms.sent': 'Su código salió por SMS: {time}',
  'told.sms.failed': 'El SMS con su código se está intentando de nuevo.',
  'told.sms.dead': 'El SMS con su código no se pudo entregar. Pida al personal que lo envíe otra vez.',
  'told.email.queued': 'Su código sale por correo en un momento.',
  'told.email.sent': 'Su código salió por correo: {time}',
  'told.email.failed': 'El correo con su código se está intentando de nuevo.',
  'told.email.dead': 'El correo con su código no se pudo entregar. Pida al personal que lo envíe otra vez.',

  code: 'Su código',
  'code.text': 'Está solo en el mensaje, nunca en esta app: quien entre aquí no consigue su paquete.',
  'code.show': 'En la consigna',
  'code.show.1': 'Abra el mensaje. El correo lleva un código QR; el SMS, las cifras.',
  'code.show.2': 'Amplíe el código QR hasta llenar la pantalla y suba el brillo al máximo.',
  'code.show.3': 'Acérquelo al lector. O escriba las cifras en la consigna.',
  'code.lost': 'No encuentro el mensaje',
  'code.lost.1':
    'Mire en el correo no deseado, y si el número y la dirección de «Preferencias» son correctos.',
  'code.lost.2': 'Si el mensaje no se pudo entregar, el personal lo envía otra vez.',
  'code.lost.3':
    'Si se ha perdido, el personal abre su puerta con una orden firmada. Nadie puede consultar un código.',

  history: 'Historial',
  'history.empty': 'Todavía no se ha recogido ningún paquete.',
  'history.came': 'Llegó: {came}.',
  'history.collected': 'Recogido: {ended}.',
  'history.removed': 'Retirado por el personal: {ended}.',

  preferences: 'Preferencias',
  'preferences.offline': 'Las preferencias necesitan conexión',
  'preferences.offline.text': 'Cómo se le avisa se guarda en el servidor, no en este teléfono.',
  'preferences.channels': 'Cómo le avisamos',
  'preferences.sms': 'SMS a {phone}',
  'preferences.sms.none': 'SMS (no hay número de móvil)',
  'preferences.email': 'Correo a {email}',
  'preferences.email.none': 'Correo (no hay dirección)',
  'preferences.one': 'Deje al menos uno: sin mensaje no le llega ningún código.',
  'preferences.reach': 'Alcance',
  'preferences.accessible': 'Preferir una puerta al alcance sentado',
  'preferences.accessible.text': 'Entre 38 y 122 cm del suelo, donde haya una libre.',
  'preferences.save': 'Guardar',
  'preferences.saved': 'Guardado. Vale para el próximo paquete.',
  'preferences.wrong':
    '¿El número o la dirección no son correctos? Pida al personal del edificio que lo cambie.',
  'preferences.language': 'Idioma',
  'preferences.language.text':
    'De esta app en este teléfono, hasta que salga. Los mensajes con códigos están en inglés.',
});
