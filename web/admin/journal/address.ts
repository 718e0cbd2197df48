/**
 * What of the journal is asked for, as it stands in the address: a reload asks the same, and a colleague can be sent
 * it. Persons and parcels stand there by their ids, which name nobody outside; the fragment is sent to no server.
 */
export type JournalFilter = {
  /** A bank's id, or `cloud` for what the cloud itself did. */
  bank: string | null;
  door: number | null;
  kind: string | null;
  parcel: string | null;
  person: string | null;
  fromMs: number | null;
  toMs: number | null;
};
/** `record` is the one that is shown: `<source>.<seq>`. */
export type JournalRoute = { at: 'journal'; record: string | null } & JournalFilter;

const EVERYTHING: Omit<JournalRoute, 'at'> = {
  ...{ bank: null, door: null, kind: null, parcel: null, person: null, fromMs: null, toMs: null },
  record: null,
};

/** The journal with what is given asked for, and nothing else. */
export function journalAt(asked: Partial<Omit<JournalRoute, 'at'>> = {}): JournalRoute {
  return { at: 'journal', ...EVERYTHING, ...asked };
}

const ID = /^[a-z0-9_]{1,64}$/;
const KIND = /^[a-z-]+\.[a-z-]+$/;
const RECORD = /^[a-z0-9_]{1,64}\.[1-9][0-9]{0,14}$/;

export function journalOf(asked: URLSearchParams): JournalRoute {
  const text = (name: string, form: RegExp): string | null => {
    const value = asked.get(name) ?? '';
    return form.test(value) ? value : null;
  };
  const whole = (name: string, digits: RegExp): number | null => {
    const value = text(name, digits);
    return value === null ? null : Number(value);
  };
  const bank = text('bank', ID);
  return journalAt({
    bank,
    // A door is one of a bank.
    door: bank === null ? null : whole('door', /^[1-9][0-9]{0,3}$/),
    kind: text('kind', KIND),
    parcel: text('parcel', ID),
    person: text('person', ID),
    fromMs: whole('from', /^[1-9][0-9]{0,14}$/),
    toMs: whole('to', /^[1-9][0-9]{0,14}$/),
    record: text('record', RECORD),
  });
}

/** By the names that the address has for them. */
export function journalNames({ bank, door, kind, parcel, person, fromMs, toMs, record }: JournalRoute) {
  return { bank, door, kind, parcel, person, from: fromMs, to: toMs, record };
}

/** What a list is asked for with; null is not asked. */
export function askedOf({ bank, door, kind, parcel, person, fromMs, toMs }: JournalFilter) {
  return { bank, compartment: door, kind, parcel, person, fromMs, toMs };
}

/** To ask about a person or a parcel is itself recorded, so such a list is asked for once and does not renew itself. */
export function isLook({ parcel, person }: JournalFilter): boolean {
  return parcel !== null || person !== null;
}
