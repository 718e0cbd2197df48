/**
 * Which banks are out of service, held against the tenant's own records. A bank that is out asks for nobody's attention
 * and holds up no erasure; so whoever could write that beside its name could hide it, and whoever could strike it out
 * would have a stolen bank back.
 */
import type { Auditing, OwnWords } from './journals.ts';
import { SAME_MOMENT_MS } from './persons.ts';
import type { BankRow, JournalRow } from './rows.ts';

export async function auditService(
  { findings, indexOf }: Auditing,
  of: { banks: readonly BankRow[]; journals: readonly JournalRow[]; words: OwnWords },
): Promise<void> {
  const left = new Map(of.words.retired);
  for (const { bank, retired_at_ms: atMs, retired_seq: seq } of of.banks) {
    const said = left.get(bank);
    left.delete(bank);
    const index = said && (await indexOf(said.source, said.seq));
    const tell = (what: string) => findings.add('projections', `banks ${bank}`, what, index ?? null);
    const isAtThatMoment =
      atMs === null || said === undefined || Math.abs(atMs - said.time.atMs) <= SAME_MOMENT_MS;
    if (seq !== (said?.seq ?? null) || (atMs === null) !== (said === undefined) || !isAtThatMoment)
      tell(said ? 'left service, and is kept otherwise' : 'is out of service, and no record says so');
    const end = of.journals.find(({ source }) => source === bank);
    if (said && (end?.last_seq !== said.facts.last || end?.last_head !== said.facts.head))
      tell('its journal ends elsewhere than when it left service');
  }
  for (const [bank, { source, seq }] of left)
    findings.add(
      'projections',
      `banks ${bank}`,
      'left service, and is not there',
      (await indexOf(source, seq)) ?? null,
    );
}
