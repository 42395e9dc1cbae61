/**
 * The memory of a group's tasks: a compacted topic with a partition a task, whose records are its
 * entries. The last value of a key counts, an empty one or none removes it.
 */
import { invariant } from "../../../errors.ts";
import { type LogRecord, memoryTopic, type NewRecord } from "../../log.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "../cluster/offsets.ts";
import { readPartition, type ReadParts } from "../records/read_log.ts";

const decoder = new TextDecoder();

/**
 * Reads a memory to its end. Whoever has fenced the task's former owner finds all that it committed:
 * the end is that of all records, so an open transaction before it is waited for.
 */
export async function readMemory(
  parts: ReadParts,
  target: TopicPartition,
): Promise<Map<string, string>> {
  const [start, end] = await Promise.all(
    (["start", "end"] as const).map(async (kind) => {
      const offsets = await partitionOffsets(parts.cluster, parts.connections, [target], kind);
      return offsets.get(nameOf(target))!;
    }),
  );
  const memory = new Map<string, string>();
  for await (const record of readPartition(parts, target, { from: start!, to: end! })) {
    take(record, memory);
  }
  return memory;
}

function take({ key, value, topic }: LogRecord, memory: Map<string, string>): void {
  invariant(key !== null, `topic ${topic} holds a record without key: it is no memory`);
  const name = decoder.decode(key);
  const text = value === null ? "" : decoder.decode(value);
  // Deleted first, so that the order is that of the last writing.
  memory.delete(name);
  if (text !== "") memory.set(name, text);
}

/** Records that set these entries. */
export function memoryRecords(
  group: string,
  partition: number,
  entries: ReadonlyMap<string, string>,
): NewRecord[] {
  const topic = memoryTopic(group);
  return [...entries].map(([key, text]) => ({
    topic,
    partition,
    key,
    value: text === "" ? null : text,
  }));
}
