/** Reading without a group: whole partitions up to their end, or on and on. */
import { WattstreamError } from "../../../errors.ts";
import type { LogRecord, ReadOptions } from "../../log.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Connections } from "../cluster/connections.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "../cluster/offsets.ts";
import { PartitionFetcher } from "./partition_fetcher.ts";

/** What reading takes. */
export interface ReadParts {
  readonly cluster: Cluster;
  readonly connections: Connections;
  readonly nowMs: () => number;
}

/** See {@link Log.read}. @throws WattstreamError `retention` where an offset is not held. */
export async function* readTopic(
  parts: ReadParts,
  options: ReadOptions,
): AsyncGenerator<LogRecord, void> {
  const { topic, signal } = options;
  const count = await parts.cluster.partitionCount(topic);
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const starts = await startOffsets(parts, partitions, options.from ?? "start");
  const wanted = partitions.filter(({ partition }) =>
    options.partitions?.includes(partition) ?? true
  );
  if (options.follow === true) {
    yield* follow(parts, wanted, starts, signal);
    return;
  }
  const ends = await partitionOffsets(
    parts.cluster,
    parts.connections,
    partitions,
    "committed end",
  );
  for (const each of wanted) {
    const [from, to] = [starts[each.partition]!, ends.get(nameOf(each))!];
    yield* readPartition(parts, each, { from, to, signal });
  }
}

/** Committed records of one partition in `[from, to)`, as long as `signal` does not abort. */
export async function* readPartition(
  parts: ReadParts,
  target: TopicPartition,
  range: { from: number; to: number; signal?: AbortSignal | undefined },
): AsyncGenerator<LogRecord, void> {
  if (range.from >= range.to) return;
  const fetcher = new PartitionFetcher(parts.cluster, target, parts.nowMs);
  try {
    for (let offset = range.from; offset < range.to;) {
      fetcher.seek(offset);
      await newsOf([fetcher], range.signal, parts.cluster.patience.patienceMs);
      if (range.signal?.aborted) return;
      const { records, nextOffset } = fetcher.take(offset);
      if (nextOffset === offset) throw stuck(target, offset);
      for (const record of records) {
        if (record.offset >= range.to) return;
        yield record;
      }
      offset = nextOffset;
    }
  } finally {
    await fetcher.close();
  }
}

/** The range ends below what is safe, so what does not come is behind a transaction. */
function stuck(target: TopicPartition, offset: number): WattstreamError {
  return new WattstreamError(
    "unavailable",
    `A transaction at offset ${offset} of ${nameOf(target)} does not end (kafka-transactions.sh)`,
  );
}

/** Resolves once one of the fetchers has news, or `signal` aborts. */
export function newsOf(
  fetchers: readonly PartitionFetcher[],
  signal: AbortSignal | undefined,
  waitMs?: number,
): Promise<void> {
  if (signal?.aborted || fetchers.some((fetcher) => fetcher.hasNews)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = waitMs === undefined ? undefined : setTimeout(done, waitMs);
    signal?.addEventListener("abort", done);
    for (const fetcher of fetchers) fetcher.onNews(done);
  });
}

async function* follow(
  parts: ReadParts,
  partitions: readonly TopicPartition[],
  starts: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LogRecord, void> {
  const offsets = [...starts];
  const fetchers = partitions.map((each) => new PartitionFetcher(parts.cluster, each, parts.nowMs));
  try {
    fetchers.forEach((fetcher, index) => fetcher.seek(offsets[partitions[index]!.partition]!));
    for (;;) {
      await newsOf(fetchers, signal);
      if (signal?.aborted) return;
      for (const [index, fetcher] of fetchers.entries()) {
        if (!fetcher.hasNews) continue;
        const { partition } = partitions[index]!;
        const { records, nextOffset } = fetcher.take(offsets[partition]!);
        offsets[partition] = nextOffset;
        for (const record of records) {
          yield record;
          if (signal?.aborted) return;
        }
      }
    }
  } finally {
    await Promise.all(fetchers.map((fetcher) => fetcher.close()));
  }
}

async function startOffsets(
  parts: ReadParts,
  partitions: readonly TopicPartition[],
  from: readonly number[] | "start" | "end",
): Promise<number[]> {
  if (typeof from !== "string") {
    if (from.length === partitions.length) return [...from];
    throw new WattstreamError(
      "config",
      `Give an offset for each of the ${partitions.length} partitions, not ${from.length}`,
    );
  }
  const kind = from === "start" ? "start" : "committed end";
  const offsets = await partitionOffsets(parts.cluster, parts.connections, partitions, kind);
  return partitions.map((each) => offsets.get(nameOf(each))!);
}
