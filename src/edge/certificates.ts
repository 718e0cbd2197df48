/**
 * The bank's client certificate through the years. It gets one when it is enrolled. When a third of that one's life is
 * left it asks the cloud, over the connection that it has, for one that lasts longer; what comes is taken only for the
 * bank's own name and key, under the authority that signed what it has. So a cloud in strange hands can withhold a
 * certificate, and cannot give the bank one with which it would be locked out.
 *
 * The new one is on the disk before it is shown, and the one that worked stays beside it until it has ended: should the
 * broker not take the new one, as after the cloud was restored to what it was before, the bank shows the other, and asks
 * again. However often a cloud in strange hands says that it is time, it cannot put out the one that worked.
 *
 * A bank that was enrolled once and whose certificate cannot be read any more goes on without the cloud, as on any day
 * without a line, and says what is to be done.
 *
 * A code that this bank has not shown yet takes the place of everything: whoever carried it here wants it so.
 */
import { join } from 'node:path';
import type { CertificateMessage, Commissioning } from '../contract/uplink.ts';
import { base64url, fromUtf8 } from '../crypto/bytes.ts';
import { equalBytes, labelled, sha256 } from '../crypto/hash.ts';
import { certificateRequest, isIssuedBy, type ReadClient, readClient } from '../crypto/x509.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { readIfExists, removeDurable, writeDurable } from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';
import { enrol } from './enrol.ts';
import type { BankKeys } from './keys.ts';

const DAY_MS = 86_400_000;
/** Of its life so much is left when a bank asks for the next. */
const LEFT_TO_ASK = 1 / 3;

/** The newest, the one that was shown when that came, and by which code the bank was enrolled last (a hash). */
const FILES = { newest: 'certificate.pem', before: 'certificate-before.pem', code: 'enrolled-with' };

/** The cloud has one answer to everything that it does not take, so whoever stands here is told of both. */
const OR_ANOTHER_KEY =
  'it was used or is over, or this bank’s key is another than the one enrolled (docs/runbooks/restore.md)';
const ENROL_ANEW =
  'enrol it anew with `holdfast cloud enrol`, put the file in the place of the commissioning file, and start the agent again';

/** The calls that change the disk, so that a test can cut the power before each of them. */
export const CERTIFICATE_DISK = { write: writeDurable, remove: removeDurable };

export type CertificateDeps = {
  dataDir: string;
  commissioning: Commissioning;
  keys: Pick<BankKeys, 'identity' | 'seal' | 'fingerprint'>;
  clock: Clock;
  log: Log;
  disk?: typeof CERTIFICATE_DISK;
};

type Kept = { newest: ReadClient; before: ReadClient | null };
/** The code in the commissioning file: shown already, to be shown, or taken for the one that the certificate came by. */
type Code = 'shown' | 'waits' | 'guessed';

export class Certificates {
  readonly #deps: CertificateDeps;
  readonly #request: string;
  /** Null where nothing can be read of what this bank once had. */
  #kept: Kept | null;
  /** What the last connection was begun with. */
  #shown: ReadClient | null;
  /** What the broker hung up on, when last asked. */
  #refused: ReadClient | null = null;
  /** The newest one was hung up on since it was taken last. */
  #isDoubted = false;
  #code: Code;
  #askedMs: number | null = null;
  #awaits = false;
  #saidEnded = false;

  private constructor(deps: CertificateDeps, of: { request: string; kept: Kept | null; code: Code }) {
    this.#deps = deps;
    this.#request = of.request;
    this.#kept = of.kept;
    this.#shown = of.kept?.newest ?? null;
    this.#code = of.code;
  }

  /** What is kept, or a new one from the cloud; a bank that never had one is none without it. */
  static async open(deps: CertificateDeps): Promise<Certificates> {
    const { commissioning, keys } = deps;
    const request = await certificateRequest({
      commonName: commissioning.bank,
      privateKey: keys.identity.privateKey,
    });
    const kept = readKept(deps);
    if (kept !== undefined) return new Certificates(deps, { request, kept, code: codeAt(deps, kept) });
    const answer = await enrol({ commissioning, keys, request });
    if ('refused' in answer) throw new HoldfastError('upstream', `${answer.refused}; ${OR_ANOTHER_KEY}`);
    const { certificate } = answer;
    // If the process dies before this line the code is spent and the certificate lost: a new code is needed.
    keepEnrolled(deps, certificate);
    return new Certificates(deps, { request, kept: { newest: certificate, before: null }, code: 'shown' });
  }

