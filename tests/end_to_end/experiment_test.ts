/** `deno task experiment` as a person runs it: its files, and that their figures are those of the run. */
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { readFile } from "node:fs/promises";
import { type ExperimentReport, experimentReportSchema } from "../../scripts/experiment/report.ts";
import { assertCorrect, inFolder, TaskProcess } from "./dev_process.ts";

/** A ramp from 4 to 12 users, and sessions of a few seconds. */
const RAMP = [
  ...["--users", "4", "--increase-users", "4", "--increase-in-seconds", "2"],
  ...["--total-users", "12", "--min-duration", "3s", "--seed", "7"],
];

async function readReport(folder: string): Promise<ExperimentReport> {
  return experimentReportSchema.parse(JSON.parse(await readFile(`${folder}/report.json`, "utf8")));
}

async function readSamples(folder: string): Promise<Record<string, number>[]> {
  const options = { columns: true, cast: (text: string) => text === "" ? NaN : text } as const;
  const rows: Record<string, string>[] = parse(await readFile(`${folder}/samples.csv`), options);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, text]) => [name, Number(text)]))
  );
}

Deno.test("deno task experiment writes a report whose figures are the oracle's", async () => {
  await inFolder(async (folder) => {
    const args = ["task", "experiment", "--duration", "15s", "--out", folder, ...RAMP];
    const experiment = new TaskProcess(args);
    try {
      assert.equal(await experiment.exit(), 0, experiment.output);
      assert.match(experiment.output, /^[█░]{30} \d+ %, 0:\d\d of 0:15, 0:\d\d left: households/m);
      const report = await readReport(folder);
      const { run } = report;
      assertCorrect(run);
      assert.deepEqual(report.problems, []);
      assert.equal(report.households_peak, 12);
      assert.equal(report.windows.total, run.correctness.windows_expected);
      assert.equal(report.datasets.total, run.correctness.datasets_expected);
      assert.ok(report.datasets.total > 0);
      assert.equal(report.events_into_log.total, run.log.power + run.log.device_state);
      assert.equal(report.events_into_broker.total, run.mqtt.received);
      assert.equal(report.labelled.fused_pct, 100);
      assert.equal(report.labelled.device_states, run.log.device_state);
      // What is in no dataset is in a session too short, or had no partner.
      const { used, duplicate } = run.workers.training;
      assert.equal(report.labelled.values_in_datasets, used / 2);
      assert.equal(duplicate, 0);
      assert.equal(report.users.length, 2);
      assert.ok(report.latency_ms.reading_to_window!.max! >= run.latency_ms.reading_to_window.p99!);
      assert.ok(report.latency_ms.arrival_to_log!.p50! > 0);
      for (const used of Object.values(report.processes)) assert.ok(used.memory_bytes_peak > 1e6);
      await assertFiles(folder, report);
    } finally {
      await experiment.end();
    }
  });
});

