/**
 * The KafkaUsers of programs that are not ours, on a real broker with Kafka's authorizer: what Kafka UI,
 * Strimzi's HTTP bridge and KEDA ask of a broker is answered with their rights, and less without each;
 * they may write nothing.
 */
import {
  Admin,
  ConfigResourceTypes,
  type ConfigResourceTypeValue,
  Consumer,
  ListOffsetTimestamps,
  stringDeserializers,
} from "@platformatic/kafka";
import assert from "node:assert/strict";
import {
  makeOperatedKafka,
  startOperated,
  type UserManifest,
} from "../../scripts/deploy/verify/kafka.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { DATASET_TOPIC, PREDICTIONS_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { ofKind, render, rightsOf } from "./objects.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 200 };
const ANSWER_MS_MAX = 60_000;
const TOPICS = wattstreamTopics(1).map(({ name }) => name);
/** One that Kafka UI finds there. */
const GROUP = "http-reader";

/** A user's way to the broker. */
interface Access {
  readonly address: string;
  readonly caPath: string;
  readonly username: string;
  readonly password: string;
}

/** What a program asks of the broker, by what for; the answers in an order of their own. */
type Asked = Readonly<Record<string, (access: Access) => Promise<readonly string[]>>>;

/** How each connects. */
const connection = async ({ address, caPath, username, password }: Access) => ({
  clientId: username,
  bootstrapBrokers: [address],
  tls: { ca: await Deno.readTextFile(caPath) },
  sasl: { mechanism: "SCRAM-SHA-512" as const, username, password },
  retries: 0,
});

const byAdmin = (use: (admin: Admin) => Promise<readonly string[]>) => async (access: Access) => {
  const admin = new Admin(await connection(access));
  try {
    return (await use(admin)).toSorted();
  } finally {
    await admin.close();
  }
};

const openAs = ({ address, caPath, username, password }: Access) =>
  openLog(`kafkas://${address}`, {
    ...{ kafkaCaFile: caPath, kafkaUsername: username, kafkaPassword: password },
  });

/** Reads a partition to its end, as a member of no group. */
async function byPartition(access: Access): Promise<readonly string[]> {
  const log = await openAs(access);
  try {
    const records = await Array.fromAsync(log.read({ topic: PREDICTIONS_TOPIC }));
    return records.map(({ offset }) => `${offset}`);
  } finally {
    await log.close();
  }
}

/** Reads the first record of each topic, as a member of a group. */
const byReading = (topics: readonly string[]) => async (access: Access) => {
  const consumer = new Consumer({
    ...await connection(access),
    groupId: GROUP,
    deserializers: stringDeserializers,
    timeout: ANSWER_MS_MAX,
  });
  try {
    const stream = await consumer.consume({
      ...{ topics: [...topics], mode: "earliest" as const, autocommit: false },
    });
    const seen = new Set<string>();
    for await (const { topic, value } of stream) {
      seen.add(`${topic}: ${value}`);
      if (seen.size === topics.length) break;
    }
    return [...seen].toSorted();
  } finally {
    await consumer.close(true);
  }
};

const settingsOf = (resourceType: ConfigResourceTypeValue, names: readonly string[]) =>
  byAdmin(async (admin) => {
    const resources = names.map((resourceName) => ({ resourceType, resourceName }));
    const described = await admin.describeConfigs({ resources });
    return described.map(({ resourceName, configs }) => `${resourceName}: ${configs.length}`);
  });

const offsetsOf = (groups: readonly string[]) =>
  byAdmin(async (admin) => {
    const listed = await admin.listConsumerGroupOffsets({ groups: [...groups] });
    return listed.map(({ groupId, topics }) => `${groupId}: ${topics.length}`);
  });

const endsOf = (topics: readonly string[]) =>
  byAdmin(async (admin) => {
    const timestamp = ListOffsetTimestamps.LATEST;
    const listed = await admin.listOffsets({
      topics: topics.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp }] })),
    });
    return listed.map(({ name, partitions }) => `${name}: ${partitions[0]!.offset}`);
  });

