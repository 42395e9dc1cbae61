/** Exactly once, whatever happens to workers, and while their broker does not answer. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../eventually.ts";
import { PARTITIONS, startWorld } from "./testing/faults_setup.ts";

Deno.test("a worker killed, one stopped and continued, one added and one gone: each record once", async () => {
  await using world = await startWorld(1);
  const first = world.startWorker();
  const feed = world.feed();
  await first.until(/^committed/);
  const second = world.startWorker();
  await second.until(/^committed/);
  first.signal("SIGSTOP");
  // Its tasks go to the other once its session has run out.
  await eventually(() => assert.equal(second.owned().size, PARTITIONS), {
    deadlineMs: PATIENCE_MS,
  });
  await second.until(/^committed/);
  first.signal("SIGCONT");
  await eventually(() => assert.equal(second.owned().size, PARTITIONS / 2), {
    deadlineMs: PATIENCE_MS,
  });
  await first.until(/^committed/);
  await second.kill();
  const third = world.startWorker();
  await third.until(/^committed/);
  assert.equal(await first.stop(), 0);
  await feed.stop();
  await world.untilCopied();
});

Deno.test("the broker stopped beyond every timeout, then continued: each record once", async () => {
  await using world = await startWorld(1);
  const worker = world.startWorker();
  const feed = world.feed();
  await worker.until(/^committed/);
  const [broker] = world.kafka.brokers;
  await broker!.suspend();
  // What was sent to it is given up, and arrives after all when it continues.
  await worker.until(/^(failed|waiting)/);
  await broker!.resume();
  await worker.until(/^committed/);
  await feed.stop();
  await world.untilCopied();
  assert.equal(await worker.stop(), 0);
});
