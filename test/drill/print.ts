/** The drill's report: a table for people, or CSV (RFC 4180) for programs. */
import { hours } from './denial.ts';
import type { Facts } from './drill.ts';
import { DOORS } from './stand.ts';

const REAL =
  'real: the agent, its journal, kiosk and planner; TLS 1.3, MQTT 3.1.1; board frames over TCP; every key and signature';
const SIMULATED =
  'simulated: the metal behind the boards; people; hours that pass are added to both hands of the bank’s clock';

export function reportLines(facts: Facts): string[] {
  const { rows, accomplice, denied, aliveBefore, aliveAfter, wrong } = facts;
  const table = rows.flatMap((row, index) => [
    `${String(index + 1).padStart(2)}. ${row.attack}`,
    `    sent    ${row.sends}`,
    `    hoped   ${row.hopes}`,
    `    answer  ${row.answers === '' ? 'nothing written' : row.answers}`,
    `    holds   ${row.holds}`,
    `    doors   ${row.doorsOpened} opened, ${row.pulses} pulses${row.wrong === null ? '' : `   RED: ${row.wrong}`}`,
  ]);
  return [
    REAL,
    SIMULATED,
    '',
    `compartments occupied: ${facts.occupiedBefore} of ${DOORS}`,
    `alive before: a legitimate order opened ${aliveBefore.doorsOpened} door (${aliveBefore.door})`,
    '',
    ...table,
    '',
    `alive after: a legitimate order opened ${aliveAfter.doorsOpened} door (${aliveAfter.door}); occupied: ${facts.occupiedAfter}`,
    `attacks: ${rows.length}, messages taken by the bank: ${facts.messagesSent}, records that check out: ${facts.records}`,
    `doors opened: ${facts.doorsOpened}`,
    '',
    `an accomplice at the kiosk collected ${accomplice.collected.length} parcel, dropped off since the cloud was taken (door ${accomplice.collected.map(({ n }) => n).join(', ')}), with the ${accomplice.codesSeen} code that the cloud read`,
    `  of the ${DOORS} parcels of before it opened ${accomplice.olderOpened}, with ${accomplice.triedOnOlder} codes and texts that the cloud saw or made;`,
    `  one was collected by its own resident (door ${accomplice.residentDoor}), ${accomplice.olderLeft} are still there`,
    `service denied: doors ${hours(denied.doorsMs)}, drop-offs ${hours(denied.dropOffsMs)}, once for each roster of the root; until an order is carried by hand`,
    '  by mere silence: new codes do not arrive, and drop-offs are refused from 72 h on for as long as it lasts',
    ...wrong.map((why) => `RED: ${why}`),
  ];
}

const HEAD = ['attack', 'sent', 'hoped', 'answer', 'holds', 'doors opened', 'pulses', 'red'];

export function csvLines({ rows }: Facts): string[] {
  const field = (value: string | number | null) => `"${String(value ?? '').replaceAll('"', '""')}"`;
  return [
    HEAD.map(field).join(','),
    ...rows.map((row) =>
      [row.attack, row.sends, row.hopes, row.answers, row.holds, row.doorsOpened, row.pulses, row.wrong]
        .map(field)
        .join(','),
    ),
  ];
}