  /** For the next connection (PEM). Throws where there is none: the line is tried again later, like any other. */
  async toShow(): Promise<string> {
    await this.#enrolAnew();
    if (!this.#kept) throw new HoldfastError('unavailable', `this bank has no certificate: ${ENROL_ANEW}`);
    const { newest, before } = this.#kept;
    this.#sayWhenEnded(newest);
    const isOther = this.#refused === newest && before !== null && !this.#hasEnded(before);
    this.#shown = isOther ? before : newest;
    return this.#shown.pem;
  }

  /** The broker agreed to a connection. */
  taken(): void {
    this.#refused = null;
    if (this.#code === 'guessed') this.#code = 'shown';
    if (this.#shown === this.#kept?.newest) this.#isDoubted = false;
  }

  /** The far side hung up before it had agreed: with TLS 1.3 a certificate is refused after the handshake. */
  refused(): void {
    this.#refused = this.#shown;
    // Somebody may have brought a code with the new version of the agent: it is shown once, rather than lost.
    if (this.#code === 'guessed') this.#code = 'waits';
    if (this.#shown === this.#kept?.newest) this.#isDoubted = true;
  }

  /**
   * What to send when it is time to ask: at most once a day. `cloudMs` is what the cloud last said of the time: a bank
   * whose clock stands would never find out that its certificate ends.
   */
  wanted(cloudMs: number | null): string | undefined {
    const { clock } = this.#deps;
    if (!this.#kept) return undefined;
    const { notBeforeMs, notAfterMs } = this.#kept.newest;
    const leftMs = notAfterMs - Math.max(clock.nowMs(), cloudMs ?? 0);
    if (!this.#isDoubted && leftMs > (notAfterMs - notBeforeMs) * LEFT_TO_ASK) return undefined;
    if (this.#askedMs !== null && clock.monotonicMs() - this.#askedMs < DAY_MS) return undefined;
    return this.#request;
  }

  /** The question went out. */
  asked(): void {
    this.#askedMs = this.#deps.clock.monotonicMs();
    this.#awaits = true;
  }

  /** Takes what the cloud answers, once a question; the next connection shows it. */
  answered(message: CertificateMessage): void {
    const { log } = this.#deps;
    const [kept, shown] = [this.#kept, this.#shown];
    if (!this.#awaits || !kept || !shown)
      return log.warn('a certificate came that this bank had not asked for');
    this.#awaits = false;
    const read = readClient(message.certificate);
    // The cloud has nothing newer: the answer before was not lost.
    if (read?.pem === kept.newest.pem) return;
    const fault = this.#faultOf(read, { shown, authority: message.authority });
    if (!read || fault !== undefined)
      return log.error('the certificate that the cloud sent is not taken', { why: fault ?? null });
    try {
      this.#keepRenewed(read, { kept, shown });
    } catch (error) {
      // A disk without room: what the bank has is good for months, and it asks again tomorrow.
      return log.error('a new certificate was not kept', { error: (error as Error).message });
    }
    log.info('the certificate of this bank was renewed', { until: dayOf(read) });
  }

  /** Why a certificate is none to go on with. */
  #faultOf(
    read: ReadClient | undefined,
    { shown, authority }: { shown: ReadClient; authority: string },
  ): string | undefined {
    const { commissioning, keys } = this.#deps;
    if (!read) return 'it is no certificate';
    if (read.commonName !== commissioning.bank) return 'it is for another name';
    if (!equalBytes(read.publicKey, keys.identity.publicKey)) return 'it is for another key';
    // Which authority counts, says what this bank was enrolled with: it has no other word on it.
    if (!isIssuedBy(shown.pem, authority)) return 'its authority did not sign what this bank has';
    if (!isIssuedBy(read.pem, authority)) return 'another authority signed it';
    return read.notAfterMs > shown.notAfterMs ? undefined : 'it does not last longer';
  }

  #keepRenewed(newest: ReadClient, { kept, shown }: { kept: Kept; shown: ReadClient }): void {
    const { write } = diskOf(this.#deps);
    const stays = kept.before !== null && !this.#hasEnded(kept.before);
    const before = stays ? kept.before : shown;
    if (!stays) write(pathOf(this.#deps, 'before'), shown.pem);
    write(pathOf(this.#deps, 'newest'), newest.pem);
    this.#kept = { newest, before };
    this.#isDoubted = false;
  }

  async #enrolAnew(): Promise<void> {
    if (this.#code !== 'waits') return;
    const { commissioning, keys, log } = this.#deps;
    try {
      const answer = await enrol({ commissioning, keys, request: this.#request });
      if ('refused' in answer) {
        log.error(`the enrolment code is not taken: ${OR_ANOTHER_KEY}`, { error: answer.refused });
        keepCode(this.#deps);
      } else {
        keepEnrolled(this.#deps, answer.certificate);
        this.#kept = { newest: answer.certificate, before: null };
        log.info('this bank was enrolled anew', { until: dayOf(answer.certificate) });
      }
      this.#code = 'shown';
    } catch (error) {
      // The code is shown again before the next connection; this one is tried with what there is.
      log.warn('this bank was not enrolled anew', { error: (error as Error).message });
    }
  }

  #sayWhenEnded(newest: ReadClient): void {
    const hasEnded = this.#hasEnded(newest);
    if (hasEnded && !this.#saidEnded)
      this.#deps.log.error(
        `the certificate of this bank has ended, and the cloud does not let it in: ${ENROL_ANEW}`,
        { bank: newest.commonName, ended: dayOf(newest) },
      );
    this.#saidEnded = hasEnded;
  }

  #hasEnded({ notAfterMs }: ReadClient): boolean {
    return notAfterMs <= this.#deps.clock.nowMs();
  }
}

const dayOf = ({ notAfterMs }: ReadClient) => new Date(notAfterMs).toISOString().slice(0, 10);
const diskOf = ({ disk }: CertificateDeps) => disk ?? CERTIFICATE_DISK;
const pathOf = ({ dataDir }: CertificateDeps, name: keyof typeof FILES) => join(dataDir, 'keys', FILES[name]);

/** Undefined: there never was one. Null: there was, and nothing of it can be read; a disk may do so to any file. */
function readKept(deps: CertificateDeps): Kept | null | undefined {
  const files = (['newest', 'before'] as const).map((name) => readIfExists(pathOf(deps, name)));
  const [newest, before] = files.map((bytes) => bytes && readPem(bytes));
  if (newest) return { newest, before: before ?? null };
  const wasEnrolled = files.some((bytes) => bytes !== undefined) || readIfExists(pathOf(deps, 'code'));
  if (!wasEnrolled) return undefined;
  const goesOn = before ? 'the one before it is shown' : `this bank goes on without the cloud; ${ENROL_ANEW}`;
  deps.log.error(`the certificate of this bank cannot be read: ${goesOn}`, {
    file: pathOf(deps, 'newest'),
  });
  return before ? { newest: before, before: null } : null;
}

function readPem(bytes: Uint8Array): ReadClient | undefined {
  try {
    return readClient(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof TypeError) return undefined; // no UTF-8 at all
    throw error;
  }
}

/** A code is shown once: the hash of the one that was shown last is kept, as the cloud keeps it. */
function codeOf({ commissioning }: CertificateDeps): string {
  return base64url(sha256(labelled('enrolment-code/v1', commissioning.enrolmentCode)));
}

function keepCode(deps: CertificateDeps): void {
  diskOf(deps).write(pathOf(deps, 'code'), codeOf(deps));
}

function keepEnrolled(deps: CertificateDeps, { pem }: ReadClient): void {
  const { write, remove } = diskOf(deps);
  write(pathOf(deps, 'newest'), pem);
  if (readIfExists(pathOf(deps, 'before'))) remove(pathOf(deps, 'before'));
  keepCode(deps);
}

/**
 * Versions before kept no word on the code. Where what they left is good, the code is taken for the one that it came
 * by, until the broker takes that certificate, or does not; where it has ended or cannot be read, the code may be a new
 * one, and asking costs one question.
 */
function codeAt(deps: CertificateDeps, kept: Kept | null): Code {
  const shown = readIfExists(pathOf(deps, 'code'));
  if (shown) return fromUtf8(shown) === codeOf(deps) ? 'shown' : 'waits';
  if (!kept || kept.newest.notAfterMs <= deps.clock.nowMs()) return 'waits';
  keepCode(deps);
  return 'guessed';
}
