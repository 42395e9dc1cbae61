/** The newest dead letters, for the page: as they are, by kind and by household. */
import { householdsOf, type LetterHousehold } from "../../../shared/dead_letters/households.ts";
import { kindsOf, type LetterKind, letterOf } from "../../../shared/dead_letters/letters.ts";
import type { DeadLetter } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { DEAD_LETTER_TOPIC } from "../../../shared/topics.ts";
import { readNewest } from "../server/read_newest.ts";

/** Of each partition, letters that are looked through. */
const LOOKED_AT_MAX = 1000;
const LETTERS_MAX = 50;
const HOUSEHOLDS_MAX = 50;
/** Of a payload, characters that are shown. */
const PAYLOAD_MAX = 2000;

export interface DeadLetterSummary {
  /** How many of the newest were looked through. */
  readonly lookedAt: number;
  /** The most frequent first, as the households. */
  readonly kinds: readonly LetterKind[];
  readonly households: readonly LetterHousehold[];
  /** The newest first. */
  readonly letters: readonly DeadLetter[];
}

export async function summarizeDeadLetters(log: Log): Promise<DeadLetterSummary> {
  const newestOf = { topic: DEAD_LETTER_TOPIC, count: LOOKED_AT_MAX };
  const records = await Array.fromAsync(readNewest(log, newestOf));
  const placed = records.flatMap((record) => letterOf(record) ?? []);
  const newest = placed.map(({ letter }) => letter)
    .sort((a, b) => b.received_at - a.received_at).slice(0, LETTERS_MAX);
  return {
    lookedAt: placed.length,
    kinds: await kindsOf(placed),
    households: (await householdsOf(placed)).slice(0, HOUSEHOLDS_MAX),
    letters: newest.map((letter) => ({
      ...letter,
      payload: letter.payload.slice(0, PAYLOAD_MAX),
    })),
  };
}
