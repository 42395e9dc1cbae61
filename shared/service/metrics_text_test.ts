import assert from "node:assert/strict";
import { readMetrics } from "./metrics_text.ts";

Deno.test("readMetrics() reads Prometheus' text format", () => {
  const text = `# HELP a_total Things\n# TYPE a_total counter\na_total{kind="x y"} 3\nb 0.5\n\n`;
  assert.deepEqual([...readMetrics(text)], [['a_total{kind="x y"}', 3], ["b", 0.5]]);
});
