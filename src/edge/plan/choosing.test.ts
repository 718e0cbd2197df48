import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, CARRIER, RESIDENT, SEATED, signIn, type TestBank, testId } from './test-bank.ts';

/** At the tracking screen, as a courier of the company that the roster names so. */
function courierOf(carrier: string): TestBank {
  const bank = bankInService();
  bank.roster({ version: 2, carriers: [{ carrier: CARRIER, name: carrier, key: null }] });
  signIn(bank);
  bank.on('tracking');
  return bank;
}

const UPS_GOOD = '1Z999AA10123456784';
const UPS_WRONG = '1Z999AA10123456785';

test('whose number a label carries is shown from the flat to the size', () => {
  const bank = courierOf('UPS');
  bank.act({ do: 'scan', text: `]C0${UPS_GOOD}\r\n` });
  const recognised = { carrier: 'UPS', format: 'UPS 1Z', others: false };
  assert.deepEqual(bank.on('flat'), { screen: 'flat', tracking: UPS_GOOD, recognised });
  bank.act({ do: 'flat', text: '7' });
  assert.deepEqual(bank.on('recipient').recognised, recognised);
  bank.act({ do: 'recipient', index: 0 });
  assert.deepEqual(bank.on('size').recognised, recognised);
});

test('another carrier’s number is said plainly and taken', () => {
  const bank = courierOf('UPS');
  bank.act({ do: 'scan', text: '420787459400111206206406260787' });
  const { tracking, recognised } = bank.on('flat');
  assert.equal(tracking, '9400111206206406260787');
  assert.deepEqual(recognised, { carrier: 'USPS', format: 'USPS IMpb', others: true });
});

test('a number of an unknown format is taken as such', () => {
  const bank = courierOf('Corner Couriers');
  bank.act({ do: 'tracking', text: 'cc-20/4711' });
  const unknown = { carrier: null, format: null, others: false };
  assert.deepEqual(bank.on('flat'), { screen: 'flat', tracking: 'CC-20/4711', recognised: unknown });
});

test('where two carriers’ rules fit, the courier’s own is meant, or none', () => {
  // The Identcode that Deutsche Post's example shows also has the check digit of a FedEx number.
  for (const [company, carrier] of [
    ['DHL Parcel', 'DHL'],
    ['FedEx Ground', 'FedEx'],
    ['UPS', null],
  ] as const) {
    const bank = courierOf(company);
    bank.act({ do: 'scan', text: '201298452277' });
    assert.equal(bank.on('flat').recognised.carrier, carrier, company);
  }
});

test('a wrong check digit is asked for again, however often it is scanned', () => {
  const bank = courierOf('UPS');
  for (let scan = 0; scan < 3; scan++) {
    assert.equal(bank.act({ do: 'scan', text: UPS_WRONG }).message, 'tracking-check-wrong');
    bank.on('tracking');
  }
  bank.act({ do: 'scan', text: UPS_GOOD });
  assert.equal(bank.on('flat').tracking, UPS_GOOD);
});

test('the same number typed by hand is taken all the same: no rule of ours stops a parcel', () => {
  const bank = courierOf('UPS');
  assert.equal(bank.act({ do: 'tracking', text: UPS_WRONG }).message, 'tracking-check-wrong');
  assert.equal(bank.act({ do: 'tracking', text: '1Z999AA10123456786' }).message, 'tracking-check-wrong');
  assert.equal(bank.act({ do: 'tracking', text: UPS_WRONG }).message, 'tracking-check-wrong');
  bank.act({ do: 'tracking', text: UPS_WRONG.toLowerCase() });
  assert.deepEqual(bank.on('flat'), {
    screen: 'flat',
    tracking: UPS_WRONG,
    recognised: { carrier: null, format: null, others: false },
  });
});

test('what was doubted is forgotten with the screen', () => {
  const bank = courierOf('UPS');
  bank.act({ do: 'tracking', text: UPS_WRONG });
  bank.act({ do: 'leave' });
  bank.on('home');
  signIn(bank);
  assert.equal(bank.act({ do: 'tracking', text: UPS_WRONG }).message, 'tracking-check-wrong');
});

test('a postcode’s bar code, which stands on many labels, is no parcel’s number', () => {
  const bank = courierOf('UPS');
  for (const text of ['42021093', ']C1420210931234', ']C142178000\u001d400A17'])
    assert.equal(bank.act({ do: 'scan', text }).message, 'tracking-check-wrong', text);
  for (const text of ['https://shop.example/r?id=1', '[)>\u001e06\u001dP1234\u001e\u0004', 'Ä'])
    assert.equal(bank.act({ do: 'scan', text }).message, 'tracking-malformed', text);
  bank.on('tracking');
});

test('the next label may be scanned from the screen of the last one, and is doubted like the first', () => {
  const bank = courierOf('UPS');
  bank.act({ do: 'scan', text: UPS_GOOD });
  bank.act({ do: 'flat', text: '12' });
  bank.act({ do: 'size', size: 'M' });
  bank.sense(bank.on('drop-off').door.compartment, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  bank.on('drop-off-done');
  assert.equal(bank.act({ do: 'scan', text: UPS_WRONG }).message, 'tracking-check-wrong');
  bank.on('tracking');
});

test('a label is never taken for a badge or a pick-up code, whatever it holds inside', () => {
  const bank = courierOf('UPS');
  const inside = `HFP1${'A'.repeat(26)}`;
  for (const text of [`1Z${inside}`, `${inside}1`, `${inside}\u001d${inside}`, `]C1420\u001d${inside}`]) {
    const before = bank.records.length;
    bank.act({ do: 'scan', text });
    assert.equal(bank.records.length, before, `${text} is no attempt`);
  }
});

test('who has moved away while the courier looked at the screen gets no parcel there: the flat is asked for anew', () => {
  const bank = bankInService();
  signIn(bank);
  bank.act({ do: 'tracking', text: '1Z999AA10123456784' });
  bank.act({ do: 'flat', text: RESIDENT.flat });
  bank.on('size');
  bank.directory(2, [{ ...SEATED, flat: RESIDENT.flat }]);
  assert.equal(bank.act({ do: 'size', size: 'M' }).message, 'recipient-unknown');
  bank.on('flat');
  assert.equal(bank.told('session.opened').length, 0);
});

test('a flat that the keys cannot write is found by what they can, where no other is meant', () => {
  const bank = bankInService();
  const resident = (number: number, flat: string) => ({
    ...RESIDENT,
    person: testId('person', 200 + number),
    flat,
  });
  bank.directory(
    2,
    ['502室', 'Büro 2', '3º B', '12/3', '7号', '7室'].map((flat, at) => resident(at, flat)),
  );
  signIn(bank);
  const found = (typed: string) => {
    bank.act({ do: 'tracking', text: 'TBA123456789000' });
    const { show, message } = bank.act({ do: 'flat', text: typed });
    bank.act({ do: 'cancel' });
    return show.screen === 'size' ? show.recipient : message;
  };
  const unknown = 'recipient-unknown';
  assert.deepEqual(
    ['502', 'BURO 2', '3B', '12/3', '123', '7', '7号'].map((typed) => found(typed)),
    ['502室', 'Büro 2', '3º B', '12/3', unknown, unknown, '7号'].map((flat) =>
      flat === unknown ? unknown : `${flat} · ${RESIDENT.label}`,
    ),
  );
});
