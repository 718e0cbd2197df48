/** A whole rig on free ports and in folders of its own, for the tests of its parts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { newSigningKey, privateKeyPem } from '../src/crypto/sign.ts';
import { selfSignedServer } from '../src/crypto/x509.ts';
import { sleep, systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';
import { LOOPBACK, type RigConfig, rigConfig, type SerialLine } from './config.ts';
import type { BoardsConfig } from './families.ts';
import { type Rig, startRig } from './rig.ts';

const DAY_MS = 86_400_000;
const WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 5;

export type TestRig = Rig & {
  config: RigConfig;
  /** What `onPower` was told, in order. */
  power: boolean[];
  /** Stops this rig and starts another in its folders. */
  restarted(): Promise<TestRig>;
  /** A request to the rig's API; a body makes it a POST, unless `method` says otherwise. */
  ask(
    path: string,
    body?: unknown,
    method?: string,
  ): Promise<{ status: number; type: string; body: unknown }>;
};

export type TestRigChanges = Partial<RigConfig> & {
  /** Which boards hang on the line, as their vectors have them; `boards` says it with a profile. */
  family?: BoardsConfig['family'];
  /** What the boards' line is made of. */
  line?: SerialLine['kind'];
};

export async function startTestRig({
  family = 'kerong-cu',
  line = 'tcp',
  ...changes
}: TestRigChanges = {}): Promise<TestRig> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-rig-'));
  const started: Rig[] = [];
  // One hook: hooks run in the order in which they were set, and a rig that still runs writes into its folder.
  after(async () => {
    for (const rig of started) await rig.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const key = newSigningKey();
  const now = systemClock.nowMs();
  const smtpCertificatePem = await selfSignedServer({
    commonName: 'localhost',
    privateKey: key.privateKey,
    hosts: ['localhost', LOOPBACK],
    serial: Uint8Array.of(1),
    notBeforeMs: now - DAY_MS,
    notAfterMs: now + DAY_MS,
  });
  const config = rigConfig.parse({
    httpPort: 0,
    smtpPort: 0,
    smtpUser: 'cloud',
    smtpPassword: drawn(),
    smtpCertificatePem,
    smtpKeyPem: privateKeyPem(key.privateKey),
    smsPort: 0,
    smsToken: drawn(),
    boards: { family },
    serialLine: line === 'tcp' ? { kind: 'tcp', port: 0 } : { kind: 'pty' },
    scannerPort: 0,
    uplinkPort: 0,
    brokerPort: 1,
    dataDir: join(home, 'data'),
    phoneDir: join(home, 'phone'),
    webDir: null,
    cast: null,
    links: {},
    ...changes,
  });
  return running(config, started);
}

async function running(config: RigConfig, started: Rig[]): Promise<TestRig> {
  const power: boolean[] = [];
  const rig = await startRig({
    config,
    clock: systemClock,
    log: silentLog,
    onPower: (on) => void power.push(on),
  });
  started.push(rig);
  return {
    ...rig,
    config,
    power,
    async restarted() {
      await rig.stop();
      return running(config, started);
    },
    ask: (path, body, method = body === undefined ? 'GET' : 'POST') =>
      asked(`http://${LOOPBACK}:${rig.ports.http}${path}`, {
        method,
        ...(body === undefined ? {} : json(body)),
      }),
  };
}

export async function asked(
  url: string,
  init: RequestInit,
): Promise<{ status: number; type: string; body: unknown }> {
  const answer = await fetch(url, init);
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  const text = await answer.text();
  return { status: answer.status, type, body: type.endsWith('json') ? JSON.parse(text) : text };
}

export function json(body: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** One TCP connection, and everything that came in on it. */
export class Line {
  readonly socket: Socket;
  closed = false;
  #heard = Buffer.alloc(0);

  static async to(port: number): Promise<Line> {
    const socket = connect({ port, host: LOOPBACK });
    const line = new Line(socket);
    await until(() => !socket.connecting);
    return line;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    after(() => socket.destroy());
    socket.on('data', (bytes) => {
      this.#heard = Buffer.concat([this.#heard, bytes]);
    });
    // A reset is what some tests wait for; it shows as closed.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
    });
  }

  say(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  /** Takes the next `count` bytes, waiting for them. */
  async hear(count: number): Promise<Buffer> {
    await until(() => this.#heard.length >= count);
    const taken = this.#heard.subarray(0, count);
    this.#heard = this.#heard.subarray(count);
    return taken;
  }

  /** What came in within `waitMs` and was not taken yet. */
  async heardAfter(waitMs: number): Promise<Buffer> {
    await sleep(systemClock, waitMs);
    return this.#heard;
  }
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + WAIT_MS;
  while (!(await holds())) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`It did not come true in ${WAIT_MS} ms: ${holds}`);
    await sleep(systemClock, LOOK_AGAIN_MS);
  }
}

function drawn(): string {
  return Buffer.from(systemRandom.bytes(16)).toString('base64url');
}
