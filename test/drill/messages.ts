/** Attacks with messages that are none: made up, malformed, oversized, of a wrong kind, again, in another order. */
import { MESSAGE_BYTES_MAX } from '../../src/contract/uplink.ts';
import { concat, utf8 } from '../../src/crypto/bytes.ts';
import { DOWNLINK_RECORDS_PER_HOUR } from '../../src/edge/plan/downlink.ts';
import { rosterOf } from '../../src/edge/plan/state.ts';
import { signOrder } from '../../src/ledger/order.ts';
import { type Attack, allOccupied, shown } from './attack.ts';
import { HOUR_MS, type Stand } from './stand.ts';

const raw = (stand: Stand, message: object): Promise<void> => stand.cloud.sendRaw(JSON.stringify(message));

const asked: Attack = {
  name: 'asked to open',
  sends:
    'release, pulse, unlock, open and an act at the kiosk, for door 1 and for all, with the operator’s token',
  hopes: 'that some version of the bank obeys one of them',
  async run(stand) {
    const { operatorToken: token } = stand.cloud.keys;
    for (const type of ['release', 'pulse', 'unlock', 'open', 'action', 'override'])
      for (const compartment of [1, 'all'])
        await raw(stand, { v: 1, type, compartment, token, action: { do: 'pin', pin: '000000000' } });
  },
  answers: ['message.refused message-kind-unknown'],
  holds: allOccupied,
};

const forgedGrant: Attack = {
  name: 'forged grant',
  sends:
    'a grant for door 2, the planner’s own words for a code that was drawn or compared; then its PIN and QR code at the kiosk',
  hopes: 'that a grant from the cloud stands beside the bank’s own',
  async run(stand) {
    const grant = Object.values(stand.agent.state().grant).find(({ compartment }) => compartment === 2);
    const forged = {
      grant: grant?.id,
      issue: 2,
      pinVerifier: stand.newMessageId(),
      qrVerifier: null,
      digits: 9,
    };
    for (const type of ['grant', 'minted', 'compared', 'grant.issued']) {
      await raw(stand, { v: 1, type, ...forged });
      await raw(stand, { v: 1, type, answer: forged, seq: 1, method: 'pin' });
    }
    const { pin, qr } = stand.madeCode();
    await stand.hands.pin(pin);
    await stand.hands.scan(qr);
  },
  answers: ['message.refused message-kind-unknown', 'attempt denied code-wrong'],
  holds: (stand) =>
    shown(
      '24 grants, each with its first code',
      Object.values(stand.agent.state().grant).filter(({ issue, state }) => issue === 1 && state === 'live')
        .length === 24,
    ),
};

const reissue: Attack = {
  name: 're-issue',
  sends: 'messages that ask for new codes of all grants; 50 refusals of all batches',
  hopes: 'that the bank makes new codes for parcels that lie there, and sends them up',
  async run(stand) {
    for (const { id } of Object.values(stand.agent.state().grant).slice(0, 6))
      for (const type of ['reissue', 'notice']) await raw(stand, { v: 1, type, grant: id });
    const refused = JSON.stringify({ v: 1, type: 'batch-refused', reason: 'batch-gap', lastSeq: 0 });
    await stand.cloud.sendRaw(...Array.from({ length: 50 }, () => refused));
    await stand.drained();
  },
  answers: ['message.refused message-kind-unknown'],
  holds: (stand) =>
    shown(
      'no code was made anew and no batch of before came again',
      stand.cloud.codes.length === 0 && stand.cloud.batches.every(({ first }) => first > stand.takenAtSeq),
    ),
};

