/** What is asked for, as the page keeps it while it is written, and as it is sent. */
import type { ExportAsk, ExportSelection } from '../../../src/contract/http/exports.ts';
import type { CommittedField } from '../../../src/domain/facts.ts';

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

export function selectionOf({ bank, door, from, to, person, parcel, incident }: Wish): ExportSelection {
  if (incident !== null) {
    const nothing = { compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
    return { bank: incident.bank, ...nothing, incidentMs: incident.atMs };
  }
  return {
    bank: bank || null,
    compartment: bank !== '' && /^[1-9][0-9]{0,3}$/.test(door) ? Number(door) : null,
    parcel: parcel?.id ?? null,
    person: person?.id ?? null,
    fromMs: from === '' ? null : Date.parse(from),
    toMs: to === '' ? null : Date.parse(to),
  };
}

export type WishFault = 'purpose' | 'receiver' | 'order' | 'certificate' | 'passphrase' | 'again';

/** What has to be put right before it is sent; what only the server can judge is said by the server. */
export function faultsOf(wish: Wish): ReadonlySet<WishFault> {
  const { fromMs, toMs } = selectionOf(wish);
  const isSealed = wish.by === 'certificate';
  const wrong: [WishFault, boolean][] = [
    ['purpose', wish.purpose.trim() === ''],
    ['receiver', wish.receiver.trim() === ''],
    ['order', fromMs !== null && toMs !== null && fromMs >= toMs],
    ['certificate', isSealed && wish.certificate === null],
    ['passphrase', !isSealed && wish.passphrase === ''],
    ['again', !isSealed && wish.passphrase !== wish.again],
  ];
  return new Set(wrong.flatMap(([fault, isWrong]) => (isWrong ? [fault] : [])));
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
