/**
 * A cloud to be measured: PostgreSQL, the nouns and the intake, with enrolled banks that write the fixed
 * journeys. Batches are made before they are sent; what is timed begins with their bytes, as the broker hands
 * them over, and ends with the acknowledgement.
 */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import pg from 'pg';
import { NOUNS } from '../src/cloud/cloud.ts';
import { Intake } from '../src/cloud/intake/intake.ts';
import * as people from '../src/cloud/people/people.ts';
import { enrolledBank, type TestBank } from '../src/cloud/test-bank.ts';
import { ALONE } from '../src/cloud/test-leases.ts';
import { openStand, type Stand } from '../src/cloud/test-stand.ts';
import type { BatchMessage, DownMessage, NoticeWish } from '../src/contract/uplink.ts';
import { base64url, utf8 } from '../src/crypto/bytes.ts';
import { type CarrierId, type IdKind, idFrom, type PersonId } from '../src/domain/ids.ts';
import { leafHash } from '../src/ledger/record.ts';
import { badgeHash } from '../src/ledger/roster.ts';
import { systemRandom } from '../src/platform/random.ts';
import { type CopyRow, RAW_TABLE } from './copy.ts';
import { COURIERS, journeys, RESIDENTS, type Step } from './journeys.ts';

/** Of all journeys of the file. */
const PICK_UPS_MIN = 0.3;
const JOURNEYS_COUNTED = 1_000;
const BOX = { enc: base64url(new Uint8Array(32)), ciphertext: base64url(new Uint8Array(80)) };

export class BenchBank {
  readonly bank: TestBank;
  readonly #cloud: BenchCloud;
  readonly #steps: Iterator<Step>;
  readonly #ids = new Map<string, string>();

  constructor(cloud: BenchCloud, bank: TestBank, seed: number) {
    this.bank = bank;
    this.#cloud = cloud;
    this.#steps = stepsOf(seed);
  }

  /** The next records of its journeys as one signed and sealed batch. */
  async batch(records: number, withWishes: boolean): Promise<BatchMessage> {
    const wishes: NoticeWish[] = [];
    for (let written = 0; written < records; written++) {
      const { value: step } = this.#steps.next();
      const seq = this.bank.write({ ...step.draft, fields: this.#fieldsOf(step) });
      if (withWishes && step.draft.kind === 'grant.issued')
        wishes.push({
          seq,
          reference: idFrom('notice', systemRandom.bytes(16)),
          what: 'arrival',
          epoch: idFrom('epoch', new Uint8Array(16)),
          codes: BOX,
        });
    }
    return this.bank.batch(wishes);
  }

  #fieldsOf({ draft, parcel, person, resident, courier }: Step): Record<string, string> {
    const { residents, couriers, carrier } = this.#cloud;
    const [taker, other] = [residents[resident] ?? '', couriers[courier] ?? ''];
    const values: Record<string, string> = {
      parcel: this.#id('parcel', parcel),
      grant: this.#id('grant', parcel),
      session: this.#id('session', parcel),
      tracking: `1Z999AA1${String(parcel).padStart(10, '0')}`,
      carrier,
      person: person === 'resident' ? taker : other,
      counterpart: person === 'resident' ? other : taker,
    };
    return Object.fromEntries(Object.keys(draft.fields ?? {}).map((field) => [field, values[field] ?? '']));
  }

  #id(kind: IdKind, of: number): string {
    const name = `${kind} ${of}`;
    const id = this.#ids.get(name) ?? idFrom(kind, systemRandom.bytes(16));
    this.#ids.set(name, id);
    return id;
  }
}

function* stepsOf(seed: number): Generator<Step, never> {
  for (const { steps } of journeys(seed)) yield* steps;
  throw new Error('journeys do not end');
}

/** A fixed file that is not what it is said to be would measure something else. */
function checkMix(): void {
  const file = journeys(1);
  let pickUps = 0;
  for (let count = 0; count < JOURNEYS_COUNTED; count++) if (file.next().value.isPickUp) pickUps++;
  assert.ok(
    pickUps / JOURNEYS_COUNTED >= PICK_UPS_MIN,
    `only ${pickUps} of ${JOURNEYS_COUNTED} are pick-ups`,
  );
}

