import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenOf, watchForLink } from './link.ts';
import type { Session } from './session.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwx';

function fakePage(hash: string) {
  const heard: (() => void)[] = [];
  const page = {
    location: { hash, pathname: '/resident/' },
    history: {
      replaceState: (_state: unknown, _title: string, address: string) => {
        page.shown.push(address);
        page.location.hash = '';
      },
    },
    addEventListener: (_name: string, run: () => void) => heard.push(run),
    shown: [] as string[],
    turnTo(next: string) {
      page.location.hash = next;
      for (const run of heard) run();
    },
  };
  return page;
}

function fakeSession() {
  const used: string[] = [];
  return { used, session: { arrive: (token: string) => used.push(token) } as unknown as Session<unknown> };
}

test('a token is read from the fragment only in its own form', () => {
  assert.equal(tokenOf(`#token=${TOKEN}`), TOKEN);
  assert.equal(tokenOf('#token=short'), null);
  assert.equal(tokenOf(`#token=${TOKEN}<b>`), null);
  assert.equal(tokenOf('#/history'), null);
});

test('the token is gone from the address before it is used, and is used once', () => {
  const page = fakePage(`#token=${TOKEN}`);
  const { used, session } = fakeSession();
  watchForLink(session, page as unknown as Window);
  assert.deepEqual(page.shown, ['/resident/']);
  assert.deepEqual(used, [TOKEN]);
  page.turnTo('#/history');
  assert.deepEqual(used, [TOKEN]);
});

test('a link that is opened while the page stands is used too; a malformed one is only removed', () => {
  const page = fakePage('');
  const { used, session } = fakeSession();
  watchForLink(session, page as unknown as Window);
  page.turnTo(`#token=${TOKEN}`);
  page.turnTo('#token=x');
  assert.deepEqual(used, [TOKEN]);
  assert.equal(page.shown.length, 2);
});
