/** The records of a partition from a time on: append times ascend, so it is looked for by halves. */
import type { Log, LogRecord } from "../../../shared/log/log.ts";

/** A partition that is looked into. */
export interface Place {
  readonly log: Log;
  readonly topic: string;
  readonly partition: number;
  readonly partitionCount: number;
  readonly signal: AbortSignal;
}

/** Ascending, from the first that the log took at `ms` or later. */
export async function* readSince(
  place: Place,
  { startOffset, endOffset, ms }: {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly ms: number;
  },
): AsyncGenerator<LogRecord> {
  let [low, high] = [startOffset, endOffset];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await recordAt(place, middle);
    if (record !== undefined && record.appendMs < ms) low = record.offset + 1;
    else high = middle;
  }
  yield* recordsFrom(place, low);
}

/** The first record at an offset or behind it. */
export async function recordAt(place: Place, offset: number): Promise<LogRecord | undefined> {
  for await (const record of recordsFrom(place, offset)) return record;
  return undefined;
}

function recordsFrom(
  { log, topic, partition, partitionCount, signal }: Place,
  offset: number,
): AsyncIterable<LogRecord> {
  const from = Array.from({ length: partitionCount }, () => offset);
  return log.read({ topic, from, partitions: [partition], signal });
}
