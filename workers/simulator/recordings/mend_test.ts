import assert from "node:assert/strict";
import { readCsv } from "./testing/recording_files.ts";

function timeText(second: number): string {
  return new Date(Date.UTC(2026, 9, 25) + second * 1000).toISOString().slice(0, 19);
}

/** A recording whose rows have these seconds of a local clock, each its own value. */
function csvOf(seconds: readonly number[], textOf = timeText): string {
  return ["time,watts", ...seconds.map((second, index) => `${textOf(second)},${index}`)].join("\n");
}

const unixText = (second: number) => String(1_790_000_000 + second);

/** Seconds from the first one on, and values. */
function distances({ samples }: Awaited<ReturnType<typeof readCsv>>): [number, number][] {
  return samples.map(({ fileS, powerW }) => [fileS - samples[0]!.fileS, powerW]);
}

Deno.test("mend() puts rows in order, takes the first of a second, and leaves out what is missing", async () => {
  const text = `${csvOf([0, 2, 1, 3, 3, 4], unixText)}\n${unixText(5)},\n${unixText(6)},nan\n`;
  const read = await readCsv(text);
  assert.deepEqual(distances(read), [[0, 0], [1, 2], [2, 1], [3, 3], [4, 5]]);
  const { mended } = read.survey;
  assert.deepEqual(mended, { missing: 2, duplicate: 1, unsorted: 1, stray: 0, set_back: 0 });
});

Deno.test("mend() leaves out rows that come thousands too late, and counts them", async () => {
  const seconds = Array.from({ length: 3000 }, (_, second) => second);
  const read = await readCsv(csvOf([...seconds.slice(1), 0, 3000], unixText));
  assert.equal(read.samples.length, 3000);
  assert.equal(read.survey.mended.stray, 1);
  const near = await readCsv(csvOf([...seconds.slice(1, 900), 0, ...seconds.slice(900)], unixText));
  assert.deepEqual(near.samples.map(({ fileS }) => fileS - 1_790_000_000), seconds);
});

Deno.test("mend() goes on where a local clock is set back at the end of summer time", async () => {
  for (const stepS of [1, 60, 900]) {
    const before = Array.from({ length: 3 * 3600 / stepS }, (_, index) => index * stepS);
    const after = before.map((second) => second + 2 * 3600);
    const read = await readCsv(csvOf([...before, ...after]));
    assert.deepEqual(
      distances(read).map(([second]) => second),
      [...before, ...before.map((second) => second + 3 * 3600)],
      `every ${stepS} s`,
    );
    assert.deepEqual([read.survey.mended.set_back, read.survey.mended.unsorted], [1, 0]);
  }
});

Deno.test("mend() takes no clock that knows its zone to be set back", async () => {
  const seconds = [0, 1, 2, 3600, 3601];
  const read = await readCsv(csvOf([...seconds, 3], unixText));
  assert.deepEqual(distances(read).map(([second]) => second), [0, 1, 2, 3, 3600, 3601]);
  assert.equal(read.survey.mended.set_back, 0);
});

Deno.test("mend() refuses strictly what it would mend, with its line", async () => {
  const cases: [string, RegExp][] = [
    [csvOf([0, 1, 1], unixText), /line 4: its second was there already \(--strict\)/],
    [csvOf([0, 2, 1], unixText), /line 4: its time is before that of the row before/],
    [`${csvOf([0], unixText)}\n${unixText(1)},`, /line 3: there is no value of power/],
    [csvOf([0, 3599, 0]), /line 4: the clock goes back/],
  ];
  for (const [text, message] of cases) {
    await readCsv(text);
    await assert.rejects(readCsv(text, { strict: true }), message);
  }
});

Deno.test("Playback shortens gaps, and holds a coarse recording's samples for two steps at most", async () => {
  const minutes = [0, 60, 120, 180, 7200, 7260];
  const whole = await readCsv(csvOf(minutes, unixText));
  assert.deepEqual([whole.survey.stepS, whole.samples.length], [60, 6]);
  const short = await readCsv(csvOf(minutes, unixText), { gapS: 600 });
  assert.deepEqual(distances(short).map(([second]) => second), [0, 60, 120, 180, 780, 840]);
  const held = distances(await readCsv(csvOf(minutes, unixText), { resample: "hold" }));
  const expected = [
    ...Array.from({ length: 300 }, (_, second) => [second, Math.min(3, Math.floor(second / 60))]),
    ...Array.from({ length: 61 }, (_, at) => [7200 + at, at < 60 ? 4 : 5]),
  ];
  assert.deepEqual(held, expected);
});