/** What stands beside `report.json` says the same. */
async function assertFiles(folder: string, report: ExperimentReport): Promise<void> {
  const samples = await readSamples(folder);
  const last = samples.at(-1)!;
  assert.equal(last.events_into_broker, report.events_into_broker.total);
  assert.equal(last.lag, 0);
  // What the workers say may be a look old: on a busy machine not each is answered.
  for (
    const [name, total] of [["windows", report.windows], ["datasets", report.datasets]] as const
  ) {
    assert.ok(samples.some((sample) => sample[name]! > 0), name);
    assert.ok(last[name]! <= total.total, name);
  }
  const offsets: { topic: string; offsets: string }[] = parse(
    await readFile(`${folder}/partitions.csv`),
    { columns: true },
  );
  const ofPredictions = offsets.filter(({ topic }) => topic === "predictions");
  assert.equal(
    ofPredictions.reduce((sum, row) => sum + Number(row.offsets), 0),
    report.windows.total,
  );
  const page = await readFile(`${folder}/report.html`, "utf8");
  assert.match(page, /Correct: nothing is lost or doubled/);
  assert.match(page, /10,468,098/, "the thesis's windows");
  assert.equal(page.match(/<figure>.*?<svg /g)?.length, 14);
  assert.doesNotMatch(page, /<script|<link|src=|url\(|NaN|undefined/, "self-contained");
}

Deno.test("deno task experiment writes its report after Ctrl-C", async () => {
  await inFolder(async (folder) => {
    const experiment = new TaskProcess([
      ...["run", "-A", "scripts/experiment.ts", "--out", folder, ...RAMP],
    ]);
    try {
      await experiment.until(/readings [1-9]/);
      experiment.interrupt();
      assert.equal(await experiment.exit(), 0, experiment.output);
      const { run, windows } = await readReport(folder);
      assertCorrect(run);
      assert.equal(windows.total, run.log.predictions);
    } finally {
      await experiment.end();
    }
  });
});

Deno.test("deno task experiment --resume goes on with a run that was killed, with its flags", async () => {
  await inFolder(async (folder) => {
    const out = ["run", "-A", "scripts/experiment.ts", "--out", folder];
    const killed = new TaskProcess([...out, "--duration", "16s", ...RAMP]);
    await killed.until(/readings [1-9]/);
    killed.kill();
    await killed.exit();
    const before = await readSamples(folder);

    const anew = new TaskProcess(out);
    assert.equal(await anew.exit(), 2);
    assert.match(anew.output, /^experiment: Go on with --resume: /m);

    const resumed = new TaskProcess([...out, "--resume"]);
    try {
      assert.equal(await resumed.exit(), 0, resumed.output);
      const report = await readReport(folder);
      assert.deepEqual(report.problems, []);
      assertCorrect(report.run);
      assert.equal(report.settings.duration, 16);
      assert.equal(report.settings["cut at second"], String(before.at(-1)!.elapsed_s));
      assert.equal(report.households_peak, 12);
      // All of both parts.
      assert.equal(report.windows.total, report.run.correctness.windows_expected);
      const { power, device_state } = report.run.log;
      assert.equal(report.events_into_log.total, power + device_state);
      const samples = await readSamples(folder);
      assert.deepEqual(samples.slice(0, before.length), before);
      for (const name of ["elapsed_s", "events_into_log", "windows", "bridge_cpu_s"]) {
        const values = samples.map((sample) => sample[name]!);
        assert.deepEqual(values, values.toSorted((a, b) => a - b), name);
      }
      const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      assert.ok(!left.includes("run.json") && !left.includes("log-of-run"), left.join());
    } finally {
      await resumed.end();
    }
    const again = new TaskProcess([...out, "--resume"]);
    assert.equal(await again.exit(), 2);
    assert.match(again.output, /^experiment: There is no run in /m);
  });
});

Deno.test("deno task experiment says where it cannot write", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const out = `${folder}/file/report`;
    const experiment = new TaskProcess(["run", "-A", "scripts/experiment.ts", "--out", out]);
    assert.equal(await experiment.exit(), 2);
    assert.match(experiment.output, /^experiment: Choose another --out: /m);
  });
});

Deno.test("deno task experiment --plan sizes by the bench's files, and says what they lack", async () => {
  await inFolder(async (folder) => {
    const rates = { inputPerS: 200_000, outputPerS: 190_000, inputPerCpuS: 250_000 };
    const job = { median: { ...rates, peakMemoryMB: 250 } };
    const bridge = { limitPerS: 1e5, readingsPerS: 5e4, readingsPerCpuS: 6e4, peakMemoryMB: 150 };
    const steady = { median: { inputPerS: 3_000, cores: 0.2, peakMemoryMB: 150 } };
    const jobs = {
      "steady bridge, households: 4000": steady,
      "steady predictions, households: 4000": steady,
      "steady training, households: 4000": steady,
      ...{ "kafka windows": job, "kafka training": job },
      "kafka-producer-perf-test": { median: { recordsPerS: 300_000 } },
      "core disaggregation, 8 devices": { median: { householdSecondsPerCpuS: 16_000 } },
    };
    await Deno.writeTextFile(`${folder}/jobs.json`, JSON.stringify(jobs));
    await Deno.writeTextFile(
      `${folder}/bridge.json`,
      JSON.stringify({ "bridge QoS 1": { median: bridge } }),
    );
    const plan = async (bench: string) => {
      const args = ["run", "-A", "scripts/experiment.ts", "--plan", "--bench", bench];
      const task = new TaskProcess([...args, "--households", "1000,1e5"]);
      return { exitCode: await task.exit(), output: task.output };
    };
    const whole = await plan(`${folder}/jobs.json,${folder}/bridge.json`);
    assert.equal(whole.exitCode, 0, whole.output);
    assert.match(whole.output, /^households +1,000 +100,000$/m);
    assert.match(whole.output, /^bridge: shares, .* 1, 0\.2, 150 MB +5, 3\.2\d, 750 MB$/m);
    assert.match(whole.output, /^binds first .* disaggregation$/m);
    const half = await plan(`${folder}/jobs.json`);
    assert.equal(half.exitCode, 0, half.output);
    assert.match(half.output, /^MQTT brokers +– +–$/m);
    assert.match(half.output, /not in --bench: “bridge QoS 1”/m);
    await Deno.writeTextFile(`${folder}/full.json`, JSON.stringify({ "kafka windows": job }));
    const none = await plan(`${folder}/full.json`);
    assert.equal(none.exitCode, 2);
    assert.match(
      none.output,
      /not in --bench: steady bridge, steady predictions, steady training$/m,
    );
  });
});
