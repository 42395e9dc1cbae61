/**
 * What `deno task households erase` says of Kafka comes about: no file of the broker names the household
 * once the topics' times have passed, which are seconds here, and what others wrote meanwhile is there.
 */
import assert from "node:assert/strict";
import { Admin } from "@platformatic/kafka";
import { runHouseholds } from "../../scripts/households/command.ts";
import { encodeDeadLetter } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import { topicConfigs } from "../../shared/log/kafka/cluster/topics.ts";
import { type Log, type NewRecord, type TopicSpec } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { DATASET_TOPIC, wattstreamTopics } from "../../shared/topics.ts";

const GOES = { username: "anna", client_id: "flat-goes" };
const STAYS = { username: "anna", client_id: "flat-stays" };
const RETENTION_MS = 2_000;
/** The broker's own passes over its disk. */
const SETTINGS = {
  "log.initial.task.delay.ms": "200",
  "log.retention.check.interval.ms": "300",
  "log.cleaner.backoff.ms": "300",
  // Index files have their full size from the start, all of which would be looked through.
  "log.index.size.max.bytes": "4096",
};
/** As ours are, but that what takes hours takes a second. */
const SHORT = {
  "segment.ms": "500",
  "file.delete.delay.ms": "0",
  "max.compaction.lag.ms": "500",
  "delete.retention.ms": "100",
};

function recordsOf(who: typeof GOES, timestamp: number): NewRecord[] {
  const value = JSON.stringify({ ...who, timestamp, devices: [{ name: "lamp" }] });
  const about = { reason: "invalid", source: "bridge", error: "none", received_at: 1 } as const;
  const topic = `energy/${who.username}/${who.client_id}/power`;
  const letter = encodeDeadLetter({ ...about, topic }, new TextEncoder().encode("garbage"));
  return wattstreamTopics(1).map(({ name, compacted }) => {
    const householdKey = `${who.username}/${who.client_id}`;
    if (name.endsWith("-memory")) {
      const key = `household/${JSON.stringify([who.username, who.client_id])}`;
      return { topic: name, partition: 0, key, value: String(timestamp) };
    }
    if (name === "dead-letter") return { topic: name, key: null, value: letter };
    return { topic: name, partition: 0, key: compacted ? householdKey : who.client_id, value };
  });
}

async function append(log: Log, records: readonly NewRecord[]): Promise<void> {
  const appender = log.appender();
  await appender.append(records);
  await appender.close();
}

/** Runs `use` as somebody does who has the brokers' own tools. */
async function asAdmin(kafka: Kafka, use: (admin: Admin) => Promise<unknown>): Promise<void> {
  const bootstrapBrokers = kafka.url.replace("kafka://", "").split(",");
  const admin = new Admin({ clientId: "foreign", bootstrapBrokers });
  try {
    await use(admin);
  } finally {
    await admin.close();
  }
}

async function createTopic(admin: Admin, topic: TopicSpec): Promise<void> {
  const configs = Object.entries({ ...topicConfigs(topic), ...SHORT })
    .map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [topic.name], partitions: 1, replicas: 1, configs });
}

/** As `kafka-configs.sh --alter --entity-name dataset2train --add-config retention.ms=1` does. */
async function emptyDatasets(admin: Admin): Promise<void> {
  const configs = [{ name: "retention.ms", configOperation: 0 as const, value: "1" }];
  await admin.incrementalAlterConfigs({
    resources: [{ resourceType: 2, resourceName: DATASET_TOPIC, configs }],
  });
}

/** The folders of the broker in which a file names a household. */
function foldersThatName(folder: string, household: typeof GOES): Set<string> {
  const found = new Set<string>();
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory) continue;
    if (isNamedIn(`${folder}/${name}`, household)) found.add(name);
    for (const each of foldersThatName(`${folder}/${name}`, household)) found.add(each);
  }
  return found;
}

/** Whether a file of this folder names it; looks again where one goes, or gets another name, meanwhile. */
function isNamedIn(folder: string, household: typeof GOES): boolean {
  for (;;) {
    try {
      const files = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile);
      return files.some(({ name }) => textOf(`${folder}/${name}`).includes(household.client_id));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function textOf(path: string): string {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path));
}

/** Fails unless a file of each compacted topic names the household: no time is up for those. */
function assertNamed(folder: string, household: typeof GOES): void {
  const named = foldersThatName(folder, household);
  for (const { name, compacted } of wattstreamTopics()) {
    assert.ok(!compacted || named.has(`${name}-0`), `${name}: ${[...named]}`);
  }
}

async function erase(kafka: Kafka): Promise<void> {
  const household = ["--user", GOES.username, "--client-id", GOES.client_id];
  const args = ["erase", ...household, "--log", kafka.url];
  assert.equal(await runHouseholds({ args, env: () => undefined }), 0);
}

Deno.test("households erase leaves nothing in the files of Kafka once its topics' times have passed", async () => {
  const kafka = await startKafka({ settings: SETTINGS });
  const log = await openLog(kafka.url);
  try {
    const topics = wattstreamTopics(1, { retentionMs: RETENTION_MS });
    await asAdmin(kafka, async (admin) => {
      for (const topic of topics) await createTopic(admin, topic);
    });
    for (let second = 0; second < 3; second++) {
      await append(log, [...recordsOf(GOES, second), ...recordsOf(STAYS, second)]);
    }
    assertNamed(kafka.folder, GOES);
    assert.ok(foldersThatName(kafka.folder, GOES).has(`${DATASET_TOPIC}-0`), "kept for ever");
    await asAdmin(kafka, emptyDatasets);
    let second = 3;
    await eventually(async () => {
      // A segment ends when a record comes.
      await append(log, recordsOf(STAYS, second++));
      await erase(kafka);
      assert.deepEqual([...foldersThatName(kafka.folder, GOES)], []);
    }, { deadlineMs: 300_000, intervalMs: 200 });
    await append(log, recordsOf(STAYS, second));
    await kafka.brokers[0]!.stop();
    assert.deepEqual([...foldersThatName(kafka.folder, GOES)], []);
    assertNamed(kafka.folder, STAYS);
  } finally {
    await log.close();
    await kafka.stop();
  }
});
