/** What to say where topics have not the partitions that they must have. */
import { WattstreamError } from "../errors.ts";

/** The error for topics that have not the same number of partitions. */
export function unequalCounts(
  topics: readonly { readonly name: string; readonly count: number }[],
): WattstreamError {
  const each = topics.map(({ name, count }) => `${name} has ${count}`);
  return new WattstreamError(
    "topic",
    `Give the topics the same number of partitions: ${each.join(", ")}; ` +
      growAdvice(Math.max(...topics.map(({ count }) => count))),
  );
}

/** What to do where partitions were added to a topic. */
export function growAdvice(partitions: number): string {
  return "stop all bridges and workers, run " +
    `deno task topics grow --partitions ${partitions}, then start them again`;
}
