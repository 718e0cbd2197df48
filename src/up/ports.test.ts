import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { freeBase } from '../../test/site.ts';
import { portsFrom, requireFree } from './ports.ts';

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === '::1');

for (const host of ['127.0.0.1', '::1', '0.0.0.0', '::'])
  test(`a port that another program has at ${host} is named`, {
    skip: host.includes(':') && !hasIpv6 ? 'this machine has no IPv6' : false,
  }, async () => {
    const base = await freeBase();
    const ports = portsFrom(base);
    await requireFree(ports, base);
    const other = createServer().listen({ host, port: ports.kiosk, ipv6Only: host === '::' });
    await once(other, 'listening');
    try {
      const named = new RegExp(`port ${ports.kiosk} \\(kiosk\\) is in use by another program`);
      await assert.rejects(requireFree(ports, base), named);
    } finally {
      other.close();
    }
  });
