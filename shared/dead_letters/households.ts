/** Whose dead letters there are, and by how much a household's clock is off. Pure. */
import type { DeadLetter } from "../events.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout, type TopicLayout } from "../mqtt/topics.ts";
import { fieldsOf, payloadOf } from "./fixes.ts";
import type { Letters } from "./letters.ts";

/** Within so many seconds, differences of a clock are one and the same. */
const STEADY_S = 30;
/** A clock that is off by less is none that is wrong. */
const WRONG_S_MIN = 10;
/** Differences that are kept of a household. */
const DIFFERENCES_MAX = 1000;

/** The letters of one household. */
export interface LetterHousehold {
  /** `username/client_id`; undefined of those that name none. */
  readonly household: string | undefined;
  count: number;
  readonly reasons: Record<string, number>;
  /** Seconds by which its clock is ahead, where that is steady over its letters. */
  clock_s?: number;
}

/** The household of a letter: what its topic says, which a broker's rights vouch for, or else its payload. */
export function householdOf(letter: DeadLetter, layout: TopicLayout): string | undefined {
  const fields = fieldsOf(payloadOf(letter));
  const match = layout.match(letter.topic);
  const username = match?.username ?? fields?.username;
  const clientId = match?.client_id ?? fields?.client_id;
  if (typeof username !== "string" || typeof clientId !== "string") return undefined;
  return `${username}/${clientId}`;
}

/** Every household that has letters, that with the most first. */
export async function householdsOf(
  letters: Letters,
): Promise<LetterHousehold[]> {
  const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  if (!parsed.ok) return [];
  const found = new Map<string | undefined, { entry: LetterHousehold; differences: number[] }>();
  for await (const { letter } of letters) {
    const household = householdOf(letter, parsed.layout);
    const known = found.get(household) ??
      { entry: { household, count: 0, reasons: {} }, differences: [] };
    found.set(household, known);
    const { entry, differences } = known;
    entry.count++;
    entry.reasons[letter.reason] = (entry.reasons[letter.reason] ?? 0) + 1;
    const difference = clockDifference(letter);
    if (difference !== undefined && differences.length < DIFFERENCES_MAX) {
      differences.push(difference);
    }
  }
  return [...found.values()].map(({ entry, differences }) => {
    const clock_s = steady(differences);
    return { ...entry, ...(clock_s !== undefined && { clock_s }) };
  }).sort((a, b) => b.count - a.count);
}

/** How far the event was ahead of its arrival, s. */
function clockDifference(letter: DeadLetter): number | undefined {
  if (letter.reason !== "future" && letter.reason !== "late") return undefined;
  const timestamp = fieldsOf(payloadOf(letter))?.timestamp;
  if (typeof timestamp !== "number") return undefined;
  return timestamp - letter.received_at / 1000;
}

/** The median, where the others are close to it. */
function steady(differences: readonly number[]): number | undefined {
  const sorted = [...differences].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined || Math.abs(median) < WRONG_S_MIN) return undefined;
  const isSteady = sorted.at(-1)! - median <= STEADY_S && median - sorted[0]! <= STEADY_S;
  return isSteady ? Math.round(median) : undefined;
}
