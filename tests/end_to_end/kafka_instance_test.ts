/** Replicas with a name (`--kafka-instance`) on a real Kafka, with real processes. */
import assert from "node:assert/strict";
import { look } from "../../shared/system/look.ts";
import { openLog } from "../../shared/log/open.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const PARTITIONS = 4;
const DEADLINE = { deadlineMs: PATIENCE_MS };
/** Longer than the test waits: who has its tasks within the deadline did not wait for the group. */
const SESSION_TIMEOUT = "300s";

Deno.test("a named replica that was killed has its tasks back, and no one else's, before its session ends", async () => {
  await using world = await startWorld();
  const first = world.start("predictions-0");
  await untilRecovered(first, PARTITIONS);
  const second = world.start("predictions-1");
  await untilRecovered(second, PARTITIONS / 2);
  const others = tasksOf(second);
  for (const [name, worker] of [["predictions-0", first], ["predictions-1", second]] as const) {
    assert.deepEqual(await world.tasksAtTop(name), tasksOf(worker));
  }
  await first.kill();
  const again = world.start("predictions-0");
  await untilRecovered(again, PARTITIONS / 2);
  assert.equal(new Set([...tasksOf(again), ...others]).size, PARTITIONS);
  assert.deepEqual(tasksOf(second), others, "the other's tasks stay where they are");
  // A named replica that is told to stop gives its tasks away like any other.
  assert.equal(await again.stop(), 0);
  await untilRecovered(second, PARTITIONS);
});

Deno.test("a replica whose name another one takes ends and says so", async () => {
  await using world = await startWorld();
  const first = world.start("predictions-0");
  await untilRecovered(first, PARTITIONS);
  const second = world.start("predictions-0");
  await untilRecovered(second, PARTITIONS);
  assert.equal(await first.exit(), 1);
  assert.match(
    JSON.stringify(first.lines.at(-1)),
    /--kafka-instance of its own: another process has joined group predictions as predictions-0/,
  );
});

interface World extends AsyncDisposable {
  /** The tasks of an owner, as \`deno task top\` has them. */
  tasksAtTop(owner: string): Promise<number[]>;
  start(instance: string): WorkerProcess;
}

async function startWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const kafka = await startKafka();
  opening.defer(() => kafka.stop());
  const log = await openLog(kafka.url);
  opening.defer(() => log.close());
  await log.createTopics(wattstreamTopics(PARTITIONS));
  const stack = opening.move();
  return {
    async tasksAtTop(owner) {
      const { workers } = await look(log, Date.now);
      const [predictions] = workers;
      return predictions!.tasks.filter((task) => task.owner?.member === owner)
        .map(({ task }) => task);
    },
    start(instance) {
      const flags = ["--kafka-instance", instance, "--kafka-session-timeout", SESSION_TIMEOUT];
      const worker = startWorker("predictions", ["--log", kafka.url, ...flags]);
      stack.defer(() => worker.end());
      return worker;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The tasks that it has recovered and not ended. */
function tasksOf(worker: WorkerProcess): number[] {
  const tasks = new Set<number>();
  for (const { message, partition } of worker.lines) {
    if (message === "task recovered") tasks.add(Number(partition));
    if (message === "task ended") tasks.delete(Number(partition));
  }
  return [...tasks].sort();
}

async function untilRecovered(worker: WorkerProcess, count: number): Promise<void> {
  await eventually(() => assert.equal(tasksOf(worker).length, count), DEADLINE);
}
