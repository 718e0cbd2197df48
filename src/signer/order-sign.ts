/**
 * `holdfast admin order`: writes an order, shows it in rows, signs exactly what was shown, and hands it to
 * the cloud or into a file for carrying. Bank, site and tenant come from the last roster that this root
 * signed; the cloud is asked for the bank's nonce alone, and a wrong nonce only makes a worthless order.
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { fingerprint, type SigningKey } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import { type BankId, idFrom } from '../domain/ids.ts';
import {
  ORDER_ACTS,
  ORDER_HOURS_MAX,
  ORDER_VERSION,
  type Order,
  type OrderAct,
  orderRows,
  orderSchema,
} from '../domain/order.ts';
import type { Roster } from '../domain/roster.ts';
import { claimText } from '../domain/scan.ts';
import { addSignature, claimHash, openOrder, readUnverified, signOrder } from '../ledger/order.ts';
import { noteHash, openRoster } from '../ledger/roster.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { systemRandom } from '../platform/random.ts';
import { confirm } from './confirm.ts';
import { type Desk, openDesk } from './order-desk.ts';
import { showClaim, writeSlip } from './order-slip.ts';
import { readRoot } from './root.ts';
import { operatorAccess } from './roster-desk.ts';
import { LAST_ROSTER } from './roster-sign.ts';
import { visible } from './visible.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
const CLAIM_BYTES = 16;
const FILE_BYTES_MAX = 8192;

type Text = string | undefined;
export type OrderValues = {
  config?: Text;
  yes: boolean;
  bank?: Text;
  door?: Text;
  restore: boolean;
  purpose?: Text;
  hours?: Text;
  nonce?: Text;
  out?: Text;
  slip?: Text;
  add?: Text;
};

type Given = { act: Text; values: OrderValues; rootDir: string };
type Ready = { given: Given; root: SigningKey; roster: Roster | undefined; desk: Desk | undefined };
type Written = { order: Order; claim: string | undefined };

const wrong = (sentence: string) => new HoldfastError('input-invalid', sentence);

export async function runOrder(given: Given): Promise<number> {
  const { values, rootDir } = given;
  const root = await readRoot(rootDir);
  const accessFile = values.config ?? join(rootDir, 'operator.json');
  const access = readIfExists(accessFile) ? readConfig(accessFile, operatorAccess) : undefined;
  const roster = lastRoster(rootDir, root, access?.site);
  const ready = { given, root, roster, desk: access && openDesk(access) };
  return values.add === undefined ? signNew(ready) : signToo(ready, values.add);
}

async function signNew(ready: Ready): Promise<number> {
  const { given, root, roster } = ready;
  if (!roster)
    throw wrong(
      `no roster that this root signed lies beside its key in ${given.rootDir}; sign one first: holdfast admin roster sign`,
    );
  if (roster.root.k > 1 && given.values.out === undefined)
    throw wrong(
      `this site's root needs ${roster.root.k} signatures: write the order with --out FILE, and let the others sign with --add FILE`,
    );
  const written = await write(ready, roster);
  const { order, claim } = written;
  showRows(order, [`signed by  ${fingerprint(root.publicKey)}`]);
  if (!given.values.yes && !(await confirm('Sign exactly this?'))) return refused();
  const note = signOrder(order, [root]);
  const status = await handOn(ready, { note, order });
  if (status !== 0 || claim === undefined) return status;
  const slip = { claim, order, bankName: await nameOf(ready, order.bank) };
  if (given.values.slip !== undefined) await writeSlip(given.values.slip, slip);
  process.stdout.write(await showClaim(slip));
  return 0;
}

/** The second signature on what another holder of a root key has signed: the same text, one line more. */
async function signToo(ready: Ready, file: string): Promise<number> {
  const { given, root, roster } = ready;
  const bytes = readIfExists(file);
  if (!bytes || bytes.length > FILE_BYTES_MAX) throw wrong(`there is no order in ${file}`);
  const before = fromUtf8(bytes);
  const order = readUnverified(before);
  if (!order) throw wrong(`what stands in ${file} is no order of a form that is known here`);
  showRows(order, [...signersSoFar(before, order, roster), `signs too  ${fingerprint(root.publicKey)}`]);
  const note = addSignature(before, order, root);
  if (note === undefined) throw wrong('this key has signed this order already');
  if (!given.values.yes && !(await confirm('Sign exactly this?'))) return refused();
  return handOn(ready, { note, order });
}

/** Whose signatures stand below the order, as far as the last roster here can tell. */
function signersSoFar(note: string, order: Order, roster: Roster | undefined): string[] {
  if (!roster) return ['signatures so far were not checked: no roster lies beside this key'];
  const { tenant, site } = roster;
  const opened = openOrder(note, { tenant, site, bank: order.bank, keys: roster.root.keys, k: 1 });
  if (!opened.ok)
    throw wrong(
      `no key of this site's root has signed this order (${opened.reason}); it is not signed again`,
    );
  return opened.value.signers.map(
    (key) => `signed by  ${fingerprint(fromBase64url(key) ?? new Uint8Array(0))}`,
  );
}

