/**
 * `npm run demo`: one parcel's journey in a terminal, on a data folder of its own, each step printed. It ends
 * with the parcel's record verified by the rules of the ledger alone: the bank's journal chain, the batch
 * heads under the key that the site's roster names, and the cloud's copy equal to the bank's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Arguments } from '../../bin/holdfast.ts';
import type { parcelDetail, parcelRow } from '../contract/http/admin.ts';
import { HoldfastError } from '../domain/errors.ts';
import { receiptSchema, verifyReceipt } from '../ledger/receipt.ts';
import { noteHash } from '../ledger/roster.ts';
import { systemClock } from '../platform/clock.ts';
import { abortWhenAsked } from '../platform/process.ts';
import { readRootPublic } from '../signer/root.ts';
import { compareJournals } from './audit.ts';
import { requireNew } from './folder.ts';
import { readSeeded } from './kept.ts';
import { People } from './people.ts';
import { type System, startSystem } from './system.ts';
import { unlessAborted, waitFor } from './wait.ts';

const DEMO_PORT = 18_080;
const TRACKING = '1Z999AA10123456784';

export async function runDemo(given: Arguments): Promise<number> {
  const named = given.values.data;
  if (named !== undefined) requireNew(resolve(named));
  const data = named === undefined ? mkdtempSync(join(tmpdir(), 'holdfast-demo-')) : resolve(named);
  const base = given.values.port === undefined ? DEMO_PORT : Number(given.values.port);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  let step = 0;
  // What belongs to a step stands below it, without a number of its own.
  const tell = (line: string) =>
    say(line.startsWith(' ') ? `   ${line}` : `${String(++step).padStart(2)}. ${line}`);
  const { signal } = abortWhenAsked(() => say('stopping …'));
  say(`a whole system on ports ${base} to ${base + 10}, its data in ${data}\n`);
  try {
    const system = await startSystem({
      ...{ root: given.root, data, base, fresh: false, clock: systemClock, signal },
      say: (line) => say(`    ${line}`),
    });
    try {
      return (await unlessAborted(journey(system, tell), signal)) ? 0 : 1;
    } finally {
      await system.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return 130;
  } finally {
    if (named === undefined && !given.values.keep) rmSync(data, { recursive: true, force: true });
  }
}

async function journey(system: System, tell: (line: string) => void): Promise<boolean> {
  const { places, ports } = system;
  const seeded = readSeeded(places);
  const { signIns } = seeded;
  const people = new People({ ports, signIns, clock: systemClock });
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  tell(`the ${signIns.courier.carrier} courier scanned their badge and set a personal code`);
  const n = await people.dropsOff({ tracking: TRACKING, flat: signIns.resident.flat, size: 'M' });
  tell(
    `parcel ${TRACKING} for flat ${signIns.resident.flat} lies behind door ${n}; the door is shut, the courier said so`,
  );
  await people.act({ do: 'leave' });
  const sms = await people.pinFrom('sms', signIns.resident.phone, beganMs);
  tell(`the resident's phone got an SMS: “${sms.message.text}”`);
  const mail = await people.pinFrom('email', signIns.resident.email, beganMs);
  tell(
    `and an e-mail, “${mail.message.subject}”, with the PIN and ${mail.message.qr === null ? 'no' : 'a'} QR code`,
  );
  const opened = await people.picksUp(sms.pin);
  tell(`the PIN opened door ${opened}; the parcel was taken, the door shut, and the person said so`);
  const again = await people.act({ do: 'pin', pin: sms.pin });
  tell(`the same PIN again: ${again.message} — the code is dead`);
  await people.adminSignsIn();
  const parcel = await custody(people, tell);
  const holds = await verifyAll({ system, people, parcel, site: seeded.site, tell });
  tell(holds ? 'verified' : 'NOT verified');
  return opened === n && again.message === 'code-not-accepted' && holds;
}

type Parcel = z.infer<typeof parcelDetail>;

async function custody(people: People, tell: (line: string) => void): Promise<Parcel> {
  let row: z.infer<typeof parcelRow> | undefined;
  const holds = async () => {
    const { items } = (await people.admin('/parcels?limit=10')) as { items: z.infer<typeof parcelRow>[] };
    row = items.find((item) => item.tracking === TRACKING);
    return row?.state === 'collected';
  };
  await waitFor({ clock: systemClock, what: 'the admin to see the collection', msMax: 15_000, holds });
  if (!row) throw new HoldfastError('not-found', 'the admin does not see the parcel');
  const detail = (await people.admin(`/parcels/${row.id}`)) as Parcel;
  tell(`the administrator sees custody of ${detail.tracking} (never what is in it):`);
  for (const event of detail.timeline)
    tell(
      `   ${new Date(event.atMs).toISOString()} ±${event.uncertaintyMs} ms  record ${event.seq}  ${event.says}`,
    );
  return detail;
}

async function verifyAll(of: {
  system: System;
  people: People;
  parcel: Parcel;
  site: string;
  tell(line: string): void;
}): Promise<boolean> {
  const { system, people, parcel, site, tell } = of;
  const root = await readRootPublic(system.places.root);
  const receipt = receiptSchema.parse(await people.admin(`/parcels/${parcel.id}/receipt`));
  const { verdicts, holds } = verifyReceipt(receipt, { site, rootKeys: [root?.key ?? ''], k: 1 });
  if (receipt.roster !== null)
    tell(`the roster that the site root signed has hash ${noteHash(receipt.roster)}`);
  for (const verdict of verdicts)
    tell(
      `   ${verdict.holds === null ? '--   ' : verdict.holds ? 'holds' : 'FAILS'}  ${verdict.check}: ${verdict.says}`,
    );
  const cloudCopy = await people.journalOf(receipt.bank);
  // The bank's agent must let go of its journal before anyone else may read it.
  await system.children.stop('edge');
  const compared = compareJournals({
    edgeDir: join(system.places.edge, 'bank'),
    bank: receipt.bank,
    cloudCopy,
  });
  tell(`   ${compared.holds ? 'holds' : 'FAILS'}  journal: ${compared.says}`);
  return holds && compared.holds;
}
