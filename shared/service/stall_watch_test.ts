import assert from "node:assert/strict";
import { StallWatch } from "./stall_watch.ts";

/** Occupies this process, as a machine that has no time for it would. */
function starve(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("StallWatch tells once that nothing has moved", async () => {
  let stalls = 0;
  const stalled = Promise.withResolvers<void>();
  const watch = new StallWatch(300, () => {
    stalls++;
    stalled.resolve();
  });
  await stalled.promise;
  starve(400);
  await nextTurn();
  watch.close();
  assert.equal(stalls, 1);
});

Deno.test("StallWatch does not count the time in which the process did not get its turn", async () => {
  let stalls = 0;
  const watch = new StallWatch(1000, () => stalls++);
  starve(1500);
  await nextTurn();
  assert.equal(stalls, 0);
  watch.moved();
  starve(1500);
  await nextTurn();
  watch.close();
  assert.equal(stalls, 0);
});
