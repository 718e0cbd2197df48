import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parcelRow, residentAdd } from '../../src/contract/http/admin.ts';
import {
  changesOf,
  draftOf,
  EMPTY_DRAFT,
  problemsOf,
  type ResidentDraft,
  residentOf,
} from './resident-draft.ts';
import { PARCEL_STATES } from './routes.ts';

const GOOD: ResidentDraft = {
  name: ' Ada Byron ',
  flat: '4B',
  email: 'ada@example.test',
  phone: '+44 7700 900-123',
  accessible: true,
};

test('what stood there before a rule was made is no fault of whoever puts something else right', () => {
  const person = { ...GOOD, name: 'Ada', flat: '阁楼', email: 'ada@example.test', phone: null };
  const row = person as unknown as Parameters<typeof draftOf>[0];
  const given = residentOf({ ...draftOf(row), phone: '+44 7700 900123' });
  assert.deepEqual(problemsOf(given, row), {});
  assert.deepEqual(problemsOf({ ...given, flat: '顶层', phone: '1' }, row), {
    flat: 'flat-untypeable',
    phone: 'phone-shape',
  });
  assert.deepEqual(problemsOf(given), { flat: 'flat-untypeable' });
});

test('what is sent is trimmed, with nothing as null', () => {
  assert.deepEqual(residentOf(GOOD), {
    name: 'Ada Byron',
    flat: '4B',
    email: 'ada@example.test',
    phone: '+447700900123',
    accessible: true,
  });
  assert.deepEqual(residentOf({ ...GOOD, email: ' ', phone: '' }), {
    name: 'Ada Byron',
    flat: '4B',
    email: null,
    phone: null,
    accessible: true,
  });
});

test('only what somebody changed in the form is sent, so that what others changed meanwhile stays', () => {
  const person = {
    ...{ id: 'person_a', role: 'resident' as const, name: 'Ada Byron', flat: '4B' },
    ...{ email: 'ada@example.test', phone: '+447700900123', accessible: false, site: 'site_a' },
  };
  const saved = (change: Partial<ResidentDraft>) =>
    changesOf(person, residentOf({ ...draftOf(person), ...change }));
  assert.deepEqual(saved({}), {});
  assert.deepEqual(saved({ name: ' Ada Byron ', phone: '+44 7700 900123' }), {});
  assert.deepEqual(saved({ flat: '5C' }), { flat: '5C' });
  assert.deepEqual(saved({ email: '', accessible: true }), { email: null, accessible: true });
});

test('the form and the contract agree on what is a resident', () => {
  const drafts: ResidentDraft[] = [
    GOOD,
    EMPTY_DRAFT,
    { ...GOOD, name: 'x'.repeat(120) },
    { ...GOOD, name: 'x'.repeat(121) },
    { ...GOOD, flat: 'x'.repeat(41) },
    { ...GOOD, flat: ' ' },
    { ...GOOD, flat: '502室' },
    { ...GOOD, flat: '室' },
    { ...GOOD, email: 'ada' },
    { ...GOOD, email: 'ada@example' },
    { ...GOOD, email: `${'a'.repeat(195)}@example.test` },
    { ...GOOD, phone: '07700900123' },
    { ...GOOD, phone: '+0700900123' },
    { ...GOOD, phone: '+44770' },
    { ...GOOD, phone: '+1234567890123456' },
    { ...GOOD, email: '', phone: '' },
  ];
  for (const draft of drafts) {
    const given = residentOf(draft);
    assert.equal(
      Object.keys(problemsOf(given)).length === 0,
      residentAdd.safeParse(given).success,
      JSON.stringify(draft),
    );
  }
});

test('a flat that no kiosk can type is refused by name, by hand and by the contract', () => {
  const given = residentOf({ ...GOOD, flat: '室' });
  assert.deepEqual(problemsOf(given), { flat: 'flat-untypeable' });
  const [issue] = residentAdd.partial().safeParse({ flat: given.flat }).error?.issues ?? [];
  assert.deepEqual(issue?.path, ['flat']);
  assert.match(issue?.message ?? '', /kiosk/);
});

test('each wrong field is named with what is wrong', () => {
  assert.deepEqual(problemsOf(residentOf({ ...EMPTY_DRAFT, email: 'x', phone: '1' })), {
    name: 'needed',
    flat: 'needed',
    email: 'email-shape',
    phone: 'phone-shape',
  });
});

test('the parcels page offers every state that a parcel can be in', () => {
  assert.deepEqual([...PARCEL_STATES], parcelRow.shape.state.options);
});
