/**
 * What the publisher tells households across the Internet reaches the broker at home, by way of the
 * gateway, and is announced there: while the uplink is cut, the gateway killed, a device gone and a
 * household taken out of the file.
 *
 *   log ─▶ publisher ─▶ Mosquitto, deploy/mosquitto/acl ─▶ proxy ─▶ gateway ─▶ Mosquitto at home
 *                                                          stalls   SIGKILL
 */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { HouseholdIdentity } from "../../shared/events.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { StallingProxy } from "../../shared/services/stalling_proxy.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { householdKey, wattstreamTopics } from "../../shared/topics.ts";
import { AnsweredSeconds } from "./answered_seconds.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
const PASSWORDS = { publisher: "publisher-secret", anna: "anna-secret", berta: "berta-secret" };
const ACCESS_LIST = new URL("../../deploy/mosquitto/acl", import.meta.url);
const DEVICES = ["Kettle", "Iron", "TV"];
/** Those of the file; the other user's are none of this home's business. */
const OURS = [
  { username: "anna", client_id: "flat-1" },
  { username: "anna", client_id: "flat-2" },
] as const;
const FOREIGN = { username: "berta", client_id: "flat-1" };

/** The file of households, without sources that ever say something. */
function fileOf(households: readonly HouseholdIdentity[]): string {
  return JSON.stringify({
    households: households.map(({ username, client_id }) => ({
      ...{ user: username, password: PASSWORDS.anna, client_id },
      power: { topic: `meters/${client_id}`, watts: "$" },
    })),
  });
}

/** All that a broker keeps, by topic, as someone at home sees it. */
class Home {
  readonly retained = new Map<string, string>();
  /** Announcements that were taken back, in order. */
  readonly takenBack: string[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => {
      if (payload.length > 0) this.retained.set(topic, payload.toString());
      else if (this.retained.delete(topic)) this.takenBack.push(topic);
    });
  }

  static async open(url: string): Promise<Home> {
    const client = await connectAsync(url);
    const home = new Home(client);
    await client.subscribeAsync(["energy/#", "homeassistant/#"], { qos: 1 });
    return home;
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  /** Names of the entities that are announced of a household. */
  entitiesOf({ client_id }: HouseholdIdentity): string[] {
    return [...this.retained].filter(([topic]) => topic.startsWith("homeassistant/"))
      .map(([, payload]) => JSON.parse(payload))
      .filter(({ device }) => device.name === client_id).map(({ name }) => name).sort();
  }

  newestOf(household: HouseholdIdentity): { timestamp: number; devices: { energy: number }[] } {
    const payload = this.retained.get(`energy/${householdKey(household)}/disaggregated`);
    assert.ok(payload !== undefined, "nothing has come");
    return JSON.parse(payload);
  }
}

function entitiesWith(devices: readonly string[]): string[] {
  const own = devices.flatMap((name) => [name, `${name} power`, `${name} energy`]);
  return ["total", "unexplained", ...own].sort();
}

