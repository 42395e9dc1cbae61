/**
 * `deno task topics list`: every topic with its size, how far its readers lag behind, and what they
 * still need of it, which retention leaves alone on SQLite.
 */
import { GROUP_INPUTS, groupLags } from "../../shared/log/lag.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { printableLine } from "../../shared/service/terminal.ts";
import { decodeCheckpoint } from "../../shared/stream/task_memory.ts";

/** A topic as the list shows it. */
export interface TopicRow {
  readonly topic: string;
  readonly partitions: number;
  /** Offsets that it holds; on Kafka some of them are marks of transactions. */
  readonly records: number;
  readonly bytes: number;
  /** Records that a group has not processed yet, for the groups that read it. */
  readonly lag: Readonly<Record<string, number>>;
  /** The same, and what a recovery would read again: from the rewind points on. */
  readonly needed: Readonly<Record<string, number>>;
}

export async function listTopics(
  log: Pick<Log, "describe" | "groupOffsets" | "groupMemory">,
): Promise<TopicRow[]> {
  const topics = await log.describe();
  const lags = Map.groupBy(await groupLags(log), ({ topic }) => topic);
  const needed = await neededOf(log, topics);
  return topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    records: partitions.reduce((sum, each) => sum + each.endOffset - each.startOffset, 0),
    bytes: partitions.reduce((sum, each) => sum + each.bytes, 0),
    lag: Object.fromEntries((lags.get(name) ?? []).map(({ group, records }) => [group, records])),
    needed: needed.get(name) ?? {},
  }));
}

/** By topic and group, where the tasks of the group say from where on they would read again. */
async function neededOf(
  log: Pick<Log, "groupMemory">,
  topics: readonly TopicDescription[],
): Promise<Map<string, Record<string, number>>> {
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const needed = new Map<string, Record<string, number>>();
  for (const [group, inputs] of Object.entries(GROUP_INPUTS)) {
    for (const [partition, entries] of await log.groupMemory(group)) {
      const rewind = decodeCheckpoint(entries)?.rewind ?? [];
      for (const [input, offset] of rewind.entries()) {
        const name = inputs[input]!;
        const place = byName.get(name)?.partitions[partition];
        if (place === undefined) continue;
        const counts = needed.get(name) ?? {};
        const from = Math.max(offset, place.startOffset);
        counts[group] = (counts[group] ?? 0) + Math.max(0, place.endOffset - from);
        needed.set(name, counts);
      }
    }
  }
  return needed;
}

/** The rows as a table for people, with a heading. */
export function renderTopics(rows: readonly TopicRow[]): string {
  const cells = [
    ["topic", "partitions", "records", "bytes", "lag", "still needed"],
    ...rows.map(({ topic, partitions, records, bytes, lag, needed }) =>
      [
        topic,
        ...[partitions, records, bytes].map((count) => count.toLocaleString("en")),
        countsText(lag),
        countsText(needed),
      ].map(printableLine)
    ),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row.map((cell, column) => {
      const isNumber = column >= 1 && column <= 3;
      return isNumber ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
    }).join("  ").trimEnd()
  ).join("\n");
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).map(([group, count]) => `${group} ${count.toLocaleString("en")}`)
    .join(", ");
}
