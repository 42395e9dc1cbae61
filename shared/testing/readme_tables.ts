/** The check that a README has the tables of the code. */
import assert from "node:assert/strict";
import type { z } from "zod";
import type { MetricTable } from "../service/metrics.ts";
import { flagTable, metricTable } from "../service/readme_tables.ts";

/** Asserts that the README holds both tables as the code has them. */
export async function assertReadmeTables(
  readme: URL,
  code: {
    readonly config: z.ZodObject<Record<string, z.ZodType>>;
    readonly metrics: MetricTable;
  },
): Promise<void> {
  const text = await Deno.readTextFile(readme);
  for (const expected of [flagTable(code.config), metricTable(code.metrics)]) {
    assert.ok(text.includes(expected), `Put this table into ${readme.pathname}:\n\n${expected}`);
  }
}
