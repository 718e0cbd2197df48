/** The kiosk's loopback server answers its own page and nobody else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { KioskAction, KioskHealth, KioskLog, KioskView } from '../../contract/kiosk.ts';
import { ManualClock } from '../../platform/clock.ts';
import { startKiosk } from './server.ts';

const acted: KioskAction[] = [];
const view: KioskView = {
  v: 1,
  bank: 'North lobby',
  development: true,
  online: true,
  logDisputed: false,
  turn: 1,
  message: null,
  idleMs: null,
  show: { screen: 'home', flatNeeded: false, pinDigits: 9, ajar: null },
};
const health: KioskHealth = {
  ready: true,
  bank: 'bank_a',
  fingerprint: 'f',
  full: false,
  rosterVersion: 1,
  online: true,
  lastSeq: 1,
  acknowledgedSeq: 1,
  boards: [],
  orderNonce: null,
  log: { is: 'unnamed', size: null, root: null, atMs: null },
};
const log: KioskLog = { vkey: null, note: null, evidence: [] };
const webDir = mkdtempSync(join(tmpdir(), 'holdfast-kiosk-page-'));
mkdirSync(join(webDir, 'assets'));
writeFileSync(join(webDir, 'index.html'), '<!doctype html><title>kiosk</title>');
writeFileSync(join(webDir, 'assets', 'index-AbCd1234.js'), '');
after(() => rmSync(webDir, { recursive: true }));
const kiosk = await startKiosk({
  port: 0,
  webDir,
  clock: new ManualClock(0),
  view: () => view,
  layout: () => ({ name: 'x', columns: 0, compartments: [] }),
  health: () => health,
  log: () => log,
  act: async (action) => void acted.push(action),
});
after(() => kiosk.stop());

type Answer = { status: number; text: string; headers: Record<string, unknown> };

/** By hand, because `fetch` does not let a caller choose its Host, Origin or Sec-Fetch-Site. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const call = request({ host: '127.0.0.1', port: kiosk.port, path, method, headers }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += String(part);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

const own = { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' };
const pin = JSON.stringify({ do: 'pin', pin: '123456789' });

test('its own page is answered, and what a person does is done', async () => {
  assert.equal((await ask('/api/view')).status, 200);
  assert.equal((await ask('/api/actions', { method: 'POST', headers: own, body: pin })).status, 200);
  assert.deepEqual(acted.splice(0), [{ do: 'pin', pin: '123456789' }]);
});

test('another host name, another origin, another site and a form without our header are refused', async () => {
  const strangers: Record<string, string>[] = [
    { host: 'rebound.example' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of strangers) {
    for (const path of ['/api/view', '/api/events', '/api/health'])
      assert.equal((await ask(path, { headers })).status, 403, `${JSON.stringify(headers)} ${path}`);
    const posted = await ask('/api/actions', { method: 'POST', headers: { ...own, ...headers }, body: pin });
    assert.equal(posted.status, 403, JSON.stringify(headers));
  }
  const plain = await ask('/api/actions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: pin,
  });
  assert.equal(plain.status, 403);
  assert.equal(acted.length, 0, 'nothing was done for any of them');
});

test('what is no action is told so, and changes nothing', async () => {
  for (const body of [
    '',
    '{',
    'null',
    '[]',
    '{"do":"open-everything"}',
    '{"do":"pin","pin":"12a"}',
    '{"do":"pin","pin":"1234","more":1}',
  ]) {
    const answer = await ask('/api/actions', { method: 'POST', headers: own, body });
    assert.equal(answer.status, 400, body);
    assert.match(String(answer.headers['content-type']), /problem\+json/);
  }
  const large = await ask('/api/actions', {
    method: 'POST',
    headers: own,
    body: JSON.stringify({ do: 'scan', text: 'x'.repeat(20_000) }),
  });
  assert.equal(large.status, 413);
  assert.equal(acted.length, 0);
});

const CSP_ROWS = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  'sandbox allow-scripts allow-same-origin',
];

test('the page may load, start and ask for nothing that is not its own', async () => {
  for (const path of ['/', '/assets/index-AbCd1234.js', '/api/view', '/no-such-page']) {
    const { headers } = await ask(path);
    const csp = String(headers['content-security-policy'] ?? '').split('; ');
    assert.deepEqual(csp, CSP_ROWS, path);
    assert.match(String(headers['permissions-policy']), /\bcamera=\(\), .*\bunload=\(\), usb=\(\)/, path);
    assert.doesNotMatch(String(headers['permissions-policy']), /=(?!\(\))/, 'nothing is allowed to anybody');
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
    assert.equal(headers['access-control-allow-origin'], undefined, path);
    assert.equal(headers['set-cookie'], undefined, path);
  }
});

test('no browser keeps what was on the screen; it keeps the parts of the page that are nobody’s', async () => {
  for (const path of ['/', '/api/view', '/api/layout', '/api/health', '/no-such-page'])
    assert.equal((await ask(path)).headers['cache-control'], 'no-store', path);
  const answer = await ask('/api/actions', { method: 'POST', headers: own, body: '{"do":"here"}' });
  acted.length = 0;
  assert.equal(answer.headers['cache-control'], 'no-store');
  const part = await ask('/assets/index-AbCd1234.js');
  assert.equal(part.headers['cache-control'], 'public, max-age=31536000, immutable');
});

test('the newest screen is always connected; the oldest of too many is let go', async () => {
  const open = () =>
    new Promise<{ ended: () => boolean; close: () => void }>((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: kiosk.port, path: '/api/events' }, (response) => {
        let ended = false;
        response.on('close', () => {
          ended = true;
        });
        response.resume();
        assert.equal(response.statusCode, 200);
        resolve({ ended: () => ended, close: () => call.destroy() });
      });
      call.on('error', reject);
      call.end();
    });
  const screens = [];
  for (let n = 0; n < 9; n++) screens.push(await open());
  await ask('/api/view');
  assert.deepEqual(
    screens.map((screen) => screen.ended()),
    [true, ...Array(8).fill(false)],
  );
  for (const screen of screens) screen.close();
});

test('a screen that hangs and reads nothing any more is let go, and takes no memory without end', async () => {
  const hung = connect({ host: '127.0.0.1', port: kiosk.port });
  hung.on('error', () => {});
  hung.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await once(hung, 'data');
  hung.pause();
  const event = `event: view\ndata: ${JSON.stringify(view)}\n\n`;
  // Far more than the two ends of a loopback socket hold for one another.
  const views = Math.ceil((32 * 1024 * 1024) / event.length);
  for (let n = 0; n < views; n++) {
    kiosk.changed();
    if (n % 1000 === 0) await ask('/api/view');
  }
  let read = 0;
  await new Promise<void>((resolve) => {
    hung.on('close', () => resolve());
    hung.on('data', (bytes) => {
      read += bytes.length;
      if (read >= views * event.length) resolve();
    });
    hung.resume();
  });
  assert.ok(read < views * event.length, 'what it had not read was not kept for it');
  hung.destroy();
});

test('the head that the bank remembers of the log is a file to hand to an auditor, once there is one', async () => {
  const headers = { host: 'localhost' };
  assert.deepEqual(JSON.parse((await ask('/api/log', { headers })).text), log);
  assert.equal((await ask('/api/log/checkpoint', { headers })).status, 404);
  log.note = 'ledger.example.com/log/tenant/1\n0\nroot\n';
  const { status, text, headers: said } = await ask('/api/log/checkpoint', { headers });
  assert.deepEqual([status, text, said['content-type']], [200, log.note, 'text/plain; charset=utf-8']);
});
