/**
 * `holdfast drill restore`: a running estate loses its database and the keys beside it, and is put back from a backup,
 * the log's folder and the journals of its banks. What is real: PostgreSQL, the cloud's process, one bank with agent,
 * kiosk and board frames, one bank without steel, broker and TLS, a witness, and the operator's very commands. Prints
 * what was lost and how long it took, and ends with an audit of every log and with the check of the whole site.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { cloudConfig } from '../../src/cloud/config.ts';
import { openCore } from '../../src/cloud/core.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import * as people from '../../src/cloud/people/people.ts';
import { enrolledBank } from '../../src/cloud/test-bank.ts';
import type { SiteId, TenantId } from '../../src/domain/ids.ts';
import { vkeyText } from '../../src/ledger/log/vkey.ts';
import { openEpoch } from '../../src/ledger/roster.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { cloudSpec, type SystemConfig } from '../../src/up/configs.ts';
import { readSecrets } from '../../src/up/kept.ts';
import { DATABASE } from '../../src/up/system.ts';
import { waitFor } from '../../src/up/wait.ts';
import { type MadeWitness, makeWitness } from '../../src/witness/key.ts';
import { startWitness, type Witness } from '../../src/witness/main.ts';
import { keepOn } from '../faults/fleet.ts';
import { LightBank } from '../faults/light-bank.ts';
import { ROOT, type Site, startSite } from '../site.ts';

const WAIT_MS_MAX = 180_000;
const STEP_MS = 300;

export type RestoreFacts = {
  /** By bank: what it has written, what the backup held of it, and what the cloud has at the end. */
  banks: { bank: string; written: number; inBackup: number; acknowledged: number; atTheEnd: number }[];
  /** From the backup to the loss; so long the cloud worked for nothing but what banks and tiles kept. */
  backupAgeS: number;
  recordsLost: number;
  fieldsLost: number;
  /** Of the cloud's own acts since the backup: records, and how many of them still stand in the tiles of the old log. */
  ownActsLost: number;
  ownActsInTiles: number;
  restoreS: number;
  firstBankS: number;
  wholeS: number;
  /** What the bank itself wrote down of it. */
  behind: { had: number; has: number }[];
  /** The head that the witness had cosigned of the old log, and what the successor says of its forerunner. */
  witnessed: { origin: string; size: number };
  forerunner: { size: number; root: string } | null;
  audit: string[];
  wrong: string[];
};

export type Say = (line: string) => void;
type Head = { origin: string; size: number; root: string; note: string };

function run(args: readonly string[], expect = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'holdfast.ts'), ...args], { cwd: ROOT });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => (said += part.toString('utf8')));
    child.on('error', reject);
    child.on('exit', (status) =>
      status === expect ? resolve(said) : reject(new Error(`holdfast ${args.join(' ')}: ${status}\n${said}`)),
    );
  });
}

export class RestoreDrill {
  readonly home = mkdtempSync(join(tmpdir(), 'hf-restore-'));
  readonly #say: Say;
  #postgres: Postgres | null = null;
  #cloud: Cloud | null = null;
  #witness: Witness | null = null;
  #made: MadeWitness | null = null;
  #light: LightBank | null = null;
  #traffic: { stop(): Promise<void> } | null = null;
  site: Site | null = null;

  constructor(say: Say) {
    this.#say = say;
  }

