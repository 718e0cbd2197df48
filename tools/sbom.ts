/**
 * `npm run sbom`: writes what the product is made of, from the lockfile, as CycloneDX 1.6 (ECMA-424). It has no
 * date and no drawn number in it, so that the same lockfile gives the same bytes and a test can compare.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';

const ROOT = join(import.meta.dirname, '..');
export const SBOM_FILE = 'docs/reference/sbom.cdx.json';

type Entry = {
  name?: string;
  version?: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  link?: boolean;
} & Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>>;
export type Lockfile = { packages: Record<string, Entry> };

/** The bill of materials of `lock` as text. */
export function sbomOf(lock: Lockfile): string {
  const { '': own, ...entries } = lock.packages;
  if (!own) throw new Error('the lockfile does not say whose it is');
  const self = componentOf('', own);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: self }) });
  const byPath = new Map<string, Models.Component>([['', self]]);
  const byPurl = new Map<string, Models.Component>();
  for (const [path, entry] of Object.entries(entries)) {
    if (entry.link) continue;
    const fresh = componentOf(path, entry);
    // One package may lie at several places of the tree; it is one component.
    const component = byPurl.get(String(fresh.purl)) ?? fresh;
    // What the product needs anywhere is needed, wherever else it is only a tool.
    if (fresh.scope === Enums.ComponentScope.Required) component.scope = fresh.scope;
    byPurl.set(String(fresh.purl), component);
    byPath.set(path, component);
    bom.components.add(component);
  }
  for (const [path, entry] of Object.entries(lock.packages))
    for (const name of dependenciesOf(entry)) {
      const found = resolve(path, name, byPath);
      if (found) byPath.get(path)?.dependencies.add(found.bomRef);
    }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 1 })}\n`;
}

function dependenciesOf(entry: Entry): string[] {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = entry;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

/** As Node finds a package: in the folder of the one that asks, then in each folder above it. */
function resolve(
  path: string,
  name: string,
  byPath: ReadonlyMap<string, Models.Component>,
): Models.Component | undefined {
  const parts = path === '' ? [] : path.split(/(?<!^)\/(?=node_modules\/)/);
  for (let depth = parts.length; depth >= 0; depth--) {
    const found = byPath.get([...parts.slice(0, depth), `node_modules/${name}`].join('/'));
    if (found) return found;
  }
  return undefined;
}

function componentOf(path: string, entry: Entry): Models.Component {
  const name = path === '' ? (entry.name ?? '') : path.slice(path.lastIndexOf('node_modules/') + 13);
  const version = entry.version ?? '';
  const [group, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  // Package URL, type npm: the sign of a scope is percent-encoded.
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const type = path === '' ? Enums.ComponentType.Application : Enums.ComponentType.Library;
  const component = new Models.Component(type, bare ?? name, {
    bomRef: purl,
    version,
    purl,
    scope: scopeOf(entry),
    ...(group === undefined ? {} : { group }),
  });
  const [, hash] = /^sha512-(.+)$/.exec(entry.integrity ?? '') ?? [];
  if (hash) component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(hash, 'base64').toString('hex'));
  if (entry.license) component.licenses.add(licenseOf(entry.license));
  return component;
}

/** `excluded`: a tool of development, no part of what runs. */
function scopeOf({ dev, optional, devOptional }: Entry): Enums.ComponentScope {
  if (dev) return Enums.ComponentScope.Excluded;
  return optional || devOptional ? Enums.ComponentScope.Optional : Enums.ComponentScope.Required;
}

function licenseOf(text: string): Models.License {
  if (SPDX.isSupportedSpdxId(text)) return new Models.SpdxLicense(text);
  if (/ (?:AND|OR|WITH) /.test(text)) return new Models.LicenseExpression(text);
  return new Models.NamedLicense(text);
}

export function readLockfile(): Lockfile {
  return JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
}

if (import.meta.main) {
  writeFileSync(join(ROOT, SBOM_FILE), sbomOf(readLockfile()));
  console.log(`written: ${SBOM_FILE}`);
}
