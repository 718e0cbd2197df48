/**
 * `holdfast admin roster`: `sign` shows every change of a roster in plain rows and signs what was shown. What you see is
 * what you sign: the text is decoded and rendered here, from the very bytes that are signed, and nothing that the cloud or
 * whoever carried the file says about them is believed. Where a site needs several signatures the roster goes from holder
 * to holder in a file (`--out`, `--add`), and `send` hands a whole one to the cloud.
 */
import { basename, join } from 'node:path';
import { base64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { fingerprint, type SigningKey } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import { type Roster, type RosterChange, rosterChanges } from '../domain/roster.ts';
import { NOTE_BYTES_MAX } from '../ledger/note.ts';
import {
  addRosterSignature,
  isWhole,
  noteHash,
  type RosterNeeds,
  readUnverifiedRoster,
  rosterNeeds,
  signRoster,
} from '../ledger/roster.ts';
import { readConfig } from '../platform/config.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { confirm } from './confirm.ts';
import { readRoot, readRootPublicFile } from './root.ts';
import { fetchDraft, type OperatorAccess, operatorAccess, submitNote } from './roster-desk.ts';
import {
  fingerprintOf,
  judge,
  type Last,
  lastFromCloud,
  lastOf,
  type Root,
  signersSoFar,
} from './roster-judge.ts';
import { visible } from './visible.ts';

/** `<site>.last-roster.note`, kept beside the root key: the cloud's word for it would let an older roster pass as the last. */
export const LAST_ROSTER = '.last-roster.note';

export type RosterValues = {
  config?: string | undefined;
  yes: boolean;
  again: boolean;
  out?: string | undefined;
  add?: string | undefined;
  'root-key'?: string[] | undefined;
  signatures?: string | undefined;
};

type Given = { rootDir: string; values: RosterValues };
type Ready = Given & { root: SigningKey; access: OperatorAccess | undefined; named: Root | undefined };
/** A roster with what it has been signed with, before this key signs. */
type Waiting = { roster: Roster; last: Last | undefined; note: string | undefined };

const wrong = (sentence: string) => new HoldfastError('input-invalid', sentence);
const accessFile = ({ values, rootDir }: Given) => values.config ?? join(rootDir, 'operator.json');

export async function runRosterSign(given: Given): Promise<number> {
  const { values, rootDir } = given;
  const root = await readRoot(rootDir);
  // Who signs what the cloud drafted has a way to it; who signs what was carried here need have none.
  const isNeeded = values.add === undefined || values.config !== undefined;
  const file = accessFile(given);
  const access = isNeeded || readIfExists(file) ? readConfig(file, operatorAccess) : undefined;
  const ready = { ...given, root, access, named: namedRoot(values) };
  const waiting = values.add === undefined ? await fromCloud(ready) : fromFile(ready, values.add);
  if (waiting) return await sign(ready, waiting);
  process.stdout.write('there is no roster waiting to be signed\n');
  return 0;
}

/** `holdfast admin roster send FILE`: what enough have signed, to the cloud, by somebody who has a way to it. */
export async function runRosterSend(given: Given & { file: string }): Promise<number> {
  const { note } = readFile(given.file);
  const access = readConfig(accessFile(given), operatorAccess);
  await submitNote(access, note);
  process.stdout.write(`handed to the cloud, which passes it to the banks\nroster hash ${noteHash(note)}\n`);
  return 0;
}

async function fromCloud({ access, root, rootDir }: Ready): Promise<Waiting | undefined> {
  if (!access) throw new Error('what the cloud drafted is signed with a way to it');
  const draft = await fetchDraft(access);
  if (!draft) return undefined;
  const { roster, previousNote } = draft;
  if (roster.site !== access.site)
    throw new HoldfastError('conflict', `the draft is for ${roster.site}, not for ${access.site}`);
  const last = lastIn(rootDir, roster.site, root) ?? lastFromCloud(previousNote, roster.site, root.publicKey);
  return { roster, last, note: undefined };
}

function fromFile({ access, root, rootDir }: Ready, file: string): Waiting {
  const { note, roster } = readFile(file);
  if (access && roster.site !== access.site)
    throw new HoldfastError('conflict', `the roster is for ${roster.site}, not for ${access.site}`);
  return { roster, last: lastIn(rootDir, roster.site, root), note };
}

function readFile(file: string): { note: string; roster: Roster } {
  const bytes = readIfExists(file);
  if (!bytes || bytes.length > NOTE_BYTES_MAX) throw wrong(`there is no roster in ${file}`);
  const note = fromUtf8(bytes);
  const roster = readUnverifiedRoster(note);
  if (!roster) throw wrong(`what stands in ${file} is no roster of a form that is known here`);
  return { note, roster };
}

async function sign(ready: Ready, waiting: Waiting): Promise<number> {
  const { root, values } = ready;
  const { roster, last } = waiting;
  const { again } = values;
  judge({ roster, last, own: root.publicKey, named: ready.named, again });
  const before = waiting.note === undefined ? [] : signersSoFar({ ...waiting, note: waiting.note });
  if (before.includes(base64url(root.publicKey))) throw wrong('this key has signed this roster already');
  const note =
    waiting.note === undefined ? signRoster(roster, [root]) : addRosterSignature(waiting.note, roster, root);
  const needs = rosterNeeds(note, roster, last?.roster.root ?? roster.root);
  if (values.out === undefined && !isWhole(needs))
    throw wrong(`${whatIsMissing(needs)}: write it with --out FILE, and let others sign with --add FILE`);
  show(ready, waiting, before);
  if (!values.yes && !(await confirm('Sign exactly this?'))) {
    process.stdout.write('not signed\n');
    return 1;
  }
  return await handOn(ready, { note, roster, needs, last });
}

function show({ root }: Ready, { roster, last }: Waiting, before: readonly string[]): void {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`roster version ${roster.version} of ${roster.site}\nsite root ${fingerprint(root.publicKey)}`);
  for (const key of before) say(`signed by ${fingerprintOf(key)}`);
  if (!last) say('this key has signed no roster of this site before: every row is shown');
  say('');
  for (const change of rosterChanges(last?.roster ?? null, roster)) process.stdout.write(changeLines(change));
  const was = last?.roster.root.keys ?? [];
  for (const key of roster.root.keys.filter((one) => !was.includes(one)))
    say(`  root key comes in  ${fingerprintOf(key)}`);
  for (const key of was.filter((one) => !roster.root.keys.includes(one)))
    say(`  root key leaves    ${fingerprintOf(key)}`);
}

