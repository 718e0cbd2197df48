/**
 * A probe of TLS that is no TLS library: it writes the bytes of one ClientHello (RFC 8446 section 4.1.2) and reads the
 * first record that comes back. So it can offer what no library offers, and tells what a server chose of it. Its key
 * shares have the right lengths and nothing behind them: a server shows its choice before it can notice.
 */
import { connect } from 'node:net';
import { base64url } from '../../src/crypto/bytes.ts';
import { systemRandom } from '../../src/platform/random.ts';

export const GROUPS = {
  secp256r1: { id: 0x0017, shareBytes: 65 },
  secp384r1: { id: 0x0018, shareBytes: 97 },
  secp521r1: { id: 0x0019, shareBytes: 133 },
  x25519: { id: 0x001d, shareBytes: 32 },
  x448: { id: 0x001e, shareBytes: 56 },
  ffdhe2048: { id: 0x0100, shareBytes: 256 },
  ffdhe3072: { id: 0x0101, shareBytes: 384 },
  ML_KEM_512: { id: 0x0200, shareBytes: 800 },
  ML_KEM_768: { id: 0x0201, shareBytes: 1184 },
  ML_KEM_1024: { id: 0x0202, shareBytes: 1568 },
  // The curve's point stands first here, and last in X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem, section 4.1).
  SecP256r1MLKEM768: { id: 0x11eb, shareBytes: 65 + 1184 },
  X25519MLKEM768: { id: 0x11ec, shareBytes: 1184 + 32 },
  SecP384r1MLKEM1024: { id: 0x11ed, shareBytes: 97 + 1568 },
} as const;
export type Group = keyof typeof GROUPS;

export const CIPHERS_13 = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_AES_128_CCM_SHA256: 0x1304,
  TLS_AES_128_CCM_8_SHA256: 0x1305,
} as const;

export const TLS_13 = 0x0304;
export type Hello = {
  /** In `supported_versions`; null leaves the extension out, as clients before TLS 1.3 do. */
  versions: readonly number[] | null;
  /** In the field that TLS 1.3 calls legacy. */
  legacy?: number;
  ciphers: readonly number[];
  groups: readonly Group[];
  /** Groups for which a key is sent along; without one the server asks for its choice. */
  shares: readonly Group[];
};

export type Said =
  | { is: 'alert'; code: number }
  | { is: 'hello' | 'retry'; version: number; cipher: number; group: Group | null }
  | { is: 'closed' }
  | { is: 'other'; bytes: string };

const u8 = (n: number) => Buffer.from([n]);
const u16 = (n: number) => Buffer.from([n >> 8, n & 0xff]);
const vector = (lengthBytes: 1 | 2, body: Buffer) =>
  Buffer.concat([lengthBytes === 1 ? u8(body.length) : u16(body.length), body]);
const extension = (id: number, body: Buffer) => Buffer.concat([u16(id), vector(2, body)]);
const list16 = (values: readonly number[]) => vector(2, Buffer.concat(values.map(u16)));
const random = (bytes: number) => Buffer.from(systemRandom.bytes(bytes));

/** An uncompressed point has to begin like one, and the base point of P-256 is one (SEC 2, section 2.4.2). */
const P256_POINT = Buffer.from(
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  'hex',
);

/** Bytes that a server can take for a key: coefficients of ML-KEM below its modulus (FIPS 203, section 7.2). */
function shareOf(group: Group): Buffer {
  const { shareBytes } = GROUPS[group];
  if (group === 'X25519MLKEM768') return Buffer.concat([Buffer.alloc(1152), random(32), random(32)]);
  if (group === 'SecP256r1MLKEM768') return Buffer.concat([P256_POINT, Buffer.alloc(1152), random(32)]);
  if (group === 'secp256r1') return P256_POINT;
  return random(shareBytes);
}

export function clientHello({ versions, legacy = 0x0303, ciphers, groups, shares }: Hello): Buffer {
  const extensions = [
    extension(0x0000, vector(2, Buffer.concat([u8(0), vector(2, Buffer.from('localhost'))]))),
    extension(0x000a, list16(groups.map((group) => GROUPS[group].id))),
    // ecdsa_secp256r1_sha256, and what a client of TLS 1.2 with RSA would add.
    extension(0x000d, list16([0x0403, 0x0503, 0x0804, 0x0401])),
    extension(0x000b, vector(1, u8(0))),
  ];
  if (versions !== null) {
    extensions.push(extension(0x002b, vector(1, Buffer.concat(versions.map(u16)))));
    const keys = shares.map((group) => Buffer.concat([u16(GROUPS[group].id), vector(2, shareOf(group))]));
    extensions.push(extension(0x0033, vector(2, Buffer.concat(keys))));
  }
  const body = Buffer.concat([
    u16(legacy),
    random(32),
    vector(1, random(32)),
    list16(ciphers),
    vector(1, u8(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  const handshake = Buffer.concat([u8(1), u8(0), u16(body.length), body]);
  return Buffer.concat([u8(22), u16(0x0301), vector(2, handshake)]);
}

const WAIT_MS = 10_000;
/** `HelloRetryRequest` is a ServerHello with this random (RFC 8446 section 4.1.3). */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/** Sends bytes and reads the first record. `isAll`: nothing more will come, and the server is told so. */
export function ask(port: number, bytes: Buffer, isAll = false): Promise<Said> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let got = Buffer.alloc(0);
    socket.setTimeout(WAIT_MS, () => socket.destroy(new Error(`no word of TLS on port ${port}`)));
    socket.on('data', (part: Buffer) => {
      got = Buffer.concat([got, part]);
      const whole = got.length >= 5 && got.length >= 5 + got.readUInt16BE(3);
      if (whole) socket.destroy();
    });
    socket.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('close', () => resolve(readRecord(got)));
    if (isAll) socket.end(bytes);
    else socket.write(bytes);
  });
}

function readRecord(got: Buffer): Said {
  if (got.length === 0) return { is: 'closed' };
  if (got[0] === 21 && got.length >= 7) return { is: 'alert', code: got[6] ?? 0 };
  if (got[0] !== 22 || got[5] !== 2) return { is: 'other', bytes: base64url(got.subarray(0, 40)) };
  const random = got.subarray(11, 43).toString('hex');
  let at = 43 + 1 + (got[43] ?? 0);
  const cipher = got.readUInt16BE(at);
  at += 3;
  let version = got.readUInt16BE(9);
  let group: Group | null = null;
  const end = at + 2 + got.readUInt16BE(at);
  for (at += 2; at + 4 <= end; ) {
    const id = got.readUInt16BE(at);
    if (id === 0x002b) version = got.readUInt16BE(at + 4);
    if (id === 0x0033) group = groupNamed(got.readUInt16BE(at + 4));
    at += 4 + got.readUInt16BE(at + 2);
  }
  return { is: random === RETRY_RANDOM ? 'retry' : 'hello', version, cipher, group };
}

function groupNamed(id: number): Group | null {
  return (Object.keys(GROUPS) as Group[]).find((name) => GROUPS[name].id === id) ?? null;
}
