/**
 * Twelve families of devices, a gateway, the bridge and the workers as processes, between two real
 * brokers: exact watts, labels right or absent, nothing lost and nothing out of order while the gateway
 * is killed and its uplink cut. CI plays some rounds; `WATTSTREAM_GATEWAY_ROUNDS=120` is two minutes.
 *
 *   devices ─▶ Mosquitto ─▶ gateway ─▶ proxy ─▶ Mosquitto ─▶ bridge ─▶ log ─▶ predictions, training
 *                           SIGKILL    stalls
 */
import assert from "node:assert/strict";
import type { DeviceState, PredictionWindow, Reading } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log } from "../../shared/log/log.ts";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { StallingProxy } from "../../shared/services/stalling_proxy.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import {
  DEAD_LETTER_TOPIC,
  DEFAULT_PARTITION_COUNT,
  DEVICE_STATE_TOPIC,
  HOUSEHOLD_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
  TICK_HEADER,
} from "../../shared/topics.ts";
import { eventOf, recordsOf, withLog } from "./bridge_setup.ts";
import { Devices, METERS, type Truth } from "./gateway_devices.ts";

const ROUNDS = Number(Deno.env.get("WATTSTREAM_GATEWAY_ROUNDS") ?? 36);
const DEADLINE = { deadlineMs: 120_000, intervalMs: 250 };

async function eventsOf<T>(log: Log, topic: string): Promise<T[]> {
  const records = (await recordsOf(log, topic)).filter(({ value }) => value !== null);
  return records.map((record) => eventOf<T>(record));
}

function ofHousehold<T extends { readonly client_id: string }>(events: T[], name: string): T[] {
  return events.filter(({ client_id }) => client_id === name);
}

/** The readings of a household in the order of the log, without those that came twice. */
function firstOfEach(readings: readonly Reading[]): Map<number, number> {
  const watts = new Map<number, number>();
  for (const { timestamp, consumption } of readings) {
    if (!watts.has(timestamp)) watts.set(timestamp, consumption);
    assert.equal(watts.get(timestamp), consumption, "what comes twice is the same");
  }
  return watts;
}

/** Every reading is one that was sent, at its second, in order; where it has a time, none is missing. */
function assertReadings(name: string, found: Map<number, number>, truths: readonly Truth[]): void {
  const sent = new Map(truths.map((truth) => [truth.watts, truth]));
  const values = [...found.values()];
  assert.deepEqual([...found.keys()], [...found.keys()].sort((a, b) => a - b), `${name} in order`);
  for (const [second, watts] of found) {
    const truth = sent.get(watts);
    assert.ok(truth !== undefined, `${name} has never sent ${watts} W`);
    const sentS = Math.floor(truth.sentMs / 1000);
    if (METERS[name]!.isTimed) assert.equal(second, sentS, `${name}: ${watts} W`);
    else assert.ok(second >= sentS, `${name}: ${watts} W is not of before it was sent`);
  }
  assert.deepEqual(values, [...values].sort((a, b) => a - b), `${name}: values as they were sent`);
  if (METERS[name]!.isTimed) {
    assert.deepEqual(values, truths.map(({ watts }) => watts), `${name} is complete`);
  } else {
    assert.ok(values.length >= truths.length / 3, `${name} has ${values.length}`);
  }
}

/** Every label is what the plug did when the reading of its second was sent. */
function assertLabels(name: string, states: readonly DeviceState[], parts: {
  readonly watts: Map<number, number>;
  readonly truths: readonly Truth[];
}): void {
  for (const { timestamp, state_bitmap } of states) {
    const truth = parts.truths.find(({ watts }) => watts === parts.watts.get(timestamp));
    assert.ok(truth !== undefined, `${name}: a label of a second without a reading`);
    assert.deepEqual(state_bitmap, [truth.isOn], `${name}: ${truth.watts} W`);
  }
}

async function untilRead(log: Log): Promise<void> {
  await eventually(async () => {
    const lags = await groupLags(log);
    assert.equal(lags.length, 3, "one a worker and input");
    for (const lag of lags) assert.equal(lag.records, 0, JSON.stringify(lag));
  }, DEADLINE);
}

