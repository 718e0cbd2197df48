/** The fields of a bundle that stand open, line by line beside their records: an opening is believed there and nowhere else. */
import type { CommittedField } from '../../domain/facts.ts';
import { type LedgerRecord, type Openings, opens } from '../record.ts';
import { openedSchema } from './format.ts';
import { parseJson } from './journals.ts';
import { need, type Say } from './refusal.ts';

export class OpenedFields {
  readonly #lines: Iterator<string | undefined>;
  readonly #may: readonly CommittedField[];
  #next: ReturnType<typeof openedSchema.parse> | undefined;
  #line = 0;
  #count = 0;

  constructor(lines: Iterator<string | undefined>, may: readonly CommittedField[]) {
    this.#lines = lines;
    this.#may = may;
    this.#advance();
  }

  #advance(): void {
    const line = this.#lines.next();
    this.#next = undefined;
    if (line.done === true) return;
    this.#line += 1;
    const where = `line ${this.#line} of opened.jsonl`;
    const parsed = openedSchema.safeParse(parseJson(line.value ?? '', where));
    need(parsed.success, () => `${where} is malformed`);
    this.#next = parsed.data;
  }

  /** Whether the next openings are those of this entry. */
  areOf(index: number): boolean {
    return this.#next?.index === index;
  }

  /** Answers them, each of them being what the record committed to. */
  take(index: number, record: LedgerRecord): Openings {
    if (!this.#next || !this.areOf(index)) return {};
    const { openings } = this.#next;
    for (const [name, opening] of Object.entries(openings)) {
      const field = name as CommittedField;
      need(this.#may.includes(field), `entry ${index}: ${field} is opened, which the manifest does not name`);
      need(
        opens(record, field, opening),
        `entry ${index}: the opened field ${field} is not what the record committed to`,
      );
      this.#count += 1;
    }
    this.#advance();
    return openings;
  }

  end(say: Say): void {
    need(
      this.#next === undefined,
      () => `line ${this.#line} of opened.jsonl opens a record that is not here, or out of order`,
    );
    if (this.#count > 0) say(`${this.#count} opened fields are what the records committed to`);
  }
}
