/**
 * One parcel's receipt as a file of the phone's own. It is made when it is asked for and never kept by the app: what
 * was erased meanwhile is in no later one. A file that waits for the log is a right one, and says so by itself.
 */
import { useMutation } from '@tanstack/react-query';
import { type Api, ApiProblem } from '../api.ts';
import { Button } from '../button.tsx';
import { nowMs } from '../clock.ts';
import { download } from '../download.ts';
import { Notice } from '../notice.tsx';
import { checksOf, proofsToCome, type Receipt, receiptName } from '../receipt.ts';
import { formatTime, minutesAheadOfUtc } from '../time.ts';
import { t } from './messages.ts';
import { useOnline } from './online.ts';
import { ProblemNotice } from './problem.tsx';

/** A record is in the log within a second, as a rule, and cosigned some seconds later. */
const AGAIN_MS = 60_000;

type Saved = { file: string; waits: number; hasLog: boolean; atMs: number };
type ReceiptProps = { api: Api; path: string; tracking: string; atMs: number };

export function ReceiptFile({ api, path, tracking, atMs }: ReceiptProps) {
  const online = useOnline();
  const fetching = useMutation({
    mutationFn: async (): Promise<Saved> => {
      const receipt = await api.get<Receipt>(path);
      const file = receiptName({ tracking, atMs, minutesAheadOfUtc: minutesAheadOfUtc(atMs) });
      download(file, JSON.stringify(receipt), 'application/json');
      return { file, waits: proofsToCome(receipt), hasLog: receipt.log !== null, atMs: nowMs() };
    },
  });
  const { data, error, isPending } = fetching;
  return (
    <div className="p-receipt">
      <Button
        icon="download"
        busy={isPending}
        aria-label={t('receipt.of', { tracking })}
        onClick={() => fetching.mutate()}
      >
        {t('receipt')}
      </Button>
      {data && <SavedReceipt saved={data} />}
      {error && <NoReceipt problem={error} online={online} onRetry={() => fetching.mutate()} />}
    </div>
  );
}

function SavedReceipt({ saved: { file, waits, hasLog, atMs } }: { saved: Saved }) {
  return (
    <Notice tone={waits > 0 ? 'warn' : 'good'} title={waits > 0 ? t('receipt.waits') : t('receipt.saved')}>
      <div className="k-stack-tight">
        {waits > 0 && <p>{t('receipt.waits.text', { count: waits, time: formatTime(atMs + AGAIN_MS) })}</p>}
        {!hasLog && <p>{t('receipt.noLog')}</p>}
        <p>{t('receipt.check')}</p>
        {checksOf(file).map((command) => (
          <code key={command} className="p-command" dir="ltr">
            {command}
          </code>
        ))}
        <p>{t('receipt.key')}</p>
      </div>
    </Notice>
  );
}

type NoReceiptProps = { problem: Error; online: boolean; onRetry: () => void };

function NoReceipt({ problem, online, onRetry }: NoReceiptProps) {
  if (!online || (problem instanceof ApiProblem && problem.status === 0))
    return (
      <Notice tone="warn" title={t('receipt.offline')} live="assertive">
        {t('receipt.offline.text')}
      </Notice>
    );
  return <ProblemNotice problem={problem} title={t('receipt.problem')} onRetry={onRetry} />;
}
