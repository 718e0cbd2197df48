/** What pages of one browser tell each other, with the means of today and with those of before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Said, wordOf } from './word.ts';

type Place = NonNullable<Parameters<typeof wordOf>[1]>;

/** Pages of one browser that lacks BroadcastChannel: what one stores, the others are told. */
function pages(count: number) {
  const listeners: ((event: object) => void)[] = [];
  const stored = new Map<string, string>();
  const told = (from: number, event: object) => {
    for (const [n, run] of listeners.entries()) if (n !== from) run(event);
  };
  const all = Array.from({ length: count }, (_, n) => ({
    addEventListener: (_kind: string, run: (event: object) => void) => {
      listeners[n] = run;
    },
    localStorage: {
      setItem(key: string, newValue: string) {
        stored.set(key, newValue);
        told(n, { key, newValue });
      },
      removeItem(key: string) {
        stored.delete(key);
        told(n, { key, newValue: null });
      },
    },
  }));
  return { stored, all: all as unknown as Place[] };
}

test('a word comes to the other pages of the app, and to no page of another', async () => {
  const channels: BroadcastChannel[] = [];
  class Channel extends BroadcastChannel {
    constructor(name: string) {
      super(name);
      channels.push(this);
    }
  }
  const place = { BroadcastChannel: Channel, addEventListener: () => undefined } as unknown as Place;
  const [one, two, other] = [
    wordOf('resident', place),
    wordOf('resident', place),
    wordOf('courier', place),
  ] as const;
  const heard: string[] = [];
  one.onHeard((said) => heard.push(`one ${said}`));
  other.onHeard((said) => heard.push(`other ${said}`));
  const came = new Promise<Said>((resolve) => two.onHeard(resolve));
  one.say('signed-in');
  assert.equal(await came, 'signed-in');
  assert.deepEqual(heard, []);
  for (const channel of channels) channel.close();
});

test('without channels the store carries it, and keeps nothing', () => {
  const { all, stored } = pages(3);
  const words = all.map((page) => wordOf('admin', page));
  const heard: string[] = [];
  for (const [n, word] of words.entries()) word.onHeard((said) => heard.push(`${n} ${said}`));
  words[1]?.say('signed-out');
  words[0]?.say('signed-in');
  assert.deepEqual(heard, ['0 signed-out', '2 signed-out', '1 signed-in', '2 signed-in']);
  assert.equal(stored.size, 0);
});

test('where nothing can be stored nothing is said, and nothing breaks', () => {
  const refuse = () => {
    throw new DOMException('no', 'SecurityError');
  };
  const page = { addEventListener: () => undefined, localStorage: { setItem: refuse, removeItem: refuse } };
  wordOf('admin', page as unknown as Place).say('signed-in');
});
