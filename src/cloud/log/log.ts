/**
 * The tenant's transparency log: every record that the cloud has committed, in an order that is signed and that
 * strangers can check (docs/reference/ledger.md). A record waits by being there: its journal's end lies beyond
 * the log's, so that nothing is added to the transactions that commit records.
 */
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';

export { answerAuditor, namedLog } from './auditors.ts';
export { isCosignature } from './cosignatures.ts';
export { createLog } from './create.ts';
export { gaugesOf } from './gauges.ts';
export { headOfLog, proofStateOf, proofStates } from './growth.ts';
export { folderOfLogs, type LogObjects, type LogPlace } from './objects.ts';
export { type Proofs, proofsOf } from './proofs.ts';
export { recordNextKey, vkeyNow, wantsKeyBefore } from './rotate.ts';
export { startSequencer } from './runner.ts';
export { drain } from './sequencer.ts';
export { type SignedLog, signedLog } from './signed.ts';
export { attentionOfLog } from './standing.ts';
export { encodeState, firstOtherLeaf } from './state.ts';
export type { CheckpointRow, EntryRow, LogRow, Span } from './store.ts';
export { takeTurn } from './submit.ts';
export { startSubmitter } from './submitter.ts';
export { successionFileOf } from './succession.ts';
export { judgeLog, requireLogs } from './verify.ts';

export type { CosignatureRow } from './witness-store.ts';

export const log: Noun = { migrations, routes };
