/**
 * The bank's client certificate through the years. It gets one when it is enrolled. When a third of that one's life is
 * left it asks the cloud, over the connection that it has, for one that lasts longer; what comes is taken only for the
 * bank's own name and key, under the authority that signed what it has. So a cloud in strange hands can withhold a
 * certificate, and cannot give the bank one with which it would be locked out.
 *
 * The new one is on the disk before it is shown, and the one that worked stays beside it: should the broker not take
 * the new one, as after the cloud was restored to what it was before, the bank shows the other, and asks again.
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

export class Certificates {
  readonly #deps: CertificateDeps;
  readonly #request: string;
  #kept: Kept;
  /** What the last connection was begun with. */
  #shown: ReadClient;
  /** What the broker hung up on, when last asked. */
  #refused: ReadClient | null = null;
  /** The newest one was hung up on since it was taken last. */
  #isDoubted = false;
  #codeWaits: boolean;
  #askedMs: number | null = null;
  #awaits = false;
  #saidEnded = false;

  private constructor(deps: CertificateDeps, of: { request: string; kept: Kept; codeWaits: boolean }) {
    this.#deps = deps;
    this.#request = of.request;
    this.#kept = of.kept;
    this.#shown = of.kept.newest;
    this.#codeWaits = of.codeWaits;
  }

  /** What is kept, or a new one from the cloud; without either there is no bank. */
  static async open(deps: CertificateDeps): Promise<Certificates> {
    const { commissioning, keys } = deps;
    const request = await certificateRequest({
      commonName: commissioning.bank,
      privateKey: keys.identity.privateKey,
    });
    const kept = readKept(deps);
    if (kept) return new Certificates(deps, { request, kept, codeWaits: doesCodeWait(deps, kept) });
    const answer = await enrol({ commissioning, keys, request });
    if ('refused' in answer) throw new HoldfastError('upstream', answer.refused);
    const { certificate } = answer;
    // If the process dies before this line the code is spent and the certificate lost: a new code is needed.
    keepEnrolled(deps, certificate);
    return new Certificates(deps, { request, kept: { newest: certificate, before: null }, codeWaits: false });
  }

  /** For the next connection (PEM). */
  async toShow(): Promise<string> {
    await this.#enrolAnew();
    this.#sayWhenEnded();
    const { newest, before } = this.#kept;
    const isOther = this.#refused === newest && before !== null && !this.#hasEnded(before);
    this.#shown = isOther ? before : newest;
    return this.#shown.pem;
  }

  /** The broker agreed to a connection. */
  taken(): void {
    this.#refused = null;
    if (this.#shown === this.#kept.newest) this.#isDoubted = false;
  }

  /** The far side hung up before it had agreed: with TLS 1.3 a certificate is refused after the handshake. */
  refused(): void {
    this.#refused = this.#shown;
    if (this.#shown === this.#kept.newest) this.#isDoubted = true;
  }

  /**
   * What to send when it is time to ask: at most once a day. `cloudMs` is what the cloud last said of the time: a bank
   * whose clock stands would never find out that its certificate ends.
   */
  wanted(cloudMs: number | null): string | undefined {
    const { clock } = this.#deps;
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
    if (!this.#awaits) return log.warn('a certificate came that this bank had not asked for');
    this.#awaits = false;
    const read = readClient(message.certificate);
    // The cloud has nothing newer: the answer before was not lost.
    if (read?.pem === this.#kept.newest.pem) return;
    const fault = this.#faultOf(read, message.authority);
    if (!read || fault !== undefined)
      return log.error('the certificate that the cloud sent is not taken', { why: fault ?? null });
    try {
      this.#keepRenewed(read);
    } catch (error) {
      // A disk without room: what the bank has is good for months, and it asks again tomorrow.
      return log.error('a new certificate was not kept', { error: (error as Error).message });
    }
    log.info('the certificate of this bank was renewed', { until: dayOf(read) });
  }

  /** Why a certificate is none to go on with. */
  #faultOf(read: ReadClient | undefined, authority: string): string | undefined {
    const { commissioning, keys } = this.#deps;
    if (!read) return 'it is no certificate';
    if (read.commonName !== commissioning.bank) return 'it is for another name';
    if (!equalBytes(read.publicKey, keys.identity.publicKey)) return 'it is for another key';
    // Which authority counts, says what this bank was enrolled with: it has no other word on it.
    if (!isIssuedBy(this.#shown.pem, authority)) return 'its authority did not sign what this bank has';
    if (!isIssuedBy(read.pem, authority)) return 'another authority signed it';
    return read.notAfterMs > this.#shown.notAfterMs ? undefined : 'it does not last longer';
  }

  #keepRenewed(newest: ReadClient): void {
    const before = this.#shown;
    const { write } = diskOf(this.#deps);
    write(pathOf(this.#deps, 'before'), before.pem);
    write(pathOf(this.#deps, 'newest'), newest.pem);
    this.#kept = { newest, before };
    this.#isDoubted = false;
  }

  async #enrolAnew(): Promise<void> {
    if (!this.#codeWaits) return;
    const { commissioning, keys, log } = this.#deps;
    try {
      const answer = await enrol({ commissioning, keys, request: this.#request });
      if ('refused' in answer) {
        log.error('the enrolment code is not taken', { error: answer.refused });
        keepCode(this.#deps);
      } else {
        keepEnrolled(this.#deps, answer.certificate);
        this.#kept = { newest: answer.certificate, before: null };
        log.info('this bank was enrolled anew', { until: dayOf(answer.certificate) });
      }
      this.#codeWaits = false;
    } catch (error) {
      // The code is shown again before the next connection; this one is tried with what there is.
      log.warn('this bank was not enrolled anew', { error: (error as Error).message });
    }
  }

  #sayWhenEnded(): void {
    const { newest } = this.#kept;
    const hasEnded = this.#hasEnded(newest);
    if (hasEnded && !this.#saidEnded)
      this.#deps.log.error(
        'the certificate of this bank has ended, and the cloud does not let it in: enrol it anew with `holdfast cloud enrol`, put the file in the place of the commissioning file, and start the agent again',
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

function readKept(deps: CertificateDeps): Kept | undefined {
  const [newest, before] = (['newest', 'before'] as const).map((name) => {
    const bytes = readIfExists(pathOf(deps, name));
    return bytes && readClient(fromUtf8(bytes));
  });
  return newest && { newest, before: before ?? null };
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
 * Versions before kept no word on the code. Where what they left is good, the code is the one that it came by; where
 * it has ended, the code may be a new one, and asking costs one question.
 */
function doesCodeWait(deps: CertificateDeps, { newest }: Kept): boolean {
  const shown = readIfExists(pathOf(deps, 'code'));
  if (shown) return fromUtf8(shown) !== codeOf(deps);
  if (newest.notAfterMs <= deps.clock.nowMs()) return true;
  keepCode(deps);
  return false;
}
