/**
 * Partitions added by hand to topics in use, on a real Kafka with real processes: whoever runs says
 * what happened, what to do, and ends before households are split over old and new partitions; whoever
 * starts says it at once.
 */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { runKafkaTool } from "../../shared/services/kafka_java.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const NAMES = ["bridge", "predictions", "training"] as const;
const INPUTS = ["power", "device-state"];
const ADVICE = /stop all bridges and workers, run deno task topics grow --partitions 3, then start/;

async function grow(url: string): Promise<void> {
  const script = new URL("../../scripts/topics.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, "grow", "--log", url, "--partitions", "3"],
    stderr: "inherit",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stdout));
}

Deno.test("partitions added to input topics end whoever runs, and whoever starts, with what to do", async () => {
  const [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  const log = await openLog(kafka.url);
  const state = await Deno.makeTempDir();
  const workers: WorkerProcess[] = [];
  const start = (name: (typeof NAMES)[number]) => {
    const mqtt = name === "bridge" ? ["--mqtt", mosquitto.url, "--state", state] : [];
    const worker = startWorker(name, ["--log", kafka.url, ...mqtt]);
    workers.push(worker);
    return worker;
  };
  const alter = (topics: readonly string[]) =>
    Promise.all(topics.map((topic) =>
      runKafkaTool(kafka.runtime, {
        className: "org.apache.kafka.tools.TopicCommand",
        args: [
          ...["--bootstrap-server", kafka.url.replace("kafka://", "")],
          ...["--alter", "--topic", topic, "--partitions", "3"],
        ],
      })
    ));
  const endsWithAdvice = async (worker: WorkerProcess, message: RegExp) => {
    assert.equal(await worker.exit(), 1);
    const { error, code } = worker.lines.at(-1)!;
    assert.equal(code, "topic");
    assert.match(String(error), message);
    assert.match(String(error), ADVICE);
  };
  try {
    await log.createTopics(wattstreamTopics(2));
    const running = NAMES.map((name) => start(name));
    await Promise.all(running.map((worker) => worker.ready()));
    const appender = log.appender();
    const timestamp = Math.floor(Date.now() / 1000);
    const reading = { client_id: "home", username: "anna", timestamp, consumption: 1 };
    await appender.append([{ topic: "power", key: "home", value: JSON.stringify(reading) }]);
    await appender.close();
    // Each group has come somewhere, so each memory says of how many partitions it is.
    await eventually(async () => {
      for (const group of ["predictions", "training"]) {
        assert.equal((await log.groupMemory(group)).size, 1, group);
      }
    }, { deadlineMs: PATIENCE_MS });
    await alter(INPUTS);
    await Promise.all(running.map((worker) => endsWithAdvice(worker, /has 3/)));
    for (const name of NAMES) await endsWithAdvice(start(name), /power has 3.* has 2/);

    const memories = ["predictions-memory", "training-memory"];
    await alter(["predictions", "dataset2train", "dead-letter"]);
    for (const name of ["predictions", "training"] as const) {
      await endsWithAdvice(start(name), new RegExp(`power has 3, ${name}-memory has 2`));
    }
    await alter(memories);
    for (const name of ["predictions", "training"] as const) {
      await endsWithAdvice(start(name), /3 partitions, but the memory of .* is of 2/);
    }

    await grow(kafka.url);
    const again = NAMES.map((name) => start(name));
    await Promise.all(again.map((worker) => worker.ready()));
    for (const worker of again) assert.equal(await worker.stop(), 0);
  } finally {
    for (const worker of workers) await worker.end();
    await log.close();
    await Promise.all([kafka.stop(), mosquitto.stop()]);
    await Deno.remove(state, { recursive: true });
  }
});
