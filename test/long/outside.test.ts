/**
 * The scanners that a stranger would use, against a running cloud. Their reports are kept in .holdfast/reports; what
 * stands there above information is a failure. docs/reference/outside.md says what each of them can see here.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { AccessStand } from '../../src/cloud/test-access.ts';
import { findProgram, LONG_PEERS } from '../../tools/peers.ts';
import { startWholeCloud, type WholeCloud } from '../attacks/whole-cloud.ts';

const REPORTS = join(import.meta.dirname, '../../.holdfast/reports');
/** Of one run of a scanner. testssl.sh is a shell script of some thousand handshakes: minutes, on a machine that is busy. */
const SCAN_MS_MAX = 15 * 60_000;

let whole: WholeCloud;
/** The same routes without a limit on requests: a scanner that is sent away has looked at nothing. */
let stand: AccessStand;
before(async () => {
  await mkdir(REPORTS, { recursive: true });
  whole = await startWholeCloud();
  stand = await AccessStand.open();
});
after(async () => {
  await stand.close();
  await whole.stop();
});

const path = process.env.PATH ?? '';
const programOf = (name: string) =>
  findProgram(LONG_PEERS.find((peer) => peer.name === name)?.programs ?? [], path);

/**
 * `scans` is how often the scanner is run. Where one is missing that is said; on a build machine the run has failed before
 * (tools/test.ts).
 */
function withPeer(
  { name, scans }: { name: string; scans: number },
  what: string,
  run: (program: string) => Promise<void>,
): void {
  const program = programOf(name);
  if (program === undefined) console.log(`NOT RUN: ${name}`);
  const timeout = scans * SCAN_MS_MAX + 60_000;
  test(what, { skip: program === undefined, timeout }, () => run(program ?? ''));
}

type Ran = { status: number | null; out: string };

/** A scan that was cut off has looked at a part, so it is a failure and no report. */
function runProgram(program: string, args: readonly string[]): Promise<Ran> {
  // A group of its own, because a shell script leaves its children behind when it alone is ended.
  const child = spawn(program, args, { cwd: REPORTS, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const beganMs = performance.now();
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, SCAN_MS_MAX);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      out += bytes.toString('utf8');
    });
  return new Promise<Ran>((resolve) => {
    child.once('error', (error) => resolve({ status: null, out: error.message }));
    child.once('close', (status) => resolve({ status, out }));
  }).then((ran) => {
    clearTimeout(late);
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    assert.ok(!isLate, `${program} was not done after ${seconds} s and was ended`);
    console.log(`${basename(program)}: ${seconds} s`);
    return ran;
  });
}

const testsslReport = z.array(z.looseObject({ id: z.string(), severity: z.string(), finding: z.string() }));

withPeer(
  { name: 'testssl', scans: 2 },
  'testssl.sh finds no older protocol, no other cipher and no known hole',
  async (program) => {
    for (const [name, port] of [
      ['https', whole.cloud.httpsPort],
      ['mqtt', whole.cloud.brokerPort],
    ] as const) {
      const file = join(REPORTS, `testssl-${name}.json`);
      await rm(file, { force: true });
      const args = ['--quiet', '--color', '0', '--warnings', 'off', '--ip', '127.0.0.1', '--jsonfile', file];
      const { out } = await runProgram(program, [...args, '-p', '-U', `localhost:${port}`]);
      await writeFile(join(REPORTS, `testssl-${name}.txt`), out);
      const found = testsslReport.parse(JSON.parse(await readFile(file, 'utf8')));
      assert.ok(found.length > 0, out);
      const bad = found.filter((one) => !['OK', 'INFO', 'DEBUG'].includes(one.severity) && !isLimit(one));
      assert.deepEqual(bad, [], `${name}: ${JSON.stringify(bad)}`);
    }
  },
);

/**
 * A scanner that knows no hybrid group finds nobody to speak to, and says so in these words and no others; that TLS
 * 1.2 is not offered it takes for a fault where it sees no TLS 1.3 either. That the port is alive and what it takes
 * shows test/attacks/tls-outside.test.ts.
 */
const LIMITS: Readonly<Record<string, RegExp>> = {
  engine_problem: /^No engine or GOST support/,
  optimal_proto: /doesn't seem to be a TLS\/SSL enabled server/,
  TLS1_2: /^not offered/,
  TLS1_3: /^not offered/,
  secure_renego: /didn't succeed/,
  CRIME_TLS: /couldn't connect/,
  fallback_SCSV: /couldn't connect/,
};
const isLimit = ({ id, finding }: { id: string; finding: string }) => LIMITS[id]?.test(finding) ?? false;

