/** Residents from a list: what a file would do, and doing it. */
import {
  importPreview,
  importPreviewed,
  importStep,
  importStepDone,
  PREVIEW_BODY_BYTES_MAX,
  peopleAlike,
  STEP_BODY_BYTES_MAX,
} from '../../contract/http/people-import.ts';
import { fromBase64 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import * as banks from '../banks/banks.ts';
import { type Route, route } from '../http/http.ts';
import * as imports from '../imports/imports.ts';
import { peopleChanged, siteOf } from './people-routes.ts';

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/admin/people/alike',
    access: 'admin',
    says: 'Residents who may be one person listed twice. Computed from those who are there; nothing of it is kept.',
    schema: { response: peopleAlike },
    handle: ({ cloud, actor }) =>
      cloud.database.read(actor.tenant, async (tx) =>
        imports.alike(
          cloud,
          tx,
          (await banks.sites(tx)).map(({ site }) => site),
        ),
      ),
  }),
  route({
    method: 'POST',
    url: '/api/admin/people/import/preview',
    access: 'admin',
    says: 'What a file of residents would do, row by row. Does nothing, and keeps nothing.',
    changesNothing: true,
    bodyBytesMax: PREVIEW_BODY_BYTES_MAX,
    schema: { body: importPreview, response: importPreviewed },
    async handle({ cloud, actor, body: { file, site, ...asked } }) {
      const bytes = fromBase64(file);
      if (!bytes)
        throw new HoldfastError('input-invalid', 'The file is not in base64 (RFC 4648, section 4).');
      return await imports.preview(
        cloud,
        { tenant: actor.tenant, site: (tx) => siteOf(tx, site) },
        { ...asked, bytes },
      );
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/people/import',
    access: 'admin',
    says: 'Imports rows as a preview showed them. What is not as it showed is left alone, and told.',
    bodyBytesMax: STEP_BODY_BYTES_MAX,
    schema: { body: importStep, response: importStepDone },
    handle: ({ cloud, actor, body }) =>
      cloud.database.tenant(actor.tenant, async (tx) => {
        const site = await siteOf(tx, body.site);
        const answer = await imports.step(cloud, tx, { site, by: actor.person, rows: body.rows });
        if (answer.rows.some(({ done }) => done !== null)) await peopleChanged(cloud, tx, site);
        return answer;
      }),
  }),
];
