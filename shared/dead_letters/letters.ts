/** Reading dead letters out of the log, and what kinds of them there are. */
import { type DeadLetter, deadLetterSchema, decodeEvent, shortened } from "../events.ts";
import type { Log, LogRecord } from "../log/log.ts";
import { DEAD_LETTER_TOPIC } from "../topics.ts";

/** Characters of a kind of error, so that a kind stays a line. */
const KIND_LENGTH_MAX = 120;

/** A letter and its place in the topic of dead letters. */
export interface PlacedLetter {
  readonly partition: number;
  readonly offset: number;
  readonly letter: DeadLetter;
}

/** Some letters: those of a log as they are read, or those at hand. */
export type Letters = AsyncIterable<PlacedLetter> | Iterable<PlacedLetter>;

/** Letters of one kind. */
export interface LetterKind {
  readonly reason: string;
  readonly source: string;
  /** The error without what differs from letter to letter. */
  readonly error: string;
  count: number;
  /** When the latest of them came, ms since 1970. */
  latest_ms: number;
}

/** The letter in a record; undefined where it holds none. */
export function letterOf({ partition, offset, value }: LogRecord): PlacedLetter | undefined {
  const decoded = decodeEvent(deadLetterSchema, value);
  return decoded.ok ? { partition, offset, letter: decoded.event } : undefined;
}

/** Every letter, ascending within each partition. */
export async function* readLetters(log: Pick<Log, "read">): AsyncGenerator<PlacedLetter> {
  for await (const record of log.read({ topic: DEAD_LETTER_TOPIC })) {
    const placed = letterOf(record);
    if (placed !== undefined) yield placed;
  }
}

/** The kinds of these letters, the most frequent first. */
export async function kindsOf(letters: Letters): Promise<LetterKind[]> {
  const kinds = new Map<string, LetterKind>();
  for await (const { letter } of letters) {
    const { reason, source } = letter;
    const error = kindOfError(letter.error);
    const key = JSON.stringify([reason, source, error]);
    const kind = kinds.get(key) ?? { reason, source, error, count: 0, latest_ms: 0 };
    kind.count++;
    kind.latest_ms = Math.max(kind.latest_ms, letter.received_at);
    kinds.set(key, kind);
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count);
}

/** `username: the topic says "a", the payload "b"` → `username: the topic says "…", the payload "…"` */
export function kindOfError(error: string): string {
  const [first = ""] = error.split("; ");
  // A long error is cut, maybe within quotes. Figures that belong to a word stay: UTF-8.
  const kind = first.replace(/"[^"]*("|$)/g, '"…"').replace(/(?<!\p{L}-?\d*)-?\d+(\.\d+)?/gu, "N");
  return shortened(kind, KIND_LENGTH_MAX);
}
