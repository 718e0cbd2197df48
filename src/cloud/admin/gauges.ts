/** What Prometheus is told of what needs a person: how many of each kind over all tenants, and no name of anything. */
import type { Cloud } from '../deps.ts';
import type { GaugeOf } from '../http/http.ts';
import { allTenants } from '../tenants/tenants.ts';
import { attention } from './overview.ts';

type Values = { labels: Record<string, string>; value: number }[];

/** A database that is slow keeps the other numbers of this process waiting no longer than this. */
const WAIT_MS = 2_000;

export function attentionGauges(cloud: Cloud): GaugeOf[] {
  let running: Promise<Values> | undefined;
  /** One look at a time, however often somebody asks. Where the database does not answer there is no number, which is not none. */
  const look = () => {
    running ??= count(cloud)
      .catch(() => [])
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  return [
    {
      name: 'holdfast_attention',
      help: 'What needs a person, as the admin app lists it, by kind; unset where there is none, or nobody could look.',
      labelNames: ['kind', 'severity'],
      value: () => inTime(cloud, look()),
    },
  ];
}

async function inTime({ clock }: Cloud, values: Promise<Values>): Promise<Values> {
  let cancel = () => {};
  const late = new Promise<Values>((resolve) => {
    cancel = clock.after(WAIT_MS, () => resolve([]));
  });
  try {
    return await Promise.race([values, late]);
  } finally {
    cancel();
  }
}

async function count(cloud: Cloud): Promise<Values> {
  const counts = new Map<string, Values[number]>();
  for (const tenant of await allTenants(cloud)) {
    const items = await cloud.database.tenant(tenant, (tx) => attention(cloud, tx));
    for (const { kind, severity } of items) {
      const at = counts.get(`${kind} ${severity}`) ?? { labels: { kind, severity }, value: 0 };
      counts.set(`${kind} ${severity}`, { ...at, value: at.value + 1 });
    }
  }
  return [...counts.values()];
}
