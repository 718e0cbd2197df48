/** Counters for Prometheus, with route patterns as labels: never a path, which would hold ids. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = {
  registry: Registry;
  requestEnded(request: { route: string; method: string; status: number; tookMs: number }): void;
};

type Now = number | readonly { labels: Record<string, string>; value: number }[];

/** A number of this process that is asked for when somebody looks. */
export type GaugeOf = {
  name: string;
  help: string;
  /** Of which there is one number each; none unset. Their values are of closed lists or of the configuration. */
  labelNames?: readonly string[];
  value(): Now | Promise<Now>;
};

export function openMetrics(gauges: readonly GaugeOf[] = []): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, help, labelNames = [], value } of gauges)
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const now = await value();
        // What is not said any more is gone, and not what it was.
        this.reset();
        if (typeof now === 'number') this.set(now);
        else for (const one of now) this.set(one.labels, one.value);
      },
    });
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'holdfast_http_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'holdfast_http_request_seconds',
    help: 'Time from the first byte in to the last byte out.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return {
    registry,
    requestEnded({ route, method, status, tookMs }) {
      requests.inc({ method, route, status: String(status) });
      seconds.observe({ method, route }, tookMs / 1000);
    },
  };
}
