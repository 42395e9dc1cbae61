import assert from "node:assert/strict";
import { Admin } from "@platformatic/kafka";
import { startKafka } from "./kafka.ts";

Deno.test("startKafka() a topic created before a broker is killed is there after it", async () => {
  const kafka = await startKafka();
  try {
    await createTopic(kafka.url, "power");
    const [broker] = kafka.brokers;
    const pid = broker!.pid;
    await broker!.kill();
    await broker!.start();
    assert.notEqual(broker!.pid, pid);
    assert.deepEqual(await listTopics(kafka.url), ["power"]);
  } finally {
    await kafka.stop();
  }
  await assert.rejects(Deno.stat(kafka.folder), Deno.errors.NotFound);
});

async function createTopic(url: string, topic: string): Promise<void> {
  await using admin = adminOf(url);
  await admin.createTopics({ topics: [topic], partitions: 2, replicas: -1 });
}

async function listTopics(url: string): Promise<string[]> {
  await using admin = adminOf(url);
  return await admin.listTopics();
}

function adminOf(url: string): Admin & AsyncDisposable {
  const admin = new Admin({
    clientId: "test",
    bootstrapBrokers: url.replace("kafka://", "").split(","),
  });
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.close() });
}
