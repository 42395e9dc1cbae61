/**
 * Twelve families of devices, a gateway, the bridge and the workers as processes, between two real
 * brokers, for two minutes: exact watts, labels right or absent, nothing lost and nothing out of order
 * while the gateway is killed and its uplink cut for one of them.
 *
 *   devices ─▶ Mosquitto ─▶ gateway ─▶ proxy ─▶ Mosquitto ─▶ bridge ─▶ log ─▶ predictions, training
 *                           SIGKILL    stalls
 */
import assert from "node:assert/strict";
import type { Reading } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log } from "../../shared/log/log.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { StallingProxy } from "../../shared/services/stalling_proxy.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { DEFAULT_PARTITION_COUNT, POWER_TOPIC, TICK_HEADER } from "../../shared/topics.ts";
import { withLog } from "./bridge_setup.ts";
import { Devices, METERS } from "./gateway_devices.ts";
import { assertAllRight, eventsOf, ofHousehold } from "./gateway_judgement.ts";

/** Of a little more than a second each. */
const ROUNDS = 120;
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 250 };

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
      await assertAllRight(log, devices, 1 / 3);
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
