import { seededRandom } from "../../shared/testing/seeded_random.ts";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { eventually } from "../../shared/eventually.ts";
import type { PartitionDescription, TopicDescription } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DATASET_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import {
  assertCorrect,
  DEADLINE,
  DevProcess,
  inFolder,
  isAlive,
  readReport,
  TaskProcess,
} from "./dev_process.ts";

/** Sessions of a few seconds are datasets, so that a short run has some. */
const SHORT_SESSIONS = ["--min-duration", "3s"];
/** Three of ten cycles have a publication swapped with its neighbour. */
const MANY_SWAPS = { WATTSTREAM_SWAP_PROBABILITY: "0.3" };

Deno.test("deno task dev ends by itself and proves that all is right", async () => {
  await inFolder(async (folder) => {
    const dev = new DevProcess([
      ...["--households", "20", "--duration", "12s", "--seed", "7", "--report", `${folder}/r.json`],
      ...SHORT_SESSIONS,
    ]);
    try {
      assert.equal(await dev.exit(), 0, dev.output);
      const report = await readReport(`${folder}/r.json`);
      assertCorrect(report);
      assert.equal(report.households, 20);
      assert.ok(report.duration_s >= 12, `${report.duration_s} s`);
      assert.equal(report.correctness.fused_pct, 100);
      assert.ok(report.correctness.windows_expected > 100);
      assert.ok(report.correctness.datasets_expected > 0);
      assert.equal(report.log.power, report.simulated.readings);
      assert.equal(report.log.device_state, report.simulated.states);
      assert.equal(report.mqtt.received, report.simulated.readings + report.simulated.states);
      // Tells wrong clocks and units from right ones, not slow machines from quick ones.
      const medianMs = report.latency_ms.reading_to_window.p50!;
      assert.ok(medianMs > 0 && medianMs < 60_000, `${medianMs} ms`);
      assert.match(
        dev.output,
        /^0:\d\d of 0:12: households 20, readings \d+ \(\d+\.\d\/s\), windows/m,
      );
      assert.match(dev.output, /^Correct: nothing is lost or doubled/m);
      assert.equal(existsSync(dev.logUrl.slice("sqlite:".length)), false, "its folder is removed");
      assert.equal(dev.allPids.length, 7);
      assert.ok(report.disaggregation!.models_expected > 0);
      for (const pid of dev.allPids) assert.equal(isAlive(pid), false);
    } finally {
      await dev.end();
    }
  });
});

Deno.test("deno task dev stays correct while its workers are killed again and again", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  // deno-lint-ignore no-console -- replays the kills and the households.
  console.log(`seed ${seed}`);
  await inFolder(async (folder) => {
    const dev = new DevProcess([
      ...["--households", "20", "--seed", String(seed)],
      ...["--data", folder, "--report", `${folder}/r.json`, ...SHORT_SESSIONS],
    ], { env: MANY_SWAPS });
    try {
      await dev.running();
      await Promise.all(
        KILLED.map((worker, index) => killAgainAndAgain(dev, worker, seed + 1 + index)),
      );
      await untilSome(dev, DATASET_TOPIC, ({ endOffset }) => endOffset > 0);
      dev.interrupt();
      await dev.until(/^ending: /m);
      // In the middle of the drain: it comes back, and the drain comes to its end.
      dev.killWorker("predictions");
      assert.equal(await dev.exit(), 0, dev.output);
      const report = await readReport(`${folder}/r.json`);
      assertCorrect(report);
      assert.equal(report.correctness.fused_pct, 100);
      assert.ok(report.correctness.datasets_expected > 0);
      assert.ok(report.log.power >= report.simulated.readings);
      for (const worker of KILLED) {
        assert.ok(dev.restartsOf(worker) >= KILLS, `${worker}: ${dev.restartsOf(worker)} restarts`);
      }
    } finally {
      await dev.end();
    }
  });
});

/** Resolves once a partition of the topic is like that. */
async function untilSome(
  dev: DevProcess,
  topic: string,
  isSo: (partition: PartitionDescription) => boolean,
): Promise<void> {
  const log = await openLog(dev.logUrl);
  try {
    await eventually(async () => {
      const [{ partitions }] = await log.describe([topic]) as [TopicDescription];
      assert.ok(partitions.some(isSo), JSON.stringify(partitions));
    }, DEADLINE);
  } finally {
    await log.close();
  }
}

const KILLED = ["bridge", "predictions", "training", "disaggregation", "publisher"] as const;
const KILLS = 3;
/** Longest time from the start of a worker until it is killed. */
const LIFE_MS_MAX = 3_000;

/** Kills a worker some time after it has started, and again once it has been started again. */
async function killAgainAndAgain(
  dev: DevProcess,
  worker: typeof KILLED[number],
  seed: number,
): Promise<void> {
  const random = seededRandom(seed);
  for (let kill = 0; kill < KILLS; kill++) {
    await eventually(() => assert.equal(dev.restartsOf(worker), kill), DEADLINE);
    await new Promise((resolve) => setTimeout(resolve, random() * LIFE_MS_MAX));
    dev.killWorker(worker);
  }
  await eventually(() => assert.equal(dev.restartsOf(worker), KILLS), DEADLINE);
}

