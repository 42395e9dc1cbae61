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

Deno.test("Pauses.run() goes on after waits and promises, and resolves at the end", async () => {
  const pauses = new Pauses();
  const done: string[] = [];
  const startedMs = performance.now();
  await pauses.run((function* () {
    yield 20;
    done.push("waited");
    yield Promise.resolve();
    done.push("promised");
    yield 0;
  })());
  assert.deepEqual(done, ["waited", "promised"]);
  assert.ok(performance.now() - startedMs >= 19);
});

Deno.test("Pauses.run() waits no more once they are stopped", async () => {
  const pauses = new Pauses();
  const run = pauses.run((function* () {
    yield 3_600_000;
    yield 3_600_000;
  })());
  pauses.stop();
  await run;
});

Deno.test("Pauses.run() rejects with what the sequence throws, or a promise of it", async () => {
  const pauses = new Pauses();
  const failing = [
    function* () {
      yield 1;
      throw new Error("broken");
    },
    function* () {
      yield Promise.reject(new Error("broken"));
    },
  ];
  for (const sequence of failing) await assert.rejects(pauses.run(sequence()), /broken/);
});
