import assert from "node:assert/strict";
import { trainingCore } from "../../workers/training/core.ts";
import type { LogRecord, NewRecord, TaskCommit } from "../log/log.ts";
import { WattstreamError } from "../errors.ts";
import { DEFAULT_SEMANTICS } from "../oracle/semantics.ts";
import { InputLog } from "../testing/input_log.ts";
import { FetchedRecords } from "../log/record_places.ts";
import { type LogSnapshot, SimulatedTaskLog } from "../testing/simulated_task_log.ts";
import { TICK_HEADER } from "../topics.ts";
import { UNWATCHED } from "./task_observer.ts";
import { runTask } from "./task_runner.ts";

const QUIET_MS = 300_000;

/** A log that goes on after its last record, and stops the task when `until` says so. */
class LongLog extends SimulatedTaskLog {
  readonly stop = new AbortController();
  readonly commits: TaskCommit[] = [];
  writeCount = 0;
  fetchCount = 0;
  /** Each fetch moves the clock by half of what it may. */
  random = 0.5;
  #until: (log: LongLog) => boolean;

  constructor(
    inputs: readonly (readonly LogRecord[])[],
    until: (log: LongLog) => boolean,
    start?: LogSnapshot,
    starts: readonly number[] = [0, 0],
  ) {
    super({ partition: 0, inputs, random: () => this.random, starts, ...(start && { start }) });
    this.#until = until;
  }

  /** Lets all records have arrived long ago, and the clock stand. */
  freeze(): void {
    this.nowMs += 1e9;
    this.random = 0.75;
  }

