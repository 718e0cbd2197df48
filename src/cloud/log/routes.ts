/**
 * The log over HTTP, read-only, by the paths of C2SP tlog-tiles (section "APIs"). Whether everybody may read it is
 * the tenant's choice; its administrators always may. A closed log is, to strangers, not there.
 */
import { z } from 'zod';
import { type LogDays, logGrowth, logGrowthQuery } from '../../contract/http/proofs.ts';
import { logWitnesses } from '../../contract/http/witnesses.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { parseId, type TenantId } from '../../domain/ids.ts';
import { CHECKPOINT_PATH, parseTilePath } from '../../ledger/log/layout.ts';
import type { Cloud } from '../deps.ts';
import { type Route, route, Served } from '../http/http.ts';
import { growthOf } from './growth.ts';
import { standingOf } from './standing.ts';
import * as store from './store.ts';
import * as witnesses from './witness-store.ts';

/** Mutable: kept for a few seconds at most (section "Checkpoints"). */
const FOR_SECONDS = 'public, max-age=2';
/** What lies under such a name never changes (section "Merkle Tree"). */
const FOREVER = 'public, max-age=31536000, immutable';

const params = z.strictObject({ '*': z.string().max(200) });

export const routes: Route[] = [
  route({
    method: 'GET',
    url: '/log/*',
    access: 'public',
    says: 'A part of a log that everybody may read.',
    schema: { params },
    handle({ cloud, params: { '*': path } }) {
      const [, id = '', rest = ''] = /^([a-z0-9_]{1,64})\/(.+)$/.exec(path) ?? [];
      return partOf(cloud, { tenant: parseId('tenant', id), path: rest, openOnly: true });
    },
  }),
  route({
    method: 'GET',
    url: '/api/admin/log/*',
    access: 'admin',
    says: 'A part of the log of the organisation.',
    schema: { params },
    handle: ({ cloud, actor, params: { '*': path } }) =>
      partOf(cloud, { tenant: actor.tenant, path, openOnly: false }),
  }),
  route({
    method: 'GET',
    url: '/api/admin/log-witnesses',
    access: 'admin',
    says: 'How the log of the organisation stands with its witnesses, and its newest checkpoint.',
    schema: { response: logWitnesses },
    handle: ({ cloud, actor }) =>
      cloud.database.read(actor.tenant, async (tx) => ({ log: await standingOf(cloud, tx) })),
  }),
  route({
    method: 'GET',
    url: '/api/admin/log-growth',
    access: 'admin',
    says: 'How large the log was, step by step, its last checkpoints, and what witnesses agreed to last.',
    schema: { query: logGrowthQuery, response: logGrowth },
    handle: ({ cloud, actor, query: { days } }) =>
      cloud.database.read(actor.tenant, (tx) => growthOf(cloud, tx, Number(days) as LogDays)),
  }),
];

type Part = {
  tenant: TenantId | undefined;
  /** The generation, and behind it a path of the layout. */
  path: string;
  openOnly: boolean;
};

async function partOf(cloud: Cloud, { tenant, path, openOnly }: Part): Promise<Served> {
  const [, digits = '', rest = ''] = /^([1-9][0-9]{0,8})\/(.+)$/.exec(path) ?? [];
  const generation = Number(digits);
  const isTile = parseTilePath(rest).ok;
  if (!tenant || generation < 1 || (!isTile && rest !== CHECKPOINT_PATH)) throw nothingThere();
  const found = await cloud.database.read(tenant, async (tx) => {
    const [log, note] = await Promise.all([store.logAt(tx, generation), witnesses.shownNote(tx, generation)]);
    return log && note !== undefined ? { isOpen: log.open, note } : undefined;
  });
  if (!found || (openOnly && !found.isOpen)) throw nothingThere();
  // From the database, which never shows an earlier one after a later.
  if (!isTile)
    return new Served({
      type: 'text/plain; charset=utf-8',
      bytes: utf8(found.note),
      cache: openOnly ? FOR_SECONDS : null,
    });
  const bytes = await cloud.ledger.objects.read({ tenant, generation }, rest);
  if (!bytes) throw nothingThere();
  return new Served({ type: 'application/octet-stream', bytes, cache: openOnly ? FOREVER : null });
}

/** The same for what is closed, what is not there, and what could never be. */
function nothingThere(): HoldfastError {
  return new HoldfastError('not-found', 'There is no such part of a log here.');
}
