import assert from "node:assert/strict";
import { CounterTotals } from "./worker_metrics.ts";

Deno.test("CounterTotals sums counters over lives and forgets gauges", () => {
  const counters = new CounterTotals();
  counters.take(new Map([['a_total{kind="x"}', 3], ['a_total{kind="y"}', 1], ["gauge", 9]]));
  counters.take(new Map([['a_total{kind="x"}', 2], ["gauge", 4]]));
  assert.equal(counters.total('a_total{kind="x"}'), 3, "an older answer that came later");
  assert.equal(counters.now("gauge"), 4);
  counters.close();
  assert.equal(counters.now("gauge"), 0);
  counters.take(new Map([['a_total{kind="x"}', 5], ["a_total_more", 7]]));
  assert.equal(counters.total('a_total{kind="x"}'), 8);
  assert.equal(counters.totalOf("a_total"), 9);
});
