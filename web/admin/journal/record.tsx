/** One record: its bytes, its leaf hash, its proof in plain words, and how to check it without us. */
import { Button } from '../../kit/button.tsx';
import { Facts } from '../../kit/card.tsx';
import { CopyButton } from '../../kit/copy.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { download } from '../../kit/download.ts';
import { Answered } from '../../kit/session/problem.tsx';
import { t as admin } from '../messages.ts';
import { CodeBlock, Exact, Time } from '../parts.tsx';
import { t } from './messages.ts';
import { ProofBadge, proofSays } from './proof.tsx';
import { type RecordDetail, useRecord } from './questions.ts';

type RecordDialogProps = { id: string | null; sourceName: (source: string) => string; onClose: () => void };

export function RecordDialog({ id, sourceName, onClose }: RecordDialogProps) {
  const [, source = '', seq = ''] = /^(.*)\.(\d+)$/.exec(id ?? '') ?? [];
  const title = id === null ? '' : t('record.title', { seq, source: sourceName(source) });
  return (
    <Dialog open={id !== null} title={title} onClose={onClose}>
      {id !== null && <Shown id={id} source={sourceName(source)} />}
    </Dialog>
  );
}

function Shown({ id, source }: { id: string; source: string }) {
  const record = useRecord(id);
  return (
    <Answered query={record}>
      {(known) => (
        <div className="k-stack">
          <RecordFacts record={known} />
          <p>{proofSays(known)}</p>
          <Bytes record={known} source={source} />
          {known.file !== null && known.log !== null && (
            <Check record={known} file={known.file} vkey={known.log.vkey} />
          )}
        </div>
      )}
    </Answered>
  );
}

function RecordFacts({ record }: { record: RecordDetail }) {
  const { kind, atMs, compartment, hash, batchLast, proof } = record;
  return (
    <Facts
      items={[
        { term: t('journal.proof'), fact: <ProofBadge proof={proof} /> },
        { term: admin('journal.kind'), fact: <code>{kind}</code> },
        { term: admin('journal.at'), fact: <Time atMs={atMs} exact /> },
        { term: t('journal.door'), fact: compartment ?? t('record.doorNone') },
        { term: t('journal.batch'), fact: batchLast ?? t('record.batchNone') },
        { term: admin('journal.hash'), fact: <Exact>{hash}</Exact> },
      ]}
    />
  );
}

function Bytes({ record, source }: { record: RecordDetail; source: string }) {
  return (
    <section className="k-stack-tight">
      <h3>{t('record.bytes')}</h3>
      <p className="k-muted k-small">{t('record.bytesSays')}</p>
      <div className="j-bytes">
        <CodeBlock label={t('record.bytesOf', { seq: record.seq, source })} text={record.json} />
      </div>
      <div className="k-row">
        <CopyButton value={record.json} what={t('record.bytesWhat')} />
      </div>
    </section>
  );
}

type CheckProps = { record: RecordDetail; file: string; vkey: string };

/** The policy asks for the log's signature alone; whoever knows witnesses writes them into it. */
function Check({ record, file, vkey }: CheckProps) {
  const name = `${record.source}-${record.seq}`;
  const files = { entry: `${name}.json`, proof: `${name}.tlog-proof`, policy: `${name}.policy` };
  const policy = `log ${vkey}\nquorum none\n`;
  const command = `node verify.mjs proof ${files.proof} --policy ${files.policy} --entry ${files.entry}`;
  const plain = 'text/plain;charset=utf-8';
  const saves = [
    { says: t('record.saveRecord'), save: () => download(files.entry, record.json, 'application/json') },
    { says: t('record.saveProof'), save: () => download(files.proof, file, plain) },
    { says: t('record.savePolicy'), save: () => download(files.policy, policy, plain) },
  ];
  return (
    <section className="k-stack-tight">
      <h3>{t('record.check')}</h3>
      <p>{t('record.checkSays')}</p>
      <div className="k-row">
        {saves.map(({ says, save }) => (
          <Button key={says} icon="download" onClick={save}>
            {says}
          </Button>
        ))}
      </div>
      <div className="j-bytes">
        <CodeBlock label={t('record.command')} text={command} />
      </div>
      <div className="k-row">
        <CopyButton value={command} what={t('record.commandWhat')} />
      </div>
      <Facts items={[{ term: t('record.vkey'), fact: <Exact>{vkey}</Exact> }]} />
    </section>
  );
}
