import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { encodeEvent } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { UNWATCHED } from "../../shared/stream/task_observer.ts";
import { runTask } from "../../shared/stream/task_runner.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { look } from "../../shared/system/look.ts";
import { ratesBetween, type SystemRates } from "../../shared/system/rates.ts";
import { renderSystem } from "./render.ts";

const ENTRY = new URL("../top.ts", import.meta.url).pathname;
const START_S = 1_700_000_000;

Deno.test("look() and ratesBetween() tell of each task what it has read, and what it has not", async () => {
  await withSystem(async (log) => {
    await append(log, 0, 40);
    const before = await look(log, () => 1_000);
    const unread = before.workers[0]!;
    assert.equal(unread.worker, "predictions");
    assert.deepEqual(unread.tasks.map(({ task }) => task), [0, 1]);
    assert.equal(sum(unread.tasks.map(({ lag }) => lag)), 40);
    await runPredictions(log);
    const now = await look(log, () => 6_000);
    const [predictions, training] = ratesBetween(before, now).workers;
    assert.deepEqual(
      [predictions!.lag, predictions!.settled, predictions!.readPerS, predictions!.newestS],
      [0, 40, 8, START_S + 39],
    );
    assert.ok(predictions!.memoryBytes > 0);
    assert.deepEqual([training!.worker, training!.lag, training!.settled], ["training", 40, 0]);
    const power = ratesBetween(before, now).topics.find(({ topic }) => topic === POWER_TOPIC);
    assert.deepEqual([power!.records, power!.recordsPerS], [40, 0]);
    assert.equal(ratesBetween(now, now).workers[0]!.readPerS, 0);
  });
});

Deno.test("renderSystem() shows the tasks furthest behind, and how many it leaves out", async () => {
  await withSystem(async (log) => {
    await append(log, 0, 40);
    const now = await look(log, () => START_S * 1000);
    const text = renderSystem(ratesBetween(now, now), 1);
    const table = text.split("\n\n")[1]!.split("\n");
    assert.match(table[0]!, /^predictions +lag +read\/s/);
    assert.match(table[1]!, /^all 2 +40 /);
    const most = Math.max(...now.workers[0]!.tasks.map(({ lag }) => lag));
    assert.match(table[2]!, new RegExp(`^[01] +${most} `));
    assert.equal(table[3], "1 more");
    assert.doesNotMatch(table[0]!, /owner/);
  });
});

Deno.test("renderSystem() shows who runs a task, and that nobody does", async () => {
  await withSystem(async (log) => {
    const owners = new Map([[1, { member: "predictions-0", host: "10.1.2.3" }]]);
    const now = await look(
      {
        describe: (topics) => log.describe(topics),
        groupOffsets: (group) => log.groupOffsets(group),
        groupMemory: (group) => log.groupMemory(group),
        groupOwners: () => Promise.resolve(owners),
      },
      () => START_S * 1000,
    );
    const [, table] = renderSystem(ratesBetween(now, now), 2).split("\n\n");
    const lastCells = table!.split("\n").map((line) => line.split(/ {2,}/).at(-1));
    assert.deepEqual(lastCells, ["owner", "1 member", "nobody", "predictions-0 at 10.1.2.3"]);
  });
});

Deno.test("top --json prints one line of a log that is there, and says so where there is none", async () => {
  await withSystem(async (log, path) => {
    await append(log, 0, 5);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", ENTRY, ...args, "--json", "--interval", "100ms"],
        stdin: "null",
      }).output();
      const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out!, error: error! };
    };
    const { code, out, error } = await run("--log", `sqlite:${path}`);
    assert.equal(code, 0, error);
    assert.equal(out.trimEnd().split("\n").length, 1);
    const rates: SystemRates = JSON.parse(out);
    assert.deepEqual(rates.workers.map(({ worker, lag }) => [worker, lag]), [
      ["predictions", 5],
      ["training", 5],
      ["disaggregation", 0],
      ["publisher", 0],
    ]);
    const absent = await run("--log", `sqlite:${path}-not`);
    assert.equal(absent.code, 2);
    assert.match(absent.error, /Name a log that is there/);
  });
});

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

async function withSystem(body: (log: Log, path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-top-" });
  const path = `${folder}/log.db`;
  const log = await openLog(`sqlite:${path}`, { nowMs: () => (START_S + 60) * 1000 });
  try {
    await log.createTopics(wattstreamTopics(2));
    await body(log, path);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Readings of the seconds `[from, to)`, in turn of two households. */
async function append(log: Log, from: number, to: number): Promise<void> {
  const appender = log.appender();
  const readings = Array.from({ length: to - from }, (_, index) => ({
    client_id: `home-${index % 2}`,
    username: "anna",
    timestamp: START_S + from + index,
    consumption: 1,
  }));
  await appender.append(readings.map((reading) => ({
    topic: POWER_TOPIC,
    key: reading.client_id,
    value: encodeEvent(reading),
  })));
  await appender.close();
}

/** Until everything is read. */
async function runPredictions(log: Log): Promise<void> {
  const core = predictionsCore(DEFAULT_SEMANTICS);
  const settings = {
    ...DEFAULT_SEMANTICS,
    ...{ quietTimeoutMs: Infinity, partitionCount: 2, lostRecords: "stop" as const },
  };
  const parts = { core, settings, observer: UNWATCHED, nowMs: Date.now };
  const stop = new AbortController();
  const group = { group: core.name, inputs: core.inputs };
  const running = log.runTasks(group, (task, own) => runTask(task, parts, own), stop.signal);
  try {
    await eventually(async () => {
      const { workers } = await look(log, Date.now);
      assert.equal(sum(workers[0]!.tasks.map(({ lag }) => lag)), 0);
    }, { deadlineMs: PATIENCE_MS });
  } finally {
    stop.abort();
    await running;
  }
}
