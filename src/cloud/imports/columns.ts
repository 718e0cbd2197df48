/** What each column of a list is, by its heading. The guess is shown and can be changed. */
import type { Field } from '../../contract/http/people-import.ts';

/** Folded spellings, the best first: of two columns for one field the better heading keeps it. */
const SPELLINGS: Readonly<Record<Field, readonly string[]>> = {
  name: words(
    'full name, name, resident name, resident, tenant name, tenant, occupant, occupier, contact name, person,',
    'nom complet, nombre completo, naam, bewohner, mieter, nom et prenom, name vorname, nom prenom',
  ),
  'first-name': words(
    'first name, firstname, given name, forename, first, vorname, prenom, nombre, voornaam',
  ),
  'last-name': words(
    'last name, lastname, surname, family name, last, nachname, familienname, nom, nom de famille, apellido, apellidos,',
    'achternaam',
  ),
  flat: words(
    'flat, flat number, flat no, apartment, apartment number, apartment no, apt, apt number, apt no, unit,',
    'unit number, unit no, suite, door, door number, room, wohnung, wohnungsnummer, appartement, piso, puerta,',
    'appartement nr, appt, lot',
  ),
  email: words(
    'email, email address, e mail address, mail, mail address, primary email, email 1, courriel, correo,',
    'correo electronico, mailadresse, emailadresse, e mailadres',
  ),
  phone: words(
    'mobile, mobile number, mobile no, mobile phone, cell, cell phone, cell number, cellphone, handy, handynummer, movil,',
    'portable, mobiel, phone number, phone, phone no, telephone, telephone number, tel, tel no, contact number,',
    'primary phone, phone 1, telefon, telefonnummer, telefono, numero de telephone, telefoon, home phone',
  ),
  accessible: words(
    'accessible, accessibility, seated reach, reach, wheelchair, wheelchair user, low door, step free, barrierefrei,',
    'prefers a door within seated reach',
  ),
};

function words(...lines: string[]): string[] {
  return lines.join(' ').split(',').map(folded);
}

/** A heading in the form that is compared: letters without marks, and digits. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\(.*?\)|[^\p{L}\p{N}]/gu, '');
}

/** The field of each heading, or null. Each field stands at most once; a name in parts stands instead of a whole one. */
export function fieldsOf(headings: readonly string[]): (Field | null)[] {
  const spelled = headings.map(folded);
  const fields: (Field | null)[] = headings.map(() => null);
  for (const [field, known] of Object.entries(SPELLINGS) as [Field, readonly string[]][]) {
    const best = known.map((word) => spelled.indexOf(word)).find((column) => column >= 0);
    if (best !== undefined) fields[best] = field;
  }
  const has = (field: Field) => fields.includes(field);
  // "First name" beside "Name": the second is then the family's.
  if (has('first-name') && !has('last-name') && has('name'))
    return fields.map((field) => (field === 'name' ? 'last-name' : field));
  if (has('name')) return fields.map((field) => (isPart(field) ? null : field));
  return fields;
}

const isPart = (field: Field | null): boolean => field === 'first-name' || field === 'last-name';

/** Whether these fields say whom a row is about. */
export function namesSomebody(fields: readonly (Field | null)[]): boolean {
  return fields.some((field) => field === 'name' || isPart(field));
}