  get #here(): Site {
    if (!this.site) throw new Error('the estate has not begun');
    return this.site;
  }

  get #config(): string {
    return join(this.#here.system.places.cloud, 'config.json');
  }

  get #tenant(): TenantId {
    return this.#here.seeded.tenant as TenantId;
  }

  async #startDatabase(): Promise<Postgres> {
    const deps = { log: silentLog, clock: systemClock, random: systemRandom };
    this.#postgres = await startPostgres({ dataDir: join(this.home, 'database'), ...deps });
    return this.#postgres;
  }

  /** The cloud's own code over the same database, to look and to prepare. */
  async #core(): Promise<Cloud> {
    const config = readConfig(this.#config, cloudConfig);
    const deps = { clock: systemClock, random: systemRandom, log: silentLog };
    this.#cloud ??= (await openCore({ config, ...deps }, NOUNS)).cloud;
    return this.#cloud;
  }

  async #closeCore(): Promise<void> {
    await this.#cloud?.database.close();
    this.#cloud = null;
  }

  async close(): Promise<void> {
    await this.#traffic?.stop().catch(() => undefined);
    await this.#light?.stop();
    await this.#closeCore();
    await this.#witness?.stop();
    await this.site?.stop();
    await this.#postgres?.stop();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** An estate over a database of its own: two banks in service, a witness that has cosigned its log. */
  async begin(): Promise<void> {
    const postgres = await this.#startDatabase();
    const superuser = postgres.connectionString(postgres.superuser, 'postgres');
    this.site = await startSite({ own: { databaseUrl: superuser } });
    this.#say('an estate runs: database, cloud, broker, a bank with its boards');
    await this.#addBank();
    await this.#signRoster();
    const [vkey] = await this.#logs();
    await this.#watch(vkey === undefined ? [] : [vkey]);
    await this.#restartCloud();
    this.#say('a second bank is in service, and a witness cosigns');
  }

  async #addBank(): Promise<void> {
    const cloud = await this.#core();
    const tenant = this.#tenant;
    const site = this.#here.seeded.site as SiteId;
    const { bank, key, certificate } = await enrolledBank(cloud, tenant, site);
    const beside = await cloud.database.tenant(tenant, async (tx) => {
      const { notifier, intake } = await cloud.keys.published(tx);
      const note = (await cloud.keys.currentEpoch(tx))?.note ?? '';
      const epoch = openEpoch(note, { tenant, keys: { notifier } } as never);
      const [courier] = await people.couriers(tx);
      if (!epoch.ok || !courier) throw new Error('the seed has a courier and an epoch');
      const resident = await people.addResident(cloud, tx, {
        ...{ site, name: 'Resident of 900', flat: '900', email: null, phone: '+447700900999' },
        ...{ accessible: false, by: null },
      });
      return { intake, epoch: epoch.value, courier: courier.person, resident };
    });
    const { ports } = this.#here.system;
    const pin = this.#here.seeded.pins.current;
    this.#light = new LightBank({ tenant, site, bank, key, certificate, port: ports.mqtt, pin, ...beside });
    this.#light.start();
  }

  #signRoster = () => run(['admin', 'roster', 'sign', '--root', this.#here.system.places.root, '--yes']);

  /** The vkeys of the logs, the newest last. */
  async #logs(): Promise<string[]> {
    const cloud = await this.#core();
    const rows = await cloud.database.tenant(this.#tenant, (tx) =>
      tx.executeQuery<{ origin: string; key: Uint8Array }>({
        ...{ sql: 'select origin, key from logs order by generation', parameters: [] },
      } as never),
    );
    return rows.rows.map(({ origin, key }) =>
      vkeyText({ type: 'signature', name: origin, publicKey: new Uint8Array(key) }),
    );
  }

  /** The auditor's witness, with its own state; it is told of each log by whoever runs it. */
  async #watch(logs: readonly string[]): Promise<void> {
    const keyFile = join(this.home, 'witness.key');
    const port = this.#witness?.port ?? 0;
    await this.#witness?.stop();
    this.#witness = null;
    this.#made ??= makeWitness({ name: 'witness.example/drill', path: keyFile });
    const { vkey, statePath } = this.#made;
    this.#witness = await startWitness({
      config: {
        ...{ keyFile, stateFile: statePath, logs: [...logs], successions: [] },
        ...{ http: { host: '127.0.0.1', port }, logPath: null, logLevel: 'info' as const },
      },
      ...{ clock: systemClock, log: silentLog },
      onFatal: (error) => this.#say(`the witness ended: ${error.message}`),
    });
    const url = `http://127.0.0.1:${this.#witness.port}`;
    const witnessing = { quorum: 1, pauseMs: 200, witnesses: [{ name: 'drill', vkey, url }] };
    const config = JSON.parse(readFileSync(this.#config, 'utf8')) as object;
    writeFileSync(this.#config, JSON.stringify({ ...config, witnessing }), { mode: 0o600 });
  }

  async #restartCloud(): Promise<void> {
    const { children, places } = this.#here.system;
    await children.stop('cloud');
    await children.start(cloudSpec({ root: ROOT, places } as SystemConfig));
  }

  /** A parcel at the bank with boards, and back out of it unless it is to stay. */
  async parcel(tracking: string, stays: boolean): Promise<string> {
    const { people: hands, seeded } = this.#here;
    const beganMs = systemClock.nowMs();
    await hands.courierSignsIn();
    await hands.dropsOff({ tracking, flat: seeded.signIns.resident.flat, size: 'S' });
    await hands.act({ do: 'leave' });
    const { pin } = await hands.pinFrom('sms', seeded.signIns.resident.phone, beganMs);
    if (!stays) await hands.picksUp(pin);
    return pin;
  }

  /** The bank without steel goes on until it is stopped, whatever happens to the cloud. */
  startTraffic(): void {
    const light = this.#light;
    if (!light) throw new Error('there is a second bank');
    this.#traffic = keepOn(STEP_MS, () => light.step());
  }

  async stopTraffic(): Promise<void> {
    await this.#traffic?.stop();
    this.#traffic = null;
  }

  async backup(): Promise<number> {
    const file = join(this.home, 'nightly.backup');
    await run(['admin', 'backup', file, '--config', this.#config]);
    return systemClock.monotonicMs();
  }

  /** Something that only the cloud does, and that a backup of before does not have. */
  async cloudAct(): Promise<void> {
    const { people: hands, seeded } = this.#here;
    await hands.adminSignsIn();
    const body = { site: seeded.site, name: 'Moved in since', flat: '901', email: null, phone: null };
    await hands.adminPosts('/residents', { ...body, accessible: false }).catch(async () => {
      const cloud = await this.#core();
      await cloud.database.tenant(this.#tenant, (tx) =>
        people.addResident(cloud, tx, { ...body, site: seeded.site as SiteId, accessible: false, by: null }),
      );
    });
  }

  async #health(): Promise<{ lastSeq: number; acknowledgedSeq: number; log: { is: string } }> {
    const answer = await fetch(`http://127.0.0.1:${this.#here.system.ports.kiosk}/api/health`);
    return (await answer.json()) as never;
  }

  async banks(): Promise<{ bank: string; written: number; acknowledged: number }[]> {
    const { lastSeq, acknowledgedSeq } = await this.#health();
    const tip = this.#light?.journal.tip;
    return [
      { bank: this.#here.seeded.bank.id, written: lastSeq, acknowledged: acknowledgedSeq },
      { bank: this.#light?.bank ?? '', written: tip?.lastSeq ?? 0, acknowledged: tip?.acknowledgedSeq ?? 0 },
    ];
  }

  /** How far the cloud's database goes in each journal, the cloud's own among them. */
  async ends(): Promise<Map<string, number>> {
    const cloud = await this.#core();
    const { rows } = await cloud.database.tenant(this.#tenant, (tx) =>
      tx.executeQuery<{ source: string; n: number }>({
        ...{ sql: 'select source, last_seq as n from journals', parameters: [] },
      } as never),
    );
    return new Map(rows.map(({ source, n }) => [source, n]));
  }

  async head(): Promise<Head> {
    const cloud = await this.#core();
    const { rows } = await cloud.database.tenant(this.#tenant, (tx) =>
      tx.executeQuery<{ origin: string; size: number; root: Uint8Array; note: string }>({
        sql: `select l.origin, c.size, c.root, c.note from log_checkpoints c join logs l using (generation)
              where c.size <= l.shown_size order by generation desc, c.size desc limit 1`,
        parameters: [],
      } as never),
    );
    const [row] = rows;
    if (!row) throw new Error('there is a checkpoint');
    return { ...row, root: Buffer.from(row.root).toString('base64url') };
  }

  /** The database's disk and the epochs beside it are gone while everything runs. */
  async lose(): Promise<number> {
    await this.#closeCore();
    this.#here.system.children.cut('cloud');
    await this.#postgres?.stop();
    for (const end of ['', '.password', '.log', '.socket'])
      rmSync(join(this.home, `database${end}`), { recursive: true, force: true, maxRetries: 5 });
    rmSync(join(this.#here.system.places.cloud, 'epochs'), { recursive: true, force: true });
    return systemClock.monotonicMs();
  }

  /** What the runbook says, with the commands that it says. */
  async restore(): Promise<Map<string, number>> {
    const postgres = await this.#startDatabase();
    const { ownerPassword, appPassword } = readSecrets(this.#here.system.places);
    const superuserUrl = postgres.connectionString(postgres.superuser, 'postgres');
    await prepareDatabase({ superuserUrl, database: DATABASE, ownerPassword, appPassword });
    // A server that was set up anew has an address of its own.
    const urls = {
      databaseUrl: postgres.connectionString('holdfast_app', DATABASE, appPassword),
      ownerDatabaseUrl: postgres.connectionString('holdfast_owner', DATABASE, ownerPassword),
    };
    const config = JSON.parse(readFileSync(this.#config, 'utf8')) as object;
    writeFileSync(this.#config, JSON.stringify({ ...config, ...urls }), { mode: 0o600 });
    const file = join(this.home, 'nightly.backup');
    for (const line of (await run(['admin', 'restore', file, '--config', this.#config])).trim().split('\n'))
      this.#say(`  ${line}`);
    return this.ends();
  }

  /** The witness is told of the successor, the cloud starts, and the site's root signs the roster that names it. */
  async serveAgain(): Promise<void> {
    // A witness watches a key once: the successor takes the place of the log that cannot grow any more.
    await this.#watch((await this.#logs()).slice(-1));
    const { children, places } = this.#here.system;
    await children.start(cloudSpec({ root: ROOT, places } as SystemConfig));
    await this.#signRoster();
  }

  async firstServed(restored: ReadonlyMap<string, number>): Promise<number> {
    return this.#until('a bank to be served again', async () => {
      const ends = await this.ends();
      return (await this.banks()).some(({ bank }) => (ends.get(bank) ?? 0) > (restored.get(bank) ?? 0));
    });
  }

  async whole(): Promise<number> {
    return this.#until('the cloud to have everything of every bank', async () => {
      const [ends, banks] = [await this.ends(), await this.banks()];
      return banks.every(({ bank, written, acknowledged }) => {
        return ends.get(bank) === written && acknowledged === written;
      });
    });
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<number> {
    await waitFor({ clock: systemClock, what, msMax: WAIT_MS_MAX, holds });
    return systemClock.monotonicMs();
  }

  /** Records of the own journal behind `after` that the tiles of the old log hold, and that nobody can take out of it. */
  ownInTiles(after: number): number {
    const folder = join(this.#here.system.places.cloud, 'log', this.#tenant, '1', 'tile', 'entries');
    const seqs = new Set<number>();
    for (const bytes of filesUnder(folder))
      for (const found of bytes.matchAll(/"seq":(\d+),"source":"(tenant_[a-z2-7]+)"/g))
        if (found[2] === this.#tenant && Number(found[1]) > after) seqs.add(Number(found[1]));
    return seqs.size;
  }

  async #recordsOf(kind: string): Promise<Record<string, unknown>[]> {
    const cloud = await this.#core();
    const { rows } = await cloud.database.tenant(this.#tenant, (tx) =>
      tx.executeQuery<{ bytes: Uint8Array }>({
        ...{ sql: 'select bytes from records where kind = $1 order by position', parameters: [kind] },
      } as never),
    );
    return rows.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')).facts);
  }

  async recorded() {
    const [lost, behind, succeeded] = [
      await this.#recordsOf('openings.lost'),
      await this.#recordsOf('cloud.behind'),
      await this.#recordsOf('log.succeeded'),
    ];
    return {
      fieldsLost: lost.reduce((sum, { fields }) => sum + Number(fields), 0),
      behind: behind as { had: number; has: number }[],
      forerunner: (succeeded.at(-1) ?? null) as RestoreFacts['forerunner'],
    };
  }

  async openGaps(): Promise<number> {
    const cloud = await this.#core();
    const { rows } = await cloud.database.tenant(this.#tenant, (tx) =>
      tx.executeQuery<{ n: number }>({
        sql: `select count(*)::int as n from alarms where ended_at_ms is null
              and condition in ('gap', 'fork', 'rollback', 'batch-refused', 'log')`,
        parameters: [],
      } as never),
    );
    return rows[0]?.n ?? 0;
  }

  /** Every log and journal anew from storage, against the head that is cosigned now; then the whole site. */
  async check(): Promise<string[]> {
    const head = join(this.home, 'head');
    await sleep(systemClock, 2_000);
    writeFileSync(head, (await this.head()).note);
    await this.#closeCore();
    const said = await run(['admin', 'audit', '--config', this.#config, '--head', head]);
    await this.#until('the bank to agree to the log', async () => (await this.#health()).log.is === 'holds');
    await this.#here.checkSite();
    return said
      .trim()
      .split('\n')
      .filter((line) => !/ \d+ %/.test(line));
  }
}

function* filesUnder(folder: string): Generator<string> {
  const { readdirSync } = process.getBuiltinModule('node:fs');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) yield readFileSync(join(entry.parentPath, entry.name), 'latin1');
}

/** The whole of it. `workMs`: so long the estate goes on after its backup. */
export async function drillRestore(say: Say, { workMs }: { workMs: number }): Promise<RestoreFacts> {
  const drill = new RestoreDrill(say);
  try {
    await drill.begin();
    drill.startTraffic();
    await drill.parcel('1Z999AA10123456784', false);
    const staysPin = await drill.parcel('JD014600006281230701', true);
    const backedUpMs = await drill.backup();
    say('backed up; the estate goes on');
    await drill.parcel('TBA303912345678', true);
    await drill.cloudAct();
    await sleep(systemClock, workMs);
    const [before, endsBefore, witnessed] = [await drill.banks(), await drill.ends(), await drill.head()];
    const own = [...endsBefore.keys()].find((source) => source.startsWith('tenant_')) ?? '';
    const lostMs = await drill.lose();
    say('the database and its epochs are gone; the banks go on');
    await drill.site?.people.picksUp(staysPin);
    const restored = await drill.restore();
    const restoredMs = systemClock.monotonicMs();
    const served = drill.firstServed(restored);
    await drill.serveAgain();
    const firstMs = await served;
    await drill.stopTraffic();
    const wholeMs = await drill.whole();
    say('every bank is whole; auditing');
    const [after, ends, recorded] = [await drill.banks(), await drill.ends(), await drill.recorded()];
    const audit = await drill.check();
    const banks = after.map(({ bank, written }) => ({
      ...{ bank, written, inBackup: restored.get(bank) ?? 0, atTheEnd: ends.get(bank) ?? 0 },
      acknowledged: before.find((one) => one.bank === bank)?.acknowledged ?? 0,
    }));
    const inTiles = drill.ownInTiles(restored.get(own) ?? 0);
    const seconds = (fromMs: number, toMs: number) => Math.round((toMs - fromMs) / 100) / 10;
    const facts = {
      ...{ banks, ...recorded, audit },
      recordsLost: banks.reduce((sum, { written, atTheEnd }) => sum + written - atTheEnd, 0),
      // Between this look and the loss there may have been one more.
      ownActsLost: Math.max(inTiles, (endsBefore.get(own) ?? 0) - (restored.get(own) ?? 0)),
      ownActsInTiles: inTiles,
      backupAgeS: seconds(backedUpMs, lostMs),
      restoreS: seconds(lostMs, restoredMs),
      firstBankS: seconds(lostMs, firstMs),
      wholeS: seconds(lostMs, wholeMs),
      witnessed: { origin: witnessed.origin, size: witnessed.size },
    };
    return { ...facts, wrong: wrongIn(facts, witnessed, await drill.openGaps()) };
  } finally {
    await drill.close();
  }
}

function wrongIn(facts: Omit<RestoreFacts, 'wrong'>, witnessed: Head, openAlarms: number): string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string) => void (holds || wrong.push(what));
  for (const { bank, inBackup, acknowledged } of facts.banks)
    must(inBackup < acknowledged, `${bank} had nothing acknowledged after the backup, so nothing was tried`);
  must(facts.recordsLost === 0, `${facts.recordsLost} records of banks are lost`);
  must(facts.fieldsLost === 0, `${facts.fieldsLost} fields do not open any more`);
  must(facts.behind.length > 0, 'no bank recorded that the cloud had fallen behind');
  must(openAlarms === 0, `${openAlarms} alarms about journals or the log still stand`);
  must(
    facts.forerunner !== null && facts.forerunner.size >= witnessed.size,
    'the successor does not name its forerunner as far as a witness had cosigned it',
  );
  return wrong;
}

export function restoreLines(facts: RestoreFacts): string[] {
  const { banks, wrong, forerunner, witnessed } = facts;
  return [
    ...banks.map(
      ({ bank, written, inBackup, acknowledged, atTheEnd }) =>
        `${bank}: ${acknowledged} records were acknowledged, the backup had ${inBackup}, the cloud has ${atTheEnd} of ${written}`,
    ),
    `RPO of banks: ${facts.recordsLost} records and ${facts.fieldsLost} of their fields are lost, 0 s of ${facts.backupAgeS} s since the backup`,
    `RPO of the cloud's own acts: ${facts.backupAgeS} s, ${facts.ownActsLost} records; ${facts.ownActsInTiles} of them still stand in the tiles of the old log`,
    `RTO: ${facts.restoreS} s until the database was back, ${facts.firstBankS} s until the first bank was served, ${facts.wholeS} s until the cloud had everything of every bank`,
    `a bank recorded: ${facts.behind.map(({ had, has }) => `the cloud had ${had} and has ${has}`).join('; ')}`,
    `a witness had cosigned ${witnessed.size} entries of ${witnessed.origin}; its successor names it with ${forerunner?.size ?? 'none'}`,
    ...facts.audit.map((line) => `audit: ${line}`),
    'audit and site check hold',
    ...wrong.map((why) => `RED: ${why}`),
  ];
}

const OPTIONS = { seconds: { type: 'string', default: '20' } } as const;

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const facts = await drillRestore((line) => console.log(line), { workMs: 1_000 * Number(values.seconds) });
  for (const line of restoreLines(facts)) console.log(line);
  return facts.wrong.length === 0 ? 0 : 1;
}
