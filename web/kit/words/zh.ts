/** Simplified Chinese. */
import { inOtherWords } from '../messages.ts';

export const chinese = inOtherWords({
  'dialog.close': '关闭',
  busy: '请稍候…',
  copy: '复制',
  'copy.of': '复制{what}',
  'copy.done': '已复制',
  'copy.failed': '不允许复制',
  'table.csv': '下载 CSV',
  'table.csv.of': '下载 CSV：{what}',
  'table.empty': '这里还没有内容。',
  'table.rows': '{count} 行',
  keypad: '键盘',
  'keypad.delete': '删除',
  'keypad.clear': '清空',
  'keypad.space': '空格',
  'cabinet.screen': '屏幕',
  'cabinet.door': '{n} 号柜门，尺寸 {size}',
  'cabinet.legend': '柜门图例',
  'broken.title': '页面已停止',
  'broken.text': '发生了意外情况，没有因此更改任何内容。',
  'broken.reload': '重新加载',
  'problem.network': '没有收到响应。请检查连接后再试。',
  'problem.unreadable': '无法读取响应。',
});
