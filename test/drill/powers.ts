/** What a bank believes its cloud for: epochs, directories, acknowledgements, the time, its name on the broker. */
import { MqttClient } from 'mqtt';
import { pinsOf, positiveSerial } from '../../src/cloud/files.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { newHpkeKey } from '../../src/crypto/hpke.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { issueClient } from '../../src/crypto/x509.ts';
import { ONLY, rosterOf } from '../../src/edge/plan/state.ts';
import { judgeBatch, NO_HEAD, NOTHING_COMMITTED, signHead } from '../../src/ledger/batch.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { connectPinned } from '../../src/platform/tls.ts';
import { type Attack, shown } from './attack.ts';
import { eventually, signingKeys } from './hostile.ts';
import { DAY_MS, HOUR_MS, type Stand } from './stand.ts';

const MINUTE_MS = 60_000;

const forgedEpoch: Attack = {
  name: 'forged epoch',
  sends:
    'an epoch with the attacker’s key, signed by every cloud key but the notifier’s; the notifier’s for 60 days, and of next month',
  hopes: 'that codes are sealed to the attacker',
  async run(stand) {
    const { publicKey: key } = await newHpkeKey();
    const nowMs = stand.clock.nowMs();
    const others = signingKeys(stand.cloud.keys).filter(([name]) => name !== 'notifier');
    for (const [, signer] of [...others, ['own', newSigningKey()] as const])
      await stand.cloud.send({ v: 1, type: 'epoch', note: stand.epochNote({ key, signer }) });
    await stand.cloud.send({ v: 1, type: 'epoch', note: stand.epochNote({ key, days: 60 }) });
    const ahead = stand.epochNote({ key, notBeforeMs: nowMs + 30 * DAY_MS });
    await stand.cloud.send({ v: 1, type: 'epoch', note: ahead });
  },
  answers: ['message.refused signature-wrong', 'message.refused message-malformed'],
  holds: (stand) => {
    const held = stand.agent.state().epoch[ONLY]?.epoch ?? '';
    return shown('the epoch of before is in force', stand.cloud.keys.epochs.has(held));
  },
};

const ownEpoch: Attack = {
  name: 'epoch of the stolen notifier',
  sends: 'an epoch with the attacker’s key, signed by the notifier’s key, which it has',
  hopes: 'to read codes',
  async run(stand) {
    const key = await newHpkeKey();
    const id = stand.newEpochId();
    stand.cloud.keys.epochs.set(id, key);
    await stand.cloud.send({ v: 1, type: 'epoch', note: stand.epochNote({ key: key.publicKey, id }) });
    await stand.drained();
  },
  answers: ['epoch.applied'],
  holds: (stand) =>
    shown(
      'BELIEVED: codes from now on are read; of the 24 parcels of before no code came up',
      stand.cloud.codes.length === 0,
    ),
};

const directory: Attack = {
  name: 'false directory',
  sends: 'rubbish instead of a sealed directory; then one that names the attacker as everybody in the house',
  hopes: 'that parcels are counted as the attacker’s',
  async run(stand) {
    const person = stand.residents[0]?.person ?? '';
    const entries = { enc: base64url(systemRandom.bytes(65)), ciphertext: base64url(systemRandom.bytes(99)) };
    await stand.cloud.send({ v: 1, type: 'directory', version: 1_000, entries });
    await stand.agent.settled();
    await stand.sendDirectory(stand.residents.map((entry) => ({ ...entry, person, label: 'R. Attacker' })));
  },
  answers: ['message.refused signature-wrong', 'directory.applied'],
  holds(stand) {
    const recipients = new Set(Object.values(stand.agent.state().parcel).map(({ recipient }) => recipient));
    return shown(
      'BELIEVED for parcels to come; the 24 of before keep their 24 recipients',
      recipients.size === 24,
    );
  },
};

const acknowledged: Attack = {
  name: 'acknowledged and thrown away',
  sends: 'acknowledgements of numbers never sent; then of a batch that it has not stored',
  hopes: 'that the bank forgets what nobody has',
  async run(stand) {
    const { cloud, agent } = stand;
    for (const lastSeq of [0, 1, 1_000_000])
      await cloud.send({ v: 1, type: 'ack', lastSeq, head: base64url(systemRandom.bytes(32)) });
    cloud.stores = 'throws away';
    await stand.hands.signIn(stand.courier);
    await stand.hands.home();
    await eventually(
      'the bank believes it',
      () => agent.journal.tip.acknowledgedSeq === agent.journal.tip.lastSeq,
    );
    cloud.stores = 'acknowledges';
  },
  answers: ['attempt allowed drop-off', 'courier.signed-in'],
  holds(stand) {
    const { journal } = stand.agent;
    const { fieldsLost } = stand.cloud;
    const all = journal.everyRecord().length === journal.tip.lastSeq;
    return shown(
      `BELIEVED: ${fieldsLost} fields are lost, as a notice would be; the bank keeps its records, all ${journal.tip.lastSeq}`,
      all && fieldsLost > 0 && journal.nextBatch() === undefined,
    );
  },
};

