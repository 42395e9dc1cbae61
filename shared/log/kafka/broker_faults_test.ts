/** Exactly once, whatever brokers are killed and started again. */
import assert from "node:assert/strict";
import { startWorld } from "./testing/faults_setup.ts";

Deno.test("the broker killed and started again in the middle of commits: each record once", async () => {
  await using world = await startWorld(1);
  const [first, second] = [world.startWorker(), world.startWorker()];
  const feed = world.feed();
  await first.until(/^committed/);
  await second.until(/^committed/);
  const [broker] = world.kafka.brokers;
  for (let turn = 0; turn < 2; turn++) {
    await first.until(/^committed/);
    await broker!.kill();
    await broker!.start();
  }
  await feed.stop();
  await world.untilCopied();
  assert.deepEqual([await first.stop(), await second.stop()], [0, 0]);
});

Deno.test("one of three brokers killed in the middle of commits: each record once", async () => {
  await using world = await startWorld(3);
  const [first, second] = [world.startWorker(), world.startWorker()];
  const feed = world.feed();
  await first.until(/^committed/);
  await second.until(/^committed/);
  for (const broker of world.kafka.brokers.slice(0, 2)) {
    await first.until(/^committed/);
    await broker.kill();
    await first.until(/^committed/);
    await second.until(/^committed/);
    await broker.start();
  }
  await feed.stop();
  await world.untilCopied();
  assert.deepEqual([await first.stop(), await second.stop()], [0, 0]);
});
