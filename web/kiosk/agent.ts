/**
 * The line to the agent. It decides which screen is shown; this page draws it and says what a person
 * did. Nothing is kept: a page that is loaded again is right with the first view that it gets.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KioskAction, KioskLayout, KioskView } from '../../src/contract/kiosk.ts';
import { ApiProblem, apiFor } from '../kit/api.ts';
import { steadyMs } from '../kit/clock.ts';
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

export function useAgent(): Agent {
  const [view, setView] = useState<KioskView | null>(null);
  const [layout, setLayout] = useState<KioskLayout | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<ApiProblem | null>(null);
  const turn = useRef(-1);
  const sending = useRef(false);

  const show = useCallback((next: KioskView): void => {
    if (next.turn < turn.current) return;
    turn.current = next.turn;
    setView(next);
    setTrouble(null);
  }, []);

  const up = useEvents('/api/events', { view: show }, () => {
    // An agent that was started again counts its turns from the beginning.
    turn.current = -1;
    void api.get<KioskView>('/api/view').then(show, setProblem(setTrouble));
    void api.get<KioskLayout>('/api/layout').then(setLayout, setProblem(setTrouble));
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
      void api.post<KioskView>('/api/actions', action).then(show, setProblem(setTrouble)).then(ended);
    },
    [show],
  );

  const hereMs = useRef(Number.NEGATIVE_INFINITY);
  const here = useCallback((): void => {
    const atMs = steadyMs();
    if (atMs - hereMs.current < HERE_EVERY_MS) return;
    hereMs.current = atMs;
    void api.post<KioskView>('/api/actions', { do: 'here' }).then(show, setProblem(setTrouble));
  }, [show]);

  useEffect(() => {
    if (!up) setView(null);
  }, [up]);

  return { view, layout, up, busy, trouble, send, here };
}

function setProblem(set: (problem: ApiProblem) => void): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ApiProblem)) throw error;
    set(error);
  };
}
