/** A user of the broker connects under the bridge's client id, or under what it might be. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { connectAsync, type IClientOptions } from "mqtt";
import type { Reading } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, eventOf, reading, recordsOf, topicOf, withLog } from "./bridge_setup.ts";

const PASSWORDS = { bridge: "bridge-secret", anna: "anna-secret", mallory: "mallory-secret" };
const ACCESS_LIST = "pattern write energy/%u/+/power\nuser bridge\ntopic read energy/+/+/+\n";
const AS_BRIDGE = ["--mqtt-username", "bridge", "--mqtt-password", PASSWORDS.bridge];
const READINGS = 1000;
const FORMER_DEFAULTS = ["wattstream-bridge", "wattstream-bridge-dev-0", "bridge", "bridge-0"];

interface World {
  readonly mosquitto: Mosquitto;
  readonly log: Log;
  readonly state: string;
  start(...args: string[]): WorkerProcess;
}

function withWorld(run: (world: World) => Promise<void>): Promise<void> {
  return withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({ passwords: PASSWORDS, accessList: ACCESS_LIST });
    const state = `${mosquitto.folder}/bridge-state`;
    const own = ["--mqtt", mosquitto.url, ...AS_BRIDGE, "--state", state];
    try {
      await run({ mosquitto, log, state, start: (...args) => start(...own, ...args) });
    } finally {
      await mosquitto.stop();
    }
  });
}

/** Connects as mallory, with Clean Start, and is gone again. */
async function attack(
  { mosquitto }: World,
  clientId: string,
  protocolVersion: IClientOptions["protocolVersion"] = 5,
): Promise<void> {
  const client = await connectAsync(mosquitto.url, {
    ...{ username: "mallory", password: PASSWORDS.mallory, clientId, clean: true },
    ...{ protocolVersion, reconnectPeriod: 0 },
  }, false);
  // The bridge may have taken the connection already.
  client.on("error", () => {});
  await client.endAsync(true);
}

/** Publishes readings as anna, one after the other; `between` goes on all the while. */
async function publishDuring(
  { mosquitto }: World,
  between: () => Promise<void>,
): Promise<void> {
  const anna = await connectAsync(mosquitto.url, {
    ...{ username: "anna", password: PASSWORDS.anna, protocolVersion: 5 },
  });
  for (let second = 0; second < READINGS; second += 10) {
    const publishing = Array.from({ length: 10 }, (_, index) => {
      return anna.publishAsync(topicOf(1), reading(1, second + index), { qos: 1 });
    });
    await Promise.all([...publishing, between()]);
  }
  await anna.endAsync();
}

async function secondsOf(log: Log): Promise<number[]> {
  const records = await recordsOf(log, POWER_TOPIC);
  return records.map((record) => eventOf<Reading>(record).consumption);
}

