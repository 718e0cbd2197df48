/** The import itself: step after step, each done once however often it is sent. */
import { useState } from 'react';
import {
  type ImportPreviewed,
  type ImportStepDone,
  STEP_ROWS_MAX,
} from '../../../src/contract/http/people-import.ts';
import { changed, session } from '../session.ts';
import type { Outcome, Outcomes } from './says.ts';

type StepRow = { row: number; act: NonNullable<ImportPreviewed['rows'][number]['act']> };

export type Run = {
  total: number;
  outcomes: Outcomes;
  busy: boolean;
  problem: Error | null;
};

/** What would be done: everybody who is new, and the changes that were ticked. */
export function toDo({ rows }: ImportPreviewed, ticked: ReadonlySet<number>): StepRow[] {
  return rows.flatMap(({ row, act }) =>
    act !== null && (act.what === 'new' || ticked.has(row)) ? [{ row, act }] : [],
  );
}

/** As it is sent: an organisation with one site is not asked for it. */
export const siteIn = (site: string): { site?: string } => (site === '' ? {} : { site });

export function useRun(): {
  run: Run | null;
  start(rows: StepRow[], site: string): void;
  goOn(): void;
  forget(): void;
} {
  const [{ rows, site }, setAsked] = useState<{ rows: StepRow[]; site: string }>({ rows: [], site: '' });
  const [run, setRun] = useState<Run | null>(null);
  const go = async (all: StepRow[], at: string, before: Outcomes): Promise<void> => {
    const outcomes = new Map(before);
    const show = (more: Pick<Run, 'busy' | 'problem'>): void =>
      setRun({ total: all.length, outcomes: new Map(outcomes), ...more });
    show({ busy: true, problem: null });
    try {
      for (let from = outcomes.size; from < all.length; from = outcomes.size) {
        const step = { rows: all.slice(from, from + STEP_ROWS_MAX), ...siteIn(at) };
        const answer = await session.api.post<ImportStepDone>(session.path('people/import'), step);
        for (const { row, done, left } of answer.rows) outcomes.set(row, outcomeOf(done, left));
        show({ busy: true, problem: null });
      }
      show({ busy: false, problem: null });
    } catch (error) {
      show({ busy: false, problem: error instanceof Error ? error : new Error(String(error)) });
    }
    await changed('people');
  };
  return {
    run,
    start(all, at) {
      setAsked({ rows: all, site: at });
      void go(all, at, new Map());
    },
    goOn: () => void go(rows, site, run?.outcomes ?? new Map()),
    forget: () => setRun(null),
  };
}

function outcomeOf(
  done: ImportStepDone['rows'][number]['done'],
  left: ImportStepDone['rows'][number]['left'],
): Outcome {
  return done === null ? { left: left ?? 'not-as-previewed' } : { done };
}
