/**
 * Records that are gone before the workers have read them, or while they still need them: with real
 * processes, removed by hand from SQLite's file and by Kafka's DeleteRecords. The workers stop and say
 * what to do; told to skip, they go on, and the oracle agrees with what comes.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { removeBefore } from "../../shared/log/kafka/testing/remove_records.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { expectPredictions, expectTraining } from "../../shared/oracle/oracle.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { recordCount } from "../../shared/stream/outcomes.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/stream/task_memory.ts";
import { TICK_HEADER, wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const START_S = Math.floor(Date.now() / 1000) - 1000;
const WORKERS = {
  predictions: { inputs: ["power"], output: "predictions" },
  training: { inputs: ["device-state", "power"], output: "dataset2train" },
} as const;
type Name = keyof typeof WORKERS;

/*
 *   second         0 ……………………… 100 (committed) ……………………… 300
 *   power          ────────removed───────────────│ 160 …
 *   device-state   ──removed──│ 70 …
 */
Deno.test("SQLite: workers go on without what was removed from the file, where they are to skip", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/log.db`;
  // A second from one append to the next, as the events have it.
  let nowMs = START_S * 1000;
  const log = await openLog(`sqlite:${path}`, { nowMs: () => nowMs += 500 });
  try {
    await log.createTopics(wattstreamTopics(1));
    await check(log, `sqlite:${path}`, async () => {
      await append(log, [tick()]);
      removeRows(path, "power", 160);
      removeRows(path, "device-state", 70);
    });
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});

/** As a person does who wants room: retention itself leaves what a worker has not read. */
function removeRows(path: string, topic: string, beforeOffset: number): void {
  const db = new DatabaseSync(path);
  const id = db.prepare("select id from topics where name = ?").get(topic)!.id as number;
  db.prepare("delete from records where topic = ? and offset < ?").run(id, beforeOffset);
  db.prepare("update partitions set start_offset = ? where topic = ?").run(beforeOffset, id);
  db.close();
}

Deno.test("Kafka: workers go on without records that were deleted, where they are to skip", async () => {
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics(1));
    await check(log, kafka.url, async () => {
      await append(log, [tick()]);
      await removeBefore(kafka, "power", 160);
      await removeBefore(kafka, "device-state", 70);
    });
  } finally {
    await log.close();
    await kafka.stop();
  }
});

async function check(log: Log, url: string, remove: () => Promise<void>): Promise<void> {
  const workers: WorkerProcess[] = [];
  const start = (name: Name, ...args: string[]) => {
    const worker = startWorker(name, ["--log", url, ...args]);
    workers.push(worker);
    return worker;
  };
  const names = Object.keys(WORKERS) as Name[];
  try {
    await append(log, seconds(0, 100));
    await run(log, names.map((name) => start(name)));
    const before = await Promise.all(names.map((name) => standing(log, name)));
    await append(log, seconds(100, 300));
    await remove();
    const first = { power: await startOf(log, "power"), state: await startOf(log, "device-state") };
    assert.ok(first.power > 100 && first.state > 0 && first.state < 100, JSON.stringify(first));

    for (const name of names) {
      const stopped = start(name);
      assert.equal(await stopped.exit(), 1);
      const { error, code } = stopped.lines.at(-1)!;
      assert.equal(code, "retention");
      assert.match(String(error), /(power|device-state).*start with --lost-records skip/);
    }
    const skipping = names.map((name) => start(name, "--lost-records", "skip"));
    const lost = await run(
      log,
      skipping,
      (worker) => worker.metric("wattstream_lost_records_total"),
    );
    for (const [index, name] of names.entries()) {
      const { checkpoint, outputs } = before[index]!;
      const lines = skipping[index]!.lines.filter(({ message }) => /^lost records/.test(message));
      const ranges = WORKERS[name].inputs.map((topic, input) => ({
        topic,
        partition: 0,
        from: checkpoint.rewind[input],
        to: topic === "power" ? first.power : first.state,
        unread: topic === "power" ? first.power - 100 : 0,
      }));
      assert.deepEqual(
        lines.map(({ topic, partition, from, to, unread }) => ({
          ...{ topic, partition, from, to, unread },
        })),
        ranges,
      );
      assert.equal(lost[index], ranges.reduce((sum, { from, to }) => sum + to - from!, 0));
      const after = await standing(log, name);
      assert.deepEqual(after.outputs.slice(0, outputs.length), outputs);
      assert.deepEqual(
        after.outputs.slice(outputs.length).sort(),
        (await expected(log, name, checkpoint)).sort(),
      );
      // Every record of the two topics has one outcome.
      const ends = WORKERS[name].inputs.map((topic) => endOf(log, topic));
      const inputs = (await Promise.all(ends)).reduce((sum, end) => sum + end, 0);
      assert.equal(recordCount(after.checkpoint.outcomes) + after.checkpoint.held!, inputs);
    }
  } finally {
    for (const worker of workers) await worker.end();
  }
}

/** Lets workers process all that there is, asks each something, and stops them. */
async function run<T>(
  log: Log,
  workers: readonly WorkerProcess[],
  ask: (worker: WorkerProcess) => Promise<T> | undefined = () => undefined,
): Promise<(T | undefined)[]> {
  await eventually(async () => {
    for (const lag of await groupLags(log)) assert.equal(lag.records, 0, JSON.stringify(lag));
  }, DEADLINE);
  const answers = await Promise.all(workers.map((worker) => ask(worker)));
  for (const worker of workers) assert.equal(await worker.stop(), 0);
  return answers;
}

/** The checkpoint of a worker's task, and what it has emitted. */
async function standing(
  log: Log,
  name: Name,
): Promise<{ checkpoint: Checkpoint; outputs: string[] }> {
  const checkpoint = decodeCheckpoint((await log.groupMemory(name)).get(0)!)!;
  const outputs = (await read(log, WORKERS[name].output)).map(({ value }) =>
    new TextDecoder().decode(value!)
  );
  return { checkpoint, outputs };
}

/** What the oracle makes of the records that are left. */
async function expected(log: Log, name: Name, { offsets, newestS }: Checkpoint): Promise<string[]> {
  const left = async (topic: string, input: number) =>
    (await read(log, topic)).filter(({ offset }) => offset >= offsets[input]!);
  const rules = { partitionCount: 1, lostUpToS: newestS! };
  if (name === "predictions") {
    const power = await left("power", 0);
    return expectPredictions({ power, ...rules }, DEFAULT_SEMANTICS).windows
      .map(({ window }) => JSON.stringify(window));
  }
  const [deviceState, power] = [await left("device-state", 0), await left("power", 1)];
  const { datasets } = expectTraining({ power, deviceState, ...rules }, DEFAULT_SEMANTICS);
  assert.equal(datasets.length, 1, "there is a dataset after the loss");
  return datasets.map((dataset) => JSON.stringify(dataset));
}

/** A state and a reading of each of these seconds. */
function seconds(from: number, to: number) {
  return Array.from({ length: to - from }, (_, index) => {
    const identity = { client_id: "home", username: "anna", timestamp: START_S + from + index };
    return [
      { topic: "device-state", value: { ...identity, state_bitmap: [index % 2 === 0] } },
      { topic: "power", value: { ...identity, consumption: index } },
    ].map(({ topic, value }) => ({ topic, key: "home", value: JSON.stringify(value) }));
  });
}

function tick() {
  const headers = { [TICK_HEADER]: "test" };
  return [{ topic: "power", partition: 0, key: null, value: null, headers }];
}

/** Appends a second at a time, so that the order of the two topics is that of their append times. */
async function append(log: Log, parts: ReturnType<typeof seconds> | ReturnType<typeof tick>[]) {
  const appender = log.appender();
  for (const records of parts) await appender.append(records);
  await appender.close();
}

function read(log: Log, topic: string): Promise<LogRecord[]> {
  return Array.fromAsync(log.read({ topic }));
}

async function startOf(log: Log, topic: string): Promise<number> {
  return (await log.describe([topic]))[0]!.partitions[0]!.startOffset;
}

async function endOf(log: Log, topic: string): Promise<number> {
  return (await log.describe([topic]))[0]!.partitions[0]!.endOffset;
}
