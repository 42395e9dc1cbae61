import assert from "node:assert/strict";
import { Pauses } from "./pauses.ts";

Deno.test("Pauses.wait() lasts as long as asked for", async () => {
  const pauses = new Pauses();
  const startedMs = performance.now();
  await pauses.wait(20);
  assert.ok(performance.now() - startedMs >= 19);
});

Deno.test("Pauses.stop() ends every wait, also those begun later", async () => {
  const pauses = new Pauses();
  const waits = [pauses.wait(3_600_000), pauses.wait(3_600_000)];
  assert.equal(pauses.isStopped, false);
  pauses.stop();
  await Promise.all(waits);
  await pauses.wait(3_600_000);
  assert.equal(pauses.isStopped, true);
});
