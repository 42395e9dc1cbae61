/**
 * `deno task households erase --rewrite` on a real Kafka: killed once after each of its steps, it takes
 * one household out of `dataset2train` and out of the brokers' files, keeps everybody else's datasets
 * in order and once, and lets whoever read the topic go on where they were.
 */
import assert from "node:assert/strict";
import { Kafka as KafkaJs, logLevel } from "kafkajs";
import { runHouseholds } from "../../scripts/households/command.ts";
import {
  append,
  HOUSEHOLDS,
  runWorkers,
  seconds,
  ticks,
} from "../../scripts/topics/grow/testing/world.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { modelSchema } from "../../shared/events.ts";
import { GROUP_INPUTS } from "../../shared/log/lag.ts";
import type { Log, LogRecord, TaskLog } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import {
  DATASET_TOPIC,
  MODELS_TOPIC,
  TRAINING_GROUP,
  wattstreamTopics,
} from "../../shared/topics.ts";

const PARTITIONS = 2;
/** Of two households of this client id, one goes; another of the user stays, too. */
const GOES = { client_id: "home-0", username: "anna" };
/** As it stands in its datasets. */
const NAMES = JSON.stringify(GOES).slice(1, -1);
/** Short, since what comes after a rewrite can be judged from there on only, and in real time. */
const SEMANTICS = {
  ...DEFAULT_SEMANTICS,
  ...{ windowS: 3, latenessS: 1, gapS: 1, minDurationS: 3, maxAheadS: 1 },
};
const KILLED = new URL("./testdata/killed_rewrite.ts", import.meta.url).pathname;
/** The broker's own passes over its disk. */
const SETTINGS = {
  "log.initial.task.delay.ms": "200",
  "log.retention.check.interval.ms": "300",
};

async function valuesIn(log: Log, topic: string): Promise<LogRecord[]> {
  return await Array.fromAsync(log.read({ topic }));
}

/** The datasets of each partition, as they stand. */
function byPartition(records: readonly LogRecord[]): string[][] {
  return Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      records.filter((record) => record.partition === partition)
        .map(({ value }) => new TextDecoder().decode(value!)),
  );
}

/** Runs it until it has done `step` steps. True where it is done before. */
async function rewriteUntil(url: string, step: number): Promise<boolean> {
  const { code, signal } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", KILLED, url, GOES.username, GOES.client_id, `${step}`],
    stderr: "inherit",
  }).output();
  if (signal === null) assert.equal(code, 0);
  return signal === null;
}

async function erase(url: string): Promise<number> {
  const household = ["--user", GOES.username, "--client-id", GOES.client_id];
  const args = ["erase", ...household, "--log", url, "--rewrite"];
  return await runHouseholds({ args, env: () => undefined });
}

/** Whether a file of the topic says this. */
function isOnDisk(kafka: Kafka, text: string): boolean {
  const decoder = new TextDecoder("latin1");
  const look = (path: string): boolean =>
    [...Deno.readDirSync(path)].some(({ name, isDirectory }) =>
      isDirectory ? look(`${path}/${name}`) : path.includes(DATASET_TOPIC) &&
        decoder.decode(Deno.readFileSync(`${path}/${name}`)).includes(text)
    );
  return look(kafka.folder);
}

/** A file can go while we look: then we look again. */
async function untilOnDisk(kafka: Kafka, text: string, expected: boolean): Promise<void> {
  await eventually(() => assert.equal(isOnDisk(kafka, text), expected), {
    deadlineMs: PATIENCE_MS,
  });
}

/** How many datasets the newest model of each household has come of. */
async function modelVersions(log: Log): Promise<Map<string, number>> {
  const versions = new Map<string, number>();
  for (const { key, value } of await valuesIn(log, MODELS_TOPIC)) {
    const name = new TextDecoder().decode(key!);
    if (value === null) versions.delete(name);
    else versions.set(name, modelSchema.parse(JSON.parse(new TextDecoder().decode(value))).version);
  }
  return versions;
}

