/** The one program of the house: reads its arguments, then starts exactly one process. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HoldfastError } from '../src/domain/errors.ts';
import { visible } from '../src/signer/visible.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const USAGE = `holdfast <command>

  up        the whole system on this machine          [--fresh] [--port P] [--data DIR]
  demo      one parcel's journey in the terminal
  admin     root init                                 [--data DIR] [--root DIR]
  admin     roster sign | roster send FILE            [--data DIR] [--root DIR] [--out FILE] [--add FILE] [--again]
                                                      [--root-key FILE … --signatures K] [--yes]
                                                      [--config FILE (operator.json, where not in --root)]
  admin     order staff-release|restore|set-clock|lift|reissue
                                                      [--bank ID] [--door N] [--restore] [--purpose WHY] [--hours H]
                                                      [--nonce TEXT] [--out FILE] [--slip FILE] [--add FILE] [--yes]
                                                      [--data DIR] [--root DIR] [--config FILE (operator.json)]
  admin     backup FILE | restore FILE                [--keys FILE] [--data DIR] [--config FILE]
  admin     export: records with their proofs         --purpose WHY --out FILE [--bank ID] [--door N] [--parcel ID]
                                                      [--person ID] [--from TIME] [--to TIME] [--incident TIME]
                                                      [--opened FIELD …]
                                                      [--name WHO] [--receiver WHO] [--tenant ID]
                                                      [--certificate FILE | --passphrase-file FILE] [--encrypt evidence]
                                                      [--data DIR] [--config FILE]
  admin     erase: a person, for good                 --person ID [--tenant ID] [--data DIR] [--config FILE] [--yes]
  admin     hold | hold place | hold lift             --person ID|--parcel ID --purpose WHY [--until DAY (its end, UTC)]
                                                      [--tenant ID] [--data DIR] [--config FILE]
  admin     retention of who moved out                [--days N|off] [--tenant ID] [--data DIR] [--config FILE]
  admin     keys | keys rotate intake|notifier|tenant [--tenant ID] [--data DIR] [--config FILE] [--yes]
  admin     audit: every log verified anew            [--tenant ID] [--head FILE …] [--data DIR] [--config FILE]
  cloud     one cloud process                         --config FILE
            its key files                             init --config FILE
            how an estate begins (docs/install.md)    tenant
                                                      site --name NAME --root-key FILE … [--signatures K]
                                                      site-root --site ID --root-key FILE … [--signatures K]
                                                      carrier --name NAME
                                                      admin --name NAME --email ADDRESS --out FILE
                                                      admin-remove --email ADDRESS --purpose WHY
                                                      admin-reset --email ADDRESS --out FILE
                                                      bank --site ID --name NAME [--layout FILE] --out FILE
                                                            [--broker-url URL]
                                                      bank-out --bank ID --purpose WHY
                                                      log [--open] [--successor]
                                                      enrol --bank ID --out FILE [--broker-url URL]
                                                      access --site ID --out FILE
            a bank or a door out of use for hours     suspend --bank ID [--door N] | --site ID
                                                      --hours H | --lift, --purpose WHY; neither: what is suspended
            everything that is kept, verified anew    check
            whether mail and SMS go out, step by step check --mail ADDRESS | --sms NUMBER
            the files of an own Mosquitto             broker
            tomorrow’s TLS key in today’s place       rotate-tls
            another key for every log, and the end    rotate-log-key | retire-log-key
            of the one before
            how a log’s keys follow each other        log-succession --out FILE [--tenant ID]
  edge      the agent of one bank                     --config FILE
            its sealing key                           sealing-key init --out FILE
  edge      order FILE: hands an order to the agent   --config FILE
  rig       the virtual cabinet and its phone         --config FILE
  sign      the signer's own page                     [--port P]
  witness   a witness of transparency logs            --config FILE
            its key and its state                     init --name NAME --out FILE
  verify    check a parcel's receipt                  RECEIPT --root-key FILE … [--signatures K] [--policy FILE]
                                                      [--succession FILE]
            check a bundle of evidence                BUNDLE [--root-key FILE …] [--signatures K] [--policy FILE]
                                                      [--succession FILE] [--key FILE] [--passphrase-file FILE] [--out FILE]
                                                      [--evidence DIR]
  bench     speed against raw limits                  [--only NAME] [--full]
  drill     cloud: a hostile cloud, attack by attack  [--csv]
            ledger: random changes, each to be found  [--seed S] [--mutations N] [--of log|files]
            restore: the database lost and put back   [--seconds S]
  sim       many banks on one fake clock and seed     [--seed S] [--steps N] [--banks B] [--hours H]

Run them as: npm run holdfast -- <command>

  npm run holdfast -- admin order staff-release --door 7 --purpose "the recipient moved away" --slip slip.html
  npm run holdfast -- admin order lift --purpose "nobody here has suspended it" --nonce=NONCE --out lift.order
  npm run holdfast -- edge order lift.order --config edge.json
  npm run holdfast -- admin export --purpose "case 12" --parcel parcel_… --opened parcel --out case-12.tar
  npm run holdfast -- admin backup tuesday.backup --keys /media/keys/tuesday.keys
  npm run holdfast -- admin audit --head /media/witness/last-checkpoint

Status: 0 done, 1 refused or failed, 2 not understood.
`;

const OPTIONS = {
  config: { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  fresh: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  root: { type: 'string' },
  'root-key': { type: 'string', multiple: true },
  keep: { type: 'boolean', default: false },
  only: { type: 'string' },
  full: { type: 'boolean', default: false },
  bank: { type: 'string' },
  door: { type: 'string' },
  restore: { type: 'boolean', default: false },
  purpose: { type: 'string' },
  hours: { type: 'string' },
  nonce: { type: 'string' },
  out: { type: 'string' },
  slip: { type: 'string' },
  add: { type: 'string' },
  again: { type: 'boolean', default: false },
  keys: { type: 'string' },
  parcel: { type: 'string' },
  person: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  incident: { type: 'string' },
  until: { type: 'string' },
  days: { type: 'string' },
  opened: { type: 'string', multiple: true },
  policy: { type: 'string' },
  succession: { type: 'string' },
  receiver: { type: 'string' },
  certificate: { type: 'string' },
  'passphrase-file': { type: 'string' },
  encrypt: { type: 'string' },
  evidence: { type: 'string' },
  key: { type: 'string' },
  head: { type: 'string', multiple: true },
  tenant: { type: 'string' },
  site: { type: 'string' },
  name: { type: 'string' },
  email: { type: 'string' },
  mail: { type: 'string' },
  sms: { type: 'string' },
  layout: { type: 'string' },
  signatures: { type: 'string' },
  'broker-url': { type: 'string' },
  open: { type: 'boolean', default: false },
  successor: { type: 'boolean', default: false },
  lift: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export type Arguments = { values: ReturnType<typeof read>['values']; rest: string[]; root: string };

function read(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });
}

async function main(args: string[]): Promise<number> {
  const [command = 'help', ...others] = args;
  // It reads its own options; it is the developer's, and no part of what runs at a site.
  if (command === 'sim') return (await import('../test/sim/main.ts')).main(others);
  if (command === 'drill') return await runDrill(others);
  const { values, positionals } = read(others);
  const given: Arguments = { values, rest: positionals, root: ROOT };
  if (values.help) return usage(0);
  const takesNone = ['up', 'demo', 'rig', 'sign'].includes(command);
  const stray = takesNone ? positionals[0] : undefined;
  if (stray !== undefined) {
    throw new HoldfastError(
      'input-invalid',
      `“${stray}” is not understood. Options of npm start stand behind two dashes: npm start -- --port 9000`,
    );
  }
  switch (command) {
    case 'up':
      return (await import('../src/up/up.ts')).runUp(given);
    case 'demo':
      return (await import('../src/up/demo.ts')).runDemo(given);
    case 'admin':
      return runAdmin(given);
    case 'cloud':
      return (await import('../src/cloud/main.ts')).runCloud({
        config: configOf(given),
        mode: positionals[0],
        values,
      });
    case 'edge':
      return runEdge(given);
    case 'rig':
      return (await import('../rig/main.ts')).runRig({ config: configOf(given) });
    case 'sign':
      return (await import('../src/signer/page.ts')).runSigner({ port: portOf(values.port) ?? 8081 });
    case 'verify':
      return (await import('../src/signer/verify.ts')).runVerify({
        file: positionals[0],
        rootKeys: values['root-key'] ?? [],
        signatures: values.signatures,
        policy: values.policy,
        succession: values.succession,
        key: values.key,
        passphraseFile: values['passphrase-file'],
        out: values.out,
        evidence: values.evidence,
      });
    case 'bench':
      return (await import('../bench/bench.ts')).main(others);
    case 'help':
    case '--help':
    case '-h':
      return usage(0);
    case 'witness':
      return (await import('../src/witness/main.ts')).runWitness({
        rest: positionals,
        config: values.config,
        name: values.name,
        out: values.out,
      });
    default:
      process.stderr.write(`there is no command ${command}\n\n`);
      return usage(2);
  }
}

async function runAdmin(given: Arguments): Promise<number> {
  const { values, rest, root } = given;
  const [act, file] = rest;
  if (act === 'backup' || act === 'restore')
    return (await import('../src/up/backup.ts')).runBackup({ act, file, values, root });
  if (act === 'export') return (await import('../src/up/export.ts')).runExport({ values, stray: file, root });
  if (act === 'audit' && file === undefined)
    return (await import('../src/up/audit-log.ts')).runAudit({ values, root });
  if (act === 'erase' || act === 'hold' || act === 'retention')
    return (await import('../src/up/privacy.ts')).runPrivacy({ rest, values, root });
  if (act === 'keys') return (await import('../src/up/keys.ts')).runKeys({ rest, values, root });
  return (await import('../src/signer/admin.ts')).runAdmin(given);
}

async function runEdge(given: Arguments): Promise<number> {
  const { values, rest } = given;
  if (rest[0] === 'order')
    return (await import('../src/edge/order-hand.ts')).handOver({ config: configOf(given), file: rest[1] });
  if (rest.length > 0)
    return (await import('../src/edge/sealing-key.ts')).runSealingKey({ rest, out: values.out });
  return (await import('../src/edge/main.ts')).runEdge({ config: configOf(given) });
}

async function runDrill([which, ...others]: string[]): Promise<number> {
  if (which === 'ledger') return (await import('../test/drill/ledger.ts')).main(others);
  if (which === 'restore') return (await import('../test/drill/restore.ts')).main(others);
  if (which !== 'cloud') return usage(2);
  return (await import('../test/drill/cloud.ts')).main(others);
}

function usage(status: number): number {
  (status === 0 ? process.stdout : process.stderr).write(USAGE);
  return status;
}

function configOf(given: Arguments): string {
  const { config } = given.values;
  if (config === undefined)
    throw new HoldfastError('input-invalid', 'say which configuration: --config FILE');
  return resolve(config);
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new HoldfastError('input-invalid', `--port takes a number from 1 to 65535, not ${text}`);
  return port;
}

// Where nothing is left to wait for and nothing was said, it is no success (a bug of ours).
process.exitCode = 1;
process.once('beforeExit', () => process.stderr.write('holdfast: ended without a result\n'));
main(process.argv.slice(2)).then(
  (status) => {
    // What had begun is finished by now; a channel or a timer left over must not keep the process.
    process.exit(status);
  },
  (error: unknown) => {
    // What an operator can act on is one sentence; a fault of ours shows where it happened.
    const known = error instanceof HoldfastError && error.code !== 'internal';
    const usage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
    const said = known || usage ? (error as Error).message : ((error as Error).stack ?? String(error));
    // It may quote what a stranger wrote, which must not command the terminal.
    process.stderr.write(`holdfast: ${said.split('\n').map(visible).join('\n')}\n`);
    process.exit(usage ? 2 : 1);
  },
);
