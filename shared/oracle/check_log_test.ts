import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeadLetter, deadLetterPayload, encodeEvent } from "../events.ts";
import type { Log, LogRecord, NewRecord } from "../log/log.ts";
import { openLog } from "../log/open.ts";
import { partitionOf } from "../log/partition.ts";
import { TICK_HEADER, wattstreamTopics } from "../topics.ts";
import { checkLog, type LogCheck } from "./check_log.ts";
import type { ExpectedDeadLetter } from "./entries.ts";
import { expectPredictions, expectTraining } from "./oracle.ts";
import { DEFAULT_SEMANTICS, recordsIn } from "./semantics.ts";

const PARTITIONS = 3;
const HOUSEHOLDS = ["a", "b", "c", "d"];
/** Delay of every output behind the last input, ms. */
const WORK_MS = 30;

/** A log in a file of its own, whose append times are those of `clock`. */
async function withLog(
  use: (log: Log, clock: { ms: number }) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "wattstream-"));
  const clock = { ms: 1_000_000 };
  const log = await openLog(`sqlite:${join(directory, "log.db")}`, { nowMs: () => clock.ms });
  try {
    await log.createTopics(wattstreamTopics(PARTITIONS));
    await use(log, clock);
  } finally {
    await log.close();
    await rm(directory, { recursive: true });
  }
}

function reading(household: string, t: number): NewRecord {
  const event = { client_id: household, username: "user", timestamp: t, consumption: t };
  return { topic: "power", key: household, value: encodeEvent(event) };
}

function state(household: string, t: number): NewRecord {
  const event = {
    client_id: household,
    username: "user",
    timestamp: t,
    state_bitmap: [t % 2 === 0],
  };
  return { topic: "device-state", key: household, value: encodeEvent(event) };
}

/** Forty fused seconds of every household, some rubbish, and a tick in every partition. */
async function appendInputs(log: Log, clock: { ms: number }): Promise<void> {
  const appender = log.appender();
  for (let t = 1000; t < 1040; t++) {
    clock.ms = t * 1000;
    await appender.append(HOUSEHOLDS.map((household) => state(household, t)));
    await appender.append(HOUSEHOLDS.map((household) => reading(household, t)));
  }
  const elsewhere = (partitionOf("a", PARTITIONS) + 1) % PARTITIONS;
  await appender.append([
    reading("a", 1001),
    reading("b", 1039),
    reading("c", 2000),
    { topic: "power", key: "d", value: new Uint8Array([0xff]) },
    { ...reading("a", 1039), partition: elsewhere },
  ]);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const headers = { [TICK_HEADER]: "1" };
    await appender.append([{ topic: "power", key: null, value: null, partition, headers }]);
  }
  await appender.close();
}

async function recordsOf(log: Log, topic: string, partition: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read({ topic })) {
    if (record.partition === partition) records.push(record);
  }
  return records;
}

function deadLetter(
  source: string,
  { reason, ...place }: ExpectedDeadLetter,
  inputs: readonly LogRecord[],
): NewRecord {
  const record = inputs.find(({ topic, offset }) =>
    topic === place.topic && offset === place.offset
  )!;
  const letter: DeadLetter = {
    reason,
    source,
    error: "what is wrong",
    ...place,
    ...deadLetterPayload(record.value),
    received_at: record.appendMs,
  };
  return { topic: "dead-letter", key: record.key, value: JSON.stringify(letter) };
}

/** What workers without a fault append. */
async function outputsOf(log: Log): Promise<NewRecord[]> {
  const outputs: NewRecord[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const power = await recordsOf(log, "power", partition);
    const deviceState = await recordsOf(log, "device-state", partition);
    const inputs = { power, deviceState, partitionCount: PARTITIONS };
    const predictions = expectPredictions(inputs, DEFAULT_SEMANTICS);
    const training = expectTraining(inputs, DEFAULT_SEMANTICS);
    for (const { window } of predictions.windows) {
      outputs.push({ topic: "predictions", key: window.client_id, value: encodeEvent(window) });
    }
    for (const dataset of training.datasets) {
      outputs.push({ topic: "dataset2train", key: dataset.client_id, value: encodeEvent(dataset) });
    }
    const all = [...power, ...deviceState];
    for (const letter of predictions.deadLetters) {
      outputs.push(deadLetter("predictions", letter, all));
    }
    for (const letter of training.deadLetters) outputs.push(deadLetter("training", letter, all));
  }
  return outputs;
}

/** Appends the inputs, then what `alter` makes of the outputs that are due. */
async function fill(
  log: Log,
  clock: { ms: number },
  alter: (outputs: NewRecord[]) => NewRecord[] = (outputs) => outputs,
): Promise<void> {
  await appendInputs(log, clock);
  clock.ms += WORK_MS;
  await log.appender().append(alter(await outputsOf(log)));
}

/** Checks a log, and that it comes to the same when a few households are judged at a time. */
async function checkWhole(log: Log): Promise<LogCheck> {
  const check = await checkLog(log, DEFAULT_SEMANTICS);
  assert.deepEqual(await checkLog(log, DEFAULT_SEMANTICS, 30), check);
  return check;
}

// Forty readings at 1000 … 1039 lie in the windows that start at 986 … 1039.
const WINDOWS = HOUSEHOLDS.length * 54;

