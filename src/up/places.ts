/** Where everything of `holdfast up` stands under its data folder. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir } from '../platform/durable.ts';

export type Places = {
  data: string;
  postgres: string;
  cloud: string;
  edge: string;
  seal: string;
  rig: string;
  phone: string;
  root: string;
  logs: string;
  runFile: string;
  secretsFile: string;
  stateFile: string;
  lockFile: string;
};

export function placesIn(data: string): Places {
  return {
    data,
    postgres: join(data, 'postgres'),
    cloud: join(data, 'cloud'),
    edge: join(data, 'edge'),
    seal: join(data, 'seal'),
    rig: join(data, 'rig'),
    phone: join(data, 'rig-phone'),
    root: join(data, 'root'),
    logs: join(data, 'logs'),
    runFile: join(data, 'run.json'),
    secretsFile: join(data, 'secrets.json'),
    stateFile: join(data, 'state.json'),
    lockFile: join(data, 'up.lock'),
  };
}

/**
 * Makes the folders. The data folder itself can be passed through (0711), because the embedded database may
 * run as another user; everything in it is its owner's alone.
 */
export function makePlaces(places: Places): void {
  mkdirSync(places.data, { recursive: true });
  chmodSync(places.data, 0o711);
  for (const dir of [places.cloud, places.edge, places.rig, places.phone, places.logs]) makePrivateDir(dir);
}
