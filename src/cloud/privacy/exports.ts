/**
 * How many bundles that were handed out showed something of a person. They are beyond any erasure, so the record of it
 * names how many there are. Counted is what an export was asked for and may show, held against the person's records.
 */
import { z } from 'zod';
import { COMMITTED_FIELDS, type CommittedField } from '../../domain/facts.ts';
import type { PersonId } from '../../domain/ids.ts';
import { manifestSchema } from '../../ledger/export/format.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { recordsOfEvidence } from '../evidence/evidence.ts';
import * as parcels from '../parcels/parcels.ts';
import * as store from './store.ts';

/** As `export.made` commits to it. */
const askedSchema = z.looseObject({
  ...manifestSchema.shape.selection.shape,
  opened: z.array(z.enum(COMMITTED_FIELDS)),
});
type Asked = z.infer<typeof askedSchema>;
type About = store.Placed & { fields: readonly CommittedField[] };

export async function exportsShowing(cloud: Cloud, tx: Tx, person: PersonId): Promise<number> {
  const source = tenantOf(tx);
  const made = await store.exportsMade(tx, source);
  if (made.length === 0) return 0;
  const about = await recordsAbout(cloud, tx, person);
  let count = 0;
  for (const { seq, position } of made) {
    const openings = await cloud.journal.openOpenings(tx, source, { first: seq, last: seq });
    const text = openings.get(seq)?.subject?.value;
    const earlier = about.filter((one) => one.position < position);
    // What it was asked for is gone with another person: it may have shown this one too.
    const shows =
      text === undefined ? earlier.length > 0 : await isShown(cloud, tx, text, { person, earlier });
    if (shows) count += 1;
  }
  return count;
}

async function recordsAbout(cloud: Cloud, tx: Tx, person: PersonId): Promise<About[]> {
  const told = await cloud.journal.toldOf(tx, person);
  const fields = new Map<string, CommittedField[]>();
  for (const one of told) {
    const name = `${one.source} ${one.seq}`;
    fields.set(name, [...(fields.get(name) ?? []), ...one.fields]);
  }
  const places = await store.placesOf(tx, told);
  return places.map((place) => ({ ...place, fields: fields.get(`${place.source} ${place.seq}`) ?? [] }));
}

type Whose = { person: PersonId; earlier: readonly About[] };

async function isShown(cloud: Cloud, tx: Tx, text: string, { person, earlier }: Whose): Promise<boolean> {
  const asked = askedSchema.parse(JSON.parse(text));
  const ofParcel = asked.parcel === null ? undefined : await parcels.recordsOfParcel(tx, asked.parcel);
  const attached = ofParcel === undefined ? [] : await recordsOfEvidence(tx, ofParcel.parcel);
  const inParcel = (one: About) =>
    (ofParcel?.source === one.source && ofParcel.seqs.includes(one.seq)) ||
    attached.some(({ source, seq }) => source === one.source && seq === one.seq);
  const isOther = asked.person !== null && asked.person !== person;
  const others = isOther ? await cloud.journal.toldOf(tx, asked.person as PersonId) : [];
  // Of whom nothing can be read any more it is not known which records were theirs.
  const isTheirs = (one: About) =>
    !isOther ||
    others.length === 0 ||
    others.some(({ source, seq }) => source === one.source && seq === one.seq);
  return earlier.some(
    (one) =>
      one.fields.some((field) => asked.opened.includes(field)) &&
      fits(asked, one) &&
      isTheirs(one) &&
      (asked.parcel === null || inParcel(one)),
  );
}

function fits({ bank, compartment, fromMs, toMs }: Asked, one: About): boolean {
  return (
    (bank === null || bank === one.source) &&
    (compartment === null || compartment === one.compartment) &&
    (fromMs === null || one.atMs >= fromMs) &&
    (toMs === null || one.atMs < toMs)
  );
}