async function handOn(
  ready: Ready,
  of: { note: string; roster: Roster; needs: RosterNeeds; last: Last | undefined },
): Promise<number> {
  const { note, roster, needs, last } = of;
  const { out } = ready.values;
  const hash = `roster hash ${noteHash(note)}\n`;
  if (out !== undefined) {
    // Remembered first: a roster that lies in a file may be handed over by anybody at any time.
    keepLast(ready.rootDir, roster.site, note);
    writeDurable(out, utf8(note), 0o600);
    // Who signed none before cannot tell which keys come in; the cloud can, and refuses where one is missing.
    const whole = last
      ? 'it is whole'
      : 'it is whole, unless it changes the root, which this key cannot tell';
    const next = isWhole(needs)
      ? `${whole}. Where there is a way to the cloud: holdfast admin roster send ${basename(out)}`
      : `${whatIsMissing(needs)}. The next holder: holdfast admin roster sign --add ${basename(out)} --out FILE`;
    process.stdout.write(`\nsigned and written to ${out}\n${next}\n${hash}`);
    return 0;
  }
  if (!ready.access)
    throw wrong('there is no way to the cloud here (no operator.json); write the roster with --out FILE');
  await submitNote(ready.access, note);
  // Kept after the cloud took it: a roster that was never handed over was never in force.
  keepLast(ready.rootDir, roster.site, note);
  // Today's pins and tomorrow's come with the roster, for this signer as for the banks.
  const pins = Object.values(roster.pins).filter((pin) => pin !== null);
  writeDurable(accessFile(ready), `${JSON.stringify({ ...ready.access, pins }, null, 2)}\n`, 0o600);
  process.stdout.write(`\nsigned and handed to the cloud, which passes it to the banks\n${hash}`);
  return 0;
}

function whatIsMissing({ k, signed, unproved, missingNext }: RosterNeeds): string {
  if (signed < k) return `this site's root needs ${k} signatures, and the roster has ${signed}`;
  if (unproved.length > 0)
    return `every key that comes in has to sign, and these have not: ${unproved.map(fingerprintOf).join(', ')}`;
  return `of the keys that it names ${missingNext} more have to sign`;
}

/** The root that the holder of a key means a roster to name, from files of public halves on this machine. */
function namedRoot(values: RosterValues): Root | undefined {
  const files = values['root-key'] ?? [];
  if (files.length === 0) {
    if (values.signatures !== undefined)
      throw wrong('--signatures stands beside the keys of the root to come: --root-key FILE …');
    return undefined;
  }
  const k = Number(values.signatures ?? 1);
  if (!Number.isInteger(k) || k < 1 || k > files.length)
    throw wrong(`--signatures is a whole number from 1 to the number of keys, ${files.length}`);
  return { keys: files.map(readRootPublicFile), k };
}

/** The cloud has drafted it: names in it are shown as they are, whatever a terminal would make of them. */
export function changeLines(change: RosterChange): string {
  const [what, was, becomes] = [change.what, change.was, change.becomes].map(visible) as [
    string,
    string,
    string,
  ];
  const sign = was === '' ? '+' : becomes === '' ? '-' : '~';
  const line = (name: string, text: string) => (text === '' ? '' : `      ${name.padEnd(9)}${text}\n`);
  return `  ${sign} ${what}\n${line('was', was)}${line('becomes', becomes)}`;
}

const lastFile = (rootDir: string, site: string) => join(rootDir, `${site}${LAST_ROSTER}`);

function lastIn(rootDir: string, site: string, root: SigningKey): Last | undefined {
  const bytes = readIfExists(lastFile(rootDir, site));
  return bytes ? lastOf(fromUtf8(bytes), site, root.publicKey) : undefined;
}

function keepLast(rootDir: string, site: string, note: string): void {
  writeDurable(lastFile(rootDir, site), utf8(note), 0o600);
}
