import assert from "node:assert/strict";
import { evaluateConfig } from "./config.ts";
import { figuresOf, meanOf } from "./figures.ts";
import { chooseLabels } from "./labels.ts";
import { combinatorial, majority } from "./methods/baselines.ts";
import { fhmm } from "./methods/fhmm.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { simulatedHome } from "../../workers/disaggregation/model/testing/simulated_home.ts";
import { runEvaluation } from "./run.ts";
import type { Samples } from "./samples.ts";

const samplesOf = (states: boolean[][], devicesW?: number[][]): Samples => ({
  ...{ household: "home", stepS: 1, paceS: 1, states },
  devices: states[0]!.map((_, device) => `device-${device + 1}`),
  timestamps: Int32Array.from(states, (_, second) => 1_000_000 + second),
  powerW: new Float64Array(states.length),
  devicesW: devicesW?.map((watts) => Float64Array.from(watts)),
});

Deno.test("figuresOf() counts what is right, by hand", () => {
  const samples = samplesOf(
    [[true, false], [true, true], [false, true], [false, false]],
    [[100, 100, 0, 0], [0, 50, 50, 0]],
  );
  const figures = figuresOf(samples, 0, {
    on: Float64Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1, 0.1),
    watts: Float64Array.of(100, 0, 90, 0, 100, 50, 0, 0),
  });
  const [first, second] = figures.devices;
  assert.deepEqual([first!.precision, first!.recall, first!.f1, first!.support], [
    2 / 3,
    1,
    0.8,
    2,
  ]);
  assert.deepEqual([second!.precision, second!.recall], [1, 0.5]);
  assert.equal(figures.micro_f1, 2 * 3 / (4 + 4));
  assert.equal(figures.macro_f1, (first!.f1 + second!.f1) / 2);
  assert.equal(figures.exact_match, 0.5);
  // Wrong: 10 + 50 + 100 of 300 W.
  assert.ok(Math.abs(figures.energy_accuracy! - (1 - 160 / 600)) < 1e-12);
  assert.equal(figures.mae_w, 160 / 8);
  // 0.9 was said four times, and right three times; 0.1 four times, and one was on.
  assert.ok(Math.abs(figures.calibration_error! - (0.6 + 0.6) / 8) < 1e-12);
  assert.equal(figures.told_devices, 2);
  assert.equal(figures.calibration_error_all, figures.calibration_error);
  assert.equal(meanOf([figures, { ...figures, exact_match: 1 }]).exact_match, 0.75);
});

Deno.test("figuresOf() judges what is told by itself", () => {
  const samples = samplesOf([[true, false], [false, false]]);
  const estimate = { on: Float64Array.of(0.8, 0.6, 0.1, 0.6), watts: new Float64Array(4) };
  const of = (...isTold: boolean[]) => figuresOf(samples, 0, { ...estimate, isTold });
  const [one, none] = [of(true, false), of(false, false)];
  assert.equal(one.told_devices, 1);
  assert.ok(Math.abs(one.calibration_error! - (0.2 + 0.1) / 2) < 1e-12);
  assert.ok(Math.abs(one.calibration_error_all - (0.2 + 0.1 + 2 * 0.6) / 4) < 1e-12);
  assert.deepEqual([none.told_devices, none.calibration_error], [0, null]);
  assert.equal(none.calibration_error_all, one.calibration_error_all);
  const { told_devices, calibration_error } = meanOf([one, none]);
  assert.deepEqual([told_devices, calibration_error], [0.5, one.calibration_error]);
});

Deno.test("chooseLabels() takes what is asked for, before the test, and with events where told", () => {
  const quiet = Array.from({ length: 4_000 }, (_, second) => [second >= 2_000 && second < 2_010]);
  const samples = samplesOf(quiet);
  for (const from of ["random", "events"] as const) {
    const labels = chooseLabels(samples, { until: 3_000, count: 300, from, seed: 3 });
    const seconds = labels.flatMap(({ timestamps }) => timestamps);
    assert.equal(seconds.length, 300);
    assert.ok(seconds.every((second) => second < 1_003_000));
    assert.equal(new Set(seconds).size, 300);
    if (from === "events") assert.ok(seconds.includes(1_002_005));
  }
});

Deno.test("the plain methods find devices that stand apart", () => {
  const home = simulatedHome({ watts: [100, 300, 1_000], seed: 8 });
  const labels = [home.labels(1_000, 600)];
  const test = home.labels(5_000, 900);
  const readings = {
    timestamps: Int32Array.from(test.timestamps),
    powerW: Float64Array.from(test.consumption),
  };
  const samples = { ...samplesOf(test.state_bitmaps), powerW: readings.powerW };
  for (const method of [combinatorial, fhmm]) {
    const { micro_f1, exact_match } = figuresOf(samples, 0, method.estimate(labels, readings)!);
    assert.ok(micro_f1 > 0.97 && exact_match > 0.95, `${micro_f1} ${exact_match}`);
  }
  const { exact_match } = figuresOf(samples, 0, majority.estimate(labels, readings)!);
  assert.ok(exact_match < 0.4);
});

Deno.test("deno task evaluate writes the figures of a recording", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const home = simulatedHome({ watts: [120, 500, 1_500], seed: 9 });
    const { timestamps, consumption, state_bitmaps } = home.labels(1_600_000_000, 3_600);
    const rows = timestamps.map((second, index) => {
      const bits = state_bitmaps[index]!;
      const watts = bits.map((isOn, device) => isOn ? home.watts[device] : 0);
      return [second, consumption[index], ...watts, ...bits.map(Number)].join(",");
    });
    const header = "timestamp,total_power_w,a_w,b_w,c_w,a_on,b_on,c_on";
    await Deno.writeTextFile(`${folder}/home.csv`, [header, ...rows, ""].join("\n"));
    const args = ["--labels", "15min", "--test-from", "30min", "--seeds", "2"];
    const files = ["--json", `${folder}/f.json`, "--html", `${folder}/f.html`];
    const source = { args: [...args, ...files], env: () => undefined };
    const parsed = parseConfig(evaluateConfig, source);
    assert.ok(parsed !== "help");
    const printed: string[] = [];
    await runEvaluation([`${folder}/home.csv`], parsed.config, (text) => printed.push(text));
    assert.match(printed[0]!, /^home: (89\d|90\d) s labelled, 1[78]\d\d s tested/);
    const { methods, recordings } = JSON.parse(await Deno.readTextFile(`${folder}/f.json`));
    assert.deepEqual(Object.keys(methods), ["ours", "co", "fhmm", "majority"]);
    assert.equal(recordings.length, 1);
    assert.deepEqual(methods.ours.devices.map(({ name }: { name: string }) => name), [
      "a",
      "b",
      "c",
    ]);
    const page = await Deno.readTextFile(`${folder}/f.html`);
    assert.match(page, /^<!doctype html>[^]*<td>micro F1<\/td>[^]*<\/html>\n$/);
    assert.equal(page.match(/<svg /g)?.length, 1 + 3);
    assert.doesNotMatch(page, /NaN|undefined|<script|<link|src=/);
    assert.ok(methods.ours.micro_f1 > 0.97, JSON.stringify(methods.ours));
    assert.ok(methods.ours.energy_accuracy > 0.9 && methods.ours.calibration_error < 0.05);
    assert.ok(methods.ours.exact_match > methods.majority.exact_match);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
