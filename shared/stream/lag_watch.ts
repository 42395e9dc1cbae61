/**
 * How far the tasks of a worker are behind the ends of their inputs. The ends are asked for now and
 * then; what a task has read is known at once, and the age of it too.
 */
import { WattstreamError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { pause } from "../pause.ts";
import type { TaskView } from "./task_observer.ts";

/** How often the ends are asked for: a scrape every 15 s then tells of one moment at most. */
const LOOK_MS = 5_000;

export interface TaskLag {
  readonly records: number;
  /** Since the append of the last record read, s; 0 where that was the last of all. */
  readonly seconds: number;
}

export class LagWatch {
  readonly #log: Pick<Log, "describe">;
  readonly #inputs: readonly string[];
  /** End offsets by input, then partition. */
  #ends: readonly (readonly number[])[] = [];
  /** Since when a task that has read nothing yet is known to be behind. */
  readonly #behindSinceMs = new Map<number, number>();

  /** @param inputs sorted by name, as a task's positions are. */
  constructor(log: Pick<Log, "describe">, inputs: readonly string[]) {
    this.#log = log;
    this.#inputs = inputs;
  }

  /** Partitions of the inputs; 0 before the first look. */
  get partitionCount(): number {
    return this.#ends[0]?.length ?? 0;
  }

  /** Looks at the ends, again and again, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        // The ends stay as they were, and the seconds go on: that is what can be known. What is wrong
        // with the log or its topics, the tasks and the check of the topics say.
        if (!(error instanceof WattstreamError)) throw error;
      }
      await pause(LOOK_MS, signal);
    }
  }

  /** Looks at the ends once. @throws WattstreamError `unavailable` while the log is away. */
  async look(): Promise<void> {
    const topics = await this.#log.describe(this.#inputs);
    this.#ends = this.#inputs.map((input) => {
      const partitions = topics.find(({ name }) => name === input)?.partitions ?? [];
      return partitions.map(({ endOffset }) => endOffset);
    });
  }

  /** The lag of a task. @param nowMs ms since 1970. */
  of(partition: number, view: TaskView, nowMs: number): TaskLag {
    const positions = view.positions();
    let records = 0;
    this.#ends.forEach((ends, input) => {
      records += Math.max(0, (ends[partition] ?? 0) - positions[input]!);
    });
    if (records === 0) {
      this.#behindSinceMs.delete(partition);
      return { records, seconds: 0 };
    }
    if (!this.#behindSinceMs.has(partition)) this.#behindSinceMs.set(partition, nowMs);
    const sinceMs = view.lastAppendMs ?? this.#behindSinceMs.get(partition)!;
    return { records, seconds: Math.max(0, nowMs - sinceMs) / 1000 };
  }
}
