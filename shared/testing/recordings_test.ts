import assert from "node:assert/strict";
import { hasCode } from "../errors.ts";
import { makeRecording, type RecordingKind } from "./recordings.ts";
import { recordingsOf } from "./samples.ts";

interface Row {
  readonly second: number;
  readonly totalW: number;
  readonly watts: readonly number[];
  readonly on: readonly number[];
}

function rowsOf(kind: RecordingKind): Row[] {
  const [header, ...lines] = makeRecording(kind, 1).trim().split("\n").map((line) =>
    line.split(",")
  );
  const deviceCount = header!.filter((name) => name.endsWith("_on")).length;
  return lines.map(([time, ...values]) => {
    const [totalW, ...numbers] = values.map(Number);
    return {
      second: Date.parse(`${time}Z`) / 1000,
      totalW: totalW!,
      watts: numbers.slice(0, deviceCount),
      on: numbers.slice(deviceCount),
    };
  });
}

/** Seconds from each row to the next. */
function stepsOf(rows: readonly Row[]): number[] {
  return rows.slice(1).map(({ second }, index) => second - rows[index]!.second);
}

Deno.test("makeRecording() makes the same of the same seed, and another of another", () => {
  for (const kind of ["laboratory", "home", "minutes"] as const) {
    assert.equal(makeRecording(kind, 7), makeRecording(kind, 7));
    assert.notEqual(makeRecording(kind, 7), makeRecording(kind, 8));
    for (const { totalW, watts, on } of rowsOf(kind)) {
      assert.ok(Number.isFinite(totalW) && totalW >= 0);
      assert.equal(on.length, watts.length);
      assert.ok(on.every((state) => state === 0 || state === 1));
    }
    const states = rowsOf(kind).map(({ on }) => on);
    for (const device of states[0]!.keys()) {
      assert.equal(new Set(states.map((on) => on[device])).size, 2, "each is on and off");
    }
  }
});

Deno.test("makeRecording() gives a laboratory a value a second, over a load that is noisy and drifts", () => {
  const rows = rowsOf("laboratory");
  assert.deepEqual([...new Set(stepsOf(rows))], [1]);
  const rests = rows.map(({ totalW, watts }) => totalW - watts.reduce((sum, each) => sum + each));
  const changes = rests.slice(1).filter((rest, index) =>
    rest.toFixed(1) !== rests[index]!.toFixed(1)
  );
  assert.ok(changes.length > rows.length / 4, "noise");
  assert.ok(Math.max(...rests) - Math.min(...rests) > 1, "drift");
});

Deno.test("makeRecording() gives a home meters that report every 5 s, and gaps", () => {
  const rows = rowsOf("home");
  const steps = stepsOf(rows);
  assert.ok(steps.every((step) => step >= 1));
  assert.ok(steps.some((step) => step > 1) && steps.some((step) => step > 5));
  const startS = rows[0]!.second;
  rows.slice(1).forEach(({ second, watts }, index) => {
    if (steps[index] === 1 && (second - startS) % 5 !== 0) {
      assert.deepEqual(watts, rows[index]!.watts, "it stands until the next report");
    }
  });
  assert.ok(rows.every(({ totalW, watts }) => totalW === watts.reduce((sum, each) => sum + each)));
});

Deno.test("makeRecording() gives means of a minute, some between a device's on and off", () => {
  const rows = rowsOf("minutes");
  const steps = stepsOf(rows);
  assert.ok(steps.every((step) => step % 60 === 0) && steps.some((step) => step > 60));
  assert.ok(rows.some(({ watts }) => watts[0]! > 200 && watts[0]! < 1_800));
});

Deno.test("recordingsOf() has a made one, and a real one where there is a folder", async () => {
  assert.equal(recordingsOf("home", { folder: "" }).length, 1);
  let text = "";
  await recordingsOf("home", { folder: "", seed: 3 })[0]!.use(async (path) => {
    text = await Deno.readTextFile(path);
  });
  assert.equal(text, makeRecording("home", 3));
  const [, real] = recordingsOf("home", { folder: "/nowhere" });
  await assert.rejects(
    real!.use(() => Promise.resolve()),
    (error) => hasCode(error, "unavailable") && /there is no \/nowhere\/.*csv/.test(error.message),
  );
});
