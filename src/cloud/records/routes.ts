/** Every record of the organisation, by what is asked for, each with how far it has come into the log. */
import { z } from 'zod';
import { arrived, arrivedQuery, recordDetail, records, recordsQuery } from '../../contract/http/records.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type Route, route, Served } from '../http/http.ts';
import { arrivedSince, pageOfRecords, recordOf } from './views.ts';

const params = z.strictObject({ id: z.string().max(80) });

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/records',
    access: 'admin',
    says: 'Records, the last first: by their own time where a time is asked for, else as they came in. To ask about a person or a parcel is recorded.',
    schema: { query: recordsQuery, response: records },
    handle({ cloud, actor, query }) {
      const writes = query.person !== undefined || query.parcel !== undefined;
      const { database } = cloud;
      const look = { asker: actor, asked: query };
      return writes
        ? database.tenant(actor.tenant, (tx) => pageOfRecords(cloud, tx, look))
        : database.read(actor.tenant, (tx) => pageOfRecords(cloud, tx, look));
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/records/arrived',
    access: 'admin',
    says: 'How many records came in since a page was made, at most a thousand, and how large the log is now.',
    schema: { query: arrivedQuery, response: arrived },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, (tx) =>
        arrivedSince(cloud, tx, { tenant: actor.tenant, asked: query }),
      ),
  }),
  route({
    method: 'GET',
    url: '/api/admin/records/:id',
    access: 'admin',
    says: 'One record, `<source>.<seq>`: its bytes, its leaf hash, and the proof that it stands in the log.',
    schema: { params, response: recordDetail },
    async handle({ cloud, actor, params: { id } }) {
      const found = await recordOf(cloud, { tenant: actor.tenant, id });
      if (!found) throw nothingThere();
      return found;
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/records/:id/proof',
    access: 'admin',
    status: 200,
    says: 'The tlog-proof file of one record, which any C2SP verifier checks without us.',
    schema: { params },
    async handle({ cloud, actor, params: { id } }) {
      const found = await recordOf(cloud, { tenant: actor.tenant, id });
      if (!found) throw nothingThere();
      if (found.file === null)
        throw new HoldfastError(
          'conflict',
          'No signed checkpoint covers this record yet; ask again shortly.',
        );
      return new Served({ type: 'text/plain; charset=utf-8', bytes: utf8(found.file), cache: null });
    },
  }),
];

function nothingThere(): HoldfastError {
  return new HoldfastError('not-found', 'There is no such record here.');
}
