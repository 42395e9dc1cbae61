import assert from "node:assert/strict";
import { Admin } from "@platformatic/kafka";
import { hasCode } from "../../../errors.ts";
import { type Kafka, startKafka } from "../../../services/kafka.ts";
import type { Log, NewRecord } from "../../log.ts";
import { openLog } from "../../open.ts";
import { rewriteKafkaTopic, type TopicRewrite } from "./rewrite_topic.ts";

const TOPIC = "kept";
const CLOCK = { nowMs: Date.now };
const decoder = new TextDecoder();

/** Takes out what says `goes`. */
const REWRITE: TopicRewrite = {
  topic: TOPIC,
  goes: ({ value }) => decoder.decode(value!) === "goes",
  writers: [],
  group: "readers",
  moved: () => new Map(),
  said: () => {},
};

function recordsOf(partition: number, values: readonly string[]): NewRecord[] {
  return values.map((value, index) => ({
    ...{ topic: TOPIC, partition, key: `key-${index}`, value },
    headers: { at: `${index}` },
  }));
}

async function append(log: Log, records: readonly NewRecord[]): Promise<void> {
  const appender = log.appender();
  await appender.append(records);
  await appender.close();
}

/** What each partition holds: `key value header`. */
async function contents(log: Log): Promise<string[][]> {
  const found: string[][] = [[], [], []];
  for await (const { partition, key, value, headers } of log.read({ topic: TOPIC })) {
    found[partition]!.push(`${decoder.decode(key!)} ${decoder.decode(value!)} ${headers.at}`);
  }
  return found;
}

async function withTopic(use: (log: Log, kafka: Kafka) => Promise<void>): Promise<void> {
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  try {
    await log.createTopics([{ name: TOPIC, partitions: 3, logAppendTime: true }]);
    await use(log, kafka);
  } finally {
    await log.close();
    await kafka.stop();
  }
}

Deno.test("rewriteKafkaTopic() leaves the others' records as they were, and the settings of the topic", async () => {
  await withTopic(async (log, kafka) => {
    await alter(kafka, "segment.ms", "86400000");
    await append(log, recordsOf(0, ["goes", "goes"]));
    await append(log, recordsOf(1, ["a", "goes", "b", "goes", "c"]));
    await append(log, recordsOf(2, ["d"]));
    const before = await settings(kafka);
    const untouched = (await log.describe([TOPIC]))[0]!.partitions[2]!;
    const rewrite = () => rewriteKafkaTopic(kafka.url, REWRITE, CLOCK);
    await rewrite();
    const expected = [[], ["key-0 a 0", "key-2 b 2", "key-4 c 4"], ["key-0 d 0"]];
    assert.deepEqual(await contents(log), expected);
    assert.deepEqual(await settings(kafka), before);
    const after = (await log.describe([TOPIC]))[0]!.partitions;
    assert.deepEqual(after[2], untouched);
    await rewrite();
    assert.deepEqual((await log.describe([TOPIC]))[0]!.partitions, after, "nothing to do");
    // Again, of what has been copied once.
    await append(log, recordsOf(1, ["goes", "e"]));
    await rewrite();
    assert.deepEqual(await contents(log), expected.with(1, [...expected[1]!, "key-1 e 1"]));
  });
});

Deno.test("rewriteKafkaTopic() changes nothing where somebody else writes to the topic", async () => {
  await withTopic(async (log, kafka) => {
    await append(log, recordsOf(0, ["a", "goes", "b"]));
    const said = async (line: string) => {
      if (line.includes("copied")) await append(log, recordsOf(0, ["late"]));
    };
    await assert.rejects(
      rewriteKafkaTopic(kafka.url, { ...REWRITE, said }, CLOCK),
      (error) => hasCode(error, "unavailable") && /Stop first what else writes/.test(`${error}`),
    );
    const all = ["key-0 a 0", "key-1 goes 1", "key-2 b 2", "key-0 late 0"];
    assert.deepEqual(await contents(log), [all, [], []]);
    await rewriteKafkaTopic(kafka.url, REWRITE, CLOCK);
    assert.deepEqual(await contents(log), [all.filter((each) => !each.includes("goes")), [], []]);
  });
});

Deno.test("rewriteKafkaTopic() sets segment.ms as it was, whenever it was killed", async () => {
  await withTopic(async (log, kafka) => {
    for (const former of [undefined, "86400000"]) {
      if (former !== undefined) await alter(kafka, "segment.ms", former);
      const before = await settings(kafka);
      for (const last of ["1 for a moment", "2 for a moment", "of its own", "as it was"]) {
        await append(log, recordsOf(0, ["a", "goes"]));
        const said = (line: string) => {
          if (line.includes(last)) throw new Error("killed");
        };
        await assert.rejects(rewriteKafkaTopic(kafka.url, { ...REWRITE, said }, CLOCK), /killed/);
        await rewriteKafkaTopic(kafka.url, REWRITE, CLOCK);
        assert.deepEqual(await settings(kafka), before, last);
      }
    }
  });
});

async function alter(kafka: Kafka, name: string, value: string): Promise<void> {
  const configs = [{ name, configOperation: 0 as const, value }];
  await asAdmin(kafka, (admin) =>
    admin.incrementalAlterConfigs({
      resources: [{ resourceType: 2, resourceName: TOPIC, configs }],
    }));
}

/** What the topic has of its own, as somebody sees it who has the brokers' own tools. */
async function settings(kafka: Kafka): Promise<unknown[]> {
  const [found] = await asAdmin(
    kafka,
    (admin) => admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: TOPIC }] }),
  );
  return found!.configs.filter(({ configSource }) => configSource === 1)
    .map(({ name, value }) => [name, value]);
}

async function asAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const bootstrapBrokers = kafka.url.replace("kafka://", "").split(",");
  const admin = new Admin({ clientId: "foreign", bootstrapBrokers });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}
