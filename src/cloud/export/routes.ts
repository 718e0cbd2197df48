/** Bundles of evidence over HTTP, for administrators: what would be in one, asking for one, fetching it. */
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { pageQuery } from '../../contract/http/common.ts';
import {
  EXPORT_BODY_BYTES_MAX,
  EXPORT_RECORDS_MAX,
  type ExportPreview,
  exportAsk,
  exportAsked,
  exportList,
  exportPreview,
  exportPreviewAsk,
} from '../../contract/http/exports.ts';
import type { TenantId } from '../../domain/ids.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route, Served } from '../http/http.ts';
import { askExport, discardExport, pageOfExports, takeExport } from './kept.ts';
import { readPlainSelection, type Selection, wantedBy } from './selection.ts';
import { countWanted } from './store.ts';

const idParams = z.strictObject({ id: z.string().max(64) });

async function preview(cloud: Cloud, tenant: TenantId, selection: Selection): Promise<ExportPreview> {
  const wanted = await wantedBy(cloud, tenant, selection);
  return await cloud.database.read(tenant, async (tx) => {
    const counted = await countWanted(tx, wanted);
    const records = counted.reduce((sum, one) => sum + one.records, 0);
    const named = new Map((await banks.allBanks(tx)).map(({ bank, name }) => [bank as string, name]));
    const sources = counted.map((one) => ({
      ...one,
      name: one.source === tenant ? null : (named.get(one.source) ?? one.source),
    }));
    return { records, isTooMany: records > EXPORT_RECORDS_MAX, sources };
  });
}

/** As RFC 8551 section 3.2 calls what RFC 5083 defines; a browser keeps it and does nothing else with it. */
const ENCRYPTED = 'application/pkcs7-mime; smime-type=authEnveloped-data';

export const routes: Route[] = [
  route({
    method: 'POST',
    url: '/api/admin/exports/preview',
    access: 'admin',
    changesNothing: true,
    says: 'How many records a bundle of evidence would hold, journal by journal. It makes none.',
    schema: { body: exportPreviewAsk, response: exportPreview },
    handle: ({ cloud, actor, body }) => preview(cloud, actor.tenant, readPlainSelection(body.selection)),
  }),
  route({
    method: 'POST',
    url: '/api/admin/exports',
    access: 'admin',
    status: 202,
    bodyBytesMax: EXPORT_BODY_BYTES_MAX,
    says: 'Asks for a bundle of evidence, encrypted to a certificate or under a passphrase. It is recorded with its purpose.',
    schema: { body: exportAsk, response: exportAsked },
    handle: ({ cloud, actor, body }) => askExport(cloud, actor, body),
  }),
  route({
    method: 'GET',
    url: '/api/admin/exports',
    access: 'admin',
    says: 'Every bundle that was asked for, here or by command, the newest first.',
    schema: { query: pageQuery, response: exportList },
    handle: ({ cloud, actor, query }) =>
      cloud.database.read(actor.tenant, async (tx) => {
        const { rows, nextCursor } = await pageOfExports(cloud, tx, query);
        return { items: rows, nextCursor };
      }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/exports/:id/file',
    access: 'admin',
    status: 200,
    says: 'The encrypted file of a bundle, for a week after it was made.',
    schema: { params: idParams },
    async handle({ cloud, actor, params }) {
      const { id, bytes, path } = await cloud.database.tenant(actor.tenant, (tx) =>
        takeExport(cloud, tx, params.id),
      );
      return new Served({
        ...{ type: ENCRYPTED, cache: null, name: `${id}.p7m`, bytes },
        stream: () => createReadStream(path),
      });
    },
  }),
  route({
    method: 'POST',
    url: '/api/admin/exports/:id/discard',
    access: 'admin',
    says: 'Takes an export back that is not made yet, or removes its file. What was fetched stays where it is.',
    schema: { params: idParams },
    handle: ({ cloud, actor, params }) =>
      cloud.database.tenant(actor.tenant, (tx) => discardExport(cloud, tx, params.id)),
  }),
];
