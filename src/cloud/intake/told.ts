/**
 * How much the hellos of one bank are answered with. A bank says itself what it lacks, so one in strange hands that
 * always lacks everything would be sent its whole directory, put together and sealed anew, as often as it likes. Each
 * has so many bytes a minute; what it lacks after that it is told once, when the minute is over.
 */
import type { DownMessage } from '../../contract/uplink.ts';
import type { BankId } from '../../domain/ids.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';

const MINUTE_MS = 60_000;
/** Some eight of the largest directories. A new bank is told the rosters of all years one after another, each a small one. */
const BYTES_A_MINUTE = 16_777_216;

type Minute = { bytes: number; waits: boolean; cancel: Cancel };

export class Told {
  readonly #minutes = new Map<BankId, Minute>();
  readonly #clock: Clock;
  readonly #later: (bank: BankId) => void;

  /** `later` is called for a bank that had to wait, when it need not any more. */
  constructor(clock: Clock, later: (bank: BankId) => void) {
    this.#clock = clock;
    this.#later = later;
  }

  /** True while this bank's hellos are answered; else it is noted to be told later. */
  mayAnswer(bank: BankId): boolean {
    const minute = this.#minutes.get(bank);
    if (!minute || minute.bytes < BYTES_A_MINUTE) return true;
    minute.waits = true;
    return false;
  }

  /** Counts what a hello was answered with. */
  answered(bank: BankId, messages: readonly DownMessage[]): void {
    if (messages.length === 0) return;
    const minute = this.#minutes.get(bank) ?? this.#begin(bank);
    for (const message of messages) minute.bytes += JSON.stringify(message).length;
  }

  stop(): void {
    for (const { cancel } of this.#minutes.values()) cancel();
    this.#minutes.clear();
  }

  #begin(bank: BankId): Minute {
    const cancel = this.#clock.after(MINUTE_MS, () => {
      this.#minutes.delete(bank);
      if (minute.waits) this.#later(bank);
    });
    const minute = { bytes: 0, waits: false, cancel };
    this.#minutes.set(bank, minute);
    return minute;
  }
}
