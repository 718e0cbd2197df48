/** What the tests of bundles share: taking one apart, changing what is in it, and putting it together so that only that is wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { base64url, concat, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { canonical, type Manifest, manifestSchema } from '../../ledger/export/format.ts';
import { type ByteSource, TAR_END, tarHeader, tarMembers, tarPadding } from '../../ledger/export/tar.ts';

export type Files = Map<string, Uint8Array>;

/** A folder that lasts as long as the file of tests. */
export function bundleFolder(): string {
  const home = mkdtempSync(join(tmpdir(), 'hf-export-'));
  after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.slice(at, at + length) };
}

export function unpacked(path: string): Files {
  const bytes = new Uint8Array(readFileSync(path));
  const found = tarMembers(sourceOf(bytes), 5_000);
  assert.ok(found.ok);
  return new Map(found.members.map(({ name, at, size }) => [name, bytes.slice(at, at + size)]));
}

export function manifestOf(files: Files): Manifest {
  return manifestSchema.parse(JSON.parse(textOf(files, 'manifest.json')));
}

export function textOf(files: Files, name: string): string {
  return fromUtf8(files.get(name) ?? assert.fail(`${name} is there`));
}

/** Puts files behind each other, whatever they are called and hold. */
export function packed(files: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of files)
    parts.push(tarHeader(name, bytes.length), bytes, tarPadding(bytes.length));
  return concat(...parts, TAR_END);
}

export type Edit = {
  /** Another text for a file; undefined takes the file out. */
  edit?: Readonly<Record<string, (text: string) => string | undefined>>;
  manifest?: (manifest: Manifest) => void;
};

/** A bundle with an edit, whose manifest has the right lengths and hashes again, as whoever tampers would see to. */
export function tampered(files: Files, { edit = {}, manifest: change }: Edit): Uint8Array {
  const changed: Files = new Map(files);
  for (const [name, how] of Object.entries(edit)) {
    const text = how(files.has(name) ? textOf(files, name) : '');
    if (text === undefined) changed.delete(name);
    else changed.set(name, utf8(text));
  }
  const manifest = manifestOf(files);
  manifest.files = [...changed]
    .filter(([name]) => name !== 'manifest.json')
    .map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: base64url(sha256(bytes)) }));
  change?.(manifest);
  changed.set('manifest.json', utf8(canonical(manifest)));
  return packed(changed);
}

/** What verify/verify.mjs says of each, in a process of its own, preloaded with what this one is: a sabotage for one. */
export function toldAlone(
  home: string,
  bundles: readonly Uint8Array[],
  rootKeys: readonly string[],
): { holds: boolean; says: string[] }[] {
  const cases = bundles.map((bytes, at) => {
    const path = join(home, `case-${at}.tar`);
    writeFileSync(path, bytes);
    return { kind: 'bundle', of: { path, rootKeys, signatures: 1 } };
  });
  const list = join(home, 'cases.json');
  writeFileSync(list, JSON.stringify(cases));
  const harness = join(import.meta.dirname, '../../../test/verify/harness.mjs');
  const preloads = process.execArgv.flatMap((arg, at, all) =>
    arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
  );
  const ran = spawnSync(process.execPath, [...preloads, harness, list], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.equal(ran.status, 0);
  const { verdicts, says } = JSON.parse(ran.stdout) as { verdicts: boolean[]; says: string[][] };
  return verdicts.map((holds, at) => ({ holds, says: says[at] ?? [] }));
}
