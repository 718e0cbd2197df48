/** The jobs of exports: making what was asked for, and removing what was kept long enough. */
import { rmSync } from 'node:fs';
import { EXPORT_RECORDS_MAX, type ExportFailure } from '../../contract/http/exports.ts';
import { type ErrorCode, HoldfastError } from '../../domain/errors.ts';
import { type ExportId, parseId, type TenantId } from '../../domain/ids.ts';
import type { Cloud, JobPayload } from '../deps.ts';
import * as people from '../people/people.ts';
import { allTenants } from '../tenants/tenants.ts';
import { endEnvelope, readEnvelope, sweepEnvelopes } from './envelope-file.ts';
import { fileOf, prepareFolder, sweepFolder } from './folder.ts';
import { KEPT_MS, noteMade, openAbout, openEnvelopeOf } from './kept.ts';
import * as store from './kept-store.ts';
import { type ExportOrder, makeExport } from './make.ts';
import { readOpened, readPlainSelection } from './selection.ts';

/** A machine that goes down in the middle is no reason to give up; one that always does is. */
const TRIES_MAX = 3;
/** How often progress is written down. */
const TELL_MS = 1_000;

const FAILURE_OF: Partial<Record<ErrorCode, ExportFailure>> = {
  'not-found': 'nothing-found',
  'too-large': 'too-many',
  'input-invalid': 'too-many',
};

export async function makeAsked(cloud: Cloud, payload: JobPayload): Promise<void> {
  const tenant = parseId('tenant', String(payload.tenant));
  const id = parseId('export', String(payload.export));
  if (!tenant || !id) return;
  const { dataDir } = cloud.config;
  const order = await begin(cloud, { tenant, id });
  // It was made by a try that died behind the record, was taken back, or failed.
  if (!order) return await endEnvelope(dataDir, { tenant, id });
  try {
    await prepareFolder(dataDir, tenant);
    // Of a try that died between the name and the record: nobody was given it.
    rmSync(order.out, { force: true });
    await makeExport(cloud, order);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Taken back while it was made: there is nothing to say to anybody.
    const failure = error.code === 'conflict' ? undefined : (FAILURE_OF[error.code] ?? 'broke');
    rmSync(order.out, { force: true });
    if (failure) await fail(cloud, { tenant, id, failure });
  }
  // Behind the commit: a row that still waits finds its file.
  await endEnvelope(dataDir, { tenant, id });
}

type Place = { tenant: TenantId; id: ExportId };

async function begin(cloud: Cloud, { tenant, id }: Place): Promise<ExportOrder | undefined> {
  const file = readEnvelope(cloud.config.dataDir, { tenant, id });
  const read = await cloud.database.tenant(tenant, async (tx) => {
    const row = await store.findExport(tx, id, true);
    if (!row || (row.state !== 'waiting' && row.state !== 'making')) return undefined;
    const [about, envelope] = [await openAbout(cloud, tx, row), await openEnvelopeOf(cloud, tx, row, file)];
    if (!envelope) cloud.log.warn('the key of an export is not here any more', { export: id });
    if (row.tries >= TRIES_MAX || !about || !envelope) return 'broke';
    await store.beginMaking(tx, id);
    await cloud.changed(tx, ['exports']);
    const names = await people.findPersons(cloud, tx, row.askedBy === null ? [] : [row.askedBy]);
    const madeBy = row.askedBy === null ? null : (names.get(row.askedBy)?.profile.name ?? null);
    return { row, about, envelope, madeBy };
  });
  if (read === 'broke') await fail(cloud, { tenant, id, failure: 'broke' });
  if (read === undefined || read === 'broke') return undefined;
  const { row, about, envelope, madeBy } = read;
  return {
    ...{ tenant, purpose: about.purpose, madeBy, by: row.askedBy, recordsMax: EXPORT_RECORDS_MAX },
    selection: readPlainSelection(about.selection),
    opened: readOpened(about.opened),
    receiver: { told: about.receiver, envelope, evidence: envelope },
    out: fileOf(cloud.config.dataDir, { tenant, id }),
    isNamedFirst: true,
    looked: teller(cloud, { tenant, id }),
    note: (tx, made) => noteMade(cloud, tx, { id, state: 'ready', made }),
  };
}

function teller(cloud: Cloud, { tenant, id }: Place): NonNullable<ExportOrder['looked']> {
  let toldAtMs = 0;
  return async (far) => {
    const nowMs = cloud.clock.nowMs();
    if (nowMs - toldAtMs < TELL_MS) return;
    toldAtMs = nowMs;
    await cloud.database.tenant(tenant, async (tx) => {
      await store.noteLooked(tx, id, far);
      await cloud.changed(tx, ['exports']);
    });
  };
}

async function fail(
  cloud: Cloud,
  { tenant, id, failure }: Place & { failure: ExportFailure },
): Promise<void> {
  await cloud.database.tenant(tenant, async (tx) => {
    await store.endFailed(tx, id, { failure, endedAtMs: cloud.clock.nowMs() });
    await cloud.changed(tx, ['exports']);
  });
}

export async function sweepExports(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    const keep = await cloud.database.tenant(tenant, async (tx) => {
      await store.endKeepingOf(tx, { beforeMs: cloud.clock.nowMs() - KEPT_MS });
      return new Set(await store.keptIds(tx));
    });
    sweepFolder(cloud.config.dataDir, tenant, keep);
    await sweepEnvelopes(cloud, tenant);
  }
}
