import assert from "node:assert/strict";
import { Metrics } from "../../shared/service/metrics.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { Entries } from "./entries.ts";
import { encodePubacks } from "../../shared/mqtt/puback_packets.ts";
import { bridgeMetrics } from "./metrics.ts";
import { Spool } from "../../shared/spool/spool.ts";
import { SpoolWriter } from "./spool_writer.ts";
import { message, Stream } from "./testing/intake_setup.ts";
import { TopicIndex } from "./topic_index.ts";

Deno.test("SpoolWriter acknowledges a group once it is synced, and not what is written meanwhile", async () => {
  const folder = await Deno.makeTempDir();
  const spool = new Spool({ folder, bytesMax: 1e6, nowMs: Date.now, onProblem: assert.fail });
  const writer = new SpoolWriter(spool, new Metrics(bridgeMetrics));
  const stream = new Stream();
  const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(parsed.ok);
  const entries = new Entries(new TopicIndex(parsed.layout, { index: 0, count: 1 }));
  const write = (...ids: number[]) =>
    writer.write(ids.map((id) => entries.arrived(message(id, { stream }))));
  try {
    assert.deepEqual(write(1, 2), { count: 2, writtenCount: 2, problem: undefined });
    write(3);
    assert.deepEqual([stream.written, writer.owedCount], [[], 3], "written is not yet safe");
    await writer.settled();
    assert.deepEqual(stream.written, [encodePubacks([1, 2]), encodePubacks([3])], "two groups");
    assert.equal(writer.owedCount, 0);
    write(4, 5);
    spool.release(4);
    writer.acknowledge();
    assert.deepEqual(stream.ids, [1, 2, 3, 4], "the log has it sooner than the disk");
    await writer.settled();
    assert.deepEqual(stream.ids, [1, 2, 3, 4, 5]);
  } finally {
    await spool.close();
    await Deno.remove(folder, { recursive: true });
  }
});
