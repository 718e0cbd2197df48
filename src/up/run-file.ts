/** `.holdfast/run.json`: where everything is and how to sign in. Development only, mode 0600. */

import type { SystemConfig } from './configs.ts';
import { readSeeded, type Seeded } from './kept.ts';
import { type Ports, type Urls, urlsOf } from './ports.ts';

export type RunFile = {
  urls: Urls;
  signIns: Seeded['signIns'];
  data: string;
  relocated: string | null;
  ports: Ports;
};

export async function runFileOf(config: SystemConfig): Promise<RunFile> {
  const seeded = readSeeded(config.places);
  return {
    urls: urlsOf(config.ports),
    signIns: seeded.signIns,
    data: config.places.data,
    relocated: config.relocated,
    ports: config.ports,
  };
}
