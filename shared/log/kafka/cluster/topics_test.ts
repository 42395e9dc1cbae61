/** Creating topics on a cluster whose brokers learn of it one after the other. */
import { Admin } from "@platformatic/kafka";
import assert from "node:assert/strict";
import { startKafka } from "../../../services/kafka.ts";
import { hasCode } from "../../../errors.ts";
import { wattstreamTopics } from "../../../topics.ts";
import { openKafkaLog } from "../kafka_log.ts";
import type { Cluster } from "./cluster.ts";
import { listPatiently, untilKnownEverywhere } from "./topics.ts";
import type { ListedTopic } from "./metadata.ts";

const TOPICS = [{ name: "power", partitions: 2 }];
const known = (...leaders: number[]): ListedTopic[] => [
  { name: "power", isInternal: false, leaders },
];

/** A cluster whose brokers say one answer of these after the other, and then the last one for ever. */
function clusterThatSays(answers: readonly (readonly ListedTopic[][])[], patienceMs = 60_000) {
  let asked = 0;
  const cluster: Pick<Cluster, "listTopics" | "listTopicsOfEach" | "patience"> = {
    patience: { patienceMs },
    listTopics: () => Promise.resolve(known(1, 2)),
    listTopicsOfEach: () => Promise.resolve([...answers[Math.min(asked++, answers.length - 1)]!]),
  };
  return { cluster, asked: () => asked };
}

Deno.test("untilKnownEverywhere() waits for the last broker, and for the leaders it knows", async () => {
  const { cluster, asked } = clusterThatSays([
    [known(1, 2), [], []],
    [known(1, 2), known(1, 2), []],
    [known(1, 2), known(1, 2), known(-1, 2)],
    [known(1, 2), known(1, 2), known(1, 2)],
  ]);
  await untilKnownEverywhere(cluster, TOPICS);
  assert.equal(asked(), 4);
});

Deno.test("untilKnownEverywhere() goes on as long as something changes, and not for ever", async () => {
  const { cluster } = clusterThatSays([[known(1, 2), []]], 50);
  await assert.rejects(
    untilKnownEverywhere(cluster, TOPICS),
    (error) => hasCode(error, "unavailable") && /2 times .* of power$/.test(error.message),
  );
});

Deno.test("listPatiently() asks again for a topic that its broker has not heard of yet", async () => {
  const answers = [[], [], known(1, 2)];
  const cluster = { listTopics: () => Promise.resolve(answers.shift()!) };
  assert.deepEqual(await listPatiently(cluster, ["power"]), known(1, 2));
});

Deno.test("listPatiently() ends without a topic that there is not", async () => {
  const cluster = { listTopics: () => Promise.resolve(known(1, 2)) };
  assert.deepEqual(await listPatiently(cluster, ["power", "nowhere"]), known(1, 2));
});

Deno.test("createTopics() on three brokers: each of them knows all at once", async () => {
  const kafka = await startKafka({ brokers: 3 });
  try {
    for (let round = 0; round < 5; round++) {
      const topics = wattstreamTopics(5).map((topic) => ({
        ...topic,
        name: `${topic.name}-${round}`,
      }));
      const log = await openKafkaLog(kafka.url, { nowMs: Date.now });
      await log.createTopics(topics);
      await log.close();
      await Promise.all(kafka.brokers.map(async ({ port }) => {
        const admin = new Admin({
          clientId: "test",
          bootstrapBrokers: [`127.0.0.1:${port}`],
          retries: 0,
        });
        const names = await admin.listTopics();
        await admin.close();
        for (const { name } of topics) assert.ok(names.includes(name), `${port} knows ${name}`);
      }));
    }
  } finally {
    await kafka.stop();
  }
});
