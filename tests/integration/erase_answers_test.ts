/** What a broker keeps of a household is taken back with it, and of no other. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { runHouseholds } from "../../scripts/households/command.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { AnsweredSeconds } from "./answered_seconds.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
const PASSWORD = "publisher-secret";
const ACCESS_LIST = new URL("../../deploy/mosquitto/acl", import.meta.url);
const HOUSEHOLDS = [
  { username: "anna", client_id: "flat-1" },
  { username: "berta", client_id: "flat-1" },
];
/** Of the household: total, unexplained; of each of its devices power, energy, on. */
const ANNOUNCED = 2 + 3 * 2;

Deno.test("households erase takes back what the publisher has told of a household, and of no other", async () => {
  const folder = await Deno.makeTempDir();
  const accessList = await Deno.readTextFile(ACCESS_LIST);
  const mosquitto = await startMosquitto({ passwords: { publisher: PASSWORD }, accessList });
  const logUrl = `sqlite:${folder}/log.db`;
  const broker = [
    ...["--mqtt", mosquitto.url, "--mqtt-username", "publisher", "--mqtt-password", PASSWORD],
  ];
  try {
    const log = await openLog(logUrl);
    await log.createTopics(wattstreamTopics(2));
    const devices = ["kettle", "iron"];
    const parts = { households: HOUSEHOLDS, devices, random: () => 0.5 };
    const seconds = new AnsweredSeconds(log, parts);
    await seconds.introduce();
    await seconds.append(3);
    await seconds.close();
    await log.close();
    const publisher = startWorker("publisher", ["--log", logUrl, ...broker, "--home-assistant"]);
    const all = HOUSEHOLDS.length * (ANNOUNCED + 1);
    try {
      await eventually(async () => {
        assert.equal((await retainedAt(mosquitto.url)).length, all);
      }, DEADLINE);
      assert.equal(await publisher.stop(), 0);
    } finally {
      await publisher.end();
    }
    const before = await retainedAt(mosquitto.url);
    const args = [
      ...["erase", "--user", "anna", "--client-id", "flat-1", "--log", logUrl, ...broker],
    ];
    assert.equal(await runHouseholds({ args, env: () => undefined }), 0);
    const after = await retainedAt(mosquitto.url);
    assert.equal(after.length, ANNOUNCED + 1);
    assert.deepEqual(after.filter((text) => text.includes("anna")), []);
    assert.deepEqual(after, before.filter((text) => !text.includes("anna")));
  } finally {
    await mosquitto.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

/** All that is retained, topic and payload, in order of topics. */
async function retainedAt(url: string): Promise<string[]> {
  const client = await connectAsync(url, { username: "publisher", password: PASSWORD });
  const texts: string[] = [];
  // Behind it, in the order of what is delivered, nothing retained comes.
  const marker = "homeassistant/marker";
  const isOver = Promise.withResolvers<void>();
  client.on("message", (topic, payload) => {
    if (topic === marker) isOver.resolve();
    else texts.push(`${topic} ${payload}`);
  });
  await client.subscribeAsync(["energy/#", "homeassistant/#"], { qos: 0 });
  await client.publishAsync(marker, "1");
  await isOver.promise;
  await client.endAsync();
  return texts.sort();
}
