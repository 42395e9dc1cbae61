/** The newest records of a topic, or of some of its partitions. */
import type { Log, LogRecord } from "../../../shared/log/log.ts";

export interface NewestOptions {
  readonly topic: string;
  /** Offsets of each partition, from its end back. */
  readonly count: number;
  /** Default: all. */
  readonly partitions?: readonly number[];
  readonly signal?: AbortSignal;
}

/** Ascending within a partition, one after the other; none where there is no such topic. */
export async function* readNewest(log: Log, options: NewestOptions): AsyncGenerator<LogRecord> {
  const { topic, count, ...rest } = options;
  const [described] = await log.describe([topic]);
  if (described === undefined) return;
  const from = described.partitions.map(({ startOffset, endOffset }) =>
    Math.max(startOffset, endOffset - count)
  );
  yield* log.read({ topic, from, ...rest });
}
