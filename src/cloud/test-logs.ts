/** A store of logs in memory, for tests that are not about the disk. */
import { parseId } from '../domain/ids.ts';
import type { LogObjects, LogPlace } from './log/log.ts';

export function logsInMemory(): LogObjects & { kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  const nameOf = ({ tenant, generation }: LogPlace, path: string) => `${tenant}/${generation}/${path}`;
  return {
    kept,
    read: async (place, path) => kept.get(nameOf(place, path)),
    write: async (place, { path, bytes }) => void kept.set(nameOf(place, path), bytes),
    stage: async (place, { path, bytes }) => ({
      settle: async () => void kept.set(nameOf(place, path), bytes),
      drop: async () => undefined,
    }),
    async *paths(place) {
      const prefix = nameOf(place, '');
      for (const name of kept.keys()) if (name.startsWith(prefix)) yield name.slice(prefix.length);
    },
    async generations(tenant) {
      const names = [...kept.keys()].filter((name) => name.startsWith(`${tenant}/`));
      return [...new Set(names.map((name) => Number(name.split('/')[1])))];
    },
    tenants: async () => [
      ...new Set([...kept.keys()].flatMap((name) => parseId('tenant', name.split('/')[0] ?? '') ?? [])),
    ],
  };
}
