import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { UnreadTopics } from "./unread_topics.ts";
import { plainView } from "./view.ts";

Deno.test("UnreadTopics names each topic that nobody reads once, and not each of very many", async () => {
  const lines: string[] = [];
  const layout = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(layout.ok);
  const unread = new UnreadTopics(plainView((text) => lines.push(text)), layout.layout);
  const broker = await startEmbeddedBroker({ onPublished: (topic) => unread.see(topic) });
  const client = await connectAsync(broker.url);
  try {
    for (const topic of ["tele/plug/SENSOR", "tele/plug/SENSOR", "energy/a/b/power"]) {
      await client.publishAsync(topic, "1", { qos: 1 });
    }
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^dev: nobody reads "tele\/plug\/SENSOR".*energy\/\{username\}/);
    for (let index = 0; index < 50; index++) unread.see(`odd/\x1b[2J/${index}`);
    assert.equal(lines.length, 20);
    assert.ok(lines.every((line) => !line.includes("\x1b")));
  } finally {
    await client.endAsync();
    await broker.close();
  }
});
