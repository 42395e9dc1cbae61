/** `deno task dead-letters replay` on a real Kafka, killed in the middle: nothing is lost or doubled. */
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import type { Log } from "../../shared/log/log.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { validate } from "../../shared/mqtt/validate.ts";

const LETTERS = 20_000;
const HOUSEHOLDS = 50;
const SECOND = 1_790_000_000;
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 5 };

const COMMAND = new URL("../../scripts/dead_letters.ts", import.meta.url).pathname;

/** Starts a replay of what carries milliseconds. */
function startReplay(url: string): Deno.ChildProcess {
  const args = ["run", "-A", "--quiet", COMMAND, "replay", "--log", url, "--fix", "milliseconds"];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
}

/** Letters about readings whose timestamps are milliseconds; each reading has a value of its own. */
async function appendLetters(log: Log): Promise<void> {
  const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(parsed.ok);
  const appender = log.appender();
  const records = Array.from({ length: LETTERS }, (_, index) => {
    const client_id = `flat-${index % HOUSEHOLDS}`;
    const timestamp = (SECOND + Math.floor(index / HOUSEHOLDS)) * 1000;
    const reading = { client_id, username: "anna", timestamp, consumption: index };
    const payload = new TextEncoder().encode(JSON.stringify(reading));
    const message = { topic: `energy/anna/${client_id}/power`, payload, arrivedMs: SECOND * 1000 };
    const { record, refusal } = validate(message, parsed.layout)[0]!;
    assert.equal(refusal, "invalid");
    return record;
  });
  await appender.append(records);
  await appender.close();
}

async function replayedValues(log: Log): Promise<number[]> {
  const values: number[] = [];
  for await (const { value } of log.read({ topic: POWER_TOPIC })) {
    values.push(JSON.parse(new TextDecoder().decode(value!)).consumption);
  }
  return values;
}

/** Offsets given in `power`, those of open transactions included. */
async function appendedCount(log: Log): Promise<number> {
  const [power] = await log.describe([POWER_TOPIC]);
  return power!.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
}

Deno.test("replay killed in the middle on Kafka and run again appends each letter once", async () => {
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics());
    await appendLetters(log);
    for (let kills = 0; kills < 2; kills++) {
      const before = await appendedCount(log);
      const killed = startReplay(kafka.url);
      await eventually(async () => assert.ok(await appendedCount(log) > before), DEADLINE);
      killed.kill("SIGKILL");
      assert.equal((await killed.output()).signal, "SIGKILL", "it was not done yet");
    }
    const { success, stdout } = await startReplay(kafka.url).output();
    assert.ok(success);
    const values = await replayedValues(log);
    assert.equal(values.length, LETTERS);
    assert.equal(new Set(values).size, LETTERS);
    const said = new TextDecoder().decode(stdout);
    const [now, earlier] = [/^replayed: (\d+)$/m, /^replayed before: (\d+)$/m].map((pattern) =>
      Number(pattern.exec(said)?.[1])
    );
    assert.equal(now! + earlier!, LETTERS, said);
  } finally {
    await log.close();
    await kafka.stop();
  }
});
