import assert from "node:assert/strict";
import { othersTurn } from "./others_turn.ts";

/** Works without a break, as a batch does. */
function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

Deno.test("othersTurn() lets timers that are due go before more work, whoever else works", async () => {
  const done: string[] = [];
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      done.push("timer");
      resolve();
    }, 1)
  );
  const task = async (name: string) => {
    for (let batch = 0; batch < 100; batch++) {
      await othersTurn();
      work(3);
      done.push(name);
    }
  };
  await Promise.all([task("first"), task("second"), timer]);
  assert.ok(done.indexOf("timer") < 50, `the timer came at ${done.indexOf("timer")} of 201`);
});
