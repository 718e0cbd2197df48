/** Three witnesses for tests: what they answer about the newest checkpoint, and a policy that asks for two of them. */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TenantId } from '../domain/ids.ts';
import { cosignatureLine, splitNote } from '../ledger/log/signatures.ts';
import { RFC_SECRETS, signerOf } from '../ledger/log/test-model.ts';
import { vkeyText } from '../ledger/log/vkey.ts';
import type { Cloud } from './deps.ts';
import { signedLog } from './log/log.ts';

const WITNESSES = RFC_SECRETS.slice(1).map((secret, at) => signerOf(`witness.example.org/${at + 1}`, secret));
const AT_S = 1_790_000_000;

async function signed(cloud: Cloud, tenant: TenantId) {
  return (await signedLog(cloud, tenant)) ?? assert.fail('there is a log');
}

/** What three witnesses answer about the newest checkpoint. */
export async function cosign(cloud: Cloud, tenant: TenantId): Promise<void> {
  const { generation, head, note } = await signed(cloud, tenant);
  const split = splitNote(note);
  assert.ok(split.ok);
  for (const [at, signer] of WITNESSES.entries()) {
    const line = cosignatureLine({ text: split.value.text, signer, atS: AT_S + at });
    const vkey = vkeyText({ type: 'cosignature', ...signer });
    await cloud.database.tenant(tenant, async (tx) => {
      await sql`insert into log_cosignatures (generation, size, vkey, line, at_s, at_ms)
        values (${generation}, ${head.size}, ${vkey}, ${line}, ${AT_S + at}, ${at}) on conflict do nothing`.execute(
        tx,
      );
    });
  }
}

/** In the form of C2SP tlog-policy, as a stranger keeps it. */
export async function policyTextOf(cloud: Cloud, tenant: TenantId): Promise<string> {
  const { vkey } = await signed(cloud, tenant);
  const keys = WITNESSES.map((one, at) => `witness w${at} ${vkeyText({ type: 'cosignature', ...one })}`);
  return [`log ${vkey}`, ...keys, 'group two 2 w0 w1 w2', 'quorum two'].join('\n');
}
