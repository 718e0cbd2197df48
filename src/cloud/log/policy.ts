/** The policy of the configuration, for one log. */
import { HoldfastError } from '../../domain/errors.ts';
import { type LogPolicy, readPolicy } from '../../ledger/log/policy.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import type { Cloud } from '../deps.ts';
import type { WitnessConfig } from '../witnessing.ts';
import type { LogRow } from './store.ts';

export function vkeyOfLog({ origin, key }: Pick<LogRow, 'origin' | 'key'>): string {
  return vkeyText({ type: 'signature', name: origin, publicKey: new Uint8Array(key) });
}

/** Without witnesses in the configuration one that asks for none. Throws when it cannot be read, which stops a start. */
export function policyOf(cloud: Cloud, log: Pick<LogRow, 'origin' | 'key'>): LogPolicy {
  const { witnesses = [], quorum = 0 } = cloud.config.witnessing ?? {};
  const texts = {
    origin: log.origin,
    logs: [vkeyOfLog(log)],
    witnesses: witnesses.map(({ vkey }) => vkey),
    quorum,
  };
  const policy = readPolicy(texts);
  if (policy.ok) return policy.value;
  throw new HoldfastError('input-invalid', `witnessing: no policy (${policy.reason}, ${policy.about})`);
}

export function witnessesOf(cloud: Cloud): readonly WitnessConfig[] {
  return cloud.config.witnessing?.witnesses ?? [];
}
