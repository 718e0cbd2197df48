/**
 * Arabic. خزانة (cabinet), باب (door), خانة (compartment), طرد (parcel), بطاقة (badge), مندوب (courier), موظفو المبنى
 * (staff). Requests begin with يُرجى, which addresses women and men alike; buttons are nouns.
 */
import { inOtherWords } from '../messages.ts';

export const arabic = inOtherWords({
  'app.page': 'الإيداعات – Holdfast',
  'app.title': 'الإيداعات',
  'app.who': '{name}، {carrier}',

  'signIn.title': 'دخول المندوبين',
  'signIn.lead': 'يُرجى إدخال عنوان البريد الإلكتروني المسجّل لك في الموقع. سنرسل رابطًا لتسجيل الدخول.',

  'state.active': 'نشط',
  'state.active.text': 'بطاقتك ورمزك يتيحان لك الإيداع.',
  'state.waiting-for-roster': 'في انتظار قائمة الأشخاص',
  'state.waiting-for-roster.text': 'ستعمل بطاقتك حالما يوقّع الموقع قائمة الأشخاص التالية وتعتمدها الخزائن.',
  'state.suspended': 'موقوف مؤقتًا',
  'state.suspended.text': 'ترفض الخزائن بطاقتك حاليًا. يُرجى سؤال موظفي المبنى.',
  'state.removed': 'مُزال',
  'state.removed.text': 'ترفض الخزائن بطاقتك، ولن تذكرك قائمة الأشخاص التالية.',

  today: 'اليوم',
  'today.title': 'اليوم',
  'today.count': {
    zero: 'لم يُودَع اليوم أي طرد ({count})',
    one: 'أُودع اليوم طرد واحد',
    two: 'أُودع اليوم طردان',
    few: 'أُودعت اليوم {count} طرود',
    many: 'أُودع اليوم {count} طردًا',
    other: 'أُودع اليوم {count} طرد',
  },
  'today.other': {
    zero: 'لم يُودَع أي طرد في {day} ({count}). لا يُعرف شيء عن اليوم بعد.',
    one: 'أُودع طرد واحد في {day}. لا يُعرف شيء عن اليوم بعد.',
    two: 'أُودع طردان في {day}. لا يُعرف شيء عن اليوم بعد.',
    few: 'أُودعت {count} طرود في {day}. لا يُعرف شيء عن اليوم بعد.',
    many: 'أُودع {count} طردًا في {day}. لا يُعرف شيء عن اليوم بعد.',
    other: 'أُودع {count} طرد في {day}. لا يُعرف شيء عن اليوم بعد.',
  },
  'banks.empty': 'لا تخدم أي خزانة بعد.',
  'banks.online': 'متصلة',
  'banks.offline': 'دون اتصال',
  'banks.heard': 'لا خبر منها منذ {time}؛ الأعداد من ذلك الوقت.',
  'banks.never': 'لم يصل منها خبر قط، فالشاغر غير معروف.',
  'banks.full': 'لا خانة شاغرة.',
  'banks.full.old': 'لم تكن هناك خانة شاغرة.',
  'banks.free': 'الخانات الشاغرة في {bank}',
  'banks.free.old': 'الخانات التي كانت شاغرة في {bank}',
  'drops.of': 'أُودع اليوم في {bank}',
  'drops.then': 'أُودع ذلك اليوم في {bank}',
  'drops.where': '{bank}، الباب {n}',
  'drops.door': 'الباب {n}',
  'drop.waiting': 'في الانتظار',
  'drop.collected': 'تم استلامه',
  'drop.held': 'لدى الموظفين',
  'drop.removed': 'أخرجه الموظفون',

  back: 'للإعادة',
  'back.title': 'طرود للإعادة',
  'back.empty': 'لا شيء للإعادة.',
  'back.empty.old': 'لم يكن هناك شيء للإعادة حينها.',
  'back.how': 'يُرجى سؤال موظفي المبنى',
  'back.how.text': 'يفتحون الباب بأمر موقّع. بطاقتك لا تفتح بابًا خلفه شيء.',
  'back.at': 'للإعادة من {bank}',
  'back.left': 'أُودع {day}.',
  'back.until': 'كان استلامه ممكنًا حتى {time}.',

  history: 'السجل',
  'history.title': 'السجل',
  'history.empty': 'لم تودع شيئًا هنا بعد.',
  'history.of': 'أُودع {day}',

  language: 'اللغة',
  'language.title': 'اللغة',
  'language.text': 'لهذا التطبيق على هذا الهاتف حتى تسجيل الخروج. لغة الخزانة تُختار عند الخزانة.',
});
