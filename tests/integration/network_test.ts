/** A network that somebody trained in Python tells the same in the disaggregation worker. */
import assert from "node:assert/strict";
import type { Disaggregated, PredictionWindow } from "../../shared/events.ts";
import { cacheFolder } from "../../shared/services/cache.ts";
import { withFileLock } from "../../shared/services/file_lock.ts";
import { pythonWith } from "../../shared/services/testing/python.ts";
import { learnedWith } from "../../workers/disaggregation/household_memory.ts";
import { disaggregate, readyModel } from "../../workers/disaggregation/model/disaggregate.ts";
import { PosteriorSmoother } from "../../workers/disaggregation/model/posterior.ts";
import { NAMES, simulatedHome } from "../../workers/disaggregation/model/testing/simulated_home.ts";
import { openNetwork } from "../../workers/disaggregation/network/network.ts";

const DATA = new URL("testdata/network/", import.meta.url);
/** As the worker's README names it. */
const RUNTIME = "onnxruntime-web@1.30.0";
const SECONDS = 15;

Deno.test("a network trained in Python tells the same in the worker", async () => {
  const [runtime, python] = [
    await runtimeFolder(),
    await pythonWith(
      new URL("requirements.txt", DATA),
    ),
  ];
  const folder = await Deno.makeTempDir();
  try {
    const home = simulatedHome({ watts: [300, 700, 1_800], seed: 3 });
    const labels = [1, 2, 3].map((part) => home.labels(10_000 * part, 600));
    const lines = (values: readonly unknown[]) =>
      values.map((value) => `${JSON.stringify(value)}\n`).join("");
    await Deno.writeTextFile(`${folder}/datasets.jsonl`, lines(labels));
    const test = home.labels(90_000, 600);
    const windows = windowsOf(test.timestamps, test.consumption);
    await Deno.writeTextFile(`${folder}/windows.jsonl`, lines(windows.map(secondBySecond)));
    const files = ["datasets.jsonl", "windows.jsonl", "devices.onnx", "answers.json"];
    const { success, stderr } = await new Deno.Command(python, {
      args: [new URL("train.py", DATA).pathname, ...files.map((file) => `${folder}/${file}`)],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const answers: number[][] = JSON.parse(await Deno.readTextFile(`${folder}/answers.json`));

    const smoother = new PosteriorSmoother();
    const { model } = learnedWith(undefined, labels[0]!, { identity: NAMES, smoother });
    const ready = readyModel(model);
    const network = await openNetwork(`${folder}/devices.onnx`, runtime);
    try {
      let right = 0;
      windows.forEach((window, index) => {
        const told = disaggregate(ready, window, network)!;
        assertSame(told, answers[index]!, model.devices.map(({ watts }) => watts));
        const states = test.state_bitmaps[test.timestamps.indexOf(told.timestamp)]!;
        if (told.on.every((probability, device) => probability! >= 0.5 === states[device])) right++;
      });
      // It has learned something: of eight sets, one by chance.
      assert.ok(right > windows.length / 2, `${right} of ${windows.length}`);
      const others = simulatedHome({ watts: [300, 700], seed: 3 }).labels(1_000, 600);
      const two = learnedWith(undefined, others, { identity: NAMES, smoother }).model;
      assert.equal(disaggregate(readyModel(two), windows[0]!, network), undefined);
    } finally {
      network.close();
    }
    await assert.rejects(openNetwork(`${folder}/answers.json`, runtime), {
      ...{ code: "config", message: /--model .*answers\.json.*protobuf/ },
    });
    await assert.rejects(openNetwork(`${folder}/devices.onnx`, folder), {
      ...{ code: "config", message: /^Choose another --model-runtime: / },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function assertSame(told: Disaggregated, answer: readonly number[], watts: readonly number[]) {
  answer.forEach((probability, device) => {
    assert.ok(
      Math.abs(told.on[device]! - probability) < 0.002,
      `${told.on[device]} for ${probability}`,
    );
    assert.ok(Math.abs(told.watts[device]! - probability * watts[device]!) < 0.002 * 1_800);
  });
}

/** The windows that lie within the readings, about those that have one in the middle. */
function windowsOf(timestamps: readonly number[], consumption: readonly number[]) {
  return timestamps.flatMap((second): PredictionWindow[] => {
    const [window_start, window_end] = [second - 7, second + 8];
    if (window_start < timestamps[0]! || window_end > timestamps.at(-1)!) return [];
    const isWithin = (other: number) => other >= window_start && other < window_end;
    return [{
      ...{ ...NAMES, window_start, window_end, timestamps: timestamps.filter(isWithin) },
      consumption: consumption.filter((_, index) => isWithin(timestamps[index]!)),
    }];
  });
}

/** As a network is given it: what was read last at each second, or at first what comes first. */
function secondBySecond({ window_start, timestamps, consumption }: PredictionWindow): number[] {
  return Array.from({ length: SECONDS }, (_, second) => {
    const place = timestamps.findLastIndex((each) => each <= window_start + second);
    return consumption[Math.max(0, place)]!;
  });
}

/** Folder of the runtime, fetched once into the cache folder. */
async function runtimeFolder(): Promise<string> {
  const folder = `${cacheFolder()}/network/${RUNTIME}`;
  await Deno.mkdir(folder, { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    const config = { nodeModulesDir: "auto", imports: { "onnxruntime-web": `npm:${RUNTIME}` } };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const command = new Deno.Command(Deno.execPath(), {
      ...{ args: ["install", "--quiet"], cwd: folder },
    });
    const { success, stderr } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
  });
  return `${folder}/node_modules/onnxruntime-web/dist`;
}
