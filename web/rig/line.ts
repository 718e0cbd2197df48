/** The line to the rig: its state, the phone's messages, and what a hand does. */
import { useCallback, useState } from 'react';
import type { RigMessage, RigState } from '../../src/contract/rig.ts';
import { ApiProblem, apiFor } from '../kit/api.ts';
import { useEvents } from '../kit/events.ts';
import { t } from './messages.ts';

const api = apiFor('rig');

type Told = { tone: 'good' | 'warn'; title: string; text: string };
/** Does something at the rig; what it refuses is told. */
export type Act = (path: string, body?: unknown) => void;

export type Line = {
  state: RigState | null;
  messages: readonly RigMessage[];
  up: boolean;
  told: Told | null;
  dismiss: () => void;
  act: Act;
  scan: (text: string) => void;
  clearPhone: () => void;
};

export function useLine(): Line {
  const [state, setState] = useState<RigState | null>(null);
  const [messages, setMessages] = useState<readonly RigMessage[]>([]);
  const [told, setTold] = useState<Told | null>(null);

  const refuse = useCallback((error: unknown): void => {
    if (!(error instanceof ApiProblem)) throw error;
    setTold({ tone: 'warn', title: t('refused'), text: error.message });
  }, []);

  const addMessage = (message: RigMessage): void =>
    setMessages((now) => [message, ...now.filter(({ id }) => id !== message.id)]);

  const up = useEvents('/events', { state: setState, message: addMessage }, () => {
    void api.get<RigMessage[]>('/messages').then(setMessages, refuse);
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
  const clearPhone = (): void => void api.delete('/messages').then(() => setMessages([]), refuse);

  return { state, messages, up, told, dismiss: () => setTold(null), act, scan, clearPhone };
}