const malformed: Attack = {
  name: 'malformed',
  sends:
    'no JSON, broken UTF-8, nesting of 100,000, numbers beyond all, missing and surplus fields, unknown version',
  hopes: 'a crash, or a rule that is skipped',
  async run(stand) {
    const suspend = { v: 1, type: 'suspend', id: stand.newMessageId(), scope: 'bank', subject: null };
    const texts: (string | Uint8Array)[] = [
      '',
      'null',
      '[]',
      '{"v":1',
      `{"v":1,"type":"lift","id":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      '['.repeat(100_000),
      concat(utf8('{"v":1,"type":"lift","id":"'), Uint8Array.of(0xff, 0xfe, 0xc0, 0x80), utf8('"}')),
      JSON.stringify({ ...suspend, compartment: null, untilMs: 1e300 }),
      '{"v":1,"type":"time","nonce":"x","atMs":-1}',
      JSON.stringify({ ...suspend, compartment: null }),
      JSON.stringify({ ...suspend, compartment: 1.5, untilMs: 1 }),
      JSON.stringify({ ...suspend, compartment: null, untilMs: 1, open: 1 }),
      '{"v":2,"type":"release"}',
      '{"v":"1","type":"lift","id":"x"}',
    ];
    await stand.cloud.sendRaw(...texts);
  },
  answers: ['message.refused message-malformed', 'message.refused message-version-unknown'],
  holds: allOccupied,
};

const names: Attack = {
  name: 'names that objects have by birth',
  sends: 'types, ids and fields called __proto__, constructor and toString',
  hopes: 'that an object’s own beginnings are taken for data',
  async run(stand) {
    const { sendRaw } = stand.cloud;
    const send = sendRaw.bind(stand.cloud);
    for (const type of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      await send(`{"v":1,"type":"${type}"}`);
    for (const id of ['__proto__', 'constructor', 'toString'])
      await send(`{"v":1,"type":"lift","id":"${id}"}`);
    await send(
      '{"v":1,"type":"suspend","id":"constructor","scope":"courier","subject":"__proto__","compartment":null,"untilMs":1}',
    );
    await send(`{"v":1,"type":"lift","id":"${stand.newMessageId()}","__proto__":{"scope":"bank"}}`);
  },
  answers: ['message.refused message-kind-unknown', 'message.refused message-malformed'],
  holds: (stand) =>
    shown(
      'no suspension, and no object has grown a field',
      Object.keys(stand.agent.state().suspension).length === 0 && !('scope' in {}),
    ),
};

const duplicates: Attack = {
  name: 'the same key twice',
  sends: 'messages with two versions, two types and two ids',
  hopes: 'that one reader believes the first and another the last',
  async run(stand) {
    await stand.cloud.sendRaw('{"v":1,"type":"lift","id":"x","v":2}');
    await stand.cloud.sendRaw('{"v":1,"type":"lift","type":"release","compartment":1}');
    await stand.cloud.sendRaw(`{"v":1,"type":"lift","id":"${stand.newMessageId()}","id":"short"}`);
    const note = signOrder(stand.orderFor({ do: 'lift' }), [stand.site.root]);
    await stand.cloud.send({
      v: 1,
      type: 'order',
      note: note.replace('"do":"lift"', '"do":"lift","do":"lift"'),
    });
  },
  answers: ['message.refused message-malformed', 'order.refused signature-wrong'],
  holds: () => 'no reader takes either; signed text with two is not the text that was signed',
};

const oversized: Attack = {
  name: 'oversized',
  sends: '2 MiB and one byte, and 16 MiB, in one packet; a note longer than any',
  hopes: 'that the bank runs out of memory or disk',
  async run(stand) {
    for (const bytes of [MESSAGE_BYTES_MAX + 1, 8 * MESSAGE_BYTES_MAX])
      await stand.cloud.sendRaw(new Uint8Array(bytes).fill(0x20));
    await raw(stand, { v: 1, type: 'order', note: 'x'.repeat(10_000) });
    await raw(stand, { v: 1, type: 'roster', note: 'x'.repeat(1_100_000) });
  },
  answers: ['message.refused message-oversized', 'message.refused message-malformed'],
  holds: allOccupied,
};

const wrongKind: Attack = {
  name: 'wrong kind',
  sends: 'what a bank sends up, sent down; the root’s order as roster, its roster as order and as epoch',
  hopes: 'that a signature for one thing is taken for another',
  async run(stand) {
    const order = signOrder(stand.orderFor(stand.releaseAct(stand.newClaim(), 4)), [stand.site.root]);
    const roster = stand.rosters.at(-1) ?? '';
    await raw(stand, { v: 1, type: 'hello', boot: 'x', lastSeq: 0, acknowledgedSeq: 0 });
    await raw(stand, { v: 1, type: 'batch', head: '', records: ['{}'], openings: {}, notices: [] });
    await stand.cloud.send({ v: 1, type: 'roster', note: order });
    await stand.cloud.send({
      v: 1,
      type: 'order',
      note: roster.length > 8192 ? roster.slice(0, 8192) : roster,
    });
    await stand.cloud.send({ v: 1, type: 'epoch', note: roster });
  },
  answers: [
    'message.refused message-kind-unknown',
    'roster.refused roster-malformed',
    'order.refused message-malformed',
    'message.refused signature-wrong',
  ],
  holds: allOccupied,
};

const history: Attack = {
  name: 'replayed and reordered downlink',
  sends: 'everything that ever came down, the newest first; a lift before its suspension',
  hopes: 'that the past comes back',
  prepare: (stand) => stand.freshHour(),
  async run(stand) {
    const { cloud } = stand;
    // What was refused once is refused again; it is what was believed once that may not be believed twice.
    const believed = cloud.history.filter((bytes) =>
      /"type":"(roster|epoch|directory|ack|time)"/.test(bytes.subarray(0, 40).toString()),
    );
    await cloud.sendRaw(...believed.toReversed());
    const id = stand.newMessageId();
    await cloud.send({ v: 1, type: 'lift', id });
    const untilMs = stand.clock.nowMs() + HOUR_MS;
    await cloud.send({ v: 1, type: 'suspend', id, scope: 'bank', subject: null, compartment: null, untilMs });
    await cloud.send({ v: 1, type: 'lift', id });
  },
  answers: [
    'roster.refused roster-version-old',
    'roster.refused signature-wrong',
    'roster.refused roster-key-unknown',
    'roster.refused roster-wrong-site',
    'roster.refused roster-malformed',
    'message.refused signature-wrong',
    'message.refused message-malformed',
    'message.refused message-replayed',
    'suspension.applied bank',
    'suspension.ended by cloud',
  ],
  holds: (stand) =>
    shown('the newest roster is in force', rosterOf(stand.agent.state())?.version === stand.rosters.length),
};

const flood: Attack = {
  name: 'flood',
  sends: '300 messages of no known kind within an hour; then the root’s next roster',
  hopes: 'that the journal fills up, or that a roster no longer gets through',
  prepare: (stand) => stand.freshHour(),
  async run(stand) {
    const texts = Array.from({ length: 300 }, (_, sent) => JSON.stringify({ v: 1, type: 'flood', sent }));
    await stand.cloud.sendRaw(...texts);
    await stand.rosterFromRoot(stand.rosters.length + 1);
  },
  answers: ['message.refused message-kind-unknown', 'roster.applied'],
  // What an hour may cause, and the roster's own record.
  recordsMax: DOWNLINK_RECORDS_PER_HOUR + 1,
  holds(stand) {
    const { version } = rosterOf(stand.agent.state()) ?? {};
    return shown(`roster ${version} got through`, version === stand.rosters.length);
  },
};

export const MESSAGE_ATTACKS: readonly Attack[] = [
  asked,
  forgedGrant,
  reissue,
  malformed,
  names,
  duplicates,
  oversized,
  wrongKind,
];
export const LATE_MESSAGE_ATTACKS: readonly Attack[] = [history, flood];
