import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyed } from './attention-keys.ts';
import type { AttentionItem } from './session.ts';

const item = (of: Partial<AttentionItem>): AttentionItem => ({
  ...{ kind: 'offline', severity: 'warning', says: 'Lobby is not connected.', atMs: 1 },
  ...{ link: '/admin/banks/bnk_1', ...of },
});
const keys = (...items: AttentionItem[]) => keyed(items).map(({ key }) => key);

test('what needs attention keeps its row, and with it the focus, when its time is another in the next answer', () => {
  assert.deepEqual(keys(item({ atMs: 1 })), keys(item({ atMs: 2 })));
  assert.notDeepEqual(keys(item({})), keys(item({ link: '/admin/banks/bnk_2' })));
});

test('two rows that say the same have keys of their own, and so has an alarm that came anew', () => {
  const alarm = {
    bank: 'bnk_1',
    condition: 'fork',
    compartment: null,
    raisedAtMs: 5,
    endsBy: 'person' as const,
  };
  const twice = [item({ kind: 'notice-dead' }), item({ kind: 'notice-dead' })];
  const alarms = [
    item({ alarm: { ...alarm, care: null } }),
    item({ alarm: { ...alarm, care: { by: 'A. Okafor', atMs: 6 } } }),
    item({ alarm: { ...alarm, raisedAtMs: 7, care: null } }),
  ];
  assert.equal(new Set(keys(...twice, ...alarms)).size, 5);
});
