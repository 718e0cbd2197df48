/** What `holdfast admin roster sign` uses: it fetches the draft, shows every change, signs, and sends. */
import { z } from 'zod';
import { rosterDraft, rosterSubmit } from '../../contract/http/admin.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { parseId, type SiteId } from '../../domain/ids.ts';
import { NOTHING, type Route, route } from '../http/http.ts';
import { draft } from './drafts.ts';
import { submit } from './signed.ts';
import { tenantOfSite } from './store.ts';

const siteParams = z.strictObject({ site: z.string().max(64) });
/** A note of a mebibyte, quoted as JSON. */
const NOTE_BODY_BYTES_MAX = 1_310_720;

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/api/operator/rosters/:site/draft',
    access: 'operator',
    says: "What waits for the signature of the site's root; 204 when nothing does.",
    schema: { params: siteParams, response: rosterDraft },
    async handle({ cloud, params }) {
      const site = siteOf(params.site);
      const tenant = await cloud.database.readEstate((tx) => tenantOfSite(tx, site));
      const waiting = tenant && (await cloud.database.tenant(tenant, (tx) => draft(cloud, tx, site)));
      if (tenant === undefined) throw new HoldfastError('not-found', 'There is no such site here.');
      if (!waiting) return NOTHING;
      return { site, rosterJson: waiting.json, previousNote: waiting.previousNote };
    },
  }),
  route({
    method: 'PUT',
    url: '/api/operator/rosters/:site',
    access: 'operator',
    bodyBytesMax: NOTE_BODY_BYTES_MAX,
    says: "Takes the draft, signed by the site's root, and sends it to the site's banks.",
    schema: { params: siteParams, body: rosterSubmit },
    async handle({ cloud, params, body }) {
      const taken = await submit(cloud, siteOf(params.site), body.note);
      if (taken.ok) return;
      const { reason, differs } = taken.reason;
      if (!differs)
        throw new HoldfastError(
          'denied',
          "The site's root, or a key that comes in, did not sign this, or it is not newer than the roster held.",
          { reason },
        );
      throw new HoldfastError(
        'conflict',
        'What was signed is not what waits now. Fetch the draft again and sign that.',
        { reason },
      );
    },
  }),
];

function siteOf(text: string): SiteId {
  const site = parseId('site', text);
  if (!site) throw new HoldfastError('not-found', 'There is no such site here.');
  return site;
}
