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
import { evidenceShowing, recordsOfEvidence } from '../evidence/evidence.ts';
import { rangesTaken, readPlainSelection } from '../export/export.ts';
import * as parcels from '../parcels/parcels.ts';
import * as store from './store.ts';

/** As `export.made` commits to it. */
const askedSchema = z.looseObject({
  ...manifestSchema.shape.selection.shape,
  opened: z.array(z.enum(COMMITTED_FIELDS)),
});
type About = store.Placed & { fields: readonly CommittedField[] };

export async function exportsShowing(cloud: Cloud, tx: Tx, person: PersonId): Promise<number> {
  const source = tenantOf(tx);
  const made = await store.exportsMade(tx, source);
  if (made.length === 0) return 0;
  const about = await recordsAbout(cloud, tx, person);
  let count = 0;
  for (const one of made) {
    const { seq } = one;
    const openings = await cloud.journal.openOpenings(tx, source, { first: seq, last: seq });
    const text = openings.get(seq)?.subject?.value;
    const earlier = about.filter(({ position }) => position < one.position);
    // What it was asked for is gone with another person: it may have shown this one too.
    const shows =
      text === undefined ? earlier.length > 0 : await isShown(cloud, tx, { text, made: one, earlier });
    if (shows) count += 1;
  }
  return count;
}

async function recordsAbout(cloud: Cloud, tx: Tx, person: PersonId): Promise<About[]> {
  const told = [...(await cloud.journal.toldOf(tx, person)), ...(await evidenceShowing(tx, person))];
  const fields = new Map<string, CommittedField[]>();
  for (const one of told) {
    const name = `${one.source} ${one.seq}`;
    fields.set(name, [...(fields.get(name) ?? []), ...one.fields]);
  }
  const places = await store.placesOf(tx, told);
  return places.map((place) => ({ ...place, fields: fields.get(`${place.source} ${place.seq}`) ?? [] }));
}

type Made = { text: string; made: store.ExportMade; earlier: readonly About[] };

async function isShown(cloud: Cloud, tx: Tx, { text, made, earlier }: Made): Promise<boolean> {
  const { opened, ...asked } = askedSchema.parse(JSON.parse(text));
  const visible = earlier.filter(({ fields }) => fields.some((field) => opened.includes(field)));
  if (visible.length === 0) return false;
  const ofParcel = asked.parcel === null ? undefined : await parcels.recordsOfParcel(tx, asked.parcel);
  const attached = ofParcel === undefined ? [] : await recordsOfEvidence(tx, ofParcel.parcel);
  const inParcel = (one: About) =>
    (ofParcel?.source === one.source && ofParcel.seqs.includes(one.seq)) ||
    attached.some(({ source, seq }) => source === one.source && seq === one.seq);
  // What shows this person may be kept as another's: in an export by person it is only as a record of that one.
  const others = asked.person === null ? [] : await cloud.journal.toldOf(tx, asked.person as PersonId);
  // Of whom nothing can be read any more it is not known which records were theirs.
  const isTheirs = (one: About) =>
    others.length === 0 || others.some(({ source, seq }) => source === one.source && seq === one.seq);
  const ranges = await rangesTaken(tx, readPlainSelection(asked), made);
  // As the export took them: all from the first to the last of a time, whatever its own time is.
  const inRanges = (one: About) =>
    ranges === null ||
    ranges.some(({ source, first, last }) => source === one.source && one.seq >= first && one.seq <= last);
  return visible.some(
    (one) =>
      inRanges(one) &&
      (asked.compartment === null || asked.compartment === one.compartment) &&
      isTheirs(one) &&
      (asked.parcel === null || inParcel(one)),
  );
}