Deno.test("households erase --rewrite, killed at each step, takes one household out of dataset2train", async () => {
  const kafka = await startKafka({ settings: SETTINGS });
  const log = await openLog(kafka.url);
  const admin = new KafkaJs({
    brokers: kafka.url.replace("kafka://", "").split(","),
    logLevel: logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
    await log.createTopics(wattstreamTopics(PARTITIONS));
    const config = async () =>
      (await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: DATASET_TOPIC }],
      })).resources[0]!.configEntries;
    const configBefore = await config();
    const startS = Math.floor(Date.now() / 1000) - 3_600;
    // Three sessions of each household.
    for (const from of [startS, startS + 60, startS + 120]) {
      await append(log, seconds(from, from + 40));
    }
    await append(log, [ticks(PARTITIONS)]);
    await runWorkers(log, PARTITIONS, Date.now, SEMANTICS);
    const before = byPartition(await valuesIn(log, DATASET_TOPIC));
    const expected = before.map((own) => own.filter((value) => !value.includes(NAMES)));
    assert.equal(before.flat().length, 3 * HOUSEHOLDS.length);
    assert.equal(expected.flat().length, 3 * (HOUSEHOLDS.length - 1));
    await untilOnDisk(kafka, NAMES, true);
    const versions = await modelVersions(log);

    // A program of somebody else's has read a part of it.
    const concerned = before.findIndex((own) => own.some((value) => value.includes(NAMES)));
    const records = (await valuesIn(log, DATASET_TOPIC))
      .filter(({ partition }) => partition === concerned);
    const next = records.findLast(({ value }) => !textOf(value).includes(NAMES))!;
    await admin.setOffsets({
      ...{ groupId: "researchers", topic: DATASET_TOPIC },
      partitions: [{ partition: concerned, offset: `${next.offset}` }],
    });

    await assertRefusedWhileOneRuns(log, kafka.url);
    let killed = 0;
    while (!await rewriteUntil(kafka.url, killed + 1)) killed++;
    assert.ok(killed >= 6, `killed ${killed} times`);
    assert.equal(await erase(kafka.url), 0);

    const after = await valuesIn(log, DATASET_TOPIC);
    assert.deepEqual(byPartition(after), expected);
    assert.deepEqual(await config(), configBefore);
    const committed = await admin.fetchOffsets({ groupId: "researchers", topics: [DATASET_TOPIC] });
    const { offset } = committed[0]!.partitions.find(({ partition }) => partition === concerned)!;
    const atNext = after.find((record) =>
      record.partition === concerned && record.offset >= Number(offset)
    );
    assert.equal(textOf(atNext!.value), textOf(next.value));
    await untilOnDisk(kafka, NAMES, false);
    await untilOnDisk(kafka, NAMES.replace("anna", "bert"), true);

    // What is judged of a topic whose beginning is gone begins after its first record.
    const horizonS = Math.ceil(after[0]!.appendMs / 1000) + SEMANTICS.maxAheadS + 2;
    const lastS = horizonS + 15;
    const aheadMs = SEMANTICS.maxAheadS * 1000;
    await eventually(() => assert.ok(Date.now() > lastS * 1000 - aheadMs), {
      deadlineMs: PATIENCE_MS,
    });
    await append(log, [...seconds(horizonS + 4, lastS), ticks(PARTITIONS)]);
    await runWorkers(log, PARTITIONS, Date.now, SEMANTICS);
    const { correctness: { windows_expected, datasets_expected, ...others }, isCut } =
      await checkLog(log, SEMANTICS);
    assert.ok(isCut && windows_expected > 0);
    assert.ok(datasets_expected >= HOUSEHOLDS.length);
    const { windows_matching, datasets_matching, lost, duplicated, unexpected } = others;
    assert.deepEqual({ windows_matching, datasets_matching, lost, duplicated, unexpected }, {
      ...{ windows_matching: windows_expected, datasets_matching: datasets_expected },
      ...{ lost: 0, duplicated: 0, unexpected: 0 },
    });
    // Each has learned of one more dataset, and of none twice; the one that was erased, anew.
    const grown = await modelVersions(log);
    const gone = `${GOES.username}/${GOES.client_id}`;
    for (const [name, version] of versions) {
      assert.equal(grown.get(name), name === gone ? 1 : version + 1, name);
    }
  } finally {
    await admin.disconnect();
    await log.close();
    await kafka.stop();
  }
});

async function assertRefusedWhileOneRuns(log: Log, url: string): Promise<void> {
  const stop = new AbortController();
  const group = { group: TRAINING_GROUP, inputs: GROUP_INPUTS[TRAINING_GROUP]! };
  const idle = (_: TaskLog, signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const running = log.runTasks(group, idle, stop.signal);
  try {
    await eventually(async () => {
      assert.equal((await log.groupOwners(TRAINING_GROUP))?.size, PARTITIONS);
    }, { deadlineMs: PATIENCE_MS });
    const before = await log.describe([DATASET_TOPIC]);
    assert.equal(await erase(url), 1);
    assert.deepEqual(await log.describe([DATASET_TOPIC]), before);
  } finally {
    stop.abort();
    await running;
  }
}

function textOf(value: Uint8Array | null): string {
  return new TextDecoder().decode(value!);
}
