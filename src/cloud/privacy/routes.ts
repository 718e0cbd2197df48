/** Erasure, holds and retention over HTTP, for administrators. */
import { z } from 'zod';
import {
  eraseAnswer,
  eraseRequest,
  type hold,
  holdRequest,
  type parcelHold,
  parcelHolds,
  personPrivacy,
  privacy,
  privacyQuery,
  releaseRequest,
  retentionRequest,
} from '../../contract/http/privacy.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type PersonId, parseId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route } from '../http/http.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import { erasePerson } from './erase.ts';
import { liftHolds, placeHold, standingHolds } from './holds.ts';
import { obstaclesOf } from './obstacles.ts';
import { liftParcelHolds, placeParcelHold, standingParcelHolds } from './parcel-holds.ts';
import { previewRetention, retentionOf, setRetention } from './retention.ts';
import * as store from './store.ts';

const idParams = z.strictObject({ id: z.string().max(64) });

async function holds(cloud: Cloud, tx: Tx, person: string | null): Promise<z.infer<typeof hold>[]> {
  const held = await standingHolds(cloud, tx, person);
  const found = await people.findPersons(
    cloud,
    tx,
    held.flatMap((one) => [one.person, one.placedBy ?? one.person]),
  );
  return held.map(({ hold: id, placedBy, ...one }) => ({
    ...one,
    id,
    name: found.get(one.person)?.profile.name ?? '',
    placedBy: placedBy === null ? null : (found.get(placedBy)?.profile.name ?? ''),
  }));
}

async function holdsOfParcels(
  cloud: Cloud,
  tx: Tx,
  parcel: string | null,
): Promise<z.infer<typeof parcelHold>[]> {
  const held = await standingParcelHolds(cloud, tx, parcel);
  const placers = held.flatMap(({ placedBy }) => placedBy ?? []);
  const found = await people.findPersons(cloud, tx, placers);
  return held.map(({ hold: id, placedBy, ...one }) => ({
    ...one,
    id,
    placedBy: placedBy === null ? null : (found.get(placedBy)?.profile.name ?? ''),
  }));
}

async function ofParcel(cloud: Cloud, tx: Tx, id: string): Promise<z.infer<typeof parcelHolds>> {
  const parcel = parseId('parcel', id);
  if (!parcel || !(await parcels.partiesOf(tx, parcel)))
    throw new HoldfastError('not-found', 'There is no such parcel here.');
  return { holds: await holdsOfParcels(cloud, tx, parcel) };
}

async function ofPerson(cloud: Cloud, tx: Tx, id: string): Promise<z.infer<typeof personPrivacy>> {
  const standing = await store.standingOf(tx, id);
  if (!standing) throw new HoldfastError('not-found', 'There is nobody here by that id.');
  const isErased = standing.state === 'erased';
  return {
    state: standing.state,
    holds: await holds(cloud, tx, standing.person),
    waiting: isErased ? [] : await obstaclesOf(cloud, tx, standing),
  };
}

type Asked = { id: string; by: { person: PersonId; role: 'admin' | 'super-admin' } };

async function erase(cloud: Cloud, tx: Tx, { id, by }: Asked): Promise<z.infer<typeof eraseAnswer>> {
  const standing = await store.standingOf(tx, id);
  const isAdmin = standing?.role === 'admin' || standing?.role === 'super-admin';
  if (isAdmin && by.role !== 'super-admin')
    throw new HoldfastError('not-allowed', 'Only a super-admin erases administrators.', {
      reason: 'role-may-not',
    });
  return await erasePerson(cloud, tx, { person: id, by: by.person });
}

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/people/:id/privacy',
    access: 'admin',
    says: 'Whether a person is held or erased, and what stands before an erasure.',
    schema: { params: idParams, response: personPrivacy },
    handle: ({ cloud, actor, params }) =>
      cloud.database.read(actor.tenant, (tx) => ofPerson(cloud, tx, params.id)),
  }),
  route({
    method: 'POST',
    url: '/api/admin/people/:id/erase',
    access: 'admin',
    says: 'Erases a person for good. A legal hold, and things still to be settled, are answered and not done.',
    schema: { params: idParams, body: eraseRequest, response: eraseAnswer },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, (tx) => erase(cloud, tx, { id: params.id, by: actor })),
  }),
  route({
    method: 'POST',
    url: '/api/admin/people/:id/hold',
    access: 'admin',
    says: 'Places a legal hold: nobody erases this person while it stands.',
    schema: { params: idParams, body: holdRequest },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        placeHold(cloud, tx, { person: params.id, by: actor.person, ...body }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/people/:id/release',
    access: 'admin',
    says: 'Ends every legal hold over a person.',
    schema: { params: idParams, body: releaseRequest },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        liftHolds(cloud, tx, { person: params.id, by: actor.person, ...body }),
      ),
  }),
  route({
    method: 'GET',
    url: '/api/admin/parcels/:id/holds',
    access: 'admin',
    says: 'The legal holds that stand over a parcel.',
    schema: { params: idParams, response: parcelHolds },
    handle: ({ cloud, actor, params }) =>
      cloud.database.read(actor.tenant, (tx) => ofParcel(cloud, tx, params.id)),
  }),
  route({
    method: 'POST',
    url: '/api/admin/parcels/:id/hold',
    access: 'admin',
    says: 'Places a legal hold over a parcel: nobody erases whoever had a part in it while it stands.',
    schema: { params: idParams, body: holdRequest },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        placeParcelHold(cloud, tx, { parcel: params.id, by: actor.person, ...body }),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/parcels/:id/release',
    access: 'admin',
    says: 'Ends every legal hold over a parcel.',
    schema: { params: idParams, body: releaseRequest },
    handle: ({ cloud, actor, params, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        liftParcelHolds(cloud, tx, { parcel: params.id, by: actor.person, ...body }),
      ),
  }),
  route({
    method: 'GET',
    url: '/api/admin/privacy',
    access: 'admin',
    says: 'How long who moved out is kept, what the last night erased, every legal hold that stands; with `days`, what that schedule would find.',
    schema: { query: privacyQuery, response: privacy },
    handle: ({ cloud, actor, query: { days } }) =>
      cloud.database.read(actor.tenant, async (tx) => ({
        ...(await retentionOf(tx)),
        holds: await holds(cloud, tx, null),
        parcelHolds: await holdsOfParcels(cloud, tx, null),
        preview: days === undefined ? null : await previewRetention(cloud, tx, days),
      })),
  }),
  route({
    method: 'POST',
    url: '/api/admin/privacy',
    access: 'admin',
    says: 'Sets after how many days who moved out is erased, or that nobody is unasked.',
    schema: { body: retentionRequest },
    handle: ({ cloud, actor, body }) =>
      cloud.database.tenant(actor.tenant, (tx) =>
        setRetention(cloud, tx, { days: body.movedOutDays, by: actor.person }),
      ),
  }),
];