const signedIn = () => `holdfast_admin=${stand.tenants[0].tokens.admin}`;
const at = (route: string) => `http://localhost:${stand.servers.httpPort}${route}`;

withPeer({ name: 'sqlmap', scans: 5 }, 'sqlmap finds no injection, signed in and not', async (program) => {
  const common = [
    '--batch',
    '--flush-session',
    '--disable-coloring',
    '--level=2',
    '--risk=2',
    '--technique=BEUS',
  ];
  const own = [`--cookie=${signedIn()}`, '--headers=x-holdfast-app: a', '--skip-heuristics', '--threads=4'];
  const json = '--headers=x-holdfast-app: a\ncontent-type: application/json';
  const targets: readonly (readonly string[])[] = [
    [
      '-u',
      at('/api/admin/parcels?limit=5&cursor=5&state=waiting&bank=bank_a'),
      '-p',
      'limit,cursor,state,bank',
      ...own,
    ],
    ['-u', at('/api/admin/people?role=resident&cursor=1'), '-p', 'role,cursor', ...own],
    ['-u', at(`/api/admin/banks/${stand.tenants[0].bank}*`), ...own],
    [
      '-u',
      at('/api/admin/sign-in'),
      '--data={"email":"a@example.org*","password":"x","totp":"123456"}',
      json,
    ],
    ['-u', at('/api/resident/sign-in/ask'), '--data={"email":"a@example.org*"}', json],
  ];
  const codes = '--ignore-code=400,401,404';
  for (const [n, target] of targets.entries()) {
    const { out } = await runProgram(program, [
      ...common,
      codes,
      `--output-dir=${join(REPORTS, 'sqlmap')}`,
      ...target,
    ]);
    await writeFile(join(REPORTS, `sqlmap-${n}.txt`), out);
    assert.doesNotMatch(
      out,
      /identified the following injection|is vulnerable|appears to be '.*' injectable/,
      out.slice(-3000),
    );
    assert.match(out, /do not appear to be injectable/, out.slice(-3000));
  }
});

const wapitiReport = z.looseObject({
  vulnerabilities: z.record(
    z.string(),
    z.array(z.looseObject({ level: z.number(), info: z.string(), path: z.string() })),
  ),
  anomalies: z.record(
    z.string(),
    z.array(z.looseObject({ level: z.number(), info: z.string(), path: z.string() })),
  ),
});

/** All that attack; none that ask a machine elsewhere. */
const MODULES =
  'backup,blindsql,cookieflags,crlf,csp,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss';
/** Of its lowest level: a header that browsers have dropped, and one that is kept off localhost (RFC 6797). */
const INFORMATION = [
  /level 1: .*X-XSS-Protection is not set/,
  /level 1: .*Strict-Transport-Security is not set/,
];

withPeer({ name: 'wapiti', scans: 1 }, 'wapiti finds nothing above information', async (program) => {
  const file = join(REPORTS, 'wapiti.json');
  await rm(file, { force: true });
  const starts = [
    '/api/admin/people?role=resident&limit=5',
    '/api/admin/journal?bank=bank_a',
    '/api/admin/parcels?state=waiting',
    '/openapi.json',
  ];
  const args = [
    '-u',
    at('/'),
    ...starts.flatMap((route) => ['-s', at(route)]),
    '--flush-session',
    '--no-bugreport',
    '-m',
    MODULES,
  ];
  const who = ['-H', `cookie: ${signedIn()}`, '-H', 'x-holdfast-app: a'];
  const { out } = await runProgram(program, [
    ...args,
    ...who,
    '--max-scan-time',
    '300',
    '-f',
    'json',
    '-o',
    file,
  ]);
  await writeFile(join(REPORTS, 'wapiti.txt'), out);
  const report = wapitiReport.parse(JSON.parse(await readFile(file, 'utf8')));
  const found = [...Object.entries(report.vulnerabilities), ...Object.entries(report.anomalies)].flatMap(
    ([kind, list]) => list.map((one) => `${kind}, level ${one.level}: ${one.path} ${one.info}`),
  );
  assert.deepEqual(
    found.filter((one) => !INFORMATION.some((known) => known.test(one))),
    [],
    out.slice(-2000),
  );
});

test('every scanner that ran has left its report', async () => {
  const files = await readdir(REPORTS);
  for (const { name } of LONG_PEERS)
    if (programOf(name) !== undefined)
      assert.ok(
        files.some((file) => file.startsWith(name)),
        name,
      );
});
