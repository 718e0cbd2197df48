/** Evidence over HTTP, for administrators: attaching it to a parcel, what there is, and one of it for a purpose. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  EVIDENCE_BODY_BYTES_MAX,
  evidenceAttach,
  evidenceAttached,
  evidenceList,
  evidenceView,
} from '../../contract/http/evidence.ts';
import { fromBase64 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { MEDIA } from '../../domain/evidence.ts';
import { type Route, route, Served } from '../http/http.ts';
import { attach, handOutEvidence } from './attach.ts';
import { evidenceOfParcel } from './shown.ts';

const idParams = z.strictObject({ id: z.string().max(64) });
const PART_BYTES = 65_536;

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/parcels/:id/evidence',
    access: 'admin',
    says: 'What staff attached to a parcel, and how much more may be.',
    schema: { params: idParams, response: evidenceList },
    handle: ({ cloud, actor, params }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const found = await evidenceOfParcel(cloud, tx, params.id);
        if (!found) throw new HoldfastError('not-found', 'There is no such parcel here.');
        return found;
      }),
  }),
  route({
    method: 'POST',
    url: '/api/admin/parcels/:id/evidence',
    access: 'admin',
    status: 201,
    bodyBytesMax: EVIDENCE_BODY_BYTES_MAX,
    says: 'Attaches a file to a parcel, byte for byte, and records its hash behind a commitment.',
    schema: { params: idParams, body: evidenceAttach, response: evidenceAttached },
    async handle({ cloud, actor, params, body }) {
      const bytes = fromBase64(body.file);
      if (!bytes)
        throw new HoldfastError('input-invalid', 'The file is sent as base64 (RFC 4648, section 4).');
      const { purpose, about } = body;
      return await attach(cloud, actor.tenant, {
        ...{ parcel: params.id, purpose, about, bytes, by: actor.person },
      });
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/evidence/:id/file',
    access: 'admin',
    status: 200,
    guarded: true,
    says: 'One piece of evidence, as an attachment. Each look is recorded with its purpose, so it takes no key.',
    schema: { params: idParams, body: evidenceView },
    async handle({ cloud, actor, params, body }) {
      const { id, media, bytes } = await handOutEvidence(cloud, actor, { id: params.id, ...body });
      const { type, ext } = MEDIA[media];
      return new Served({
        ...{ type, cache: null, name: `${id}.${ext}`, bytes: bytes.length },
        stream: () => Readable.from(partsOf(bytes)),
      });
    },
  }),
];

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
}