async function write({ given, desk }: Ready, roster: Roster): Promise<Written> {
  const { values } = given;
  const bank = await bankOf(values.bank, { roster, desk });
  const hours = Number(values.hours ?? HOURS);
  if (!(hours > 0 && hours <= ORDER_HOURS_MAX))
    throw wrong(`--hours takes a number up to ${ORDER_HOURS_MAX}, not ${values.hours}`);
  if (values.purpose === undefined) throw wrong('say why: --purpose "why"');
  const nonce = values.nonce ?? (await nonceOf(desk, bank));
  const { act, claim } = actOf(given);
  const madeAtMs = systemClock.nowMs();
  const order = orderSchema.safeParse({
    v: ORDER_VERSION,
    order: idFrom('order', systemRandom.bytes(16)),
    tenant: roster.tenant,
    site: roster.site,
    bank,
    nonce,
    madeAtMs,
    untilMs: madeAtMs + Math.round(hours * HOUR_MS),
    purpose: values.purpose,
    act,
  });
  if (!order.success) {
    const where = order.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw wrong(`this is no order: ${where.join('; ')}`);
  }
  return { order: order.data, claim };
}

function actOf({ act, values }: Given): { act: OrderAct; claim: string | undefined } {
  const known = ORDER_ACTS.find((one) => one === act);
  if (known === undefined) throw wrong(`say what it does: ${ORDER_ACTS.join(', ')}; not “${act ?? ''}”`);
  const claim = claimText(systemRandom.bytes(CLAIM_BYTES));
  switch (known) {
    case 'staff-release':
      return {
        act: {
          do: known,
          compartment: doorOf(values.door),
          claim: claimHash(claim),
          restore: values.restore,
        },
        claim,
      };
    case 'restore':
    case 'reissue':
      return { act: { do: known, compartment: doorOf(values.door) }, claim: undefined };
    case 'set-clock':
      return { act: { do: known, claim: claimHash(claim) }, claim };
    case 'lift':
      return { act: { do: known }, claim: undefined };
  }
}

function doorOf(text: Text): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw wrong('say which door: --door N');
  return n;
}

/** By its id, or by the name that the cloud gives it; it must stand in the roster that this root signed. */
async function bankOf(asked: Text, of: { roster: Roster; desk: Desk | undefined }): Promise<BankId> {
  const { banks } = of.roster;
  const [only] = banks;
  if (asked === undefined && banks.length === 1 && only) return only.bank;
  const ids = banks.map(({ bank }) => bank);
  if (asked === undefined) throw wrong(`say which bank: --bank, one of ${ids.join(', ')}`);
  const named = asked.startsWith('bank_')
    ? asked
    : (await of.desk?.banks())?.find(({ name }) => name === asked)?.bank;
  const found = ids.find((id) => id === named);
  if (!found) throw wrong(`the last roster of this site names no bank ${asked}`);
  return found;
}

async function nonceOf(desk: Desk | undefined, bank: string): Promise<string> {
  const known = desk && (await desk.bank(bank));
  if (known?.orderNonce) return known.orderNonce;
  throw wrong(
    `${desk ? 'the cloud has not heard' : 'nobody here knows'} the nonce of this bank. Read it at the bank, where its kiosk answers GET /api/health with orderNonce, and say --nonce=TEXT`,
  );
}

/** The name is the cloud's word, for people; what counts is the id. */
async function nameOf({ given, desk }: Ready, bank: string): Promise<string> {
  if (!desk || given.values.nonce !== undefined) return bank;
  return (await desk.bank(bank)).name;
}

function showRows(order: Order, below: readonly string[]): void {
  const rows = orderRows(order).map(([name, value]) => `  ${name.padEnd(18)} ${visible(value)}\n`);
  process.stdout.write(`an order\n\n${rows.join('')}\n${below.map((line) => `  ${line}\n`).join('')}`);
}

function refused(): number {
  process.stdout.write('not signed\n');
  return 1;
}

/** Into a file for carrying, or to the cloud; then says what became of it. */
async function handOn(ready: Ready, of: { note: string; order: Order }): Promise<number> {
  const { out } = ready.given.values;
  const hash = noteHash(of.note);
  if (out !== undefined) {
    writeDurable(out, utf8(of.note), 0o600);
    process.stdout.write(
      `\nsigned and written to ${out}\norder hash ${hash}\nAt the bank: npm run holdfast -- edge order ${basename(out)} --config FILE (the agent's configuration; npm start keeps it in .holdfast/edge/config.json)\n`,
    );
    return 0;
  }
  if (!ready.desk)
    throw wrong('there is no way to the cloud here (no operator.json); write the order with --out FILE');
  await ready.desk.submit(of.order.bank, of.note);
  process.stdout.write(`\nsigned and handed to the cloud, which passes it to the bank\norder hash ${hash}\n`);
  const row = await ready.desk.answer(of.order);
  if (row.state === 'accepted') process.stdout.write('the bank has accepted it\n');
  else if (row.state === 'refused')
    process.stdout.write(`the bank refused it: ${visible(row.reason ?? 'no reason')}\n`);
  else
    process.stdout.write('the bank has not answered yet; it is told until it does, or the order is over\n');
  return row.state === 'refused' ? 1 : 0;
}

/** The roster that this root signed last; undefined where none lies. With several sites, `site` says which. */
function lastRoster(rootDir: string, root: SigningKey, site: Text): Roster | undefined {
  const files = readdirSync(rootDir).filter((name) => name.endsWith(LAST_ROSTER));
  const name = site === undefined && files.length === 1 ? files[0] : `${site}${LAST_ROSTER}`;
  const bytes = name === undefined ? undefined : readIfExists(join(rootDir, name));
  if (!bytes || name === undefined) return undefined;
  const trust = {
    site: name.slice(0, -LAST_ROSTER.length),
    rootKeys: [base64url(root.publicKey)],
    k: 1,
    version: 0,
  };
  const opened = openRoster(fromUtf8(bytes), trust);
  if (!opened.ok)
    throw new HoldfastError(
      'conflict',
      `what lies as the last roster is not signed by this root (${opened.reason})`,
    );
  return opened.value;
}