const ASKED: Readonly<Record<string, Asked>> = {
  "kafka-ui": {
    topics: byAdmin((admin) => admin.listTopics()),
    "settings of topics": settingsOf(ConfigResourceTypes.TOPIC, TOPICS),
    "settings of brokers": settingsOf(ConfigResourceTypes.BROKER, ["1"]),
    sizes: byAdmin(async (admin) => {
      const topics = TOPICS.map((name) => ({ name, partitions: [0] }));
      const folders = await admin.describeLogDirs({ topics });
      return folders.flatMap(({ results }) => results.map(({ topics }) => `${topics.length}`));
    }),
    groups: byAdmin(async (admin) => [...(await admin.listGroups()).keys()]),
    "a group": byAdmin(async (admin) => [
      ...(await admin.describeGroups({ groups: [GROUP] })).keys(),
    ]),
    "offsets of groups": offsetsOf([GROUP]),
    records: byPartition,
  },
  http: { records: byReading([PREDICTIONS_TOPIC, DATASET_TOPIC]) },
  keda: {
    "offsets of groups": offsetsOf(["predictions", "training", "disaggregation", "publisher"]),
    "ends of topics": endsOf([
      ...["power", "device-state", "predictions", "dataset2train", "disaggregated"],
    ]),
  },
};

/** A group that has read. */
async function leaveGroup(url: string): Promise<void> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [url.slice("kafka://".length)] });
  const partitionOffsets = [{ partition: 0, offset: 0n }];
  await admin.alterConsumerGroupOffsets({
    groupId: GROUP,
    topics: [{ name: PREDICTIONS_TOPIC, partitionOffsets }],
  });
  await admin.close();
}

/** What is answered, by what is asked; a refusal is an answer. */
async function answers(access: Access): Promise<Record<string, readonly string[] | Error>> {
  const answered = Object.entries(ASKED[access.username]!).map(async ([what, ask]) => {
    const answer = await ask(access).catch((error) => error as Error);
    return [what, answer] as const;
  });
  return Object.fromEntries(await Promise.all(answered));
}

/** What is not answered as it was. */
async function missing(access: Access, all: Record<string, unknown>): Promise<string[]> {
  const now = await answers(access);
  return Object.keys(all).filter((what) =>
    now[what] instanceof Error || JSON.stringify(now[what]) !== JSON.stringify(all[what])
  );
}

Deno.test("Kafka UI, the HTTP bridge and KEDA see all with the rights of their KafkaUsers, less without each, and write nothing", async (t) => {
  const manifests = [...await render("optional"), ...await render("production")];
  const users = Object.keys(ASKED).map((user) =>
    (ofKind(manifests, "KafkaUser") as UserManifest[]).find(({ metadata }) =>
      metadata.name === user
    )!
  );
  const folder = await Deno.makeTempDir();
  const [port] = freePorts(1);
  const address = `127.0.0.1:${port}`;
  const kafka = await makeOperatedKafka({
    ...{ users, folder, addresses: [address], listen: "127.0.0.1" },
  });
  try {
    await startOperated(kafka, users);
    const log = await openLog(kafka.url);
    await log.createTopics(wattstreamTopics(1));
    await leaveGroup(kafka.url);
    const appender = log.appender();
    await appender.append(TOPICS.map((topic) => ({ topic, key: "k", value: "{}" })));
    await appender.close();
    await log.close();
    for (const user of users) {
      const username = user.metadata.name;
      const password = kafka.passwords.get(username)!;
      const access = { address, caPath: `${folder}/ca.pem`, username, password };
      let all: Record<string, unknown> = {};
      const sees = await t.step(`${username} sees all with its rights`, async () => {
        await eventually(async () => {
          const answered = await answers(access);
          for (const [what, answer] of Object.entries(answered)) {
            if (answer instanceof Error) throw answer;
            assert.ok(answer.length > 0, what);
          }
          all = answered;
        }, DEADLINE);
      });
      if (!sees) continue;
      for (const right of rightsOf(user)) {
        const { type, name } = right.resource;
        const called = `${right.operations[0]} on ${type} ${name ?? ""}`;
        await t.step(`${username} without ${called}`, async () => {
          await kafka.revoke(username, [right]);
          try {
            await eventually(
              async () => assert.notDeepEqual(await missing(access, all), []),
              DEADLINE,
            );
          } finally {
            await kafka.grant(username, [right]);
          }
          await eventually(async () => assert.deepEqual(await missing(access, all), []), DEADLINE);
        });
      }
      await t.step(`nothing is written with the rights of ${username}`, async () => {
        const own = await openAs(access);
        for (const topic of TOPICS) {
          const appender = own.appender();
          await assert.rejects(
            appender.append([{ topic, key: "k", value: "{}" }]),
            /(WRITE|DESCRIBE) on topic/,
          );
          await appender.close();
        }
        await own.close();
      });
    }
  } finally {
    await kafka.broker.kill();
    await Deno.remove(folder, { recursive: true });
  }
});
