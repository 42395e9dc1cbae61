import assert from "node:assert/strict";
import { rampSteps } from "./ramp.ts";

Deno.test("rampSteps() grows by a step until the total", () => {
  const ramp = { users: 100, increaseUsers: 100, increaseInSeconds: 5, totalUsers: 350 };
  assert.deepEqual([...rampSteps(ramp)], [
    { afterS: 0, users: 100 },
    { afterS: 5, users: 200 },
    { afterS: 10, users: 300 },
    { afterS: 15, users: 350 },
  ]);
});

Deno.test("rampSteps() has one step where all are there at once", () => {
  const ramp = { users: 3, increaseUsers: 0, increaseInSeconds: 5, totalUsers: 3 };
  assert.deepEqual([...rampSteps(ramp)], [{ afterS: 0, users: 3 }]);
});
