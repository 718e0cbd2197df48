/**
 * The rig's HTTP interface (base port + 3): what a person, a demo or a test does to the virtual
 * cabinet and its phone. It exists in development only; no product process calls it.
 */
import { z } from 'zod';
import type { KioskScreen } from './kiosk.ts';

export const doorFault = z.enum([
  'none',
  /** The latch does not move, though the board answers as usual. */
  'jammed',
  /** The board says nothing to an unlock and the latch stays shut. */
  'silent',
  /** The latch moves, the board says nothing: acts, then fails. */
  'acts-then-silent',
  /** The latch moves, the board answers only after `lateMs` of the line, when nobody waits any more. */
  'late',
  /** The latch moves once, the board answers two times. */
  'twice',
  /** The latch moves, the sum of the board's answer is wrong. */
  'corrupted',
  /** The latch moves, the board's answer names the next lock of the same board. */
  'wrong-door',
  /** The latch moves, the board answers as if it had not. */
  'acts-then-fails',
  /** The latch stays, the next one of the same board moves: two crossed cables. */
  'wrong-latch',
]);
export type DoorFault = z.infer<typeof doorFault>;

export const rigDoor = z.strictObject({
  n: z.int().positive(),
  size: z.enum(['S', 'M', 'L', 'XL']),
  column: z.int().nonnegative(),
  row: z.int().nonnegative(),
  heightUnits: z.int().positive(),
  accessible: z.boolean(),
  /** The metal: a latch that is free lets the door be opened; a shut door falls into its latch. */
  latch: z.enum(['holding', 'free']),
  door: z.enum(['open', 'closed']),
  fault: doorFault,
  /** Labels of the things inside, oldest first. */
  parcels: z.array(z.string()),
  pulses: z.int().nonnegative(),
});
export type RigDoor = z.infer<typeof rigDoor>;

export const rigMessage = z.strictObject({
  id: z.string(),
  channel: z.enum(['sms', 'email']),
  to: z.string(),
  from: z.string(),
  subject: z.string().nullable(),
  text: z.string(),
  html: z.string().nullable(),
  /** Inline images as data URLs, the pick-up QR among them. */
  images: z.array(z.string()),
  /** What the QR code in an image says, where one was found. */
  qr: z.string().nullable(),
  receivedAtMs: z.int(),
});
export type RigMessage = z.infer<typeof rigMessage>;

export const rigParcelMove = z.strictObject({
  do: z.enum(['put-in', 'take-out']),
  label: z.string().min(1).max(80).optional(),
});
export const rigPower = z.strictObject({ on: z.boolean() });
export const rigNetwork = z.strictObject({ up: z.boolean() });
export const rigScan = z.strictObject({ text: z.string().min(1).max(512) });
export const rigFault = z.strictObject({ fault: doorFault });

/** What ails the lock boards' line as a whole. */
export const rigLine = z.strictObject({
  /** Random bytes stand between the frames. */
  noise: z.boolean(),
  /** Answers come byte by byte, with gaps. */
  split: z.boolean(),
  /** Boards hear and act; nothing that they say arrives. */
  mute: z.boolean(),
  /** How long the answer of a door with the fault `late` is kept back. */
  lateMs: z.int().min(1).max(60_000),
});
export type RigLine = z.infer<typeof rigLine>;
/** What is left out stays as it is. */
export const rigLineChange = rigLine.partial();

/** What the rig knows of the people who use it; given by `up`, shown on its page. */
export const rigCast = z.strictObject({
  courier: z.strictObject({ carrier: z.string(), name: z.string(), badge: z.string(), code: z.string() }),
  admin: z.strictObject({ email: z.string(), totpSecret: z.string() }),
  resident: z.strictObject({ flat: z.string(), name: z.string(), phone: z.string(), email: z.string() }),
});
export type RigCast = z.infer<typeof rigCast>;

/** Whether the carriers of messages work, as a test or a person has set it. */
const carrierState = z.enum(['up', 'down']);
export const rigCarriers = z.strictObject({ mail: carrierState, sms: carrierState });
export type RigCarriers = z.infer<typeof rigCarriers>;

/** A list would forget a screen without a word; this does not compile until each stands in it. */
const KIOSK_SCREENS = {
  home: 'home',
  closed: 'closed',
  'courier-code': 'courier-code',
  tracking: 'tracking',
  flat: 'flat',
  recipient: 'recipient',
  size: 'size',
  'drop-off': 'drop-off',
  'drop-off-done': 'drop-off-done',
  'pick-up': 'pick-up',
  'pick-up-done': 'pick-up-done',
  reported: 'reported',
  staff: 'staff',
  clock: 'clock',
  'staff-done': 'staff-done',
} as const satisfies { readonly [S in KioskScreen['screen']]: S };

/** What somebody sees who walks past the kiosk: which screen, of which door. No name, number or code. */
export const rigKiosk = z.strictObject({
  screen: z.enum(KIOSK_SCREENS),
  /** The door that the screen speaks of. */
  compartment: z.int().positive().nullable(),
  /** How often the screen has said that a parcel was put in, and that one was taken, since the rig looks. */
  deposits: z.int().nonnegative(),
  collections: z.int().nonnegative(),
});
export type RigKiosk = z.infer<typeof rigKiosk>;

export const boardFamily = z.enum(['kerong-cu', 'xor-8a']);

export const rigState = z.strictObject({
  doors: z.array(rigDoor),
  power: z.boolean(),
  network: z.boolean(),
  /** Which family of lock boards moves the latches. */
  boards: boardFamily,
  /** What opens as a serial port, where the boards' line is a pseudo-terminal. */
  serialPath: z.string().nullable(),
  line: rigLine,
  carriers: rigCarriers,
  /** Null while the rig sees no screen: it is dark, or no page of the rig has asked yet. */
  kiosk: rigKiosk.nullable(),
  cast: rigCast.nullable(),
  links: z.record(z.string(), z.string()),
});
export type RigState = z.infer<typeof rigState>;
