/** `deno task households erase` on a real Kafka: memories and names are buried, the rest is told. */
import assert from "node:assert/strict";
import { bury } from "../../scripts/households/erase_kafka.ts";
import { Whose } from "../../scripts/households/whose.ts";
import { removeBefore } from "../../shared/log/kafka/testing/remove_records.ts";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "../../shared/mqtt/topics.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const COMMAND = new URL("../../scripts/households.ts", import.meta.url).pathname;
const GOES = { username: "anna", client_id: "flat-1" };
const STAYS = { username: "bert", client_id: "flat-1" };
const READINGS = 5;
const DAY_MS = 86_400_000;

async function erase(url: string): Promise<string> {
  const args = ["run", "-A", "--quiet", COMMAND, "erase", "--log", url];
  const flags = ["--user", GOES.username, "--client-id", GOES.client_id];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args, ...flags],
    stdout: "piped",
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  assert.ok(success);
  return new TextDecoder().decode(stdout);
}

/** The key of each record of a compacted topic that counts, and of which it is the last. */
async function keysIn(log: Log, topic: string): Promise<string[]> {
  const last = new Map<string, boolean>();
  for await (const { partition, key, value } of log.read({ topic })) {
    last.set(`${partition} ${new TextDecoder().decode(key!)}`, value !== null);
  }
  return [...last].filter(([, counts]) => counts).map(([key]) => key);
}

Deno.test("households erase buries what Kafka compacts, and says when the rest goes", async () => {
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics(2, { retentionMs: 7 * DAY_MS }));
    const both = [GOES, STAYS];
    const records: NewRecord[] = both.flatMap((who) => [
      ...Array.from({ length: READINGS }, (_, timestamp) => ({
        topic: "power",
        key: who.client_id,
        value: JSON.stringify({ ...who, timestamp, consumption: 1 }),
      })),
      {
        topic: "household",
        key: `${who.username}/${who.client_id}`,
        partitionKey: who.client_id,
        value: JSON.stringify({ ...who, devices: [{ name: "lamp" }] }),
      },
    ]);
    const appender = log.appender();
    await appender.append(records);
    await appender.close();
    const names = both.map((who) => `household/${JSON.stringify([who.username, who.client_id])}`);
    await log.setMemory("predictions", 1, new Map(names.map((name) => [name, "7"])));

    const said = await erase(kafka.url);
    assert.match(said, /2 tombstones/);
    const newest = "power: 5 left, the newest of (\\S+): off the brokers' disks by (\\S+)";
    const [, appended, gone] = new RegExp(newest).exec(said)!.map((text) => Date.parse(text));
    // A week, the seventh of it that a segment lasts, and the broker's own minutes.
    assert.ok(gone! - appended! > 8 * DAY_MS && gone! - appended! < 8.1 * DAY_MS, said);
    assert.deepEqual(await keysIn(log, "predictions-memory"), [`1 ${names[1]}`]);
    assert.deepEqual([...(await log.groupMemory("predictions")).get(1)!.keys()], [names[1]]);
    const [key] = await keysIn(log, "household");
    assert.match(key!, /^\d bert\/flat-1$/);
    assert.match(await erase(kafka.url), /2 tombstones/, "until the broker has compacted");
  } finally {
    await log.close();
    await kafka.stop();
  }
});

Deno.test("households erase looks again where a topic's time comes for records that it was about to read", async () => {
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics(2));
    const appender = log.appender();
    const value = JSON.stringify({ ...GOES, timestamp: 1, consumption: 1 });
    const partitions = [0, 1, 1];
    await appender.append(
      partitions.map((partition) => ({ topic: "power", partition, key: GOES.client_id, value })),
    );
    await appender.close();
    const read = log.read.bind(log);
    // Reading has begun: it knows where partition 1 starts, and has not asked for it.
    log.read = async function* (options) {
      for await (const record of read(options)) {
        if (options.topic === "power") await removeBefore(kafka, "power", 1, 1);
        yield record;
      }
    };
    const { left } = await bury(
      log,
      new Whose(GOES, topicLayoutFlag().parse(DEFAULT_TOPIC_LAYOUT)),
    );
    assert.deepEqual(left.map(({ topic, count }) => [topic, count]), [["power", 2]]);
  } finally {
    await log.close();
    await kafka.stop();
  }
});
