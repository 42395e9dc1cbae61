/** The judgement on small logs that real tasks have worked on, right ones and spoiled ones. */
import assert from "node:assert/strict";
import { WattstreamError } from "../../shared/errors.ts";
import { encodeEvent } from "../../shared/events.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { UNWATCHED } from "../../shared/stream/task_observer.ts";
import { runTask } from "../../shared/stream/task_runner.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { TICK_HEADER, wattstreamTopics } from "../../shared/topics.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import { judge, type RunFacts } from "./judgement.ts";
import { renderReport, reportSchema } from "./report.ts";

const SECONDS = 40;
const PARTITIONS = 2;

const END_S = 1_700_000_000;
const TICK = { topic: "power", key: null, value: null, headers: { [TICK_HEADER]: "test" } };

/** A log, and the clock that it stamps records with. */
interface Stage {
  readonly log: Log;
  readonly clock: { nowMs: number };
  readonly facts: RunFacts;
}

/** What a household sent in each second. */
function inputs(): NewRecord[][] {
  const names = { client_id: "household-1-1", username: "user-1" };
  return Array.from({ length: SECONDS }, (_, index) => {
    const timestamp = END_S - SECONDS + index;
    const reading = { ...names, timestamp, consumption: index };
    const state = { ...names, timestamp, state_bitmap: [index % 2 === 0] };
    return [
      { topic: "power", key: names.client_id, value: encodeEvent(reading) },
      { topic: "device-state", key: names.client_id, value: encodeEvent(state) },
    ];
  });
}

/** Appends each second's records in that second, and ticks at the end. */
async function appendInputs({ log, clock }: Stage, seconds: NewRecord[][]): Promise<void> {
  for (const [index, records] of seconds.entries()) {
    clock.nowMs = (END_S - SECONDS + index) * 1000;
    await append(log, records);
  }
  clock.nowMs = END_S * 1000;
  await append(log, Array.from({ length: PARTITIONS }, (_, partition) => ({ ...TICK, partition })));
  clock.nowMs += 10_000;
}

/** Runs both workers' tasks until they have processed everything. */
async function runTasks({ log, clock }: Stage): Promise<void> {
  const settings = {
    ...DEFAULT_SEMANTICS,
    quietTimeoutMs: 300_000,
    partitionCount: PARTITIONS,
    lostRecords: "stop" as const,
  };
  const stop = new AbortController();
  const run = (core: ReturnType<typeof predictionsCore> | ReturnType<typeof trainingCore>) =>
    log.runTasks(
      { group: core.name, inputs: core.inputs },
      (task, signal) =>
        runTask(
          task,
          { core: core as never, settings, observer: UNWATCHED, nowMs: () => clock.nowMs },
          signal,
        ),
      stop.signal,
    );
  const running = Promise.all([run(predictionsCore(settings)), run(trainingCore(settings))]);
  await eventually(async () => {
    for (const { records } of await groupLags(log)) assert.equal(records, 0);
  }, { deadlineMs: PATIENCE_MS });
  stop.abort();
  await running;
}

/** Gives `body` a log with the topics, and the facts of a run that published it all. */
async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = { nowMs: 0 };
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs: () => clock.nowMs });
  try {
    await log.createTopics(wattstreamTopics(PARTITIONS));
    const facts = {
      ...{ households: 1, durationS: SECONDS, broker: undefined },
      acknowledged: { readings: SECONDS, states: SECONDS },
      before: await log.describe(),
      takeLeft: () => Promise.resolve([]),
    };
    await body({ log, clock, facts });
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function append(log: Log, records: readonly NewRecord[]): Promise<void> {
  const appender = log.appender();
  await appender.append(records);
  await appender.close();
}

Deno.test("judge() finds nothing wrong where nothing is", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    await appendInputs(stage, inputs());
    await runTasks(stage);
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, facts);
    assert.deepEqual(problems, []);
    assert.deepEqual(reportSchema.parse(report), report);
    assert.equal(report.correctness.windows_matching, SECONDS + 14);
    assert.equal(report.correctness.datasets_matching, 1);
    assert.deepEqual([report.outcomes.used, report.outcomes.short], [3 * SECONDS, 0]);
    assert.equal(report.workers.predictions.tick, PARTITIONS);
    assert.equal(report.mqtt.received, 2 * SECONDS);
    assert.match(renderReport(report, problems), /windows +54, 54 of 54 as expected/);
  });
});

Deno.test("judge() says what the workers have not written", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    await appendInputs(stage, inputs());
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, facts);
    assert.equal(report.correctness.lost, SECONDS + 14 + 1);
    assert.deepEqual(problems, [
      "55 windows or datasets are lost: the log should hold them",
      "54 windows are not as the oracle has them",
      "1 datasets are not as the oracle has them",
      "the predictions worker has counted otherwise than the oracle: used 0 (40), tick 0 (2), " +
      "held 42 (0)",
      "the training worker has counted otherwise than the oracle: used 0 (80), tick 0 (2), " +
      "held 82 (0)",
      "the outcomes add up to 0, not to the 120 inputs",
    ]);
    assert.match(renderReport(report, problems), /^NOT CORRECT: 55 windows or datasets are lost/m);
  });
});

