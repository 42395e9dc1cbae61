/** The simulator's truth and mishaps, and connections that are shared: what arrives is what was drawn. */
import assert from "node:assert/strict";
import { startWorker } from "../../shared/services/worker_process.ts";
import { endOf, finishedOf, Subscriber, withMosquitto } from "./simulator_subscriber.ts";

const SEED = 7;

Deno.test("simulator shares connections, writes the truth, and comes back from offline", async () => {
  const truthPath = await Deno.makeTempFile();
  await withMosquitto(async ({ url }) => {
    const subscriber = await Subscriber.start(url);
    const simulator = startWorker("simulator", [
      ...["--mqtt", url, "--users", "30", "--households-per-user", "2", "--connections", "4"],
      ...["--seed", `${SEED}`, "--swap-probability", "0", "--truth", truthPath],
      ...["--offline-probability", "0.2", "--offline-time", "3s"],
      ...["--duplicate-probability", "0.2", "--wrong-clocks", "0.3"],
    ]);
    try {
      await subscriber.untilReceived(300);
      assert.equal(await simulator.metric("wattstream_simulator_connections"), 4);
      assert.equal(await simulator.stop(), 0);
      const truth = (await Deno.readTextFile(truthPath)).trimEnd().split("\n")
        .map((line) => JSON.parse(line));
      await subscriber.untilReceived(truth.length);
      const { readings } = finishedOf(simulator);
      assert.ok(Number(readings) > truth.length * 1.1, "some went out twice");
      const drawn = new Map(truth.map((each) => [`${each.client_id} ${each.timestamp}`, each]));
      assert.equal(drawn.size, truth.length);
      const wrong = new Set(truth.filter(({ clock_s }) => clock_s).map((each) => each.client_id));
      assert.ok(wrong.size > 5 && wrong.size < 40, `${wrong.size} wrong clocks`);
      for (const { event } of subscriber.received) {
        const { consumption, state_bitmap } = drawn.get(`${event.client_id} ${event.timestamp}`);
        if ("consumption" in event) assert.equal(event.consumption, consumption);
        else assert.deepEqual(event.state_bitmap, state_bitmap);
      }
    } finally {
      await endOf(simulator);
      await subscriber.close();
    }
  });
  await Deno.remove(truthPath);
});
