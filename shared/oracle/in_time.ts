/** Several parts of a log as one, read as they are asked for. */
import type { Log, LogRecord } from "../log/log.ts";
import { comesFirst } from "./timeline.ts";

/** These partitions of these topics, as one in the order of time. */
export function readInTime(
  log: Pick<Log, "read">,
  topics: readonly string[],
  partitions: readonly number[],
): AsyncIterable<LogRecord> {
  const parts = topics.flatMap((topic) =>
    partitions.map((partition) => log.read({ topic, partitions: [partition] }))
  );
  return parts.length === 1 ? parts[0]! : inTime(parts);
}

/**
 * Records by append time, then topic name. Only the heads are compared, as `mergeInputs` does; of equal
 * ones that of the earlier part comes first.
 */
async function* inTime(
  parts: readonly AsyncIterable<LogRecord>[],
): AsyncGenerator<LogRecord, void> {
  const iterators = parts.map((part) => part[Symbol.asyncIterator]());
  try {
    const heads: (LogRecord | undefined)[] = [];
    for (const iterator of iterators) heads.push((await iterator.next()).value);
    for (;;) {
      const first = firstOf(heads);
      if (first === undefined) return;
      yield heads[first]!;
      heads[first] = (await iterators[first]!.next()).value;
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

/** Index of the head that comes first; undefined where there is none. */
function firstOf(heads: readonly (LogRecord | undefined)[]): number | undefined {
  let first: number | undefined;
  for (let i = 0; i < heads.length; i++) {
    if (heads[i] === undefined) continue;
    if (first === undefined || comesFirst(heads[i]!, heads[first]!)) first = i;
  }
  return first;
}
