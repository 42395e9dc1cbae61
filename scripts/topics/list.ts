/** `deno task topics list`: every topic with its size, and how far its readers lag behind. */
import { groupLags } from "../../shared/log/lag.ts";
import type { Log } from "../../shared/log/log.ts";
import { printableLine } from "../../shared/service/terminal.ts";

/** A topic as the list shows it. */
export interface TopicRow {
  readonly topic: string;
  readonly partitions: number;
  /** Offsets that it holds; on Kafka some of them are marks of transactions. */
  readonly records: number;
  readonly bytes: number;
  /** Records that a group has not processed yet, for the groups that read it. */
  readonly lag: Readonly<Record<string, number>>;
}

export async function listTopics(
  log: Pick<Log, "describe" | "groupOffsets">,
): Promise<TopicRow[]> {
  const topics = await log.describe();
  const lags = Map.groupBy(await groupLags(log), ({ topic }) => topic);
  return topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    records: partitions.reduce((sum, each) => sum + each.endOffset - each.startOffset, 0),
    bytes: partitions.reduce((sum, each) => sum + each.bytes, 0),
    lag: Object.fromEntries((lags.get(name) ?? []).map(({ group, records }) => [group, records])),
  }));
}

/** The rows as a table for people, with a heading. */
export function renderTopics(rows: readonly TopicRow[]): string {
  const cells = [
    ["topic", "partitions", "records", "bytes", "lag"],
    ...rows.map(({ topic, partitions, records, bytes, lag }) =>
      [
        topic,
        ...[partitions, records, bytes].map((count) => count.toLocaleString("en")),
        Object.entries(lag).map(([group, count]) => `${group} ${count.toLocaleString("en")}`)
          .join(", "),
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
