/** Commits of a task whose group has moved on meanwhile. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../eventually.ts";
import { pause } from "../../../pause.ts";
import { type Kafka, startKafka } from "../../../services/kafka.ts";
import type { Log } from "../../log.ts";
import { openLog } from "../../open.ts";
import { Cluster } from "../cluster/cluster.ts";
import { type GroupMember, Membership } from "../group/membership.ts";
import { kafkaSettings } from "../cluster/options.ts";
import { type Ownership, TransactionalProducer } from "./transaction.ts";

const INPUT = "in";
const OUTPUT = "out";

let kafka: Kafka;
let log: Log;
let cluster: Cluster;
let membership: Membership;
let belonging: Promise<void>;
/** Of each test its own. */
let group: string;
let testCount = 0;

Deno.test.beforeAll(async () => {
  kafka = await startKafka();
});

Deno.test.afterAll(() => kafka.stop());

Deno.test.beforeEach(async () => {
  log = await openLog(kafka.url);
  await log.createTopics([INPUT, OUTPUT].map((name) => ({ name, partitions: 1 })));
  cluster = new Cluster(await kafkaSettings(kafka.url, {}));
  group = `copiers-${testCount++}`;
  const assigned = Promise.withResolvers<void>();
  membership = new Membership(cluster, {
    group,
    topics: [INPUT],
    taskCount: 1,
    onAssigned: () => assigned.resolve(),
  });
  belonging = membership.run();
  await assigned.promise;
});

Deno.test.afterEach(async () => {
  await membership.stop();
  await belonging;
  await cluster.close();
  await log.close();
});

/** A task's owner that has not heard of the newest generation of its group. */
class LateOwner implements Ownership {
  member: GroupMember = { ...membership.member, generationId: membership.member.generationId - 1 };
  isLost = false;
  confirmations = 0;
  readonly #news: (owner: LateOwner) => void;

  constructor(news: (owner: LateOwner) => void) {
    this.#news = news;
  }

  confirmed(): Promise<void> {
    // The first one is a heartbeat of the generation before.
    if (++this.confirmations === 2) this.#news(this);
    return Promise.resolve();
  }
}

async function withProducer(
  ownership: Ownership,
  body: (producer: TransactionalProducer) => Promise<void>,
  confirmMsMax?: number,
): Promise<void> {
  const producer = new TransactionalProducer({
    ...{ cluster, target: { group, partition: 0 }, ownership, nowMs: Date.now },
    ...(confirmMsMax !== undefined && { confirmMsMax }),
  });
  try {
    await producer.init();
    await body(producer);
  } finally {
    await producer.close();
  }
}

const output = (value: string) => [{ topic: OUTPUT, key: "k", value, headers: { group } }];
const offsetsAt = (offset: number) => [{ topic: INPUT, partition: 0, offset }];
/** Waits until the output holds these, beside what other tests have left. */
async function untilOutput(expected: readonly string[]): Promise<void> {
  await eventually(async () => {
    const records = await Array.fromAsync(log.read({ topic: OUTPUT }));
    const own = records.filter(({ headers }) => headers.group === group);
    assert.deepEqual(own.map(({ value }) => new TextDecoder().decode(value!)), expected);
  }, { deadlineMs: PATIENCE_MS });
}

Deno.test("commit() under an old generation is done once the group has confirmed us", async () => {
  const owner = new LateOwner((late) => late.member = membership.member);
  await withProducer(owner, async (producer) => {
    await producer.write(await producer.encode(output("written")));
    await producer.commit(await producer.encode(output("committed")), offsetsAt(7));
    assert.equal(owner.confirmations, 2);
    await untilOutput(["written", "committed"]);
    await eventually(
      async () => assert.deepEqual((await log.groupOffsets(group)).get(INPUT), [7]),
      { deadlineMs: PATIENCE_MS },
    );
    // Nothing is left of the refusal.
    await producer.commit(await producer.encode(output("next")), offsetsAt(8));
    await untilOutput(["written", "committed", "next"]);
  });
});

Deno.test("commit() of a task that the group has given away writes nothing", async () => {
  const owner = new LateOwner((late) => late.isLost = true);
  await withProducer(owner, async (producer) => {
    await producer.write(await producer.encode(output("lost")));
    const batches = await producer.encode(output("lost"));
    await assert.rejects(producer.commit(batches, offsetsAt(9)), { code: "fenced" });
    await assert.rejects(producer.write(batches), { code: "fenced" });
  });
  const ours = { member: membership.member, isLost: false, confirmed: () => Promise.resolve() };
  await withProducer(ours, async (producer) => {
    await producer.commit(await producer.encode(output("kept")), offsetsAt(10));
  });
  await untilOutput(["kept"]);
});

Deno.test("commit() under a generation that no newer one follows is given up", async () => {
  const never: Ownership = {
    member: { ...membership.member, generationId: membership.member.generationId - 1 },
    isLost: false,
    confirmed: () => pause(10),
  };
  await withProducer(never, async (producer) => {
    await assert.rejects(
      producer.commit(await producer.encode(output("given up")), offsetsAt(9)),
      { code: "fenced", message: /does not confirm copiers-\d+-0: the task starts again/ },
    );
  }, 100);
  const ours = { member: membership.member, isLost: false, confirmed: () => Promise.resolve() };
  await withProducer(ours, async (producer) => {
    await producer.commit(await producer.encode(output("kept")), offsetsAt(10));
  });
  await untilOutput(["kept"]);
});

Deno.test("write() of a task sends what is worth a request, and commit() the rest", async () => {
  const kinds: string[] = [];
  const counted = await openLog(kafka.url, { onRequest: (kind) => kinds.push(kind) });
  const sent = () => kinds.filter((kind) => kind === "produce").length;
  const stop = new AbortController();
  const small = Array.from({ length: 50 }, (_, index) => `${index}`);
  const large = "x".repeat(200_000);
  const own = `${group}-writer`;
  await counted.runTasks({ group: own, inputs: [INPUT] }, async (task) => {
    await task.loadMemory();
    const offsets = await task.committedOffsets();
    for (const value of small) await task.write(output(value));
    assert.equal(sent(), 0);
    await task.write(output(large));
    assert.equal(sent(), 1);
    await task.write(output("last"));
    await task.commit({ records: [], memory: new Map([["of", "it"]]), offsets });
    assert.equal(sent(), 2);
    stop.abort();
  }, stop.signal);
  await counted.close();
  await untilOutput([...small, large, "last"]);
});
