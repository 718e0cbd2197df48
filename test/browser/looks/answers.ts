/** What the apps are answered, always the same: held to the contracts, so that an answer of yesterday does not compile. */
import type { z } from 'zod';
import type { sessionLeft } from '../../../src/contract/http/common.ts';
import type * as people from '../../../src/contract/http/resident.ts';
import type { RigMessage, RigState } from '../../../src/contract/rig.ts';
import { LAYOUT_24 } from '../../../src/domain/bank.ts';

/** Noon of a summer's day, in the zone of the browser. */
export const NOW_MS = Date.UTC(2026, 5, 17, 10, 0);
export const ZONE = 'Europe/Berlin';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Answer<Shape extends z.ZodType> = z.infer<Shape>;

const resident: Answer<typeof people.residentMe> = {
  ...{
    name: 'A. Okafor',
    flat: '12',
    email: 'a.okafor@example.org',
    phone: '+49 30 901820',
    accessible: false,
  },
  channels: { sms: true, email: true },
};

/** Long before its end is said. */
const left: Answer<typeof sessionLeft> = { idleLeftMs: 12 * HOUR_MS, ageLeftMs: 30 * DAY_MS };

const lobby = { bank: 'bnk_0', bankName: 'North lobby' };
const waiting: Answer<typeof people.residentParcels> = {
  items: [
    {
      ...{
        id: 'pcl_1',
        tracking: '1Z999AA10123456784',
        carrier: 'UPS',
        compartment: 7,
        size: 'M',
        middleCm: 98,
      },
      ...{ ...lobby, state: 'waiting', depositedAtMs: NOW_MS - 2 * HOUR_MS, untilMs: NOW_MS + 6 * DAY_MS },
      told: [
        { channel: 'sms', state: 'sent', atMs: NOW_MS - 2 * HOUR_MS },
        { channel: 'email', state: 'dead', atMs: NOW_MS - HOUR_MS },
      ],
      endedAtMs: null,
    },
    {
      ...{
        id: 'pcl_2',
        tracking: 'TBA123456789012',
        carrier: 'Amazon',
        compartment: 24,
        size: 'XL',
        middleCm: 40,
      },
      ...{ ...lobby, state: 'held', depositedAtMs: NOW_MS - 9 * DAY_MS, untilMs: NOW_MS - 2 * DAY_MS },
      ...{ told: [], endedAtMs: null },
    },
  ],
  nextCursor: null,
};

const courier: Answer<typeof people.courierMe> = { name: 'B. Lindström', carrier: 'UPS', state: 'active' };
const banks: Answer<typeof people.courierBanks> = {
  items: [
    { id: 'bnk_0', name: 'North lobby', online: true, heardAtMs: NOW_MS, free: { S: 5, M: 2, L: 0, XL: 1 } },
    {
      ...{ id: 'bnk_1', name: 'South lobby', online: false, heardAtMs: NOW_MS - 3 * HOUR_MS },
      free: { S: 1, M: 4, L: 3, XL: 0 },
    },
  ],
  nextCursor: null,
};
const drops: Answer<typeof people.courierDrops> = {
  items: [
    {
      ...{ ...lobby, id: 'pcl_7', tracking: '1Z999AA10123456784', compartment: 7, state: 'waiting' },
      ...{ atMs: NOW_MS - 2 * HOUR_MS, untilMs: NOW_MS + 6 * DAY_MS },
    },
    {
      ...{ ...lobby, id: 'pcl_3', tracking: '1Z999AA10123456802', compartment: 3, state: 'collected' },
      ...{ atMs: NOW_MS - 3 * HOUR_MS, untilMs: NOW_MS + 6 * DAY_MS },
    },
  ],
  nextCursor: null,
};

const rig: RigState = {
  doors: LAYOUT_24.compartments.map(({ n, size, column, row, heightUnits, accessible }) => ({
    ...{ n, size, column, row, heightUnits, accessible, pulses: 0 },
    ...(n === 7 ? { latch: 'free', door: 'open' } : { latch: 'holding', door: 'closed' }),
    fault: n === 12 ? 'jammed' : 'none',
    parcels: n === 3 ? ['1Z999AA10123456784'] : [],
  })),
  ...{ power: true, network: true, boards: 'kerong-cu', serialPath: null },
  line: { noise: false, split: false, mute: false, lateMs: 1500 },
  ...{ carriers: { mail: 'up', sms: 'up' }, kiosk: null },
  cast: {
    courier: { carrier: 'UPS', name: 'B. Lindström', badge: 'HFB1-LOOKS', code: '111111' },
    admin: { email: 'admin@example.org', totpSecret: 'AAAAAAAA' },
    resident: { flat: '12', name: 'A. Okafor', phone: '+4930901820', email: 'a.okafor@example.org' },
  },
  links: { start: '/', kiosk: '/kiosk/', resident: '/resident/', courier: '/courier/', admin: '/admin/' },
};
const messages: RigMessage[] = [
  {
    ...{
      id: 'msg_1',
      channel: 'sms',
      to: '+4930901820',
      from: 'Holdfast',
      subject: null,
      html: null,
      qr: null,
    },
    ...{ text: 'A parcel waits for you at North lobby, door 7.', images: [], receivedAtMs: NOW_MS - 60_000 },
  },
];

const NOBODY = {
  type: 'about:blank',
  title: 'Sign in first',
  status: 401,
  code: 'not-signed-in',
  detail: '',
};

type Canned = { status: number; body: unknown };
const ok = (body: unknown): Canned => ({ status: 200, body });

/** By path; who is signed in is told by the place that the page has. */
export const ANSWERS: Readonly<Record<string, Canned>> = {
  '/api/resident/me': ok(resident),
  '/api/resident/parcels': ok(waiting),
  '/api/resident/session': ok(left),
  '/api/courier/me': ok(courier),
  '/api/courier/session': ok(left),
  '/api/courier/banks': ok(banks),
  '/api/courier/drops': ok(drops),
  '/api/admin/me': { status: 401, body: NOBODY },
  '/messages': ok(messages),
  '/totp': ok({ code: '492817', secondsLeft: 30 }),
};
export const RIG_STATE = rig;
