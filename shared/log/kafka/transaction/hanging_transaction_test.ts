/**
 * Transactions that the coordinator calls complete and a partition holds as open. Made here by writing
 * to a partition that the transaction was not told of, which brokers refuse unless they are set not to.
 */
import {
  Admin,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
} from "@platformatic/kafka";
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../eventually.ts";
import { type Kafka, startKafka } from "../../../services/kafka.ts";
import type { Log } from "../../log.ts";
import { openLog } from "../../open.ts";
import { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { kafkaSettings } from "../cluster/options.ts";
import { OutgoingBatches, Producer, sendRound } from "../records/outgoing.ts";
import { Partitioner } from "../records/partitioner.ts";
import * as protocol from "../cluster/protocol.ts";
import { TransactionRequests } from "./transaction_requests.ts";

let kafka: Kafka;
let log: Log;
let cluster: Cluster;
let connections: Connections;

Deno.test.beforeAll(async () => {
  kafka = await startKafka();
  const admin = new Admin({
    clientId: "test",
    bootstrapBrokers: [kafka.url.replace("kafka://", "")],
  });
  await admin.incrementalAlterConfigs({
    resources: [{
      resourceType: ConfigResourceTypes.BROKER,
      resourceName: "1",
      configs: [{
        name: "transaction.partition.verification.enable",
        configOperation: IncrementalAlterConfigOperationTypes.SET,
        value: "false",
      }],
    }],
  });
  await admin.close();
});

Deno.test.afterAll(() => kafka.stop());

Deno.test.beforeEach(async () => {
  log = await openLog(kafka.url);
  cluster = new Cluster(await kafkaSettings(kafka.url, {}));
  connections = new Connections(cluster.settings);
});

Deno.test.afterEach(async () => {
  await connections.close();
  await cluster.close();
  await log.close();
});

for (const isCommit of [true, false]) {
  const ending = isCommit ? "commit" : "abort";
  Deno.test(`TransactionRequests.init() ends what hangs as it was decided: ${ending}`, async () => {
    const topics = [`known-${ending}`, `forgotten-${ending}`] as const;
    await log.createTopics(topics.map((name) => ({ name, partitions: 1 })));
    const requests = new TransactionRequests(cluster, connections, { group: ending, partition: 0 });
    const producer = new Producer(await requests.init());
    await requests.addPartitions(producer, [{ topic: topics[0], partition: 0 }]);
    await write(producer, requests.id, topics);
    const { producerId, epoch } = producer;
    await cluster.askCoordinatorOnce(
      connections,
      { kind: "transaction", key: requests.id },
      protocol.endTxn,
      requests.id,
      producerId,
      epoch,
      isCommit,
    );
    const values = async () =>
      await Promise.all(
        topics.map(async (topic) => (await Array.fromAsync(log.read({ topic }))).length),
      );
    // The coordinator tells the partitions that it knows of some moments after it has answered.
    await eventually(async () => assert.deepEqual(await values(), [isCommit ? 1 : 0, 0]), {
      deadlineMs: PATIENCE_MS,
    });
    await requests.init();
    assert.deepEqual(await values(), isCommit ? [1, 1] : [0, 0]);
    // The partition is free for others again.
    const appender = log.appender();
    await appender.append([{ topic: topics[1], key: null, value: "after" }]);
    await appender.close();
    assert.deepEqual(await values(), isCommit ? [1, 2] : [0, 1]);
  });
}

Deno.test("TransactionRequests.init() aborts what is open, and settles nothing else", async () => {
  await log.createTopics([{ name: "open", partitions: 1 }]);
  const requests = new TransactionRequests(cluster, connections, { group: "open", partition: 0 });
  for (let turn = 0; turn < 3; turn++) {
    const producer = new Producer(await requests.init());
    await requests.addPartitions(producer, [{ topic: "open", partition: 0 }]);
    await write(producer, requests.id, ["open"]);
  }
  await requests.init();
  assert.deepEqual(await Array.fromAsync(log.read({ topic: "open" })), []);
});

async function write(producer: Producer, id: string, topics: readonly string[]): Promise<void> {
  const batches = new OutgoingBatches({
    partitioner: new Partitioner(() => 1, () => 0),
    compression: "none",
    timeMs: Date.now(),
    writers: new Map(),
  });
  for (const topic of topics) batches.add({ topic, key: null, value: "value" });
  for (const round of batches.rounds(producer)) {
    const parts = { cluster, connections, transactionalId: id, repeatsUnanswered: false };
    assert.deepEqual(await sendRound(parts, round), new Map());
  }
}
