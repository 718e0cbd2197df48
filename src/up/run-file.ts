/** `.holdfast/run.json`: where everything is and how to sign in. Development only, mode 0600. */
import { readSeeded, type Seeded } from './first-start.ts';
import type { SystemConfig } from './configs.ts';
import type { Ports } from './ports.ts';

export type Urls = Record<'start' | 'kiosk' | 'resident' | 'courier' | 'admin' | 'rig' | 'signer' | 'api' | 'https', string>;
export type RunFile = { urls: Urls; signIns: Seeded['signIns']; data: string; relocated: string | null; ports: Ports };

export function urlsOf(ports: Ports): Urls {
  const start = `http://localhost:${ports.start}`;
  return {
    start: `${start}/`,
    kiosk: `http://localhost:${ports.kiosk}/`,
    resident: `${start}/resident/`,
    courier: `${start}/courier/`,
    admin: `${start}/admin/`,
    rig: `http://localhost:${ports.rig}/`,
    signer: `http://signer.localhost:${ports.signer}/`,
    api: `${start}/api`,
    https: `https://localhost:${ports.https}/`,
  };
}

export async function runFileOf(config: SystemConfig): Promise<RunFile> {
  const seeded = readSeeded(config.places);
  return { urls: urlsOf(config.ports), signIns: seeded.signIns, data: config.places.data, relocated: config.relocated, ports: config.ports };
}
