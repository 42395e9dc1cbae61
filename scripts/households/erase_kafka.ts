/**
 * Erasing on Kafka, where records cannot be taken out of the middle: what compacted topics hold of
 * the household gets tombstones; of the rest it is said how much there is and until when.
 */
import { hasCode } from "../../shared/errors.ts";
import type { Log, NewRecord, TopicDescription } from "../../shared/log/log.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import type { Whose } from "./whose.ts";

/** What a topic holds of the household. */
export interface Left {
  readonly topic: string;
  count: number;
  /** When the newest of it was appended, ms since 1970. */
  newestMs: number;
  /** See {@link TopicDescription.diskMsMax}. */
  readonly diskMsMax: number | undefined;
}

/** How many keys got a tombstone, and what stays until its topic's retention has passed. */
export interface Buried {
  readonly tombstones: number;
  readonly left: readonly Left[];
}

/**
 * Buries what is compacted. Done again, it buries again what the broker has not removed yet: a
 * segment is not compacted before a later record has begun the next one.
 * @throws what the log does.
 */
export async function bury(log: Log, whose: Whose): Promise<Buried> {
  const topics = await log.describe();
  const compacted = topics.map(({ name }) => name).filter(isCompacted);
  const left: Left[] = [];
  for (const topic of topics.filter(({ name }) => !isCompacted(name))) {
    const found = await leftIn(log, topic, whose);
    if (found.count > 0) left.push(found);
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
  return { tombstones: tombstones.length, left };
}

/** Looks again from the start where its time came for what was about to be read. */
async function leftIn(log: Log, topic: TopicDescription, whose: Whose): Promise<Left> {
  const found: Left = { topic: topic.name, count: 0, newestMs: 0, diskMsMax: topic.diskMsMax };
  try {
    for await (const record of log.read({ topic: topic.name })) {
      if (!whose.isRecord(record)) continue;
      found.count++;
      found.newestMs = Math.max(found.newestMs, record.appendMs);
    }
    return found;
  } catch (error) {
    if (hasCode(error, "retention")) return await leftIn(log, topic, whose);
    throw error;
  }
}

function isCompacted(topic: string): boolean {
  return topic.endsWith("-memory") ||
    wattstreamTopics().some(({ name, compacted }) => name === topic && compacted === true);
}

/** For each key of the household of which a record is left that is none. */
async function tombstonesOf(log: Log, topic: string, whose: Whose): Promise<NewRecord[]> {
  const found = new Map<string, NewRecord>();
  for await (const record of log.read({ topic })) {
    const { key, value, partition } = record;
    const name = new TextDecoder().decode(key ?? undefined);
    if (key === null || value === null || !(whose.isMemory(name) || whose.isRecord(record))) {
      continue;
    }
    found.set(`${partition} ${name}`, { topic, partition, key, value: null });
  }
  return [...found.values()];
}