export class BenchCloud {
  readonly stand: Stand;
  readonly residents: PersonId[] = [];
  readonly couriers: PersonId[] = [];
  carrier = '' as CarrierId;
  readonly #intake: Intake;
  readonly #waiting = new Map<string, (message: DownMessage) => void>();

  static async open(): Promise<BenchCloud> {
    checkMix();
    const cloud = new BenchCloud(await openStand(NOUNS));
    await cloud.#fill();
    return cloud;
  }

  private constructor(stand: Stand) {
    this.stand = stand;
    this.#intake = new Intake({
      cloud: stand.cloud,
      nouns: NOUNS,
      leases: ALONE,
      send: async (bank, message) => this.#waiting.get(bank)?.(message),
    });
  }

  async #fill(): Promise<void> {
    const { stand } = this;
    const superuser = new pg.Client({ connectionString: stand.superuserUrl() });
    await superuser.connect();
    await superuser.query(RAW_TABLE);
    await superuser.end();
    const common = { site: stand.site, accessible: false, phone: null, by: null };
    await stand.inTenant(async (tx) => {
      this.carrier = await people.addCarrier(stand.cloud, tx, { name: 'UPS', key: null });
      for (let n = 0; n < RESIDENTS; n++) {
        const of = { ...common, name: `Resident ${n}`, flat: String(n), email: `r${n}@example.org` };
        this.residents.push(await people.addResident(stand.cloud, tx, of));
      }
      for (let n = 0; n < COURIERS; n++) {
        const of = { name: `Courier ${n}`, email: null, carrier: this.carrier, badgeHash: badgeHash(`${n}`) };
        this.couriers.push(await people.addCourier(stand.cloud, tx, { ...of, by: null }));
      }
    });
  }

  async newBank(seed: number): Promise<BenchBank> {
    const { cloud, tenant, site } = this.stand;
    return new BenchBank(this, await enrolledBank(cloud, tenant, site), seed);
  }

  /** Hands over what a bank sent. Resolves with the answer, which is an acknowledgement or a failure. */
  async take(bank: BenchBank, payload: Uint8Array): Promise<void> {
    const { bank: id } = bank.bank;
    const answered = new Promise<DownMessage>((resolve) => this.#waiting.set(id, resolve));
    this.#intake.received(id, payload);
    const message = await answered;
    assert.equal(message.type, 'ack', `a batch was answered with ${JSON.stringify(message)}`);
  }

  /** The rows of a batch as the table of records has them. */
  rowsOf(bank: BenchBank, { records }: BatchMessage): CopyRow[] {
    const rows = records.map((text) => {
      const { seq, kind, time } = JSON.parse(text);
      const common = { tenant: this.stand.tenant, source: bank.bank.bank, seq, kind, atMs: time.atMs };
      return { ...common, hash: leafHash(utf8(text)), bytes: utf8(text), last: 0 };
    });
    const last = rows.at(-1)?.seq ?? 0;
    return rows.map((row) => ({ ...row, last }));
  }

  /** Throws unless every record of these banks is kept, once, and has changed what was made of them. */
  async check(banks: readonly BenchBank[]): Promise<void> {
    for (const { bank } of banks) {
      const { rows } = await this.stand.inTenant((tx) =>
        sql<{ records: number; events: number; hash: Uint8Array }>`select
          (select count(*) from records where source = ${bank.bank}) as records,
          (select sum(1 + cardinality(also))::bigint from parcel_events where source = ${bank.bank}) as events`.execute(
          tx,
        ),
      );
      const { lastSeq } = bank.end;
      assert.deepEqual(rows, [{ records: lastSeq, events: lastSeq }], 'a record changed nothing');
    }
  }

  async close(): Promise<void> {
    await this.#intake.stop();
    await this.stand.close();
  }
}