Deno.test("gateway brings exact watts and right labels of twelve families through kill and cut", () =>
  withLog(async ({ log, logPath, start }) => {
    const folder = await Deno.makeTempDir();
    const [local, uplink] = [await startMosquitto(), await startMosquitto()];
    const [port] = freePorts(1);
    const targetPort = Number(new URL(uplink.url).port);
    const proxy = new StallingProxy({ port: port!, targetPort });
    const processes: WorkerProcess[] = [];
    const started = (worker: WorkerProcess) => {
      processes.push(worker);
      return worker;
    };
    await Deno.writeTextFile(`${folder}/homes.yaml`, Devices.households());
    const startGateway = () =>
      started(startWorker("gateway", [
        ...["--households", `${folder}/homes.yaml`, "--mqtt", local.url],
        ...["--uplink", `mqtt://127.0.0.1:${port}`, "--state", `${folder}/state`],
      ]));
    const devices = await Devices.connect(local.url);
    try {
      const bridge = start("--mqtt", uplink.url);
      const workers = ["predictions", "training"].map((name) =>
        started(startWorker(name, ["--log", `sqlite:${logPath}`]))
      );
      let gateway = startGateway();
      await Promise.all([bridge, gateway, ...workers].map((worker) => worker.ready()));
      const part = Math.floor(ROUNDS / 4);
      await devices.play(part);
      proxy.stall();
      await devices.play(part);
      assert.ok(await gateway.metric("wattstream_gateway_spool_events") > part);
      await gateway.kill();
      await devices.play(3);
      gateway = startGateway();
      await devices.play(part - 3);
      proxy.resume();
      await gateway.ready();
      await devices.play(ROUNDS - 3 * part);
      await eventually(async () => {
        const readings = await eventsOf<Reading>(log, POWER_TOPIC);
        for (const [name, truths] of devices.truths) {
          if (!METERS[name]!.isTimed) continue;
          const found = ofHousehold(readings, name).map(({ consumption }) => consumption);
          assert.ok(found.includes(truths.at(-1)!.watts), name);
        }
      }, DEADLINE);
      await eventually(async () => {
        assert.equal(await gateway.metric("wattstream_gateway_spool_events"), 0);
      }, DEADLINE);
      assert.equal(await gateway.stop(), 0);
      assert.equal(await bridge.stop(), 0);
      await closeAll(log);
      await untilRead(log);
      await assertAllRight(log, devices);
    } finally {
      await devices.close();
      for (const worker of processes) await worker.end();
      await proxy.close();
      await local.stop();
      await uplink.stop();
      await Deno.remove(folder, { recursive: true });
    }
  }));

/** Ticks close what is open. */
async function closeAll(log: Log): Promise<void> {
  const appender = log.appender();
  const headers = { [TICK_HEADER]: "test" };
  await appender.append(
    Array.from({ length: DEFAULT_PARTITION_COUNT }, (_, partition) => ({
      ...{ topic: POWER_TOPIC, partition, key: null, value: null, headers },
    })),
  );
  await appender.close();
}

async function assertAllRight(log: Log, devices: Devices): Promise<void> {
  const readings = await eventsOf<Reading>(log, POWER_TOPIC);
  const states = await eventsOf<DeviceState>(log, DEVICE_STATE_TOPIC);
  const windows = await eventsOf<PredictionWindow>(log, PREDICTIONS_TOPIC);
  let labelCount = 0;
  for (const [name, truths] of devices.truths) {
    const watts = firstOfEach(ofHousehold(readings, name));
    assertReadings(name, watts, truths);
    const labels = ofHousehold(states, name);
    assertLabels(name, labels, { watts, truths });
    labelCount += labels.length;
    const own = ofHousehold(windows, name);
    assert.ok(own.length > ROUNDS / 2, `${name} has ${own.length} windows`);
    for (const { timestamps, consumption } of own) {
      assert.deepEqual(consumption, timestamps.map((second) => watts.get(second)));
    }
  }
  assert.ok(labelCount > ROUNDS, `there are ${labelCount} labels`);
  const names = await eventsOf<{ devices: unknown }>(log, HOUSEHOLD_TOPIC);
  assert.equal(new Set(names.map((each) => JSON.stringify(each))).size, 12);
  const letters = await eventsOf<{ reason: string }>(log, DEAD_LETTER_TOPIC);
  assert.deepEqual(letters.filter(({ reason }) => reason !== "late"), []);
  const { correctness } = await checkLog(log, DEFAULT_SEMANTICS);
  const { windows_expected, windows_matching, lost, duplicated } = correctness;
  assert.deepEqual([windows_matching, lost, duplicated], [windows_expected, 0, 0]);
}
