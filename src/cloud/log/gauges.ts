/** What Prometheus is told of the logs: numbers over all tenants, and no tenant's name. */
import type { GaugeOf } from '../http/http.ts';
import type { LogStanding } from './standing.ts';

export function gaugesOf(standings: () => readonly LogStanding[]): GaugeOf[] {
  const count = (holds: (standing: LogStanding) => boolean) => () => standings().filter(holds).length;
  return [
    {
      name: 'holdfast_log_conflicts',
      help: 'Logs of which a witness says that they contradict what it remembers.',
      value: count(({ witnesses }) => witnesses.some(({ error }) => error === 'conflict')),
    },
    {
      name: 'holdfast_log_unagreed',
      help: 'Logs that too few witnesses have cosigned for longer than the configuration allows.',
      value: count(({ isUnagreed }) => isUnagreed),
    },
    {
      name: 'holdfast_log_stalled',
      help: 'Logs that do not grow while records wait.',
      value: count(({ isStalled }) => isStalled),
    },
    {
      name: 'holdfast_log_witness_failing',
      help: 'Logs that a witness did not cosign when it was last asked, by why.',
      labelNames: ['witness', 'reason'],
      value: () => failing(standings()),
    },
  ];
}

function failing(standings: readonly LogStanding[]): { labels: Record<string, string>; value: number }[] {
  const counts = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const { witnesses } of standings)
    for (const { name, error } of witnesses) {
      if (error === null) continue;
      const at = counts.get(`${name} ${error}`) ?? { labels: { witness: name, reason: error }, value: 0 };
      counts.set(`${name} ${error}`, { ...at, value: at.value + 1 });
    }
  return [...counts.values()];
}
