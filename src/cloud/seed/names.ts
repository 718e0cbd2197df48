/** The people of the seed: fixed names, so that a story can be told twice; secrets are drawn. */

export const SITE_NAME = 'Alder Court';
export const BANK_NAME = 'Alder Court lobby';
export const CARRIERS = ['UPS', 'FedEx', 'USPS', 'Amazon', 'DHL'] as const;

export const COURIERS: Record<(typeof CARRIERS)[number], string> = {
  UPS: 'Mara Lindqvist',
  FedEx: 'Tomás Herrera',
  USPS: 'Dwayne Porter',
  Amazon: 'Ife Balogun',
  DHL: 'Katrin Vogel',
};

export const ADMIN = { name: 'Noor Haddad', email: 'noor.haddad@alder.example' };

const GIVEN = [
  'Ada',
  'Bruno',
  'Chiara',
  'Dmitri',
  'Elif',
  'Farah',
  'Gwen',
  'Hiro',
  'Ines',
  'Jonas',
  'Kofi',
  'Leila',
  'Milan',
  'Nadia',
  'Oskar',
  'Priya',
  'Quentin',
  'Rosa',
  'Samir',
  'Tessa',
];
const FAMILY = [
  'Okafor',
  'Petrov',
  'Larsen',
  'Nakamura',
  'Silva',
  'Moreau',
  'Kaya',
  'Novak',
  'Ahmed',
  'Byrne',
  'Castillo',
  'Dubois',
];

export type SeedResident = { flat: string; name: string; email: string; phone: string; accessible: boolean };

const RESIDENTS = 60;
const FLATS = 52;

/** Sixty people in 52 flats, so that some flats have two; every tenth asks for a door within reach. */
export function seedResidents(): SeedResident[] {
  return Array.from({ length: RESIDENTS }, (_, index) => {
    const given = GIVEN[index % GIVEN.length] ?? '';
    const family = FAMILY[(index * 5 + Math.floor(index / GIVEN.length)) % FAMILY.length] ?? '';
    const flat = String((index % FLATS) + 1);
    return {
      flat,
      name: `${given} ${family}`,
      email: `${given}.${family}.${flat}@residents.example`.toLowerCase(),
      // 555-0100 to 555-0199 are set aside for stories (NANPA).
      phone: `+1212555${String(100 + index).padStart(4, '0')}`,
      accessible: index % 10 === 9,
    };
  });
}