Deno.test("checkLog() finds nothing wrong with what workers without a fault append", async () => {
  await withLog(async (log, clock) => {
    await fill(log, clock);
    const check = await checkWhole(log);
    assert.deepEqual(check.correctness, {
      windows_expected: WINDOWS,
      windows_matching: WINDOWS,
      datasets_expected: 4,
      datasets_matching: 4,
      ascending_pct: 100,
      fused_pct: 100,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
    assert.deepEqual(check.log, {
      power: 165,
      device_state: 160,
      predictions: WINDOWS,
      dataset2train: 4,
      dead_letter: 8,
    });
    assert.deepEqual(check.deadLetters, {
      expected: 8,
      matching: 8,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
    const { predictions, training, total } = check.outcomes;
    assert.equal(recordsIn(predictions), 165 + PARTITIONS);
    assert.equal(recordsIn(training), 165 + 160 + PARTITIONS);
    assert.deepEqual(total, {
      used: 160 + 320,
      duplicate: 2,
      late: 2,
      partly_late: 0,
      future: 2,
      invalid: 4,
      unfused: 0,
      short: 0,
      tick: 2 * PARTITIONS,
      held: 0,
    });
    // Readings closed the windows from 986 (at 1006) to 1019 (at 1039); all were written after that.
    const { p50, p99 } = check.latency_ms.reading_to_window;
    assert.deepEqual([p50, p99], [16_000 + WORK_MS, 33_000 + WORK_MS]);
  });
});

type Four = [NewRecord, NewRecord, NewRecord, NewRecord];

Deno.test("checkLog() counts outputs lost, doubled, changed and of another user", async () => {
  await withLog(async (log, clock) => {
    await fill(log, clock, (outputs) => {
      const windows = outputs.filter(({ topic }) => topic === "predictions");
      const [lost, twice, changed, foreign] = windows as NewRecord[] as Four;
      const value = String(changed.value).replace('"consumption":[', '"consumption":[-');
      const others = String(foreign.value).replace('"user"', '"other"');
      const rest = outputs.filter((output) => ![lost, changed, foreign].includes(output));
      return [...rest, twice, { ...changed, value }, { ...foreign, value: others }];
    });
    const { correctness } = await checkWhole(log);
    assert.equal(correctness.windows_matching, WINDOWS - 3);
    const { lost, duplicated, unexpected } = correctness;
    assert.deepEqual({ lost, duplicated, unexpected }, { lost: 2, duplicated: 1, unexpected: 1 });
  });
});

Deno.test("checkLog() finds an output in another partition both lost and unexpected", async () => {
  await withLog(async (log, clock) => {
    await fill(log, clock, (outputs) => {
      const index = outputs.findIndex(({ topic }) => topic === "predictions");
      const { key } = outputs[index]!;
      const partition = (partitionOf(key!, PARTITIONS) + 1) % PARTITIONS;
      return outputs.map((output, i) => i === index ? { ...output, partition } : output);
    });
    const { correctness } = await checkWhole(log);
    assert.deepEqual([correctness.lost, correctness.unexpected], [1, 1]);
  });
});

Deno.test("checkLog() judges the dead letters of the two workers, and no others", async () => {
  await withLog(async (log, clock) => {
    await fill(log, clock, (outputs) => {
      const isLetter = ({ topic }: NewRecord) => topic === "dead-letter";
      const letters = outputs.filter(isLetter);
      const [lost, twice, untouched, wrong, ...rest] = letters;
      const edit = (output: NewRecord, fields: object) => ({
        ...output,
        value: JSON.stringify({ ...JSON.parse(String(output.value)), ...fields }),
      });
      return [
        ...outputs.filter((output) => !isLetter(output)),
        ...rest,
        untouched!,
        twice!,
        twice!,
        edit(wrong!, { payload: "something else" }),
        edit(lost!, { source: "bridge" }),
        edit(lost!, { offset: 9999 }),
      ];
    });
    const { deadLetters, log: counts } = await checkWhole(log);
    assert.deepEqual(deadLetters, {
      expected: 8,
      matching: 6,
      lost: 1,
      duplicated: 1,
      unexpected: 1,
    });
    assert.equal(counts.dead_letter, 10);
  });
});

Deno.test("checkLog() finds everything lost where no worker ran", async () => {
  await withLog(async (log, clock) => {
    await appendInputs(log, clock);
    const { correctness, deadLetters, latency_ms } = await checkWhole(log);
    assert.deepEqual([correctness.lost, correctness.fused_pct], [WINDOWS + 4, 0]);
    assert.deepEqual([deadLetters.expected, deadLetters.lost], [8, 8]);
    assert.equal(latency_ms.reading_to_window.p50, null);
  });
});

Deno.test("checkLog() says which topic is missing or has another number of partitions", async () => {
  await withLog(async (log) => {
    const [power, ...others] = wattstreamTopics(PARTITIONS);
    const described = await log.describe();
    const reader = (topics: typeof described) => ({
      describe: () => Promise.resolve(topics),
      read: log.read.bind(log),
    });
    const isPower = ({ name }: { name: string }) => name === power!.name;
    await assert.rejects(
      checkLog(reader(described.filter((topic) => !isPower(topic))), DEFAULT_SEMANTICS),
      { code: "topic", message: "Create the topics first, missing: power" },
    );
    const shrunk = described.map((topic) =>
      topic.name === others[1]!.name ? { ...topic, partitions: topic.partitions.slice(1) } : topic
    );
    await assert.rejects(
      checkLog(reader(shrunk), DEFAULT_SEMANTICS),
      {
        code: "topic",
        message: "Give topic predictions as many partitions as power (3): it has 2",
      },
    );
  });
});
