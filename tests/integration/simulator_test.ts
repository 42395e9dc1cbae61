/** The simulator as a process, before real brokers: what arrives is what its model says. */
import assert from "node:assert/strict";
import type { Reading } from "../../shared/events.ts";
import { startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { eventually } from "../../shared/eventually.ts";
import { recordingsOf } from "../../shared/testing/samples.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { Household } from "../../workers/simulator/household.ts";
import { householdOf } from "../../workers/simulator/recordings/csv.ts";
import { openRecordings } from "../../workers/simulator/recordings/open.ts";
import { Playback } from "../../workers/simulator/recordings/playback.ts";
import {
  DEADLINE,
  endOf,
  finishedOf,
  type Received,
  Subscriber,
  withMosquitto,
} from "./simulator_subscriber.ts";

const SEED = 7;
const SWAP_PROBABILITY = 0.3;

/** What the model of a household publishes at the seconds at which it did. */
function expectedOf(received: readonly Received[]): Received[] {
  const { username, client_id } = received[0]!.event;
  const seconds = received.filter(({ event }) => "consumption" in event)
    .map(({ event }) => event.timestamp).sort((a, b) => a - b);
  assert.equal(new Set(seconds).size, seconds.length, "two readings share a second");
  const household = new Household({
    username,
    client_id,
    seed: SEED,
    noiseW: 0,
    swapProbability: SWAP_PROBABILITY,
  });
  const publications = seconds.flatMap((second) => household.cycle(second));
  const layout = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(layout.ok);
  return [...publications, ...household.release()].map(({ kind, event }) => ({
    topic: layout.layout.format({ username, client_id, kind }),
    event,
  }));
}

/** The counts of a closing line that agree with what was received. */
function countsOf({ received }: Subscriber) {
  return {
    readings: received.filter(({ event }) => "consumption" in event).length,
    states: received.filter(({ event }) => "state_bitmap" in event).length,
    households: new Set(received.map(({ event }) => event.client_id)).size,
  };
}

function assertAsModelled(subscriber: Subscriber): void {
  for (const client_id of new Set(subscriber.received.map(({ event }) => event.client_id))) {
    const received = subscriber.of(client_id);
    assert.deepEqual(received, expectedOf(received));
  }
}

const simulated = ["--seed", `${SEED}`, "--swap-probability", `${SWAP_PROBABILITY}`];

Deno.test("simulator publishes its model to the embedded broker and drains at SIGTERM", async () => {
  const broker = await startEmbeddedBroker();
  const subscriber = await Subscriber.start(broker.url, { protocolVersion: 4 });
  const simulator = startWorker("simulator", [
    ...["--mqtt", broker.url, "--mqtt-version", "3.1.1", ...simulated],
    ...["--users", "2", "--increase-users", "2", "--increase-in-seconds", "1"],
    ...["--total-users", "6", "--households-per-user", "10"],
  ]);
  try {
    await simulator.ready();
    await subscriber.untilReceived(150);
    assert.equal(await simulator.metric("wattstream_simulator_connections"), 6);
    assert.equal(await simulator.metric("wattstream_simulator_households"), 60);
    assert.ok(await simulator.metric("wattstream_simulator_readings_total") > 60);
    assert.ok(await simulator.metric("wattstream_simulator_swapped_total") > 0);
    assert.equal(await simulator.stop(), 0);
    await subscriber.untilReceived(
      Number(finishedOf(simulator).readings) + Number(finishedOf(simulator).states),
    );
    assert.deepEqual(finishedOf(simulator), countsOf(subscriber));
    assertAsModelled(subscriber);
  } finally {
    await endOf(simulator);
    await subscriber.close();
    await broker.close();
  }
});

Deno.test("simulator loses and reorders nothing at QoS 1 when Mosquitto restarts", async () => {
  await withMosquitto(async ({ url, broker }) => {
    const subscriber = await Subscriber.start(url);
    const simulator = startWorker("simulator", [
      ...["--mqtt", url, "--users", "8", "--households-per-user", "15", ...simulated],
    ]);
    const published = () => simulator.metric("wattstream_simulator_readings_total");
    try {
      await subscriber.untilReceived(200);
      await broker.stop();
      const before = await published();
      await eventually(async () => assert.ok(await published() > before + 100), DEADLINE);
      assert.equal((await simulator.get("/readyz")).status, 503);
      await broker.start();
      await simulator.ready();
      await subscriber.untilReceived(subscriber.received.length + 200);
      assert.equal(await simulator.stop(), 0);
      const { readings, states } = finishedOf(simulator);
      await subscriber.untilReceived(Number(readings) + Number(states));
      assert.deepEqual(finishedOf(simulator), countsOf(subscriber));
      assertAsModelled(subscriber);
    } finally {
      await endOf(simulator);
      await subscriber.close();
    }
  });
});

for (const { title, use } of recordingsOf("laboratory")) {
  Deno.test(`simulator replays ${title} exactly, with states in labelled spells`, () =>
    use(assertReplayed));
}

async function assertReplayed(path: string): Promise<void> {
  await withMosquitto(async ({ url }) => {
    const subscriber = await Subscriber.start(url);
    const [recording] = await openRecordings([path], { onThreshold: 10 });
    const whole = { fromS: 0, strict: true, resample: "none" } as const;
    const samples = await Array.fromAsync(new Playback(recording!, whole).samples({ stepS: 1 }));
    const simulator = startWorker("simulator", [
      ...["--mqtt", url, "--mqtt-topics", "flat", "--seed", `${SEED}`],
      ...["--replay", path, "--replay-speed", "500"],
    ]);
    try {
      assert.equal(await simulator.exit(), 0);
      const endedS = Date.now() / 1000;
      const { readings, states, households } = finishedOf(simulator);
      assert.equal(households, 1);
      await subscriber.untilReceived(Number(readings) + Number(states));
      const power = subscriber.received.filter(({ topic }) => topic === "power");
      const events = power.map(({ event }) => event as Reading);
      assert.deepEqual(events.map((event) => event.consumption), samples.map((s) => s.powerW));
      const shiftS = events[0]!.timestamp - samples[0]!.fileS;
      assert.deepEqual(
        events.map((event) => event.timestamp),
        samples.map((sample) => sample.fileS + shiftS),
      );
      const lastS = events.at(-1)!.timestamp;
      assert.ok(lastS <= endedS && lastS > endedS - 10, `${lastS} when it ended at ${endedS}`);
      assert.ok(events.every((event) => event.client_id === householdOf(path)));
      assert.deepEqual(subscriber.names.get(householdOf(path)), recording!.devices);
      assertSpells(
        subscriber,
        samples.map((sample) => sample.stateBitmap),
        shiftS,
        samples[0]!.fileS,
      );
    } finally {
      await endOf(simulator);
      await subscriber.close();
    }
  });
}

/** States are those of the file, in spells of 16 to 50 s (the recording has a sample a second). */
function assertSpells(
  subscriber: Subscriber,
  bitmaps: readonly boolean[][],
  shiftS: number,
  firstS: number,
): void {
  const states = subscriber.received.map(({ event }) => event)
    .filter((event) => "state_bitmap" in event);
  assert.ok(states.length > 100 && states.length < 500, `${states.length} states`);
  let spellS = 0;
  for (const [index, state] of states.entries()) {
    assert.deepEqual(state.state_bitmap, bitmaps[state.timestamp - shiftS - firstS]);
    const gapS = index === 0 ? Infinity : state.timestamp - states[index - 1]!.timestamp;
    if (gapS === 1) {
      spellS++;
      continue;
    }
    if (index > 0) {
      assert.ok(gapS - 1 >= 16 && gapS - 1 <= 50, `an unlabelled spell of ${gapS - 1} s`);
      assert.ok(spellS >= 16 && spellS <= 50, `a labelled spell of ${spellS} s`);
    }
    spellS = 1;
  }
}

Deno.test("simulator connects each user as itself where the broker asks who it is", async () => {
  const mosquitto = await startMosquitto({
    passwords: { "user-1": "secret", "user-2": "secret", bridge: "secret" },
    accessList: "pattern write energy/%u/#\nuser bridge\ntopic read energy/#\n",
    tls: {},
  });
  const folder = await Deno.makeTempDir();
  const passwordFile = `${folder}/password`;
  await Deno.writeTextFile(passwordFile, "secret\n");
  const ca = await Deno.readTextFile(mosquitto.caPath!);
  const subscriber = await Subscriber.start(mosquitto.url, {
    ca,
    username: "bridge",
    password: "secret",
  });
  const start = (username: string, ...args: string[]) =>
    startWorker("simulator", [
      ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.caPath!, "--users", "2", ...simulated],
      ...["--mqtt-username", username, "--mqtt-password-file", passwordFile, ...args],
    ]);
  const asThemselves = start("{username}");
  const asOne = start("user-1");
  const asNobody = start("nobody");
  try {
    assert.equal(await asNobody.exit(), 1);
    assert.match(errorOf(asNobody), /--mqtt-username and the password: the broker refuses them/);
    await subscriber.untilReceived(6);
    const refused = () => asOne.metric("wattstream_simulator_refused_total");
    await eventually(async () => assert.ok(await refused() > 0), DEADLINE);
    assert.equal(await asOne.stop(), 0);
    assert.ok(asOne.lines.some(({ message }) => message === "the broker refused a publication"));
    assert.equal(await asThemselves.metric("wattstream_simulator_refused_total"), 0);
    assert.equal(await asThemselves.stop(), 0);
  } finally {
    for (const simulator of [asThemselves, asOne, asNobody]) await endOf(simulator);
    await subscriber.close();
    await mosquitto.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("simulator waits for its broker, unready, and ends at SIGTERM all the same", async () => {
  const simulator = startWorker("simulator", ["--mqtt", `mqtt://127.0.0.1:${freePorts(1)[0]}`]);
  try {
    const warnings = () =>
      simulator.lines.filter(({ message }) => message.startsWith("no connection to the broker"));
    await eventually(() => assert.equal(warnings().length, 1), DEADLINE);
    assert.equal((await simulator.get("/readyz")).status, 503);
    assert.equal((await simulator.get("/healthz")).status, 200);
    assert.equal(await simulator.stop(), 0);
    assert.deepEqual(finishedOf(simulator), { readings: 0, states: 0, households: 0 });
  } finally {
    await endOf(simulator);
  }
});

Deno.test("simulator says where a recording is wrong and publishes nothing of it", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(path, "timestamp,total_power_w\n2024-01-01T00:00:00,much\n");
  const simulator = startWorker("simulator", ["--mqtt", "mqtt://127.0.0.1:1", "--replay", path]);
  try {
    assert.equal(await simulator.exit(), 2);
    assert.match(errorOf(simulator), /\.csv, line 2, column total_power_w: .* got "much"/);
  } finally {
    await endOf(simulator);
    await Deno.remove(path);
  }
});

function errorOf(simulator: WorkerProcess): string {
  return String(simulator.lines.find(({ message }) => message === "failed")?.error);
}
