/**
 * A real Home Assistant has every device of three households, with the energy that the log says, to
 * the last digit, whatever is killed. It takes minutes to install, and Python 3.11 or 3.12: tried where
 * `WATTSTREAM_HOME_ASSISTANT` is `install`, or the folder of a virtual environment that has it.
 */
import assert from "node:assert/strict";
import type { HouseholdIdentity } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { AnsweredSeconds } from "./answered_seconds.ts";
import { HomeAssistant } from "./home_assistant.ts";

const WANTED = Deno.env.get("WATTSTREAM_HOME_ASSISTANT");
// The workers have a flag of that name.
Deno.env.delete("WATTSTREAM_HOME_ASSISTANT");
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const HOUSEHOLDS = ["one", "two", "three"].map((client_id) => ({ client_id, username: "anna" }));
const DEVICES = ["Kettle", "Iron", "Tumble dryer"];
const KILLS = 5;

Deno.test("Home Assistant has every device, and the energy that the log says", () => check(false));

Deno.test("by way of a gateway Home Assistant has every device, and the energy that the log says", () =>
  check(true));

/** @param isFar whether Home Assistant uses a broker at home, to which a gateway brings what is told. */
async function check(isFar: boolean): Promise<void> {
  assert.ok(WANTED, "set WATTSTREAM_HOME_ASSISTANT to `install` or a folder that has it");
  const folder = await Deno.makeTempDir();
  const logUrl = `sqlite:${folder}/log.db`;
  const log = await openLog(logUrl);
  const seed = Math.floor(Math.random() * 2 ** 32);
  // deno-lint-ignore no-console -- replays the watts.
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const seconds = new AnsweredSeconds(log, { households: HOUSEHOLDS, devices: DEVICES, random });
  const mosquitto = await startMosquitto();
  const atHome = isFar ? await startMosquitto() : mosquitto;
  let home: HomeAssistant | undefined;
  let workers: WorkerProcess[] = [];
  const homesPath = `${folder}/homes.yaml`;
  await Deno.writeTextFile(homesPath, JSON.stringify({ households: HOUSEHOLDS.map(entryOf) }));
  const startWorkers = () => {
    const flags = ["--log", logUrl, "--mqtt", mosquitto.url];
    if (!isFar) return [startWorker("publisher", [...flags, "--home-assistant"])];
    const gateway = startWorker("gateway", [
      ...["--households", homesPath, "--mqtt", atHome.url, "--uplink", mosquitto.url],
      ...["--state", `${folder}/gateway`, "--home-assistant"],
    ]);
    return [startWorker("publisher", flags), gateway];
  };
  try {
    await log.createTopics(wattstreamTopics(2));
    await seconds.introduce();
    await seconds.append(1);
    workers = startWorkers();
    const venv = WANTED === "install" ? undefined : WANTED;
    home = await HomeAssistant.start(atHome.url, venv);
    const { states } = home;
    const untilRight = () =>
      eventually(() => {
        for (const household of HOUSEHOLDS) {
          const energy = DEVICES.map((name) =>
            Number(states.get(`sensor/${household.client_id}_${slug(name)}_energy`))
          );
          assert.deepEqual(energy, seconds.energyOf(household));
        }
      }, DEADLINE);
    await untilRight();
    for (let kill = 0; kill < KILLS; kill++) {
      await seconds.append(5);
      await untilRight();
      for (const worker of workers) await worker.kill();
      await seconds.append(2);
      workers = startWorkers();
    }
    await untilRight();
    assert.deepEqual(home.falls, []);
    await eventually(() => {
      for (const { client_id } of HOUSEHOLDS) {
        assert.equal(states.get(`binary_sensor/${client_id}_kettle`), "on");
        assert.equal(states.get(`sensor/${client_id}_total`), "2000");
        assert.equal(states.get(`sensor/${client_id}_unexplained`), "12");
        assert.ok(Number(states.get(`sensor/${client_id}_kettle_power`)) >= 0);
      }
    }, DEADLINE);
    // Nothing is published meanwhile: the broker has it all.
    for (const worker of workers) assert.equal(await worker.stop(), 0);
    await home.restart();
    await untilRight();
  } finally {
    for (const worker of workers) await worker.end();
    await home?.stop();
    await seconds.close();
    await mosquitto.stop();
    await atHome.stop();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A household in the gateway's file, of which nothing is measured here. */
function entryOf({ username: user, client_id }: HouseholdIdentity) {
  return { user, client_id, power: { topic: `meters/${client_id}`, watts: "$" } };
}

const slug = (name: string) => name.toLowerCase().replaceAll(" ", "_");
