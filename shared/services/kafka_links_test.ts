import assert from "node:assert/strict";
import { openLog } from "../log/open.ts";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { startKafka } from "./kafka.ts";

Deno.test("a link of startKafka() stalls its own clients and nobody else's", async () => {
  const kafka = await startKafka({ linkCount: 2 });
  const [stalled, other] = kafka.links as [typeof kafka.links[0], typeof kafka.links[0]];
  const [log, beside] = [await openLog(stalled.url), await openLog(other.url)];
  try {
    await log.createTopics([{ name: "t", partitions: 1 }]);
    const appender = log.appender();
    const append = (value: string) => appender.append([{ topic: "t", key: "k", value }]);
    const count = async () => (await beside.describe(["t"]))[0]!.partitions[0]!.endOffset;
    await append("before");
    stalled.stall();
    const during = append("during");
    assert.equal(await count(), 1);
    stalled.resume();
    await during;
    await eventually(async () => assert.equal(await count(), 2), { deadlineMs: PATIENCE_MS });
  } finally {
    await log.close();
    await beside.close();
    await kafka.stop();
  }
});
