/**
 * The cloud as a bank meets it: two processes over one model database. The rules of intake are the real
 * ones (`answerBatch`); transactions can fail, apply and lose their answer, or die with their process.
 */

import { answerBatch, type IntakeTx, type JudgedBatch } from '../../src/cloud/intake/judge.ts';
import {
  type BatchMessage,
  type DownMessage,
  type HelloMessage,
  noticeCodes,
  readUp,
  SEAL_INFO,
  type SuspendMessage,
  UPLINK_VERSION,
} from '../../src/contract/uplink.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../src/crypto/bytes.ts';
import { type Committed, NOTHING_COMMITTED } from '../../src/ledger/batch.ts';
import { noteHash } from '../../src/ledger/roster.ts';
import type { Agenda } from './agenda.ts';
import type { Census } from './census.ts';
import type { Chance } from './chance.ts';
import { type ModelHpke, sealedText } from './keys.ts';
import type { Notice, Observer } from './observer.ts';
import type { Site, SiteBank } from './site.ts';

export const CLOUD_FAULTS = [
  'not-applied',
  'applied-and-unanswered',
  'killed-before-commit',
  'killed-after-commit',
  'process-killed',
] as const;

/** In a thousand commits. */
const COMMIT_FATES = {
  applied: 972,
  'not-applied': 8,
  'applied-and-unanswered': 8,
  'killed-before-commit': 6,
  'killed-after-commit': 6,
};

type Process = { name: string; life: number; up: boolean; queues: Map<string, Promise<void>> };
type Lock = { process: Process; life: number };

type Row = {
  bank: SiteBank;
  committed: Committed;
  heads: Map<number, string>;
  lock: Lock | null;
  waiting: { process: Process; life: number; go(lock: Lock): void }[];
  hello: HelloMessage | null;
  suspensions: Map<string, SuspendMessage>;
  /** Orders to pass on, by their hash, until the bank's records say what became of them. */
  orders: Map<string, { note: string; nonce: string }>;
};

export type CloudDeps = {
  agenda: Agenda;
  chance: Chance;
  census: Census;
  observer: Observer;
  site: Site;
  hpke: ModelHpke;
  send(bank: string, message: DownMessage): void;
  onNotice(bank: string, notice: Notice): void;
  onFault(bank: string): void;
};

const v = UPLINK_VERSION;

export class ModelCloud {
  readonly #deps: CloudDeps;
  readonly #rows: Map<string, Row>;
  readonly #processes: Process[];
  /** What the cloud's clock is off by. */
  offMs = 0;
  rosterVersion = 1;
  epoch = 0;
  #calm = false;

