import assert from "node:assert/strict";
import { readMetrics } from "../../../shared/service/metrics_text.ts";
import { quantileBetween, sumOf } from "./worker_metrics.ts";

/** A histogram of so many values up to 1, 2 and 4, and above. */
function histogram(...counts: readonly number[]) {
  const bounds = ["1", "2", "4", "+Inf"];
  let sum = 0;
  return readMetrics(
    counts.map((count, index) => `x_bucket{le="${bounds[index]}"} ${sum += count}`).join("\n"),
  );
}

Deno.test("quantileBetween() takes what has come since, linear within a bucket", () => {
  const before = histogram(100, 0, 0, 0);
  const median = { name: "x", quantile: 0.5 };
  assert.equal(quantileBetween(before, histogram(100, 10, 0, 0), median), 1.5);
  assert.equal(quantileBetween(before, histogram(100, 0, 10, 0), median), 3);
  assert.equal(quantileBetween(before, histogram(104, 4, 0, 0), median), 1);
  assert.equal(quantileBetween(before, histogram(100, 0, 0, 3), median), 4, "no end");
  assert.equal(quantileBetween(before, before, median), undefined, "nothing has come");
});

Deno.test("quantileBetween() counts from 0 where a process has begun anew", () => {
  const quantile = { name: "x", quantile: 1 };
  assert.equal(quantileBetween(histogram(100, 50, 0, 0), histogram(4, 0, 0, 0), quantile), 1);
});

Deno.test("sumOf() adds up all labels of a name and no other's", () => {
  const series = readMetrics('a{b="1"} 2\na{b="2"} 3\na_more 7\n');
  assert.equal(sumOf(series, "a"), 5);
  assert.equal(sumOf(series, "c"), undefined);
});
