import assert from "node:assert/strict";
import { Drain } from "./drain.ts";

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

Deno.test("Drain stalls once nothing moves, and is overdue where nobody gives up then", async () => {
  const drain = new Drain({ timeoutMs: 200, maxMs: undefined, giveUpMs: 200 });
  drain.begin();
  drain.begin();
  await aborted(drain.stalled);
  await assert.rejects(drain.overdue, {
    code: "unavailable",
    message: "The drain has not come to its end: nothing has moved for --drain-timeout 200 ms",
  });
  drain.close();
});

Deno.test("Drain that moves lasts until --drain-max, where there is one", async () => {
  const drain = new Drain({ timeoutMs: 60_000, maxMs: 300, giveUpMs: 100 });
  const moving = setInterval(() => drain.moved(), 20);
  drain.begin();
  await assert.rejects(drain.overdue, /it took longer than --drain-max 300 ms/);
  assert.ok(drain.stalled.aborted);
  clearInterval(moving);
  drain.close();
});

Deno.test("Drain neither stalls before it begins nor after it is closed", async () => {
  const drain = new Drain({ timeoutMs: 1, maxMs: 1, giveUpMs: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  drain.close();
  drain.begin();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(!drain.stalled.aborted);
});
