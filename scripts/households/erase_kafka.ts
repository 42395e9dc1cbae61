/**
 * Erasing on Kafka, where records cannot be taken out of the middle: what compacted topics hold of
 * the household gets tombstones; of the rest it is said how much there is and from when.
 */
import type { Log, LogRecord, NewRecord } from "../../shared/log/log.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import type { Whose } from "./whose.ts";

/** What a topic holds of the household. */
export interface Left {
  readonly topic: string;
  count: number;
  /** When the newest of it was appended, ms since 1970. */
  newestMs: number;
}

/** How many keys got a tombstone, and what stays until its topic's retention has passed. */
export interface Buried {
  readonly tombstones: number;
  readonly left: readonly Left[];
}

/** Buries what is compacted. Done again it finds nothing. @throws what the log does. */
export async function bury(log: Log, whose: Whose): Promise<Buried> {
  const topics = (await log.describe()).map(({ name }) => name);
  const compacted = topics.filter(isCompacted);
  const left = new Map<string, Left>();
  for (const topic of topics.filter((name) => !isCompacted(name))) {
    for await (const record of log.read({ topic })) {
      if (whose.isRecord(record)) count(left, record);
    }
  }
  // Memories come last: which are the household's is known once all else has been looked at.
  const tombstones: NewRecord[] = [];
  for (const topic of compacted) tombstones.push(...await tombstonesOf(log, topic, whose));
  const appender = log.appender();
  try {
    if (tombstones.length > 0) await appender.append(tombstones);
  } finally {
    await appender.close();
  }
  return { tombstones: tombstones.length, left: [...left.values()] };
}

function isCompacted(topic: string): boolean {
  return topic.endsWith("-memory") ||
    wattstreamTopics().some(({ name, compacted }) => name === topic && compacted === true);
}

function count(left: Map<string, Left>, { topic, appendMs }: LogRecord): void {
  const entry = left.get(topic) ?? { topic, count: 0, newestMs: 0 };
  entry.count++;
  entry.newestMs = Math.max(entry.newestMs, appendMs);
  left.set(topic, entry);
}

/** For each key of the household of which the last record is none yet, wherever it stands. */
async function tombstonesOf(log: Log, topic: string, whose: Whose): Promise<NewRecord[]> {
  const found = new Map<string, { record: NewRecord; isOpen: boolean }>();
  for await (const record of log.read({ topic })) {
    const { key, value, partition } = record;
    const name = new TextDecoder().decode(key ?? undefined);
    if (key === null || !(whose.isMemory(name) || whose.isRecord(record))) continue;
    const tombstone = { topic, partition, key, value: null };
    found.set(`${partition} ${name}`, { record: tombstone, isOpen: value !== null });
  }
  return [...found.values()].filter(({ isOpen }) => isOpen).map(({ record }) => record);
}
