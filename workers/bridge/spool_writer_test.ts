import assert from "node:assert/strict";
import { Metrics } from "../../shared/service/metrics.ts";
import { encodePubacks } from "./held_ack.ts";
import { arrivedEntry } from "./message_buffer.ts";
import { bridgeMetrics } from "./metrics.ts";
import { Spool } from "../../shared/spool/spool.ts";
import { SpoolWriter } from "./spool_writer.ts";
import { message, Stream } from "./testing/intake_setup.ts";

Deno.test("SpoolWriter acknowledges a group once it is synced, and not what is written meanwhile", async () => {
  const folder = await Deno.makeTempDir();
  const spool = new Spool({ folder, bytesMax: 1e6, nowMs: Date.now, onProblem: assert.fail });
  const writer = new SpoolWriter(spool, new Metrics(bridgeMetrics));
  const stream = new Stream();
  const write = (...ids: number[]) =>
    writer.write(ids.map((id) => {
      const { topic } = message(id);
      return arrivedEntry(message(id, { stream }), { topic, match: undefined, isOurs: true });
    }));
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
