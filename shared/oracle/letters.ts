/** The dead letters of the two stream workers, held against what they owe; those of others are not judged. */
import { type DeadLetter, deadLetterPayload, deadLetterSchema, decodeEvent } from "../events.ts";
import type { Log, LogRecord } from "../log/log.ts";
import { DEAD_LETTER_TOPIC, PREDICTIONS_GROUP, TRAINING_GROUP } from "../topics.ts";
import type { ExpectedDeadLetter } from "./entries.ts";

export interface DeadLetterCheck {
  expected: number;
  /** There, with the right reason, payload and arrival. */
  matching: number;
  /** No dead letter by this worker about this record. */
  lost: number;
  /** Beyond the first by this worker about this record. */
  duplicated: number;
  /** About a record that this worker should not have refused. */
  unexpected: number;
}

/** The first dead letter of a worker about a record. */
interface Letter {
  readonly letter: DeadLetter;
  /** Whether it keeps the record exactly as it came. */
  isQuote: boolean;
}

const SOURCES: readonly string[] = [PREDICTIONS_GROUP, TRAINING_GROUP];

export class DeadLetters {
  /** All that there are, those of others included. */
  count = 0;
  readonly #check = { expected: 0, matching: 0, lost: 0, duplicated: 0, unexpected: 0 };
  /** Not yet known to be expected, by worker and place. */
  readonly #first = new Map<string, Map<string, Letter>>(SOURCES.map((name) => [name, new Map()]));

  static async read(log: Pick<Log, "read">): Promise<DeadLetters> {
    const letters = new DeadLetters();
    for await (const record of log.read({ topic: DEAD_LETTER_TOPIC })) letters.#add(record);
    return letters;
  }

  /** Looks whether what there is about an input quotes it; before it can be expected. */
  pass(input: LogRecord): void {
    for (const letters of this.#first.values()) {
      if (letters.size === 0) continue;
      const about = letters.get(placeOf(input));
      if (about !== undefined) about.isQuote = quotes(about.letter, input);
    }
  }

  /** Takes the letters that a worker owes. */
  expect(source: string, expected: readonly ExpectedDeadLetter[]): void {
    const letters = this.#first.get(source)!;
    for (const place of expected) {
      this.#check.expected++;
      const found = letters.get(placeOf(place));
      if (found === undefined) {
        this.#check.lost++;
        continue;
      }
      letters.delete(placeOf(place));
      if (found.letter.reason === place.reason && found.isQuote) this.#check.matching++;
    }
  }

  /** To be asked for when all that are owed are taken: what remains is unexpected. */
  end(): DeadLetterCheck {
    const rest = this.#first.values().reduce((sum, { size }) => sum + size, 0);
    return { ...this.#check, unexpected: this.#check.unexpected + rest };
  }

  #add(record: LogRecord): void {
    this.count++;
    const decoded = decodeEvent(deadLetterSchema, record.value);
    if (!decoded.ok) {
      this.#check.unexpected++;
      return;
    }
    const letters = this.#first.get(decoded.event.source);
    if (letters === undefined) return;
    const place = placeOf(decoded.event);
    if (letters.has(place)) this.#check.duplicated++;
    else letters.set(place, { letter: decoded.event, isQuote: false });
  }
}

function placeOf(
  { topic, partition, offset }: Pick<DeadLetter, "topic" | "partition" | "offset">,
): string {
  return `${topic} ${partition} ${offset}`;
}

function quotes(letter: DeadLetter, record: LogRecord): boolean {
  const { payload, payload_encoding } = deadLetterPayload(record.value);
  return letter.payload === payload && letter.payload_encoding === payload_encoding &&
    letter.received_at === record.appendMs;
}
