/** Bundles of evidence: what `holdfast admin export` does with a database that answers. */
import { existsSync } from 'node:fs';
import { HoldfastError } from '../domain/errors.ts';
import { parseId, type TenantId } from '../domain/ids.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { codeOf, readIfExists } from '../platform/durable.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { NOUNS } from './cloud.ts';
import { cloudConfig } from './config.ts';
import { openCore } from './core.ts';
import type { Cloud } from './deps.ts';
import {
  type Asked,
  EXPORT_TEXT_MAX,
  type ExportReceiver,
  type GivenReceiver,
  makeExport,
  NOBODY_NAMED,
  noteGiven,
  readOpened,
  readSelection,
  receiverFrom,
} from './export/export.ts';
import { allTenants } from './tenants/tenants.ts';

/** What stood behind the command, as it was typed. */
export type ExportValues = Asked & {
  purpose?: string | undefined;
  name?: string | undefined;
  opened?: string[] | undefined;
  tenant?: string | undefined;
  receiver?: string | undefined;
  certificate?: string | undefined;
  'passphrase-file'?: string | undefined;
  encrypt?: string | undefined;
};

export async function exportBundle(of: {
  config: string;
  values: ExportValues;
  out: string;
  say(line: string): void;
}): Promise<void> {
  const { values, out, say } = of;
  const purpose = values.purpose?.trim() ?? '';
  if (purpose === '' || purpose.length > EXPORT_TEXT_MAX.purpose)
    throw new HoldfastError(
      'input-invalid',
      'say what it is for: --purpose "case 12 of the district court"; it is recorded',
    );
  for (const name of ['name', 'receiver'] as const)
    if ((values[name] ?? '').length > EXPORT_TEXT_MAX.name)
      throw new HoldfastError('input-invalid', `--${name} has at most ${EXPORT_TEXT_MAX.name} characters`);
  const [selection, opened] = [readSelection(values), readOpened(values.opened ?? [])];
  const receiver = await receiverOf(values);
  if (existsSync(out)) throw isThere(out);
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const { cloud } = await openCore({ config: readConfig(of.config, cloudConfig), ...deps }, NOUNS);
  try {
    const tenant = await tenantOf(cloud, values.tenant);
    const order = {
      tenant,
      selection,
      opened,
      purpose,
      receiver,
      madeBy: values.name ?? null,
      by: null,
      out,
    };
    const made = await makeExport(cloud, {
      ...order,
      note: (tx, noted) => noteGiven(cloud, tx, { order, made: noted }),
    }).catch((error: unknown) => {
      throw codeOf(error) === 'EEXIST' ? isThere(out) : error;
    });
    say(`${out}: ${made.records} records, ${made.bytes} bytes, SHA-256 ${made.fileSha256}`);
    sayReceiver(receiver, { sha256: made.sha256, say });
    say(opened.length === 0 ? 'no field is opened' : `opened: ${opened.join(', ')}; give it to nobody else`);
    const opener = OPENERS[receiver.told.by ?? 'none'];
    say(`recorded with its purpose; check it with: holdfast verify ${out} ${opener}--root-key site-root.pub`);
  } finally {
    await cloud.database.close();
  }
}

const isThere = (out: string) =>
  new HoldfastError('conflict', `${out} is there already; nothing is overwritten`);

const OPENERS = {
  none: '',
  certificate: '--key KEY.pem ',
  passphrase: '--passphrase-file FILE ',
} as const;

function sayReceiver(
  { told: { by, certificate, onlyEvidence } }: ExportReceiver,
  { sha256, say }: { sha256: string; say(line: string): void },
): void {
  if (by === null) return say('it is not encrypted: with --certificate or --passphrase-file it is');
  if (onlyEvidence) say('it is not encrypted, but for the evidence in it');
  else say(`the bundle inside: SHA-256 ${sha256}`);
  if (certificate === null)
    return say('encrypted under the passphrase; tell it by another road than the file');
  const until = new Date(certificate.notAfterMs).toISOString().slice(0, 10);
  say(`encrypted to ${certificate.subject}, certificate ${certificate.fingerprint}, valid until ${until}`);
}

const RECEIVER_FILE_BYTES_MAX = 65_536;

async function receiverOf(values: ExportValues): Promise<ExportReceiver> {
  const { certificate, 'passphrase-file': passphraseFile, receiver: name = null } = values;
  if (certificate !== undefined && passphraseFile !== undefined)
    throw new HoldfastError(
      'input-invalid',
      'a bundle goes to a certificate or under a passphrase, not both',
    );
  const onlyEvidence = readEncrypt(values.encrypt);
  const path = certificate ?? passphraseFile;
  if (path === undefined && onlyEvidence)
    throw new HoldfastError(
      'input-invalid',
      '--encrypt evidence says to whom: --certificate FILE or --passphrase-file FILE',
    );
  if (path === undefined) return { ...NOBODY_NAMED, told: { ...NOBODY_NAMED.told, name } };
  const bytes = readIfExists(path);
  if (!bytes || bytes.length > RECEIVER_FILE_BYTES_MAX)
    throw new HoldfastError('input-invalid', `${path} is not there, or is no such file`);
  const given: GivenReceiver =
    certificate === undefined
      ? { by: 'passphrase', passphrase: passphraseIn(bytes) }
      : { by: 'certificate', certificate: bytes };
  return receiverFrom({ name, given, onlyEvidence }, { clock: systemClock });
}

/** What is encrypted to the receiver: all of it, or, with the rest in clear, the evidence in it. */
function readEncrypt(text = 'all'): boolean {
  if (text !== 'all' && text !== 'evidence')
    throw new HoldfastError('input-invalid', `--encrypt takes all or evidence, not ${text}`);
  return text === 'evidence';
}

/** The first line: editors put an end of line behind it. */
function passphraseIn(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').split(/\r?\n/)[0] ?? '';
}

async function tenantOf(cloud: Cloud, text: string | undefined): Promise<TenantId> {
  const all = await allTenants(cloud);
  const [only, ...others] = all;
  const named = text === undefined ? undefined : parseId('tenant', text);
  if (text === undefined && only && others.length === 0) return only;
  if (named && all.includes(named)) return named;
  throw new HoldfastError(
    text === undefined ? 'input-invalid' : 'not-found',
    text === undefined ? 'say whose records: --tenant ID' : 'there is no such organisation here',
  );
}
