/** Real recordings through everything: what comes out carries exactly the values of the file. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import {
  householdSchema,
  type PredictionWindow,
  predictionWindowSchema,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../../shared/events.ts";
import { recordingsOf } from "../../shared/testing/samples.ts";
import { assertCorrect, DevProcess, inFolder, readAll, readReport } from "./dev_process.ts";

/** A backlog as fast as it goes: the workers must make of it what they make of it in real time. */
const SPEED = 1000;

/** Values of a recording by their second, counted from its first row. */
interface Recording {
  readonly powerW: ReadonlyMap<number, number>;
  readonly states: ReadonlyMap<number, readonly boolean[]>;
  readonly devices: readonly string[];
}

/** Read here anew: the simulator's own reader is among what is tested. */
async function readRecording(path: string, fromS: number, limitS: number): Promise<Recording> {
  const [header, ...rows] = (await Deno.readTextFile(path)).trim().split(/\r?\n/)
    .map((line) => line.split(","));
  const on = header!.flatMap((name, index) => name.endsWith("_on") ? [index] : []);
  const secondOf = (row: readonly string[]) => Date.parse(`${row[0]}Z`) / 1000;
  const startS = secondOf(rows[0]!);
  const powerW = new Map<number, number>();
  const states = new Map<number, readonly boolean[]>();
  for (const row of rows) {
    const second = secondOf(row) - startS;
    if (second < fromS || second >= fromS + limitS) continue;
    powerW.set(second, Number(row[1]));
    states.set(second, on.map((index) => row[index] === "1"));
  }
  const devices = on.map((index) => header![index]!.slice(0, -"_on".length));
  return { powerW, states, devices };
}

/** Replays a stretch of recordings, all at once, and holds every window and dataset against its file. */
async function replayAndCompare(
  paths: readonly string[],
  { fromS, limitS, hasDatasets = true }: {
    readonly fromS: number;
    readonly limitS: number;
    readonly hasDatasets?: boolean;
  },
): Promise<void> {
  const recordings = await Promise.all(paths.map((path) => readRecording(path, fromS, limitS)));
  await inFolder(async (folder) => {
    const dev = new DevProcess([
      ...["--replay", paths.join(","), "--replay-speed", `${SPEED}`, "--replay-from", `${fromS}s`],
      ...["--replay-limit", `${limitS}s`, "--seed", "3", "--data", folder],
      ...["--report", `${folder}/r.json`],
    ]);
    try {
      assert.equal(await dev.exit(), 0, dev.output);
    } finally {
      await dev.end();
    }
    const report = await readReport(`${folder}/r.json`);
    assertCorrect(report);
    assert.equal(report.households, paths.length);
    const readings = recordings.reduce((sum, { powerW }) => sum + powerW.size, 0);
    assert.equal(report.simulated.readings, readings);
    assert.equal(report.correctness.fused_pct, 100);
    const windows = (await readAll(dev.logUrl, "predictions")).map(({ value }) =>
      predictionWindowSchema.parse(JSON.parse(value!))
    );
    const datasets = (await readAll(dev.logUrl, "dataset2train")).map(({ value }) =>
      trainingDatasetSchema.parse(JSON.parse(value!))
    );
    const named = (await readAll(dev.logUrl, "household")).map(({ value }) =>
      householdSchema.parse(JSON.parse(value!))
    );
    for (const [index, recording] of recordings.entries()) {
      const own = ({ client_id }: { readonly client_id: string }) =>
        client_id === basename(paths[index]!, ".csv");
      const ownWindows = windows.filter(own);
      assertWindows(ownWindows, recording);
      assertDatasets(datasets.filter(own), recording, shiftOf(ownWindows, recording));
      const [names] = named.filter(own);
      assert.deepEqual(names?.devices.map(({ name }) => name), recording.devices);
    }
    assert.equal(datasets.length > 0, hasDatasets);
  });
}

/** Seconds from the file's time to event time: the earliest reading is the file's first. */
function shiftOf(windows: readonly PredictionWindow[], { powerW }: Recording): number {
  const firstS = windows.reduce(
    (first, window) => Math.min(first, window.timestamps[0]!),
    Infinity,
  );
  return firstS - Math.min(...powerW.keys());
}

function assertWindows(windows: readonly PredictionWindow[], recording: Recording): void {
  const shiftS = shiftOf(windows, recording);
  const starts = new Map(windows.map((window) => [window.window_start - shiftS, window]));
  assert.equal(starts.size, windows.length);
  const seconds = [...recording.powerW.keys()];
  let expectedCount = 0;
  for (let start = Math.min(...seconds) - 14; start <= Math.max(...seconds); start++) {
    const held = Array.from({ length: 15 }, (_, index) => start + index)
      .filter((second) => recording.powerW.has(second));
    if (held.length === 0) continue;
    expectedCount++;
    const window = starts.get(start)!;
    assert.deepEqual(window.timestamps, held.map((second) => second + shiftS));
    assert.deepEqual(window.consumption, held.map((second) => recording.powerW.get(second)));
  }
  assert.equal(windows.length, expectedCount);
}

function assertDatasets(
  datasets: readonly TrainingDataset[],
  { powerW, states }: Recording,
  shiftS: number,
): void {
  for (const { timestamps, consumption, state_bitmaps } of datasets) {
    const seconds = timestamps.map((timestamp) => timestamp - shiftS);
    assert.deepEqual(consumption, seconds.map((second) => powerW.get(second)));
    assert.deepEqual(state_bitmaps, seconds.map((second) => states.get(second)));
  }
}

for (const { title, use } of recordingsOf("laboratory")) {
  Deno.test(`deno task dev --replay carries the values of ${title}`, () =>
    use((path) => replayAndCompare([path], { fromS: 0, limitS: 700 })));
}

for (const { title, use } of recordingsOf("home")) {
  Deno.test(`deno task dev --replay carries the values of a stretch of ${title}`, () =>
    use((path) => replayAndCompare([path], { fromS: 3_600, limitS: 300 })));
}

for (const { title, use } of recordingsOf("minutes")) {
  Deno.test(`deno task dev --replay makes windows and no datasets of ${title}`, () =>
    use((path) => replayAndCompare([path], { fromS: 7_200, limitS: 3_600, hasDatasets: false })));
}

const KINDS = ["laboratory", "home", "minutes"] as const;

for (const index of recordingsOf("home").keys()) {
  const all = KINDS.map((kind) => recordingsOf(kind)[index]!);
  const titles = all.map(({ title }) => title).join(", ");
  Deno.test(`deno task dev --replay carries the values of all at once: ${titles}`, async () => {
    const [laboratory, home, minutes] = all;
    await laboratory!.use((first) =>
      home!.use((second) =>
        minutes!.use((third) => replayAndCompare([first, second, third], { fromS: 0, limitS: 700 }))
      )
    );
  });
}
