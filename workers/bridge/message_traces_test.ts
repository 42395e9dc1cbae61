import assert from "node:assert/strict";
import { TraceCollector } from "../../shared/testing/trace_collector.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { createLogger } from "../../shared/service/logger.ts";
import { Tracing } from "../../shared/tracing/tracing.ts";
import { MessageTraces } from "./message_traces.ts";

const COUNT = 10_000;

/** How many of so many readings get a trace, and spans that the collector is told of. */
async function traced(share: number, topic = "power"): Promise<{ traced: number; spans: number }> {
  await using collector = new TraceCollector();
  const logger = createLogger("test", { threshold: { level: "error" } }, () => {});
  const nowMs = () => 1_000_000;
  const tracing = new Tracing(collector.url, { worker: "test", logger, nowMs });
  const traces = new MessageTraces({ tracing, share, nowMs, random: seededRandom(7) });
  let count = 0;
  for (let index = 0; index < COUNT; index += 100) {
    const records = Array.from({ length: 100 }, () => ({
      ...{ topic, key: "home", value: "{}", username: "anna" },
      ...{ timestampS: 999, arrivedMs: 999_500 },
    }));
    const begun = traces.begin(records);
    assert.equal(begun.length, records.length);
    count += begun.filter(({ headers }) => headers?.traceparent !== undefined).length;
    if (index === 0) traces.end();
  }
  await tracing.close();
  return { traced: count, spans: collector.spans.length };
}

Deno.test("MessageTraces traces the share of the readings that it is told to, and ends what the log has", async () => {
  assert.deepEqual(await traced(0), { traced: 0, spans: 0 });
  assert.deepEqual(await traced(1), { traced: COUNT, spans: 200 });
  const some = await traced(0.01);
  assert.ok(some.traced > 60 && some.traced < 140, String(some.traced));
});

Deno.test("MessageTraces leaves device states alone", async () => {
  assert.deepEqual(await traced(1, "device-state"), { traced: 0, spans: 0 });
});