const lies: Attack = {
  name: 'time steps',
  sends: 'answers to the bank’s question for the time that are wrong by +1 h, −1 h, +1 day and −30 days',
  hopes: 'that grants expire, or that one which is over lives again',
  async run(stand) {
    for (const lieMs of [HOUR_MS, -HOUR_MS, DAY_MS, -30 * DAY_MS]) {
      stand.cloud.lieMs = lieMs;
      await stand.cloud.reconnect();
      stand.cloud.lieMs = 0;
      await stand.cloud.reconnect();
    }
  },
  answers: ['clock.frozen', 'clock.set by cloud'],
  holds: (stand) => {
    const offMs = Math.abs(bankAheadMs(stand));
    const live = Object.values(stand.agent.state().grant).filter((grant) => grant.state === 'live').length;
    return shown(
      `expiry froze each time; ${live} grants live, the clock is ${seconds(offMs)} off`,
      live === 24 && offMs < 5_000,
    );
  },
};

const bankAheadMs = (stand: Stand): number => stand.bankNowMs() - stand.clock.nowMs();

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

const drift: Attack = {
  name: 'time drift',
  sends: 'eight answers, each four minutes ahead of the bank',
  hopes: 'to move the bank’s clock by half an hour, a little at a time',
  async run(stand) {
    for (let step = 1; step <= 8; step++) {
      stand.cloud.lieMs = bankAheadMs(stand) + 4 * MINUTE_MS;
      await stand.cloud.reconnect();
    }
    stand.cloud.lieMs = 0;
    await stand.cloud.reconnect();
  },
  answers: [],
  holds: (stand) => {
    const offMs = bankAheadMs(stand);
    return shown(
      `BELIEVED within 5 minutes a day: the clock is ${seconds(offMs)} ahead, of 1920 s asked`,
      offMs <= 5 * MINUTE_MS,
    );
  },
};

const secondIdentity: Attack = {
  name: 'second identity',
  sends: 'a certificate in the bank’s own name, issued by the stolen authority; a batch in that name',
  hopes: 'to speak as the bank, or to keep it away',
  async run(stand) {
    const { cloud, bank } = stand;
    const key = newSigningKey();
    const nowMs = systemClock.nowMs();
    const certificate = await issueClient({
      authority: cloud.keys.files.authority,
      commonName: bank,
      publicKey: key.publicKey,
      serial: positiveSerial(systemRandom),
      notBeforeMs: nowMs - HOUR_MS,
      notAfterMs: nowMs + DAY_MS,
    });
    const { links, timesAnswered } = cloud;
    const client = { certificate, key: privateKeyPem(key.privateKey) };
    const pins = [pinsOf(cloud.keys.files, null).current];
    const socket = await connectPinned({ host: '127.0.0.1', port: cloud.port, pins, client });
    const twin = new MqttClient(() => socket, { clientId: bank, protocolVersion: 4, reconnectPeriod: 0 });
    twin.on('error', () => {});
    const isBack = () => cloud.links > links && cloud.isLinked && cloud.timesAnswered > timesAnswered;
    await eventually('the bank is back on the broker', isBack);
    await twin.endAsync(true);
  },
  answers: [],
  holds(stand) {
    const { bank } = stand;
    const key = newSigningKey();
    const head = { bank, first: 1, last: 1, previous: NO_HEAD, root: base64url(new Uint8Array(32)) };
    const own = rosterOf(stand.agent.state())?.banks.find((one) => one.bank === bank);
    const judged = judgeBatch({
      note: signHead({ head, key }),
      records: [],
      key: { name: bank, publicKey: new Uint8Array(Buffer.from(own?.key ?? '', 'base64url')) },
      committed: NOTHING_COMMITTED,
      headAt: () => undefined,
    });
    const reason = judged.verdict === 'refused' ? judged.reason : judged.verdict;
    return shown(
      `the bank was pushed off the broker and dialled again; a batch in its name: ${reason}, by the roster’s key`,
      reason === 'batch-head-wrong' && stand.cloud.isLinked,
    );
  },
};

export const POWER_ATTACKS: readonly Attack[] = [
  forgedEpoch,
  ownEpoch,
  directory,
  acknowledged,
  lies,
  drift,
  secondIdentity,
];