Deno.test("judge() misses publications that were acknowledged, whoever else published", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    const seconds = inputs();
    const other = { client_id: "my-home", username: "me", timestamp: END_S - 40, consumption: 1 };
    seconds[0] = [{ topic: "power", key: other.client_id, value: encodeEvent(other) }];
    seconds[4]!.push(seconds[4]![0]!);
    await appendInputs(stage, seconds);
    await runTasks(stage);
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, facts);
    assert.deepEqual(problems, ["2 publications are lost: acknowledged, but not in the log"]);
    assert.equal(report.correctness.lost, 2);
    assert.equal(report.outcomes.duplicate, 2);
  });
});

Deno.test("judge() keeps apart what is lost and what the broker still has", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    const seconds = inputs();
    const [missing] = seconds.splice(0, 1);
    await appendInputs(stage, seconds);
    await runTasks(stage);
    const encode = (text: unknown) => new TextEncoder().encode(text as string);
    // One of the two, and one that is in the log as well.
    const left = [missing![0]!.value, seconds[0]![0]!.value].map(encode);
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, {
      ...facts,
      takeLeft: () => Promise.resolve(left),
    });
    assert.deepEqual(problems, [
      "1 publications are lost: acknowledged, but not in the log",
      "the broker still had 1 publications for the bridge",
    ]);
    assert.equal(report.mqtt.left_in_broker, 1);
    assert.equal(report.correctness.lost, 1);
    assert.match(renderReport(report, problems), /broker +78 messages, 1 still in it/);
    assert.deepEqual(reportSchema.parse(report), report);
  });
});

Deno.test("judge() calls nothing lost that may still be in a broker that does not say", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    const seconds = inputs();
    seconds.shift();
    await appendInputs(stage, seconds);
    await runTasks(stage);
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, {
      ...facts,
      takeLeft: () => Promise.reject(new WattstreamError("unavailable", "no answer")),
    });
    assert.deepEqual(problems, [
      "2 publications did not come, and may still be in the broker: no answer",
    ]);
    assert.equal(report.mqtt.left_in_broker, 2);
    assert.equal(report.correctness.lost, 0);
  });
});

Deno.test("judge() names what was taken from the bridge, and counts what others lost", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    await appendInputs(stage, inputs());
    await runTasks(stage);
    const dropped = new Map([["bridge", 3], ["forgotten", 4]]);
    const judgeWith = (bridgeClientId: string) =>
      judge(log, DEFAULT_SEMANTICS, {
        ...facts,
        broker: { received: 2 * SECONDS, dropped, bridgeClientId },
      });
    const { report, problems } = await judgeWith("bridge");
    assert.deepEqual(report.mqtt, { received: 2 * SECONDS, left_in_broker: 0, dropped: 7 });
    assert.deepEqual(problems, [
      "3 messages for the bridge are lost: another client took its session",
    ]);
    assert.deepEqual((await judgeWith("another")).problems, []);
  });
});

Deno.test("judge() sees outputs and dead letters that are doubled, wrong or unasked for", async () => {
  await onStage(async (stage) => {
    const { log, facts } = stage;
    await appendInputs(stage, inputs());
    await runTasks(stage);
    const windows = [];
    for await (const record of log.read({ topic: "predictions" })) windows.push(record);
    const { topic, key, value } = windows[0]!;
    const unasked = JSON.parse(new TextDecoder().decode(value!));
    unasked.window_start += 1_000_000;
    unasked.timestamps = [2, 1];
    const letter = JSON.stringify(
      {
        ...{ reason: "late", source: "training", error: "", topic: "power", partition: 0 },
        ...{ offset: 0, payload: "", received_at: 0 },
      },
    );
    await append(log, [
      { topic, key, value },
      { topic, key, value: JSON.stringify(unasked) },
      { topic: "dead-letter", key, value: letter },
    ]);
    const { report, problems } = await judge(log, DEFAULT_SEMANTICS, facts);
    assert.equal(report.correctness.duplicated, 1);
    assert.equal(problems.length, 4);
    for (
      const [index, problem] of [
        /^1 windows or datasets are there twice$/,
        /^1 windows or datasets should not be there$/,
        /^98\.\d+ % of the windows and datasets are in order$/,
        /^1 dead letters should not be there$/,
      ].entries()
    ) assert.match(problems[index]!, problem);
  });
});

Deno.test("judge() leaves the outcomes out where a household has been erased since", async () => {
  await onStage(async (stage) => {
    const { facts, log } = stage;
    await appendInputs(stage, inputs());
    await runTasks(stage);
    const erased: Log = Object.assign(Object.create(log), {
      describe: (topics?: readonly string[]) => log.describe(topics),
      groupMemory: (group: string) => log.groupMemory(group),
      async *read(options: Parameters<Log["read"]>[0]) {
        // The ticks are nobody's.
        for await (const record of log.read(options)) if (record.key === null) yield record;
      },
    });
    const judged = await judge(erased, DEFAULT_SEMANTICS, { ...facts, isDense: true });
    assert.match(judged.notes.join(), new RegExp(`${2 * SECONDS} inputs .* no longer in the log`));
    assert.ok(!judged.problems.some((problem) => /counted otherwise|add up/.test(problem)));
    const whole = await judge(log, DEFAULT_SEMANTICS, { ...facts, isDense: true });
    assert.deepEqual([whole.notes, whole.problems], [[], []]);
  });
});
