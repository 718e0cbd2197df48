/** The line to the rig: what it tells, where the tour stands by that, and what a hand does. */
import { useCallback, useEffect, useReducer, useState } from 'react';
import type { RigMessage, RigState } from '../../src/contract/rig.ts';
import { ApiProblem, apiFor } from '../kit/api.ts';
import { useEvents } from '../kit/events.ts';
import { t } from './messages.ts';
import { type Scene, sceneAfter } from './scene.ts';
import { keepTour, keptTour } from './tour-kept.ts';

const api = apiFor('rig');

type Told = { tone: 'good' | 'warn'; title: string; text: string };
/** Does something at the rig; what it refuses is told. */
export type Act = (path: string, body?: unknown) => void;

export type Line = Scene & {
  up: boolean;
  told: Told | null;
  dismiss: () => void;
  act: Act;
  scan: (text: string) => void;
  clearPhone: () => void;
  beginTour: () => void;
  endTour: () => void;
};

const newScene = (): Scene => ({ state: null, messages: [], tour: keptTour(), seen: [] });

export function useLine(): Line {
  const [scene, see] = useReducer(sceneAfter, undefined, newScene);
  const [told, setTold] = useState<Told | null>(null);
  useEffect(() => keepTour(scene.tour), [scene.tour]);

  const refuse = useCallback((error: unknown): void => {
    if (!(error instanceof ApiProblem)) throw error;
    setTold({ tone: 'warn', title: t('refused'), text: error.message });
  }, []);

  const handlers = {
    state: (state: RigState) => see({ kind: 'state', state }),
    message: (message: RigMessage) => see({ kind: 'message', message }),
  };
  const up = useEvents('/events', handlers, () => {
    const take = (messages: RigMessage[]): void => see({ kind: 'messages', messages });
    void api.get<RigMessage[]>('/messages').then(take, refuse);
  });

  const act: Act = (path, body) => {
    setTold(null);
    void api.post(path, body).catch(refuse);
  };
  const scan = (text: string): void => {
    const heard = ({ listeners }: { listeners: number }): void => {
      const title = t(listeners > 0 ? 'scan.heard' : 'scan.unheard');
      setTold({ tone: listeners > 0 ? 'good' : 'warn', title, text: '' });
    };
    void api.post<{ listeners: number }>('/scan', { text }).then(heard).catch(refuse);
  };
  const clearPhone = (): void =>
    void api.delete('/messages').then(() => see({ kind: 'messages', messages: [] }), refuse);

  return {
    ...scene,
    ...{ up, told, act, scan, clearPhone },
    dismiss: () => setTold(null),
    beginTour: () => see({ kind: 'tour-begun' }),
    endTour: () => see({ kind: 'tour-ended' }),
  };
}