Deno.test("deno task dev goes on from the run before it, and not beside one", async () => {
  await inFolder(async (folder) => {
    const first = new DevProcess(["--households", "5", "--data", folder]);
    try {
      await first.running();
      const second = new DevProcess(["--households", "5", "--data", folder]);
      assert.equal(await second.exit(), 1);
      assert.match(second.output, /^dev: Wait for the other deno task dev that is running on/m);
      await first.until(/readings [1-9]/);

      // Held up, so that the drain does not come to its end.
      Deno.kill(first.pidOf("training"), "SIGSTOP");
      first.interrupt();
      await first.until(/^ending: windows and datasets/m);
      assert.equal(await interruptUntilExit(first), 130, first.output);
      for (const pid of first.allPids) assert.equal(isAlive(pid), false);

      const next = new DevProcess([
        ...["--households", "5", "--data", folder, "--duration", "4s"],
        ...["--report", `${folder}/r.json`],
      ]);
      assert.equal(await next.exit(), 0, next.output);
      const report = await readReport(`${folder}/r.json`);
      assertCorrect(report);
      assert.ok(report.log.power > report.simulated.readings, "both runs are in the log");
    } finally {
      await first.end();
    }
  });
});

Deno.test("deno task dev keeps a log as long as it is told, and judges what is left", async () => {
  await inFolder(async (folder) => {
    const dev = new DevProcess([
      ...["--households", "10", "--retention", "20s", "--max-ahead", "1s", "--idle-timeout", "5s"],
      ...["--data", folder, "--report", `${folder}/r.json`],
    ]);
    try {
      await dev.running();
      await untilSome(dev, POWER_TOPIC, ({ startOffset }) => startOffset > 0);
      dev.interrupt();
      assert.equal(await dev.exit(), 0, dev.output);
      assert.match(dev.output, /^The oldest records are removed/m);
      const { log, simulated, correctness } = await readReport(`${folder}/r.json`);
      assert.ok(log.power < simulated.readings, "some are gone");
      assert.ok(correctness.windows_matching > 0);
    } finally {
      await dev.end();
    }
  });
});

/** A second Ctrl-C, and more: one right after the first would count as the same. */
async function interruptUntilExit(dev: DevProcess): Promise<number> {
  const again = setInterval(() => dev.interrupt(), 350);
  try {
    return await dev.exit();
  } finally {
    clearInterval(again);
  }
}

Deno.test("deno task dev leaves no worker behind when it is killed itself", async () => {
  await inFolder(async (folder) => {
    // Not by way of `deno task`, which would be killed in its place.
    const dev = new DevProcess(["--households", "2", "--data", folder], { isDirect: true });
    try {
      await dev.running();
      const pids = dev.allPids;
      assert.equal(pids.length, 7);
      for (const pid of pids) assert.ok(isAlive(pid));
      dev.kill();
      await dev.exit();
      await eventually(() => assert.deepEqual(pids.filter(isAlive), []), DEADLINE);
    } finally {
      await dev.end();
    }
  });
});

Deno.test("deno task dev lists every wrong flag at once", async () => {
  const dev = new DevProcess(["--households", "many", "--duration", "soon", "--what", "--seed=-1"]);
  assert.equal(await dev.exit(), 2);
  assert.match(dev.output, /--households: expected a whole number from 1 to 100000, got "many"/);
  assert.match(dev.output, /--duration: expected a duration in .*, got "soon"/);
  assert.match(dev.output, /--seed: expected a whole number/);
  assert.match(dev.output, /--what: unknown flag/);
});

Deno.test("deno task dev refuses files that it cannot use before it starts anything", async () => {
  await inFolder(async (folder) => {
    const report = new DevProcess(["--report", `${folder}/missing/r.json`]);
    assert.equal(await report.exit(), 2);
    assert.match(report.output, /Choose another --report/);
    await Deno.writeTextFile(`${folder}/bad.csv`, "timestamp,total_power_w\n2024-01-01,1\n");
    const replay = new DevProcess(["--replay", `${folder}/bad.csv`]);
    assert.equal(await replay.exit(), 2);
    assert.match(replay.output, /bad\.csv, line 2, column timestamp: expected/);
  });
});

Deno.test("deno task topics says what it can do, and touches no log that is not there", async () => {
  const run = async (...args: string[]) => {
    const task = new TaskProcess(["task", "topics", ...args]);
    return { code: await task.exit(), output: task.output };
  };
  assert.equal((await run()).code, 2);
  assert.match((await run("--help")).output, /create \| grow \| list \| read TOPIC/);
  await inFolder(async (folder) => {
    const missing = await run("list", "--log", `sqlite:${folder}/log.db`);
    assert.equal(missing.code, 2);
    assert.match(missing.output, /Name a log that is there/);
    assert.equal(existsSync(`${folder}/log.db`), false);
    const bad = await run("read", "power", "--limit", "0", "--what");
    assert.equal(bad.code, 2);
    assert.match(bad.output, /--limit: expected[^]*--log/);
    assert.equal((await run("create", "--log", `sqlite:${folder}/log.db`)).code, 0);
    const other = await run("read", "powr", "--log", `sqlite:${folder}/log.db`);
    assert.equal(other.code, 1);
    assert.match(other.output, /Name a topic that is there \(.*power.*\), got "powr"/);
  });
});
