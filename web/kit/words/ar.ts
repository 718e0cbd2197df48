/** Arabic. */
import { inOtherWords } from '../messages.ts';

export const arabic = inOtherWords({
  'dialog.close': 'إغلاق',
  busy: 'لحظة…',
  copy: 'نسخ',
  'copy.of': 'نسخ {what}',
  'copy.done': 'تم النسخ',
  'copy.failed': 'لم يُسمح بالنسخ',
  'table.csv': 'تنزيل بصيغة CSV',
  'table.csv.of': 'تنزيل بصيغة CSV: {what}',
  'table.empty': 'لا شيء هنا بعد.',
  'table.rows': {
    zero: 'لا صفوف ({count})',
    one: 'صف واحد',
    two: 'صفان',
    few: '{count} صفوف',
    many: '{count} صفًا',
    other: '{count} صف',
  },
  keypad: 'لوحة المفاتيح',
  'keypad.delete': 'حذف',
  'keypad.clear': 'مسح الكل',
  'keypad.space': 'مسافة',
  'cabinet.screen': 'الشاشة',
  'cabinet.door': 'الباب {n}، الحجم {size}',
  'cabinet.legend': 'معاني الأبواب',
  'broken.title': 'توقفت هذه الصفحة',
  'broken.text': 'حدث أمر غير متوقع. لم يتغيّر شيء بسبب ذلك.',
  'broken.reload': 'تحميل من جديد',
  'problem.network': 'لم يصل جواب. يُرجى التحقق من الاتصال والمحاولة مرة أخرى.',
  'problem.unreadable': 'تعذّرت قراءة الجواب.',
});
