import assert from "node:assert/strict";
import { drawn } from "./draw.ts";
import { lines } from "./panel.ts";
import type { Point } from "./range.ts";

const line = (name: string, values: readonly number[]): Point[] =>
  values.map((value, index) => ({ atMs: index * 1000, value, line: name }));

Deno.test("drawn() draws each panel with its lines, those that go highest where there are many", async () => {
  const panel = lines("Behind", "s", { "": "x" }, "");
  const many = Array.from({ length: 12 }, (_, index) => line(`task-${index}`, [index, 0, 1]));
  const svg = await drawn("stream", [
    { panel, values: many.flat() },
    { panel: { ...panel, title: "Quiet" }, values: line("nothing", [0, 0, 0]) },
  ]);
  for (const text of ["Wattstream: stream", "Behind", "Quiet", "nothing", "task-11", "task-2"]) {
    assert.ok(svg.includes(`>${text}<`), text);
  }
  assert.ok(!svg.includes(">task-0<"));
  assert.doesNotMatch(svg, /NaN/);
});
