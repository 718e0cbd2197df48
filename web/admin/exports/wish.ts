/** What is asked for, as the page keeps it while it is written, and as it is sent. */
import type { ExportAsk, ExportSelection } from '../../../src/contract/http/exports.ts';
import type { CommittedField } from '../../../src/domain/facts.ts';
import { momentOf } from '../../kit/time.ts';

export type Named = { id: string; name: string };
/** A bank, and when its alarm was raised. */
export type Incident = { bank: string; atMs: number };
export type Wish = {
  purpose: string;
  receiver: string;
  bank: string;
  door: string;
  from: string;
  to: string;
  person: Named | null;
  parcel: Named | null;
  /** Then nothing else is asked for. */
  incident: Incident | null;
  opened: readonly CommittedField[];
  by: 'certificate' | 'passphrase';
  certificate: { name: string; pem: string } | null;
  passphrase: string;
  again: string;
};

export const NO_WISH: Wish = {
  ...{ purpose: '', receiver: '', bank: '', door: '', from: '', to: '', person: null, parcel: null },
  incident: null,
  ...{ opened: [], by: 'certificate', certificate: null, passphrase: '', again: '' },
};

const DOOR = /^[1-9][0-9]{0,3}$/;

type SelectionFault = 'door' | 'from' | 'to' | 'order';
export type WishFault = SelectionFault | 'purpose' | 'receiver' | 'certificate' | 'passphrase' | 'again';

/** What was typed and asks for nothing that can be said: left out, the bundle would hold more than the page shows. */
function selectionFaults({ bank, door, from, to, incident }: Wish): [SelectionFault, boolean][] {
  const [fromMs, toMs] = [momentOf(from), momentOf(to)];
  const isAsked = incident === null;
  return [
    ['door', isAsked && bank !== '' && door.trim() !== '' && !DOOR.test(door.trim())],
    ['from', isAsked && from !== '' && fromMs === null],
    ['to', isAsked && to !== '' && toMs === null],
    ['order', isAsked && fromMs !== null && toMs !== null && fromMs >= toMs],
  ];
}

/** Of a wish whose selection is clear; for another one this is a fault of ours. */
export function selectionOf(wish: Wish): ExportSelection {
  const { bank, door, from, to, person, parcel, incident } = wish;
  const [unclear] = selectionFaults(wish).find(([, isWrong]) => isWrong) ?? [];
  if (unclear !== undefined) throw new Error(`a selection was asked for whose “${unclear}” is not clear`);
  if (incident !== null) {
    const nothing = { compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
    return { bank: incident.bank, ...nothing, incidentMs: incident.atMs };
  }
  return {
    bank: bank || null,
    compartment: bank === '' || door.trim() === '' ? null : Number(door),
    parcel: parcel?.id ?? null,
    person: person?.id ?? null,
    fromMs: momentOf(from),
    toMs: momentOf(to),
  };
}

const wrongOf = <Fault>(all: readonly [Fault, boolean][]): ReadonlySet<Fault> =>
  new Set(all.flatMap(([fault, isWrong]) => (isWrong ? [fault] : [])));

/** Those for which not even a count is asked. */
export const unclearIn = (wish: Wish): ReadonlySet<WishFault> => wrongOf<WishFault>(selectionFaults(wish));

/** What has to be put right before it is sent; what only the server can judge is said by the server. */
export function faultsOf(wish: Wish): ReadonlySet<WishFault> {
  const isSealed = wish.by === 'certificate';
  return wrongOf<WishFault>([
    ['purpose', wish.purpose.trim() === ''],
    ['receiver', wish.receiver.trim() === ''],
    ...selectionFaults(wish),
    ['certificate', isSealed && wish.certificate === null],
    ['passphrase', !isSealed && wish.passphrase === ''],
    ['again', !isSealed && wish.passphrase !== wish.again],
  ]);
}

export function askOf(wish: Wish): ExportAsk {
  const { purpose, receiver, opened, certificate, passphrase } = wish;
  return {
    ...{
      purpose: purpose.trim(),
      receiver: receiver.trim(),
      selection: selectionOf(wish),
      opened: [...opened],
    },
    encrypt:
      wish.by === 'certificate'
        ? { by: 'certificate', certificate: certificate?.pem ?? '' }
        : { by: 'passphrase', passphrase },
  };
}

const PEM = '-----BEGIN CERTIFICATE-----';

/** A certificate in PEM is text already; one in DER is the same without its lines. */
export function pemOf(base64: string): string {
  const text = atob(base64);
  if (text.trimStart().startsWith('-----')) return text;
  return `${PEM}\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n${PEM.replace('BEGIN', 'END')}\n`;
}
