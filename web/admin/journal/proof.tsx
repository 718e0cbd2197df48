/** How far a record's proof has come, as a badge and in plain words. */
import { Badge, type BadgeTone } from '../../kit/badge.tsx';
import type { IconName } from '../../kit/icon.tsx';
import { t } from './messages.ts';
import type { ProofState, RecordDetail } from './questions.ts';

const LOOK: Record<ProofState['is'], { tone: BadgeTone; icon: IconName }> = {
  'no-log': { tone: 'plain', icon: 'info' },
  pending: { tone: 'warn', icon: 'clock' },
  integrated: { tone: 'info', icon: 'check' },
  cosigned: { tone: 'good', icon: 'shield' },
};

export function proofText(proof: ProofState): string {
  switch (proof.is) {
    case 'no-log':
    case 'pending':
    case 'integrated':
      return t(`proof.${proof.is}`);
    case 'cosigned':
      return t('proof.cosigned', { n: proof.n, of: proof.of });
  }
}

export function ProofBadge({ proof }: { proof: ProofState }) {
  return <Badge {...LOOK[proof.is]}>{proofText(proof)}</Badge>;
}

export function proofSays({ proof, log, pathLength }: RecordDetail): string {
  const [size, path] = [log?.size ?? 0, pathLength ?? 0];
  switch (proof.is) {
    case 'no-log':
      return t('proof.no-logSays');
    case 'pending':
      return t('proof.pendingSays');
    case 'integrated':
      return t('proof.integratedSays', { index: proof.index, size, path });
    case 'cosigned':
      return t('proof.cosignedSays', { index: proof.index, n: proof.n, of: proof.of, size, path });
  }
}
