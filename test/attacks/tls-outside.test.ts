/** What every TLS port of the system takes from a stranger, asked byte by byte: one version, one cipher, hybrids. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ask,
  CIPHERS_13,
  clientHello,
  GROUPS,
  type Group,
  type Hello,
  type Said,
  TLS_13,
} from './client-hello.ts';
import { startWholeCloud, type WholeCloud } from './whole-cloud.ts';

const HYBRIDS: readonly Group[] = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'];
const ALL_GROUPS = Object.keys(GROUPS) as Group[];
const { TLS_AES_256_GCM_SHA384: CIPHER } = CIPHERS_13;
const RIGHT: Hello = {
  versions: [TLS_13],
  ciphers: [CIPHER],
  groups: ['X25519MLKEM768'],
  shares: ['X25519MLKEM768'],
};
/** RFC 8446 section 6.2. */
const ALERT = { handshakeFailure: 40, protocolVersion: 70 } as const;

let whole: WholeCloud;
/** The HTTPS port serves enrolment and the operator too; the system has no other port with TLS. */
let ports: readonly (readonly [name: string, port: number])[];
before(async () => {
  whole = await startWholeCloud();
  ports = [
    ['https', whole.cloud.httpsPort ?? 0],
    ['mqtt', whole.cloud.brokerPort ?? 0],
  ];
});
after(() => whole.stop());

async function everywhere(hello: Hello, check: (said: Said, where: string) => void): Promise<void> {
  for (const [name, port] of ports) {
    const said = await ask(port, clientHello(hello));
    check(said, `${name}: ${JSON.stringify(said)} to ${JSON.stringify(hello)}`);
  }
}

const refusedAs = (code: number) => (said: Said, where: string) =>
  assert.deepEqual(said, { is: 'alert', code }, where);

/** After every refusal the right words are still answered, so that a dead port proves nothing. */
const right = () =>
  everywhere(RIGHT, (said, where) =>
    assert.deepEqual(said, { is: 'hello', version: TLS_13, cipher: CIPHER, group: 'X25519MLKEM768' }, where),
  );

test('TLS 1.3, AES-256-GCM and a hybrid group are taken on every port', async () => {
  await right();
  // As a browser offers: the hybrid beside the plain curve, with a key for each.
  const browser: Hello = {
    versions: [TLS_13, 0x0303],
    ciphers: [...Object.values(CIPHERS_13), 0xc02b, 0xc02f],
    groups: ['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'],
    shares: ['X25519MLKEM768', 'x25519'],
  };
  await everywhere(browser, (said, where) =>
    assert.deepEqual(said, { is: 'hello', version: TLS_13, cipher: CIPHER, group: 'X25519MLKEM768' }, where),
  );
});

test('a client that sends a key for a plain curve only is asked for a hybrid, each of them', async () => {
  for (const hybrid of HYBRIDS)
    await everywhere(
      { ...RIGHT, groups: ['x25519', 'secp256r1', hybrid], shares: ['x25519'] },
      (said, where) =>
        assert.deepEqual(said, { is: 'retry', version: TLS_13, cipher: CIPHER, group: hybrid }, where),
    );
});

test('every group that is no hybrid is refused, alone and all together', async () => {
  const plain = ALL_GROUPS.filter((group) => !HYBRIDS.includes(group));
  assert.equal(plain.length, 10);
  for (const group of plain)
    for (const shares of [[group], []])
      await everywhere({ ...RIGHT, groups: [group], shares }, refusedAs(ALERT.handshakeFailure));
  await everywhere(
    { ...RIGHT, groups: plain, shares: ['x25519', 'secp256r1'] },
    refusedAs(ALERT.handshakeFailure),
  );
  await right();
});

test('every other cipher of TLS 1.3 is refused, alone and all together', async () => {
  const others = Object.values(CIPHERS_13).filter((cipher) => cipher !== CIPHER);
  // The two of RFC 9150 without encryption, the two of RFC 8998, and one that nobody has given a meaning.
  const all = [...others, 0xc0b4, 0xc0b5, 0x00c6, 0x00c7, 0x13ff];
  for (const cipher of all)
    await everywhere({ ...RIGHT, ciphers: [cipher] }, refusedAs(ALERT.handshakeFailure));
  await everywhere({ ...RIGHT, ciphers: all }, refusedAs(ALERT.handshakeFailure));
  await right();
});

test('every older version is refused, with the ciphers of its time', async () => {
  const old = [
    0xc02b,
    0xc02c,
    0xc02f,
    0xc030,
    0xcca9,
    0xc009,
    0xc00a,
    0x009c,
    0x002f,
    0x000a,
    0x0005,
    0x0000,
    CIPHER,
  ];
  const before13: Partial<Hello> = { ciphers: old, groups: ['secp256r1', 'x25519'], shares: [] };
  for (const legacy of [0x0303, 0x0302, 0x0301, 0x0300, 0x0200])
    await everywhere({ ...RIGHT, ...before13, versions: null, legacy }, (said, where) => {
      assert.equal(said.is, 'alert', where);
      // What is older than TLS has no name for its refusal but this one.
      const codes: number[] =
        legacy > 0x0300 ? [ALERT.protocolVersion] : [ALERT.protocolVersion, ALERT.handshakeFailure];
      assert.ok(said.is === 'alert' && codes.includes(said.code), where);
    });
  for (const version of [0x0303, 0x0302, 0x0301, 0x7f1c, 0x0305])
    await everywhere({ ...RIGHT, ...before13, versions: [version] }, refusedAs(ALERT.protocolVersion));
  await right();
});

test('what is no ClientHello is never answered with more than an alert', async () => {
  const hello = clientHello(RIGHT);
  const strange = [
    Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
    Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0]),
    // The hello of SSL 2 (RFC 6101, appendix E).
    Buffer.from(
      '802e0100020015000000100700c00300800100800600400400800200800000000102030405060708090a0b0c0d0e0f',
      'hex',
    ),
    Buffer.concat([hello.subarray(0, 5), Buffer.alloc(hello.length - 5, 0xff)]),
    Buffer.concat([Buffer.from([22, 3, 1, 0xff, 0xff]), Buffer.alloc(0xffff)]),
    // A heartbeat before anything (RFC 6520).
    Buffer.from([24, 3, 3, 0, 3, 1, 0x40, 0]),
  ];
  for (const [name, port] of ports)
    for (const bytes of strange) {
      const said = await ask(port, bytes, true);
      assert.ok(said.is === 'alert' || said.is === 'closed', `${name}: ${JSON.stringify(said)}`);
    }
  await right();
});
