/**
 * The line to the agent. It decides which screen is shown; this page draws it and says what a person
 * did. Nothing is kept: a page that is loaded again is right with the first view that it gets.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KioskAction, KioskLayout, KioskView } from '../../src/contract/kiosk.ts';
import { KIOSK_HEARTBEAT_MS } from '../../src/contract/kiosk-line.ts';
import { ApiProblem, apiFor } from '../kit/api.ts';
import { after, every, steadyMs } from '../kit/clock.ts';
import { useEvents } from '../kit/events.ts';

const api = apiFor('kiosk');

export type Send = (action: KioskAction) => void;

/** Typing keeps the screen; saying so more often than this would only be noise. */
const HERE_EVERY_MS = 2_000;

export type Agent = {
  view: KioskView | null;
  layout: KioskLayout | null;
  /** Whether the agent can be heard; without it nothing on the screen is true. */
  up: boolean;
  /** An action is under way; a second one would be out of turn. */
  busy: boolean;
  /** Why the last action got no view for an answer. */
  trouble: ApiProblem | null;
  send: Send;
  /** Somebody is typing. */
  here: () => void;
};

/** An agent that takes longer is as good as none, and the page says so. */
const FIRST_VIEW_MS = 1_000;
/** A page begins with a view, and its line to the agent comes up a moment later; or what it shows is not true. */
const FIRST_LINE_MS = 2_000;

/** An agent answers from this very machine, within milliseconds; who pressed is not left with a button at work for ever. */
const ANSWER_MS = 10_000;
/** A line that is up and silent is no line: what its last view shows of a door, or of a person, is true no more. */
const SILENT_MS = 2 * KIOSK_HEARTBEAT_MS;
/** The line is let go this long before it is tried anew. */
const LINE_AGAIN_MS = 1_000;

/** What a page begins with; null is what nobody answered. */
export type First = { view: KioskView | null; layout: KioskLayout | null };

/**
 * The view and the cabinet with which a page begins, asked for before anything is drawn: whoever stands before a kiosk
 * that was just switched on, or whose page was loaded again at an open door, would otherwise see it drawn twice, the
 * first time with nothing on it or without its picture, and the buttons moving under the finger.
 */
export async function firstSight(): Promise<First> {
  const [view, layout] = await Promise.all([
    atFirst<KioskView>('/api/view'),
    atFirst<KioskLayout>('/api/layout'),
  ]);
  return { view, layout };
}

function atFirst<T>(path: string): Promise<T | null> {
  return new Promise((resolve) => {
    after(FIRST_VIEW_MS, () => resolve(null));
    api.get<T>(path).then(
      resolve,
      setProblem(() => resolve(null)),
    );
  });
}

export function useAgent(first: First): Agent {
  const [view, setView] = useState(first.view);
  const [layout, setLayout] = useState(first.layout);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<ApiProblem | null>(null);
  const turn = useRef(first.view?.turn ?? -1);
  const sending = useRef(false);

  const { heard, isLetGo } = useDoubt(() => setView(null));

  const show = useCallback(
    (next: KioskView): void => {
      heard();
      if (next.turn < turn.current) return;
      turn.current = next.turn;
      setView(next);
      setTrouble(null);
    },
    [heard],
  );

  const up = useEvents(isLetGo ? null : '/api/events', { view: show }, () => {
    // An agent that was started again counts its turns from the beginning.
    turn.current = -1;
    void timely((signal) => api.get<KioskView>('/api/view', signal)).then(show, setProblem(setTrouble));
    void timely((signal) => api.get<KioskLayout>('/api/layout', signal)).then(
      setLayout,
      setProblem(setTrouble),
    );
  });

  const send = useCallback(
    (action: KioskAction): void => {
      if (sending.current) return;
      sending.current = true;
      setBusy(true);
      const ended = (): void => {
        sending.current = false;
        setBusy(false);
      };
      void acted(action).then(show, setProblem(setTrouble)).then(ended);
    },
    [show],
  );

  const hereMs = useRef(Number.NEGATIVE_INFINITY);
  const here = useCallback((): void => {
    const atMs = steadyMs();
    if (atMs - hereMs.current < HERE_EVERY_MS) return;
    hereMs.current = atMs;
    void acted({ do: 'here' }).then(show, setProblem(setTrouble));
  }, [show]);

  const wasUp = useRef(false);
  useEffect(() => {
    if (up) wasUp.current = true;
    else if (wasUp.current) setView(null);
    else return after(FIRST_LINE_MS, () => setView(null));
  }, [up]);

  return { view, layout, up, busy, trouble, send, here };
}

/** Doubts a line on which nothing is heard: it is let go, and tried anew. `onSilent`: what was shown is true no more. */
function useDoubt(onSilent: () => void): { heard: () => void; isLetGo: boolean } {
  const heardMs = useRef(steadyMs());
  const [isLetGo, setLetGo] = useState(false);
  const silent = useRef(onSilent);
  silent.current = onSilent;
  const heard = useCallback((): void => {
    heardMs.current = steadyMs();
  }, []);
  useEffect(
    () =>
      every(LINE_AGAIN_MS, () => {
        if (steadyMs() - heardMs.current < SILENT_MS) return;
        heard();
        silent.current();
        setLetGo(true);
        after(LINE_AGAIN_MS, () => setLetGo(false));
      }),
    [heard],
  );
  return { heard, isLetGo };
}

function acted(action: KioskAction): Promise<KioskView> {
  return timely((signal) => api.post<KioskView>('/api/actions', action, signal));
}

/** An answer that takes too long is none, and its line is let go: a browser has six of them for one server. */
async function timely<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    return await ask(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ApiProblem({ status: 0, code: 'no-answer', detail: '', retry: true });
  }
}

function setProblem(set: (problem: ApiProblem) => void): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ApiProblem)) throw error;
    set(error);
  };
}