  constructor(deps: CloudDeps) {
    this.#deps = deps;
    this.#processes = ['a', 'b'].map((name) => ({ name, life: 0, up: true, queues: new Map() }));
    this.#rows = new Map(
      deps.site.banks.map((bank) => [
        bank.id,
        {
          bank,
          committed: NOTHING_COMMITTED,
          heads: new Map(),
          lock: null,
          waiting: [],
          hello: null,
          suspensions: new Map(),
          orders: new Map(),
        },
      ]),
    );
  }

  /** A message as the broker brings it: to the process that serves this bank, now and then to both. */
  received(bank: string, bytes: Uint8Array): void {
    const up = this.#processes.filter((process) => process.up);
    const first = up[this.#rowOf(bank).bank.id.charCodeAt(9) % Math.max(1, up.length)];
    const all = this.#deps.chance.of(0.1) ? up : first ? [first] : [];
    for (const process of all) this.#queue(process, bank, bytes);
  }

  suspend(bank: string, suspension: SuspendMessage): void {
    this.#rowOf(bank).suspensions.set(suspension.id, suspension);
    this.#deps.send(bank, suspension);
  }

  lift(bank: string, id: string): void {
    if (this.#rowOf(bank).suspensions.delete(id)) this.#deps.send(bank, { v, type: 'lift', id });
  }

  /** Passes an order on, now and after every hello that names its nonce, until the bank has answered. */
  passOn(bank: string, note: string, nonce: string): void {
    this.#rowOf(bank).orders.set(noteHash(note), { note, nonce });
    this.#deps.send(bank, { v, type: 'order', note });
  }

  /** Every bank is told what is desired now. */
  tellAll(): void {
    for (const row of this.#rows.values()) void this.#tell(row);
  }

  kill(process = this.#deps.chance.pick(this.#processes)): void {
    if (this.#calm || !process.up) return;
    const { agenda, census, chance } = this.#deps;
    census.count('cloud fault', 'process-killed');
    process.life++;
    process.up = false;
    process.queues.clear();
    // Its connections to the database end with it, and so do its transactions and locks.
    for (const row of this.#rows.values()) if (row.lock?.process === process) this.#release(row, row.lock);
    agenda.after(chance.between(1_000, 60_000), () => {
      process.up = true;
    });
  }

  calm(): void {
    this.#calm = true;
    this.offMs = 0;
  }

  #rowOf(bank: string): Row {
    const row = this.#rows.get(bank);
    if (!row) throw new Error('a bank that is not registered');
    return row;
  }

  /** Each process handles one bank's messages one after another, as `Intake` does. */
  #queue(process: Process, bank: string, bytes: Uint8Array): void {
    const { life } = process;
    this.#deps.agenda.restless = true;
    const tail = process.queues.get(bank) ?? Promise.resolve();
    const next = tail.then(async () => {
      if (process.life !== life) return;
      try {
        for (const answer of await this.#handle(process, bank, bytes))
          if (process.life === life) this.#send(bank, answer);
      } catch (error) {
        if (!(error instanceof CommitFailed)) this.#deps.observer.threw(bank, error as Error);
      }
    });
    process.queues.set(bank, next);
  }

  #send(bank: string, answer: DownMessage): void {
    if (answer.type === 'ack') this.#deps.observer.acknowledging(bank, answer.lastSeq);
    this.#deps.send(bank, answer);
  }

  async #handle(process: Process, bank: string, bytes: Uint8Array): Promise<DownMessage[]> {
    const read = readUp(bytes);
    if (!read.ok) return [];
    const { message } = read;
    const row = this.#rowOf(bank);
    switch (message.type) {
      case 'batch':
        return [await this.#batch(process, row, message)];
      case 'hello':
        row.hello = message;
        void this.#tell(row);
        return [];
      case 'time':
        return [{ v, type: 'time', nonce: message.nonce, atMs: this.#deps.agenda.nowMs + this.offMs }];
      case 'refusal':
        return [];
      case 'log-ask':
        // The roster of the model names no log, so no bank asks for one.
        throw new Error('a bank asks for a log that no roster names');
      case 'certificate-ask':
        throw new Error('no bank of the model has a certificate that ends');
    }
  }

  #batch(process: Process, row: Row, message: BatchMessage): Promise<DownMessage> {
    const { observer } = this.#deps;
    const bank = row.bank.id;
    return answerBatch(
      {
        transaction: (run) => this.#transaction(process, row, run),
        refuse: async ({ reason }) => observer.batchRefused(bank, reason),
      },
      { bank, message },
    );
  }

  async #transaction<T>(process: Process, row: Row, run: (tx: IntakeTx) => Promise<T>): Promise<T> {
    const { site, hpke } = this.#deps;
    const staged: JudgedBatch[] = [];
    const lock = await this.#lock(process, row);
    const tx: IntakeTx = {
      lockEnd: async () => ({
        committed: row.committed,
        key: row.bank.keys.identity.publicKey,
        acknowledgedSeq: 0,
      }),
      headHashAt: async (last) => row.heads.get(last),
      openBox: async ({ box, head }) => {
        const enc = fromBase64url(box.enc);
        const ciphertext = fromBase64url(box.ciphertext);
        if (!enc || !ciphertext) return undefined;
        return hpke.open(site.intake.privateKey, { enc, ciphertext }, { info: SEAL_INFO.intake, aad: head });
      },
      append: async (batch) => void staged.push(batch),
    };
    const result = await run(tx);
    await this.#commit(row, lock, staged);
    return result;
  }

  #lock(process: Process, row: Row): Promise<Lock> {
    const { life } = process;
    if (row.lock === null) {
      row.lock = { process, life };
      return Promise.resolve(row.lock);
    }
    return new Promise((go) => row.waiting.push({ process, life, go }));
  }

  #release(row: Row, lock: Lock): void {
    if (row.lock !== lock) return;
    row.lock = null;
    for (;;) {
      const next = row.waiting.shift();
      if (!next) return;
      // Who waited and died meanwhile takes no lock.
      if (next.process.life !== next.life) continue;
      row.lock = { process: next.process, life: next.life };
      this.#deps.agenda.restless = true;
      return next.go(row.lock);
    }
  }

  /** Settles only while the process lives: a dead one hears no answer. */
  #commit(row: Row, lock: Lock, staged: readonly JudgedBatch[]): Promise<void> {
    const { agenda, chance, census } = this.#deps;
    return new Promise((resolve, reject) => {
      agenda.after(chance.between(1, 25), () => {
        if (row.lock !== lock) return;
        agenda.restless = true;
        const fate = this.#calm || staged.length === 0 ? 'applied' : chance.weigh(COMMIT_FATES);
        if (fate !== 'applied') {
          census.count('cloud fault', fate);
          this.#deps.onFault(row.bank.id);
        }
        if (fate === 'killed-before-commit') return this.kill(lock.process);
        if (fate !== 'not-applied') for (const batch of staged) this.#apply(row, batch);
        if (fate === 'killed-after-commit') return this.kill(lock.process);
        this.#release(row, lock);
        if (fate === 'applied') resolve();
        else reject(new CommitFailed(fate));
      });
    });
  }

  #apply(row: Row, batch: JudgedBatch): void {
    const { observer, agenda } = this.#deps;
    const { judged } = batch;
    row.committed = judged.next;
    row.heads.set(judged.head.last, judged.next.lastHead);
    observer.cloudCommitted(row.bank.id, batch);
    agenda.restless = true;
    for (const { kind, facts } of judged.records)
      if ((kind === 'order.accepted' || kind === 'order.refused') && facts.road === 'cloud')
        row.orders.delete(String(facts.hash));
    for (const wish of batch.wishes) {
      const grant = batch.openings.get(wish.seq)?.grant?.value ?? '';
      const recipient = batch.openings.get(wish.seq)?.counterpart?.value ?? '';
      void this.#notify(row, { ...wish, grant, recipient });
    }
  }

  async #notify(
    row: Row,
    wish: JudgedBatch['wishes'][number] & { grant: string; recipient: string },
  ): Promise<void> {
    const { site, hpke, observer } = this.#deps;
    const epoch = site.epochs.find(({ id }) => id === wish.epoch);
    const enc = fromBase64url(wish.codes.enc);
    const ciphertext = fromBase64url(wish.codes.ciphertext);
    if (!epoch || !enc || !ciphertext) return observer.unreadableNotice(row.bank.id);
    const aad = `${row.bank.id}\0${wish.reference}`;
    const opened = await hpke.open(
      epoch.key.privateKey,
      { enc, ciphertext },
      { info: SEAL_INFO.notice, aad },
    );
    const codes = opened && noticeCodes.safeParse(JSON.parse(fromUtf8(opened))).data;
    if (!codes) return observer.unreadableNotice(row.bank.id);
    const { grant, recipient, reference } = wish;
    const notice: Notice = { grant, recipient, reference, pin: codes.pin, qr: codes.qr };
    observer.noticed(row.bank.id, notice);
    this.#deps.onNotice(row.bank.id, notice);
  }

  /** What differs between what a bank said that it holds and what is desired. */
  async #tell(row: Row): Promise<void> {
    const { hello, bank } = row;
    if (!hello) return;
    const { site, hpke, send, agenda } = this.#deps;
    const roster = site.rosters.find(({ version }) => version === this.rosterVersion);
    const epoch = site.epochs[this.epoch];
    if (roster && roster.version > hello.roster.version)
      send(bank.id, { v, type: 'roster', note: roster.note });
    if (epoch && epoch.id !== hello.epoch) send(bank.id, { v, type: 'epoch', note: epoch.note });
    for (const [id, suspension] of row.suspensions) {
      if (suspension.untilMs <= agenda.nowMs) row.suspensions.delete(id);
      else if (!hello.suspensions.includes(id)) send(bank.id, suspension);
    }
    for (const id of hello.suspensions) if (!row.suspensions.has(id)) send(bank.id, { v, type: 'lift', id });
    for (const { note, nonce } of row.orders.values())
      if (nonce === hello.orderNonce) send(bank.id, { v, type: 'order', note });
    if (hello.directory >= this.rosterVersion) return;
    const version = this.rosterVersion;
    const entries = site.residents.map(({ person, flat, label, accessible }) => ({
      person,
      flat,
      label,
      accessible,
    }));
    const place = { info: SEAL_INFO.directory, aad: `${bank.id}\0${version}` };
    const sealed = await hpke.seal(bank.keys.seal.publicKey, utf8(JSON.stringify(entries)), place);
    send(bank.id, { v, type: 'directory', version, entries: sealedText(sealed) });
  }
}

class CommitFailed extends Error {}

export const suspensionId = (chance: Chance): string => base64url(chance.bytes(16));
