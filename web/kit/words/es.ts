/** Spanish. */
import { inOtherWords } from '../messages.ts';

export const spanish = inOtherWords({
  'dialog.close': 'Cerrar',
  busy: 'Un momento…',
  copy: 'Copiar',
  'copy.of': 'Copiar {what}',
  'copy.done': 'Copiado',
  'copy.failed': 'No se permitió copiar',
  'table.csv': 'Descargar como CSV',
  'table.csv.of': 'Descargar como CSV: {what}',
  'table.empty': 'Aquí no hay nada todavía.',
  'table.rows': { one: '{count} fila', other: '{count} filas' },
  keypad: 'Teclado',
  'keypad.delete': 'Borrar',
  'keypad.clear': 'Borrar todo',
  'keypad.space': 'Espacio',
  'cabinet.screen': 'Pantalla',
  'cabinet.door': 'Puerta {n}, tamaño {size}',
  'cabinet.legend': 'Qué significan las puertas',
  'broken.title': 'Esta página se detuvo',
  'broken.text': 'Ocurrió algo inesperado. Eso no ha cambiado nada.',
  'broken.reload': 'Cargar de nuevo',
  'problem.network': 'No llegó respuesta. Compruebe la conexión e inténtelo otra vez.',
  'problem.unreadable': 'No se pudo leer la respuesta.',
});
