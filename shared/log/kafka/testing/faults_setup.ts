/** What tests of faults have in common: a cluster, records that come in, and processes that copy them. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../eventually.ts";
import { type Kafka, startKafka } from "../../../services/kafka.ts";
import type { Log, LogRecord } from "../../log.ts";
import { openKafkaLog } from "../kafka_log.ts";

export const PARTITIONS = 4;
/** Some hundred records a second: enough that something is always under way. */
const FEED_RECORDS = 20;
const FEED_PAUSE_MS = 30;
const WORKER = new URL("../testdata/copy_worker.ts", import.meta.url).pathname;

export async function startWorld(brokers: 1 | 3): Promise<World> {
  const kafka = await startKafka({ brokers });
  const log = await openKafkaLog(kafka.url, { nowMs: Date.now, patienceMs: PATIENCE_MS });
  await log.createTopics([
    { name: "in", partitions: PARTITIONS, logAppendTime: true },
    { name: "out", partitions: PARTITIONS },
  ]);
  return new World(kafka, log);
}

/** A cluster with an input, an output, and workers that copy. */
export class World {
  readonly kafka: Kafka;
  readonly #log: Log;
  readonly #workers: CopyWorker[] = [];

  constructor(kafka: Kafka, log: Log) {
    this.kafka = kafka;
    this.#log = log;
  }

  startWorker(): CopyWorker {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", WORKER, this.kafka.url, "copiers", "in", "out"],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    });
    const worker = new CopyWorker(command.spawn());
    this.#workers.push(worker);
    return worker;
  }

  /** Appends records, little by little, until it is stopped. */
  feed(): { stop(): Promise<void> } {
    let isStopped = false;
    const feeding = (async () => {
      const appender = this.#log.appender();
      for (let next = 0; !isStopped; next += FEED_RECORDS) {
        const values = Array.from({ length: FEED_RECORDS }, (_, index) => `${next + index}`);
        await appender.append(
          values.map((value) => ({ topic: "in", key: `key-${Number(value) % 50}`, value })),
        );
        await new Promise((resolve) => setTimeout(resolve, FEED_PAUSE_MS));
      }
      await appender.close();
    })();
    // Whoever stops it hears of a failure.
    feeding.catch(() => {});
    return {
      stop: () => {
        isStopped = true;
        return feeding;
      },
    };
  }

  /** Resolves once the output holds what the input holds. @throws when it holds anything twice. */
  async untilCopied(): Promise<void> {
    const wanted = (await this.#places("in", ({ partition, offset }) => `${partition}/${offset}`))
      .toSorted();
    await eventually(async () => {
      const found = await this.#places("out", ({ headers }) => headers.from!);
      const counts = Map.groupBy(found, (value) => value);
      const twice = [...counts].filter(([, each]) => each.length > 1).map(([value]) => value);
      assert.deepEqual(twice, [], "copied twice");
      assert.equal(found.length, wanted.length);
      assert.deepEqual(found.toSorted(), wanted);
    }, { deadlineMs: PATIENCE_MS, intervalMs: 500 });
  }

  /** Where each record stands in the input, or came from. */
  async #places(topic: string, place: (record: LogRecord) => string): Promise<string[]> {
    return await Array.fromAsync(this.#log.read({ topic }), place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.kill();
    await this.#log.close();
    await this.kafka.stop();
  }
}

/** A process of `copy_worker.ts`. */
export class CopyWorker {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #lines: string[] = [];
  #isEnded = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
    void child.status.then(() => this.#isEnded = true);
  }

  /** Resolves at the next line that matches. */
  async until(pattern: RegExp): Promise<void> {
    const from = this.#lines.length;
    await eventually(() => {
      const news = this.#lines.slice(from);
      assert.ok(
        news.some((line) => pattern.test(line)),
        `${pattern} after ${this.#lines.slice(-20).join("; ")}`,
      );
    }, { deadlineMs: PATIENCE_MS });
  }

  /** The tasks that it runs, as far as it has said. */
  owned(): Set<string> {
    const owned = new Set<string>();
    for (const line of this.#lines) {
      const [event, task] = line.split(" ") as [string, string];
      if (event === "assigned") owned.add(task);
      if (event === "ended") owned.delete(task);
    }
    return owned;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (!this.#isEnded) this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#reading;
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      this.#lines.push(...parts);
    }
  }
}
