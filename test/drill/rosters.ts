/** Attacks with rosters: who may work here, and by which rules. */
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey } from '../../src/crypto/sign.ts';
import { idFrom } from '../../src/domain/ids.ts';
import type { Roster } from '../../src/domain/roster.ts';
import { badgeText } from '../../src/domain/scan.ts';
import { policyOf, rosterOf } from '../../src/edge/plan/state.ts';
import { badgeHash, signRoster } from '../../src/ledger/roster.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Attack, shown } from './attack.ts';
import { signingKeys } from './hostile.ts';
import type { Stand } from './stand.ts';

const NEWER = 1_000_000;

/** `roster` under every key that the cloud has, and under a root of the attacker's own. */
async function underEveryKey(stand: Stand, roster: Roster): Promise<void> {
  const own = newSigningKey();
  const ownRoot = { ...roster, root: { keys: [base64url(own.publicKey)], k: 1 } };
  const notes = signingKeys(stand.cloud.keys).map(([, key]) => signRoster(roster, [key]));
  for (const note of [...notes, signRoster(ownRoot, [own])])
    await stand.cloud.send({ v: 1, type: 'roster', note });
}

const versionIs = (stand: Stand, version: number): string =>
  shown(`roster ${version} is in force`, rosterOf(stand.agent.state())?.version === version);

const forgedCourier: Attack = {
  name: 'forged courier',
  sends:
    'a roster that names the attacker’s badge, under each of the cloud’s keys and a root of its own; then the badge at the kiosk',
  hopes: 'to work as a courier',
  async run(stand) {
    const badge = badgeText(systemRandom.bytes(16));
    const courier = {
      person: idFrom('person', systemRandom.bytes(16)),
      carrier: stand.site.courier.carrier,
      badgeHash: badgeHash(badge),
      untilMs: null,
    };
    const { couriers } = stand.roster();
    await underEveryKey(stand, stand.roster({ version: NEWER, couriers: [...couriers, courier] }));
    await stand.hands.scan(badge);
  },
  answers: ['roster.refused signature-wrong', 'attempt denied badge-unknown'],
  holds: (stand) => shown('one courier is known', rosterOf(stand.agent.state())?.couriers.length === 1),
};

const shortHold: Attack = {
  name: 'shortened hold policy',
  sends: 'rosters with one day of hold: signed by cloud keys, and the root’s own with the number altered',
  hopes: 'that parcels expire and are taken out by a helper',
  async run(stand) {
    const policy = { ...stand.roster().policy, holdDays: 1 };
    await underEveryKey(stand, stand.roster({ version: NEWER, policy }));
    const genuine = stand.rosters[0] ?? '';
    const altered = genuine
      .replace('"holdDays":14', '"holdDays":1')
      .replace('"version":1}', `"version":${NEWER}}`);
    await stand.cloud.send({ v: 1, type: 'roster', note: altered });
    await stand.cloud.sendRaw(JSON.stringify({ v: 1, type: 'policy', policy }));
  },
  answers: ['roster.refused signature-wrong', 'message.refused message-kind-unknown'],
  holds(stand) {
    const state = stand.agent.state();
    const live = Object.values(state.grant).filter((grant) => grant.state === 'live').length;
    return shown(
      `parcels are held for 14 days and ${live} grants live`,
      policyOf(state).holdDays === 14 && live === 24,
    );
  },
};

const rolledBack: Attack = {
  name: 'rolled-back roster',
  sends: 'the root’s own first roster, after its second is in force',
  hopes: 'that a courier who was struck off may work again',
  prepare: (stand) => stand.rosterFromRoot(2),
  run: (stand) => stand.cloud.send({ v: 1, type: 'roster', note: stand.rosters[0] ?? '' }),
  answers: ['roster.refused roster-version-old'],
  holds: (stand) => versionIs(stand, 2),
};

const othersRoster: Attack = {
  name: 'another bank’s roster',
  sends:
    'a newer roster of the same root that names another bank only; one of another site; one of another tenant',
  hopes: 'that this bank takes other people’s couriers and rules',
  async run(stand) {
    const { sealKey } = stand.agent.state().standing;
    const other = {
      bank: idFrom('bank', systemRandom.bytes(16)),
      key: base64url(newSigningKey().publicKey),
      sealKey,
    };
    const { root } = stand.site;
    const notes = [
      signRoster(stand.roster({ version: NEWER, banks: [other] }), [root]),
      signRoster(stand.roster({ version: NEWER, site: idFrom('site', systemRandom.bytes(16)) }), [root]),
      signRoster(stand.roster({ version: NEWER, tenant: idFrom('tenant', systemRandom.bytes(16)) }), [root]),
    ];
    for (const note of notes) await stand.cloud.send({ v: 1, type: 'roster', note });
  },
  answers: [
    'roster.refused roster-key-unknown',
    'roster.refused signature-wrong',
    'roster.refused roster-wrong-site',
  ],
  holds: (stand) => versionIs(stand, 2),
};

export const ROSTER_ATTACKS: readonly Attack[] = [forgedCourier, shortHold, rolledBack, othersRoster];
