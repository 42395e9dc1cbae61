import assert from "node:assert/strict";
import { drawChart, thin } from "./charts.ts";

Deno.test("thin() merges neighbours where there are more than can be seen, and keeps a gap", () => {
  const timesS = Array.from({ length: 800 }, (_, second) => second);
  const values = timesS.map((second) => second < 3 ? null : second);
  const highest = thin(timesS, values, "max");
  assert.equal(highest.length, 400);
  assert.deepEqual(highest[0], { timeS: 0, value: null });
  assert.deepEqual(highest[1], { timeS: 2, value: 3 });
  assert.deepEqual(thin(timesS, values, "mean")[2], { timeS: 4, value: 4.5 });
});

Deno.test("drawChart() draws a line for each series in the colours of the page, with text as text", async () => {
  const svg = await drawChart({
    ...{ title: "Lag", unit: "records", merge: "max" },
    series: [{ name: "a<b", values: [1, 2] }, { name: "c", values: [null, null] }],
  }, [0, 1]);
  assert.match(svg, /^<svg [^]*<\/svg>$/);
  assert.match(svg, /stroke="var\(--series-1\)"/);
  assert.match(svg, /a&lt;b/);
  assert.doesNotMatch(svg, /NaN|undefined|<script/);
});

Deno.test("drawChart() ends a line where nothing is known", async () => {
  const pathsOf = async (values: (number | null)[]) => {
    const chart = { title: "Lag", unit: "records", series: [{ name: "lag", values }] };
    const svg = await drawChart({ ...chart, merge: "max" }, values.map((_, second) => second));
    return svg.match(/<path aria-label[^>]*>/)![0].match(/M/g)!.length;
  };
  assert.equal(await pathsOf([1, 2, 3, 4, 5]), 1);
  assert.equal(await pathsOf([1, 2, null, 4, 5]), 2);
});

Deno.test("drawChart() has an axis where nothing has happened", async () => {
  for (const values of [[0, 0], [null, null]]) {
    const chart = { title: "Late", unit: "in all", series: [{ name: "late", values }] };
    assert.doesNotMatch(await drawChart({ ...chart, merge: "max" }, [0, 1]), /NaN|undefined/);
  }
});

Deno.test("drawChart() writes what stands at an axis without powers of ten", async () => {
  for (const [highest, label] of [[490, "400"], [0.07, "0.06"], [3200, "3k"]] as const) {
    const series = [{ name: "cpu", values: [0, highest] }];
    const chart = { title: "Memory", unit: "MB", series, merge: "max" } as const;
    const svg = await drawChart(chart, [0, 1]);
    assert.ok(svg.includes(`>${label}<`), `no ${label} in ${svg}`);
    assert.doesNotMatch(svg, />\de[+-]\d/);
  }
});
