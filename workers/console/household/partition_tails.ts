/**
 * Follows the ends of partitions in which somebody watches a household: each once, however many watch,
 * and none where nobody does.
 */
import { messageOf } from "../../../shared/errors.ts";
import type { Log, LogRecord } from "../../../shared/log/log.ts";
import { pause } from "../../../shared/pause.ts";
import { HOUSEHOLD_TOPICS } from "./household_records.ts";

/** How soon a log that is away is asked again. */
const AGAIN_MS = 1000;

/** Who hears of the records of a partition. */
export interface TailListener {
  record(record: LogRecord): void;
  /** The log does not answer; it is asked again. */
  away(problem: string): void;
}

interface Tail {
  /** Resolves once it is known where it begins. */
  readonly started: Promise<void>;
  readonly listeners: Set<TailListener>;
  readonly stop: AbortController;
}

interface Follow {
  readonly partition: number;
  readonly listeners: ReadonlySet<TailListener>;
  readonly signal: AbortSignal;
}

export class PartitionTails {
  readonly #log: Log;
  readonly #tails = new Map<number, Tail>();
  /** Of those that nobody listens to any more too, until they have noticed. */
  readonly #running = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Partitions that are followed. */
  get count(): number {
    return this.#tails.size;
  }

  /**
   * Hears of what comes from now on, until what it resolves to is called: what is in the log by then
   * is for the caller to read.
   */
  async listen(partition: number, listener: TailListener): Promise<() => void> {
    const tail = this.#tails.get(partition) ?? this.#start(partition);
    tail.listeners.add(listener);
    await tail.started;
    return () => {
      tail.listeners.delete(listener);
      if (tail.listeners.size > 0) return;
      tail.stop.abort();
      if (this.#tails.get(partition) === tail) this.#tails.delete(partition);
    };
  }

  /** Resolves once nothing is read any more. */
  async close(): Promise<void> {
    for (const { stop } of this.#tails.values()) stop.abort();
    await Promise.all(this.#running);
  }

  #start(partition: number): Tail {
    const listeners = new Set<TailListener>();
    const stop = new AbortController();
    const started = Promise.withResolvers<void>();
    const follow = { partition, listeners, signal: stop.signal };
    const running = this.#run(follow, started.resolve).finally(() => {
      started.resolve();
      this.#running.delete(running);
    });
    this.#running.add(running);
    const tail = { listeners, stop, started: started.promise };
    this.#tails.set(partition, tail);
    return tail;
  }

  async #run(follow: Follow, onStart: () => void): Promise<void> {
    const ends = new Map<string, number>();
    await this.#trying(follow, async () => {
      for (const { name, partitions } of await this.#log.describe(Object.keys(HOUSEHOLD_TOPICS))) {
        ends.set(name, partitions[follow.partition]?.endOffset ?? 0);
      }
    });
    onStart();
    await Promise.all([...ends].map(([topic, end]) => this.#follow(topic, end, follow)));
  }

  /** From `end` on; where the log was away meanwhile, from the last record that came. */
  async #follow(topic: string, end: number, follow: Follow): Promise<void> {
    const { partition, listeners, signal } = follow;
    let next = end;
    while (!signal.aborted) {
      await this.#trying(follow, async () => {
        const [described] = await this.#log.describe([topic]);
        // Not before what retention has left.
        const from = described!.partitions.map(({ startOffset }) => Math.max(startOffset, next));
        const options = { topic, from, partitions: [partition], follow: true, signal };
        for await (const record of this.#log.read(options)) {
          next = record.offset + 1;
          for (const listener of listeners) listener.record(record);
        }
      });
    }
  }

  /** Until it has gone well once, or nobody listens any more. */
  async #trying({ listeners, signal }: Follow, body: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        return await body();
      } catch (error) {
        for (const listener of listeners) listener.away(messageOf(error));
        await pause(AGAIN_MS, signal);
      }
    }
  }
}
