/** A bundle whose checkpoint was cosigned: whoever is handed it counts the witnesses, without us. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { verifyBundle } from '../../ledger/export/verify.ts';
import { parsePolicyFile } from '../../ledger/log/policy-file.ts';
import { cosignatureLine } from '../../ledger/log/signatures.ts';
import { RFC_SECRETS, signerOf } from '../../ledger/log/test-model.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { filledTenant } from '../test-tenants.ts';
import { makeExport, NOBODY_NAMED, readSelection } from './export.ts';
import { bundleFolder, sourceOf, textOf, unpacked } from './test-bundle.ts';

const home = bundleFolder();
const root = newSigningKey();
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

/** Three witnesses over HTTP, of which the first `answering` cosign whatever they are sent. */
async function threeWitnesses(answering: number) {
  const signers = RFC_SECRETS.slice(1).map((secret, at) => signerOf(`witness.example.org/${at + 1}`, secret));
  const server = createServer((request, response) => {
    const at = Number(request.url?.[2]);
    const signer = signers[at];
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      const note = body.slice(body.indexOf('\n\n') + 2);
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      if (!signer || at >= answering) response.writeHead(503).end();
      else response.end(cosignatureLine({ text, signer, atS: 1_790_000_000 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const witnesses = signers.map((signer, at) => ({
    ...{ name: `w${at}`, vkey: vkeyText({ type: 'cosignature', ...signer }), caPem: undefined },
    url: `http://127.0.0.1:${address.port}/w${at}`,
  }));
  return { witnesses, quorum: 2, pauseMs: 1, alarmAfterMs: 60_000 };
}

test('the checkpoint has its cosignatures, and a policy of two of three counts them', async () => {
  const witnessing = await threeWitnesses(2);
  const cloud = { ...stand.cloud, config: { ...stand.cloud.config, witnessing } };
  const { tenant } = await filledTenant(cloud, { root, mark: 'Yew' });
  const out = join(home, 'cosigned.tar');
  const order = {
    tenant,
    selection: readSelection({}),
    opened: [],
    purpose: 'case 13',
    madeBy: null,
    by: null,
    receiver: NOBODY_NAMED,
    out,
  };
  await makeExport(cloud, order);
  const files = unpacked(out);
  const cosigned = (text: string) =>
    text.split('\n').filter((line) => line.startsWith('— witness.example.org/'));
  assert.equal(cosigned(textOf(files, 'checkpoint')).length, 2);
  const { log } = JSON.parse(textOf(files, 'keys.json')) as { log: { vkey: string } };
  const keys = witnessing.witnesses.map(({ name, vkey }) => `witness ${name} ${vkey}`);
  const policyOf = (k: number) => {
    const lines = [`log ${log.vkey}`, ...keys, `group g ${k} w0 w1 w2`, 'quorum g'];
    const read = parsePolicyFile(lines.join('\n'));
    assert.ok(read.ok);
    return read.policy;
  };
  const bytes = new Uint8Array(readFileSync(out));
  const judged = (k: number) =>
    verifyBundle(sourceOf(bytes), {
      ...{ rootKeys: [base64url(root.publicKey)], signatures: 1, policy: policyOf(k) },
    });
  const { lines, holds } = judged(2);
  assert.ok(holds, JSON.stringify(lines));
  assert.ok(lines.some(({ says }) => says === '2 of 3 witnesses cosigned, which is the quorum g'));
  assert.ok(!judged(3).holds);
});
