import assert from "node:assert/strict";
import { stateName } from "./bridge_state.ts";

Deno.test("stateName() keeps bridges with a share each apart, and so their client ids", () => {
  assert.equal(stateName({ index: 0, count: 1 }), "bridge");
  assert.deepEqual([0, 1].map((index) => stateName({ index, count: 2 })), [
    "bridge-0-of-2",
    "bridge-1-of-2",
  ]);
});