  override async fetch(offsets: readonly (number | undefined)[]) {
    this.fetchCount++;
    const fetched = await super.fetch(offsets);
    if (this.#until(this)) this.stop.abort();
    return fetched;
  }

  override write(records: readonly NewRecord[]): Promise<void> {
    this.writeCount++;
    return super.write(records);
  }

  override commit(commit: TaskCommit): Promise<void> {
    this.commits.push(commit);
    return super.commit(commit);
  }
}

function runTraining(log: LongLog, lostRecords: "stop" | "skip" = "stop"): Promise<void> {
  const settings = {
    ...DEFAULT_SEMANTICS,
    quietTimeoutMs: QUIET_MS,
    partitionCount: 1,
    lostRecords,
  };
  const core = trainingCore(DEFAULT_SEMANTICS);
  const parts = { core, settings, observer: UNWATCHED, nowMs: () => log.nowMs };
  return runTask(log, parts, log.stop.signal);
}

const ticksIn = (log: LongLog) =>
  log.outputs.filter((record) => record.headers?.[TICK_HEADER] !== undefined);

Deno.test("runTask() appends one tick after each quiet-timeout with something open", async () => {
  const input = new InputLog().reading(100);
  const log = new LongLog(
    [input.deviceState, input.power],
    ({ nowMs }) => nowMs > 100_000 + 2.5 * QUIET_MS,
  );
  await runTraining(log);
  assert.equal(ticksIn(log).length, 2);
  const [tick] = ticksIn(log);
  assert.deepEqual([tick!.topic, tick!.partition, tick!.key, tick!.value], [
    "power",
    0,
    null,
    null,
  ]);
});

Deno.test("runTask() appends no tick where nothing is open", async () => {
  const input = new InputLog().reading(100).tick();
  const log = new LongLog(
    [input.deviceState, input.power],
    ({ nowMs }) => nowMs > 100_000 + 3 * QUIET_MS,
  );
  await runTraining(log);
  assert.equal(ticksIn(log).length, 0);
});

Deno.test("runTask() commits what it has when it is stopped, and nothing after", async () => {
  for (const isFrozen of [false, true]) {
    const input = new InputLog().readings(100, 150);
    const log = new LongLog([input.deviceState, input.power], ({ fetchCount }) => fetchCount === 5);
    if (isFrozen) log.freeze();
    await runTraining(log);
    assert.equal(log.fetchCount, 5);
    if (isFrozen) assert.equal(log.commits.length, 1);
    const processed = log.commits.at(-1)!.offsets[1]!;
    assert.ok(processed > 0 && processed < 51, `stopped at ${processed}`);
  }
});

Deno.test("runTask() makes one transaction of many batches while it is behind", async () => {
  const input = new InputLog();
  for (let second = 100; second < 160; second++) input.fused(second, second);
  input.readings(200, 210);
  const log = new LongLog(
    [input.deviceState, input.power],
    ({ done }) => done.signal.aborted,
  );
  log.freeze();
  await runTraining(log);
  assert.equal(log.commits.length, 1);
  assert.ok(log.writeCount > 20, `${log.writeCount} writes`);
  assert.equal(log.outputs.length, 1);
  assert.deepEqual(log.commits[0]!.offsets, [60, 71]);
});

Deno.test("runTask() gives up when a commit is refused", async () => {
  const input = new InputLog().reading(100);
  const log = new LongLog([input.deviceState, input.power], () => false);
  log.commit = () => Promise.reject(new WattstreamError("fenced", "another owner"));
  await assert.rejects(runTraining(log), { code: "fenced" });
});

Deno.test("runTask() goes on from its memory where the log has forgotten the committed offsets", async () => {
  const input = new InputLog();
  // The session of one is held, and so the rewind point stays, while those of the other come out.
  for (let second = 100; second < 260; second++) {
    input.fused(second, second, { household: "held" });
    if (second % 50 < 40) input.fused(second, second, { household: "cut" });
  }
  input.tick();
  const inputs = [input.deviceState, input.power];
  const whole = new LongLog(inputs, (log) => log.done.signal.aborted);
  await runTraining(whole);
  assert.equal(whole.outputs.length, 4);
  for (const start of whole.snapshots.slice(0, -1)) {
    // As a group's coordinator answers that has not loaded them yet.
    const log = new LongLog(inputs, ({ done }) => done.signal.aborted, {
      ...start,
      offsets: [0, 0],
    });
    await runTraining(log);
    const outputs = [...whole.outputs.slice(0, start.outputCount), ...log.outputs];
    assert.deepEqual(outputs.map(({ value }) => value), whole.outputs.map(({ value }) => value));
  }
});

/*
 *   power, state   100 ■ … some │ up to offset 150 removed while it runs │ 250 ■ … ■ 359  tick
 *   datasets       none of the session that was open                       [250, 359]
 */
Deno.test("runTask() goes on without what is removed before its turn, where it is to skip", async () => {
  const input = new InputLog().fused(100, 359).tick();
  const inputs = [input.deviceState, input.power];
  const starts = [0, 0];
  const remove = (log: LongLog) => {
    if ((log.commits.at(-1)?.offsets[1] ?? 0) >= 20) starts.fill(150);
    return log.done.signal.aborted;
  };
  await assert.rejects(
    runTraining(new LongLog(inputs, remove, undefined, starts)),
    { code: "retention", message: /--lost-records skip$/ },
  );
  starts.fill(0);
  const log = new LongLog(inputs, remove, undefined, starts);
  await runTraining(log, "skip");
  const [dataset, ...others] = log.outputs.map(({ value }) => JSON.parse(value as string));
  assert.deepEqual(others, []);
  assert.deepEqual([dataset.session_start, dataset.session_end], [250, 359]);
  const { outcomes, held } = JSON.parse(log.commits.at(-1)!.memory.get("task")!);
  assert.deepEqual([outcomes.lost, outcomes.used, outcomes.tick, held], [300, 220, 1, 0]);
});

Deno.test("runTask() does not take an offset that was never there for a lost one", async () => {
  const log = new LongLog([[], []], () => false);
  log.fetch = () => Promise.reject(new WattstreamError("retention", "offset 7 is not held"));
  await assert.rejects(runTraining(log, "skip"), { code: "retention" });
});

Deno.test("runTask() refuses a memory that is not its own", async () => {
  const log = new LongLog([[], []], () => true);
  log.loadMemory = () => Promise.resolve(new Map([["task", "{}"]]));
  await assert.rejects(runTraining(log), /rewind/);
});

/** A log where a place that is no record comes last, and with a fetch of its own, as on Kafka. */
class MarkedLog extends LongLog {
  readonly #end: number;

  constructor(inputs: readonly [readonly LogRecord[], readonly LogRecord[]]) {
    super(inputs, ({ nowMs }) => nowMs > 100_000 + QUIET_MS / 2);
    this.#end = inputs[1].at(-1)!.offset + 1;
  }

  override async fetch(offsets: readonly (number | undefined)[]) {
    const fetched = await super.fetch(offsets);
    return fetched.map((batch, input) => {
      if (input === 0 || batch === undefined || batch.nextOffset !== this.#end) return batch;
      const isMarker = offsets[input] === this.#end;
      return new FetchedRecords(batch.places, {
        nextOffset: isMarker ? this.#end + 1 : this.#end,
        atEndMs: isMarker ? this.nowMs : undefined,
      });
    });
  }
}

Deno.test("runTask() commits past what comes after the last record, whenever that was committed", async () => {
  for (let count = 1; count <= 12; count++) {
    const input = new InputLog().readings(100, 99 + count);
    const log = new MarkedLog([input.deviceState, input.power]);
    await runTraining(log);
    const end = input.power.at(-1)!.offset + 2;
    assert.equal(log.commits.at(-1)!.offsets[1], end, `${count} readings`);
    const last = log.commits.filter(({ offsets }) => offsets[1] === end);
    assert.equal(last.length, 1, `${count} readings: it is committed once`);
  }
});
