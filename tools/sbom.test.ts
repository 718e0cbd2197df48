import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { readLockfile, SBOM_FILE, sbomOf } from './sbom.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMAS = 'node_modules/@cyclonedx/cyclonedx-library/res/schema';
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

type Bom = {
  specVersion: string;
  components: { 'bom-ref': string; scope: string; hashes?: { alg: string; content: string }[] }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
};

/** The standard's own JSON schema of version 1.6, as its working group publishes it. */
function validator() {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  // Forms of addresses that the schema names and the checker does not know; no field of ours has them.
  for (const name of ['iri-reference', 'idn-email']) ajv.addFormat(name, true);
  ajv.addSchema(
    json(`${SCHEMAS}/spdx.SNAPSHOT.schema.json`),
    'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json',
  );
  ajv.addSchema(
    json(`${SCHEMAS}/jsf-0.82.SNAPSHOT.schema.json`),
    'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json',
  );
  return ajv.compile(json(`${SCHEMAS}/bom-1.6.SNAPSHOT.schema.json`));
}

const written = readFileSync(join(ROOT, SBOM_FILE), 'utf8');

test('the bill of materials is the one of this lockfile: npm run sbom', () => {
  assert.ok(written === sbomOf(readLockfile()), 'run: npm run sbom');
});

test('it is valid CycloneDX 1.6, and the check finds what is not', () => {
  const isValid = validator();
  const bom = JSON.parse(written) as Bom;
  assert.equal(isValid(bom), true, JSON.stringify(isValid.errors?.slice(0, 3)));
  assert.equal(bom.specVersion, '1.6');
  const [first] = bom.components;
  assert.equal(isValid({ ...bom, components: [{ ...first, scope: 'perhaps' }] }), false);
  assert.equal(
    isValid({ ...bom, components: [{ ...first, hashes: [{ alg: 'SHA-512', content: 'zz' }] }] }),
    false,
  );
});

test('every package of the lockfile stands in it once, with its hash, and every dependency leads somewhere', () => {
  const bom = JSON.parse(written) as Bom;
  const refs = new Set(bom.components.map((component) => component['bom-ref']));
  assert.equal(refs.size, bom.components.length);
  const locked = Object.entries(readLockfile().packages).filter(
    ([path, entry]) => path !== '' && !entry.link,
  );
  const wanted = locked.map(([path, { version }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `pkg:npm/${name.replace('@', '%40')}@${version}`;
  });
  assert.deepEqual(refs, new Set(wanted));
  for (const { hashes } of bom.components) assert.match(hashes?.[0]?.content ?? '', /^[\da-f]{128}$/);
  const scopes = new Map(
    bom.components.map((component) => [component['bom-ref'].split('@')[0], component.scope]),
  );
  assert.equal(scopes.get('pkg:npm/fastify'), 'required');
  assert.equal(scopes.get('pkg:npm/knip'), 'excluded');
  for (const { dependsOn = [] } of bom.dependencies)
    for (const ref of dependsOn) assert.ok(refs.has(ref), ref);
  const own = bom.dependencies.find(({ ref }) => ref.startsWith('pkg:npm/holdfast@'));
  assert.ok((own?.dependsOn?.length ?? 0) > 30, 'what we name ourselves hangs on us');
});
