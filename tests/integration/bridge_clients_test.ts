/** Clients that others wrote, MQTT 3.1.1 and 5, QoS 0 to 2: their readings arrive as sent, in Kafka. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { type DeadLetter, deadLetterSchema } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { eventually } from "../../shared/eventually.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import { replay } from "../../shared/dead_letters/replay.ts";
import { DEADLINE, withKafka } from "./bridge_kafka.ts";

type Qos = 0 | 1 | 2;
type Version = "v311" | "v5";

interface Message {
  readonly topic: string;
  readonly payload: string;
}

/** Publishes messages, one after the other, and disconnects. */
type Publish = (port: number, version: Version, qos: Qos, all: readonly Message[]) => Promise<void>;

const CLIENTS: Readonly<Record<string, Publish>> = {
  mosquitto_pub: async (port, version, qos, all) => {
    for (const { topic, payload } of all) {
      const where = ["-p", String(port), "-V", version === "v5" ? "mqttv5" : "mqttv311"];
      await run("mosquitto_pub", [...where, "-q", String(qos), "-t", topic, "-m", payload]);
    }
  },
  paho: async (port, version, qos, all) => {
    const script = new URL("testdata/paho_publish.py", import.meta.url).pathname;
    const lines = all.map(({ topic, payload }) => `${topic}\t${payload}\n`).join("");
    await run("/usr/bin/python3", [script, String(port), version, String(qos)], lines);
  },
  mqttjs: async (port, version, qos, all) => {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      protocolVersion: version === "v5" ? 5 : 4,
    });
    for (const { topic, payload } of all) await client.publishAsync(topic, payload, { qos });
    await client.endAsync();
  },
};

/** @throws where it fails or is not there: these clients are part of the test. */
async function run(command: string, args: readonly string[], input = ""): Promise<void> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stderr } = await child.output();
  assert.ok(success, `${command} failed: ${new TextDecoder().decode(stderr)}`);
}

/** A few readings and a state of one household, odd ones among them. */
function messagesOf(client_id: string): Message[] {
  const username = "anna";
  const reading = (timestamp: number, consumption: number) => ({
    topic: `energy/${username}/${client_id}/power`,
    payload: JSON.stringify({ client_id, username, timestamp, consumption }),
  });
  return [
    reading(1_790_000_000, 0),
    reading(1_790_000_001, -1234.5),
    reading(1_790_000_002, 0.1 + 0.2),
    reading(1_790_000_003, 1e-7),
    {
      topic: `energy/${username}/${client_id}/device-state`,
      payload: JSON.stringify({
        client_id,
        username,
        timestamp: 1_790_000_000,
        state_bitmap: [true, false],
      }),
    },
  ];
}

async function valuesByHousehold(log: Log, topic: string): Promise<Map<string, string[]>> {
  const values = new Map<string, string[]>();
  for await (const { key, value } of log.read({ topic })) {
    const household = new TextDecoder().decode(key!);
    const own = values.get(household) ?? [];
    values.set(household, own);
    own.push(new TextDecoder().decode(value!));
  }
  return values;
}

Deno.test("readings of foreign clients are in Kafka as sent, and refused ones can be replayed", () =>
  withKafka(async ({ mosquitto, log, bridge: start }) => {
    const bridge = start();
    await bridge.ready();
    const sent = new Map<string, Message[]>();
    const combinations = Object.entries(CLIENTS).flatMap(([name, publish]) =>
      (["v311", "v5"] as const).flatMap((version) =>
        ([0, 1, 2] as const).map((qos) => ({ name, publish, version, qos }))
      )
    );
    await Promise.all(combinations.map(async ({ name, publish, version, qos }) => {
      const household = `${name}-${version}-${qos}-é`;
      sent.set(household, messagesOf(household));
      await publish(mosquitto.broker.port, version, qos, sent.get(household)!);
    }));
    for (const topic of [POWER_TOPIC, DEVICE_STATE_TOPIC]) {
      const expected = new Map([...sent].map(([household, all]) => [
        household,
        all.filter((message) => message.topic.endsWith(`/${topic}`)).map(({ payload }) => payload),
      ]));
      await eventually(async () => {
        const values = await valuesByHousehold(log, topic);
        assert.deepEqual(
          [...values].sort(byName),
          [...expected].sort(byName),
        );
      }, DEADLINE);
    }
    await replaysMilliseconds(log, mosquitto.broker.port);
    assert.equal(await bridge.stop(), 0);
  }));

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => a < b ? -1 : 1;

/** On Kafka, in transactions: what was refused for its unit is appended once, however often. */
async function replaysMilliseconds(log: Log, port: number): Promise<void> {
  const [first] = messagesOf("replayed");
  const wrong = first!.payload.replace("1790000000", "1790000000000");
  await CLIENTS.mqttjs!(port, "v5", 1, [{ topic: first!.topic, payload: wrong }]);
  await eventually(async () => {
    const letters: DeadLetter[] = [];
    for await (const { value } of log.read({ topic: DEAD_LETTER_TOPIC })) {
      letters.push(deadLetterSchema.parse(JSON.parse(new TextDecoder().decode(value!))));
    }
    assert.deepEqual(letters.map(({ reason, payload }) => [reason, payload]), [["invalid", wrong]]);
  }, DEADLINE);
  const parsed = parseTopicLayout("energy/{username}/{client_id}/{kind}");
  assert.ok(parsed.ok);
  const options = { reasons: ["invalid"], fixes: ["milliseconds"], layout: parsed.layout } as const;
  const figures = [await replay(log, options), await replay(log, options)];
  assert.deepEqual(figures.map(({ replayed, already }) => [replayed, already]), [[1, 0], [0, 1]]);
  assert.deepEqual((await valuesByHousehold(log, POWER_TOPIC)).get("replayed"), [first!.payload]);
}
