import assert from "node:assert/strict";
import { DropWatch } from "./drop_watch.ts";

const TOPIC = "$SYS/broker/publish/messages/dropped";

function watch(known: Record<string, number> = {}) {
  const dropped: number[] = [];
  const drops = new DropWatch({
    before: (topic) => known[topic],
    remember: (topic, count) => known[topic] = count,
    onDropped: (count) => dropped.push(count),
  });
  const hear = (...texts: string[]) => {
    for (const text of texts) drops.hear(TOPIC, new TextEncoder().encode(text));
  };
  return { dropped, known, hear };
}

Deno.test("DropWatch.hear() tells what was dropped since it first heard of it", () => {
  const { dropped, hear } = watch();
  hear("90", "90", "100", "101");
  assert.deepEqual(dropped, [10, 1]);
});

Deno.test("DropWatch.hear() tells what was dropped while the bridge was away", () => {
  const { dropped, known, hear } = watch({ [TOPIC]: 90 });
  hear("5612");
  assert.deepEqual([dropped, known[TOPIC]], [[5522], 5612]);
});

Deno.test("DropWatch.hear() takes a smaller count for that of a broker which was started anew", () => {
  const { dropped, hear } = watch({ [TOPIC]: 90 });
  hear("0", "7");
  assert.deepEqual(dropped, [7]);
  hear("3");
  assert.deepEqual(dropped, [7, 3]);
});

Deno.test("DropWatch.hear() passes over what is no count", () => {
  const { dropped, hear } = watch({ [TOPIC]: 0 });
  hear("", "many", "-1", "1.5", "9".repeat(30));
  assert.deepEqual(dropped, []);
});

Deno.test("DropWatch.isOfBroker() knows a household's messages from the broker's own", () => {
  assert.ok(DropWatch.isOfBroker(TOPIC));
  assert.ok(!DropWatch.isOfBroker("energy/anna/flat-1/power"));
});
