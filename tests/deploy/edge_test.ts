/** The edge's form within 256 MB and half a core; `deno task deploy edge` runs it for ten minutes. */
import assert from "node:assert/strict";
import { runEdge } from "../../scripts/deploy/edge/edge_run.ts";

Deno.test("one small machine holds ten households: nothing ends, nothing is lost or doubled", async () => {
  const result = await runEdge({
    ...{ seconds: 25, households: 10, memoryMiB: 256, further: [] },
    report: () => {},
  });
  assert.deepEqual([result.killed, result.lost, result.duplicated], [0, 0, 0]);
  assert.ok(result.windows > 50, JSON.stringify(result));
});