/** Every client id that documentation or deployment names. */
async function documentedIds(): Promise<string[]> {
  const root = new URL("../../", import.meta.url).pathname;
  const ids = new Set(FORMER_DEFAULTS);
  for (const folder of ["", "workers/", "deploy/", ".github/"]) {
    for (const name of await readdir(root + folder, { recursive: folder !== "" })) {
      if (!/\.(md|ya?ml|conf|json|env|service)$/.test(name)) continue;
      const text = await Deno.readTextFile(root + folder + name);
      const named = text.matchAll(
        /(?:--client-id|WATTSTREAM_CLIENT_ID)["']?[ =:,]+["']?([\w.-]+)/g,
      );
      for (const [, id] of named) ids.add(id!);
    }
  }
  return [...ids];
}

/** The bridge's client id, which nobody but this test should come to know. */
function idIn(state: string): string {
  return Deno.readTextFileSync(`${state}/client-id`).trim();
}

async function lossesOf(bridge: WorkerProcess): Promise<{ lost: number; taken: number }> {
  const value = (how: string) =>
    bridge.metric(`wattstream_bridge_session_lost_total{how="${how}"}`);
  return { lost: await value("lost"), taken: await value("taken") };
}

/** Nothing that the bridge tells, in log or metrics, has its client id in it. */
async function assertSecret(bridge: WorkerProcess, id: string): Promise<void> {
  const { text } = await bridge.get("/metrics");
  const told = [JSON.stringify(bridge.lines), ...bridge.otherLines, text].join("\n");
  assert.ok(told.includes(id.slice(0, 11)), "it says which client it is");
  assert.ok(!told.includes(id.slice(-16)), "the rest of its client id is a secret");
}

Deno.test("a bridge loses nothing to a user who takes every client id that is written anywhere", () =>
  withWorld(async (world) => {
    const bridge = world.start();
    await bridge.ready();
    const ids = await documentedIds();
    let attacks = 0;
    await publishDuring(world, () => attack(world, ids[attacks++ % ids.length]!));
    assert.ok(attacks >= 3 * ids.length, `${ids.length} ids, ${attacks} attacks`);
    const expected = Array.from({ length: READINGS }, (_, second) => second);
    await eventually(async () => assert.deepEqual(await secondsOf(world.log), expected), DEADLINE);
    assert.deepEqual(await lossesOf(bridge), { lost: 0, taken: 0 });
    await assertSecret(bridge, idIn(world.state));
    assert.equal(await bridge.stop(), 0);
  }));

for (const version of ["5", "3.1.1"] as const) {
  Deno.test(`a bridge whose client id another one has says so, and goes on (MQTT ${version})`, () =>
    withWorld(async (world) => {
      const bridge = world.start("--mqtt-version", version);
      await bridge.ready();
      const id = idIn(world.state);
      await publishDuring(world, () => attack(world, id));
      // Mosquitto 2.0.11 tells nobody that another client came, also with MQTT 5: it just hangs up.
      await eventually(async () => assert.ok((await lossesOf(bridge)).lost > 0), DEADLINE);
      assert.ok(
        bridge.lines.some(({ level, message }) =>
          level === "error" && /no longer has our session.*new client id/.test(message)
        ),
      );
      await bridge.ready();
      const seconds = [READINGS, READINGS + 1];
      const anna = await connectAsync(world.mosquitto.url, {
        ...{ username: "anna", password: PASSWORDS.anna },
      });
      for (const second of seconds) {
        await anna.publishAsync(topicOf(1), reading(1, second), { qos: 1 });
      }
      await anna.endAsync();
      await eventually(async () => {
        assert.deepEqual((await secondsOf(world.log)).slice(-2), seconds);
      }, DEADLINE);
      await assertSecret(bridge, id);
      assert.equal(await bridge.stop(), 0);
    }));
}

Deno.test("a bridge that was started anew says that its session is gone, and only then", () =>
  withWorld(async (world) => {
    const run = async () => {
      const bridge = world.start();
      await bridge.ready();
      const losses = await lossesOf(bridge);
      assert.equal(await bridge.stop(), 0);
      return losses;
    };
    assert.deepEqual(await run(), { lost: 0, taken: 0 }, "it never had one");
    assert.deepEqual(await run(), { lost: 0, taken: 0 }, "it has it still");
    await attack(world, idIn(world.state));
    assert.deepEqual(await run(), { lost: 1, taken: 0 });
    assert.deepEqual(await run(), { lost: 0, taken: 0 }, "it has a new one");
  }));

Deno.test("a second bridge with the first one's state does not start", () =>
  withWorld(async (world) => {
    const first = world.start();
    await first.ready();
    const second = world.start();
    assert.equal(await second.exit(), 2);
    assert.match(String(second.lines.at(-1)?.error), /Give each process its own --state folder/);
    assert.deepEqual(await lossesOf(first), { lost: 0, taken: 0 });
    assert.equal(await first.stop(), 0);
  }));