Deno.test("gateway brings its households' answers home, through cut and kill, and takes back what goes", async () => {
  const folder = await Deno.makeTempDir();
  const logUrl = `sqlite:${folder}/log.db`;
  const log = await openLog(logUrl);
  const accessList = await Deno.readTextFile(ACCESS_LIST);
  const uplink = await startMosquitto({ passwords: PASSWORDS, accessList });
  const local = await startMosquitto();
  const [port] = freePorts(1);
  const proxy = new StallingProxy({ port: port!, targetPort: Number(new URL(uplink.url).port) });
  const households = [...OURS, FOREIGN];
  const random = seededRandom(7);
  const seconds = new AnsweredSeconds(log, { households, devices: DEVICES, random });
  const processes: WorkerProcess[] = [];
  const start = (...args: Parameters<typeof startWorker>) => {
    const worker = startWorker(...args);
    processes.push(worker);
    return worker;
  };
  const startGateway = (...args: string[]) =>
    start("gateway", [
      ...["--households", `${folder}/homes.yaml`, "--mqtt", local.url],
      ...["--uplink", `mqtt://127.0.0.1:${port}`, "--state", `${folder}/state`, ...args],
    ]);
  const home = await Home.open(local.url);
  const untilNewest = (of: readonly HouseholdIdentity[]) =>
    eventually(() => {
      for (const household of of) {
        const { timestamp, devices } = home.newestOf(household);
        assert.equal(timestamp, seconds.lastTimestamp);
        assert.deepEqual(devices.map(({ energy }) => energy), seconds.energyOf(household));
      }
    }, DEADLINE);
  const untilAnnounced = (household: HouseholdIdentity, entities: readonly string[]) =>
    eventually(() => assert.deepEqual(home.entitiesOf(household), entities), DEADLINE);
  try {
    await log.createTopics(wattstreamTopics(2));
    await Deno.writeTextFile(`${folder}/homes.yaml`, fileOf(OURS));
    await seconds.introduce();
    await seconds.append(3);
    start("publisher", [
      ...["--log", logUrl, "--mqtt", uplink.url],
      ...["--mqtt-username", "publisher", "--mqtt-password", PASSWORDS.publisher],
    ]);
    let gateway = startGateway("--home-assistant");
    await untilNewest(OURS);
    for (const household of OURS) await untilAnnounced(household, entitiesWith(DEVICES));
    const foreign = [...home.retained.keys()].filter((topic) => topic.startsWith("energy/berta/"));
    assert.deepEqual(foreign, []);
    // The line says nothing for a while, and then the broker behind it is gone and back.
    proxy.stall();
    await seconds.append(3);
    proxy.resume();
    await untilNewest(OURS);
    await uplink.broker.kill();
    await seconds.append(3);
    await uplink.broker.start();
    await untilNewest(OURS);
    assert.deepEqual(home.takenBack, []);
    // Killed, and meanwhile a device goes: the next process takes it back, and nothing else.
    await gateway.kill();
    await seconds.introduce(DEVICES.slice(0, 2));
    await seconds.append(3);
    gateway = startGateway("--home-assistant");
    for (const household of OURS) await untilAnnounced(household, entitiesWith(["Kettle", "Iron"]));
    assert.equal(home.takenBack.length, OURS.length * 3, home.takenBack.join());
    // The broker at home has lost all: it is told anew.
    await local.broker.kill();
    await Deno.remove(`${local.folder}/data`, { recursive: true });
    await Deno.mkdir(`${local.folder}/data`);
    home.retained.clear();
    await local.broker.start();
    for (const household of OURS) await untilAnnounced(household, entitiesWith(["Kettle", "Iron"]));
    // A household leaves the file.
    assert.equal(await gateway.stop(), 0);
    await Deno.writeTextFile(`${folder}/homes.yaml`, fileOf(OURS.slice(0, 1)));
    gateway = startGateway("--home-assistant");
    await untilAnnounced(OURS[1], []);
    const second = `energy/${householdKey(OURS[1])}/disaggregated`;
    await eventually(() => assert.ok(!home.retained.has(second)), DEADLINE);
    assert.deepEqual(home.entitiesOf(OURS[0]), entitiesWith(["Kettle", "Iron"]));
    // Nobody wants them any more.
    assert.equal(await gateway.stop(), 0);
    gateway = startGateway();
    await eventually(() => assert.deepEqual([...home.retained.keys()], []), DEADLINE);
    assert.equal(await gateway.metric("wattstream_gateway_answers_refused_total"), 0);
    assert.equal(await gateway.metric("wattstream_gateway_answers_invalid_total"), 0);
    assert.equal(await gateway.stop(), 0);
  } finally {
    for (const worker of processes) await worker.end();
    await proxy.close();
    await home.close();
    await seconds.close();
    await local.stop();
    await uplink.stop();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
