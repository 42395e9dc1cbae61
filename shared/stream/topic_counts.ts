/** How many records a task has read and written in its open transaction, by topic. */
import type { TaskProgress } from "./task_observer.ts";

export type TopicCounts = Record<string, number>;

export function countOne(counts: TopicCounts, topic: string): void {
  counts[topic] = (counts[topic] ?? 0) + 1;
}

export function totalOf(counts: Readonly<TopicCounts>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What is read. */
export class ReadCounts {
  readonly #inputs: readonly string[];
  readonly #counts: number[];
  #firstAppendMs: number | undefined;

  /** @param inputs in the order of a task's. */
  constructor(inputs: readonly string[]) {
    this.#inputs = inputs;
    this.#counts = inputs.map(() => 0);
  }

  /** Counts a record of this input, appended then. */
  add(input: number, appendMs: number | undefined): void {
    this.#firstAppendMs ??= appendMs;
    this.#counts[input]!++;
  }

  /** Begins anew. */
  take(): Pick<TaskProgress, "read" | "firstAppendMs"> {
    const read = Object.fromEntries(
      this.#inputs.map((topic, input) => [topic, this.#counts[input]!]),
    );
    const firstAppendMs = this.#firstAppendMs;
    this.#counts.fill(0);
    this.#firstAppendMs = undefined;
    return { read, firstAppendMs };
  }
}
